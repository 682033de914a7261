"""The attribute names of a record's leaves.

Law: a leaf's path, its keys and list indexes from the top, joins with `_` to its name. Where several paths give one
name, the path with the fewest parts keeps it (then the first by comparing part by part, as texts in the order of
their code points), and the others, in that same order, get the first of `_2`, `_3`, … that is no path's own name.
Nobody keeps a reserved name. So the order of keys changes nothing. Indexes compare as texts too: it makes no
difference, since two indexes of one list never lead to one name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from itertools import count

RESERVED = frozenset({"time", "sensor", "*"})
"""The names that every record has besides its attributes, and that of all attributes in a query."""

Path = tuple[str, ...]
"""The keys and list indexes (as texts) that lead from a record to a value."""


def distinct_names(paths: list[Path], reserved: AbstractSet[str] = RESERVED) -> list[str]:
    """The names of the leaves at `paths`, all different, in the order of `paths`.

    >>> distinct_names([("air", "t"), ("air_t",), ("time",)])
    ['air_t_2', 'air_t', 'time_2']
    """
    names = ["_".join(path) for path in paths]
    own = set(names)
    contested: dict[str, list[int]] = {name: [] for name in own & reserved}
    if len(own) < len(names):
        contested |= {name: [] for name, many in Counter(names).items() if many > 1}
    for place, name in enumerate(names):
        if name in contested:
            contested[name].append(place)
    for name, places in contested.items():
        places.sort(key=lambda place: (len(paths[place]), paths[place]))
        free = (candidate for k in count(2) if (candidate := f"{name}_{k}") not in own)
        for place in places if name in reserved else places[1:]:
            names[place] = next(free)
    return names
