from __future__ import annotations

from itertools import count, islice

import pytest

from tests.model.layout import Rule, run

RUNS = 5_000
MOST = 20_000
"""Runs after which a near miss that shows no wrong reading would be taken for right."""


def test_no_change_of_the_layout_loses_or_doubles_a_record() -> None:
    """With all rules kept no reading is wrong, in thousands of random interleavings with crashes and retries."""
    assert [] == [seed for seed in range(RUNS) if run(seed)]


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule is not Rule.NONE], ids=lambda rule: rule.name.lower())
def test_every_rule_is_needed(rule: Rule) -> None:
    """Without any one of its rules a wrong answer is given in some interleaving."""
    wrong = (seed for seed in islice(count(), MOST) if run(seed, rule))
    assert next(wrong, None) is not None
