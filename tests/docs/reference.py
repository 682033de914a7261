"""The pages of docs/reference, made from what they tell of: settings, routes, grammar, metrics, errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

from grafana_sensor.bootstrap import close_app, create_app
from grafana_sensor.domain.conditions import MAX_PATTERN, OPERATORS
from grafana_sensor.domain.errors import Error
from grafana_sensor.domain.timestamps import UNITS
from grafana_sensor.query.aggregates import AGGREGATES, PERCENTILE_HELP
from grafana_sensor.query.buckets import LADDER
from grafana_sensor.query.lexer import KEYWORDS, MAX_TEXT
from grafana_sensor.query.variables import FORMS
from grafana_sensor.settings import SETTINGS, Setting, Settings
from grafana_sensor.web import app as _every_route  # noqa: F401  # with the errors of their own
from grafana_sensor.web.metrics import UNKNOWN_ROUTE, Metrics
from grafana_sensor.web.openapi import document

MADE = "<!-- Made from the code by `python -m tests.docs`. -->"

TAGS = {
    "query": "Asking",
    "ingest": "Storing",
    "catalog": "What there is",
    "scans": "Scans",
    "users": "Users",
    "datasource": "Grafana's plugins simPod JSON and simple-json",
    "status": "The server",
}

OTHERS = (
    (405, "method_not_allowed", "The address is there, but not for this method; the header Allow names what is."),
    (500, "internal_error", "A defect of the server, which has it in its log."),
)
"""Status, code and meaning of what is answered without an error of ours."""

MEANINGS = {
    "=": "is equal to; `= '5'` and `= 5` meet the number 5 and the text 5",
    "!=": "is there, and is not equal to",
    "<": "is less than; texts go by their code points",
    "<=": "is at most",
    ">": "is greater than",
    ">=": "is at least",
    "=~": "matches, as a whole, the regular expression (RE2's)",
    "!~": "is there, and doesn't match",
    "IN": "is one of `(value, ...)`",
    "EXISTS": "is there",
}

EXAMPLES = """\
```query
temp
temp, humid FROM EWR WHERE time >= 2013-07-01
SELECT AVG(temp) AS warmth FROM EWR, JFK WHERE wind_speed > 10 AND wind_dir IN (90, 180) EVERY 1d
MAX(temp), P99.9(temp) FROM (EWR|JFK) BY sensor EVERY all
CNT(*) WHERE wind_gust EXISTS AND sensor =~ '[EL].*' EVERY 28d
* FROM {EWR,LGA} WHERE precip > 0.5
```"""


def table(*rows: Iterable[object]) -> str:
    """Rows of cells as a table; the first are its titles."""
    titles, *rest = ([str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows)
    lines = [titles, ["---"] * len(titles), *rest]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def settings() -> str:
    """Every row of the table of settings."""
    rows = [(f"`{row.flag}`", f"`{row.variable}`", row.help, _default(row), _bounds(row)) for row in SETTINGS.values()]
    return f"""\
# Settings

{MADE}

A flag of `grafana-sensor serve` goes before the variable of the environment, which goes before the default.
The other commands have the flags that matter to them, and read the same variables.
A value that can't be is refused with the name it came under.

{table(("flag", "variable", "what it says", "default", "bounds"), *rows)}"""


def _default(row: Setting) -> str:
    if isinstance(row.default, bool):
        return "yes" if row.default else "no"
    shown = f"{row.default:,.10g}" if row.unit else f"{row.default}"
    return f"{shown} {row.unit}".strip() or "none"


def _bounds(row: Setting) -> str:
    least, most = (f"{bound:,.10g}" if abs(bound) < 2**63 else "" for bound in (row.least, row.most))
    return f"{least} to {most}" if least and most else f"{least} or more" if least else ""


def errors() -> str:
    """Every error, by its status, then as the tree of classes has them."""
    rows = [*((each.status, each.code, _first(each)) for each in _below(Error)), *OTHERS]
    listed = sorted(((status, f"`{code}`", meaning) for status, code, meaning in rows), key=lambda row: row[0])
    return f"""\
# Errors

{MADE}

Every error is JSON, whatever was asked for:

```json
{{"message": "unknown attribute 'tempertaure' (did you mean 'temperature'?)", "error": {{"code": "unknown_attribute", "message": "unknown attribute 'tempertaure' (did you mean 'temperature'?)", "position": 4}}}}
```

The message names what is wrong, where, and what would be right. It stands in the reason phrase of the status too, on one line of at most 200 characters, since Infinity shows nothing else.
`code` is for programs and stays as it is; `position`, where there is one, is the offset in the query text, from 0.
With 422 for records, `rejected` lists each bad one: `{{"index", "message"}}`.
On the command line the message stands after `error:`, and the exit code is 1.

{table(("status", "code", "what it means"), *listed)}
A post that was answered by 5xx, or by nothing, may be stored or not: send it again with the same `Idempotency-Key`."""


def _below(kind: type[Error]) -> Iterator[type[Error]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith(("grafana_sensor.domain.", "grafana_sensor.web.")):
            if not each.__name__.startswith("_"):
                yield each
            yield from _below(each)


def _first(kind: type[Error]) -> str:
    return (kind.__doc__ or "").partition("\n\n")[0].replace("\n", " ").strip()


def metrics() -> str:
    """Every metric, as a page of them has it."""
    rows = [
        (
            f"`{metric._name}{'_total' if metric._type == 'counter' else ''}`",
            metric._type,
            labels,
            metric._documentation,
        )
        for metric in vars(Metrics()).values()
        if isinstance(metric, MetricWrapperBase)
        for labels in [", ".join(f"`{label}`" for label in metric._labelnames)]
    ]
    return f"""\
# Metrics

{MADE}

`GET /metrics` answers in Prometheus' text format, without authentication; `--no-metrics` closes it.
The figures are those of all worker processes together. No label names a user, a sensor or an attribute, so there are never more series than routes, methods and statuses; what met no route is `{UNKNOWN_ROUTE}`.

{table(("metric", "kind", "labels", "what it counts"), *rows)}
A histogram has `_bucket`, `_sum` and `_count`; a counter's `_created` is when it began."""


def grammar() -> str:
    """The query text: its clauses, words and tables."""
    aggregates = [(f"`{row.name}`", row.help) for row in AGGREGATES.values()]
    percentile, _, meaning = PERCENTILE_HELP.partition(": ")
    operators = [(f"`{each}`", MEANINGS[each]) for each in OPERATORS]
    steps = " ".join(_duration(step) for step in LADDER)
    variables = [(f"`{word}`", form) for word, form in FORMS.items()]
    return f"""\
# The query text

{MADE}

What `q` of REST, `target` of Grafana's plugins, `Session.query` and `grafana-sensor query` take:

```grammar
[SELECT] projection {{, projection}} [FROM sensors] [WHERE condition {{AND condition}}]
         [BY sensor] [EVERY duration | auto | all]

projection  attribute | * | aggregate(attribute) | CNT(*)   [AS name]
sensors     a, b | (a|b) | {{a,b}}
condition   attribute operator value | attribute IN (value, ...) | attribute EXISTS
duration    a whole number and one of {" ".join(UNITS)}
```

{EXAMPLES}

(These are asked of the demo's weather.) A text has at most {MAX_TEXT:,} characters, a pattern {MAX_PATTERN:,}. What is wrong is told [with its place](errors.md).

## Names and values

A bare name has letters, digits and `_ . : / -`; any other stands in double quotes, and so does one of {_words(sorted(KEYWORDS))}. These words and the aggregates are taken in any case.
In `(a|b)` and `{{a,b}}` a name runs to its separator, blanks and brackets too. A `\\` before a character that is special in regular expressions is taken off a name, since Grafana puts it there; never in a pattern.
A text stands in single or double quotes; a number as JSON writes it. A text that is, as a whole, the name of an attribute is that attribute, whatever characters it has.

## Projections

Raw attributes and aggregates don't mix. A column of an aggregate is named `avg_temperature`, `p99_9_temperature`, `cnt`, or as AS says.

{table(("aggregate", "of an attribute's values"), *aggregates, (f"`P50`, `P99.9`, `{percentile.partition(',')[0]}`", f"{percentile.partition(', ')[2]}: {meaning}"))}
`COUNT` is `CNT`, and `MEAN` is `AVG`. Of nothing CNT is 0, and the others are null.

## FROM and BY

Sensors after FROM answer each for itself. Without FROM the whole data answers: a raw projection with a series for each sensor, an aggregate with one over all of them, and with `BY sensor` with one for each.

## WHERE

Conditions are joined by AND; `sensor` and `time` may stand in them, and `time` is compared with what `from` takes. An attribute that a record lacks meets no condition.

{table(("operator", "the attribute"), *operators)}
## EVERY

An aggregate is cut into buckets that begin at multiples of the duration since 1970, in UTC. `all` is one value over the range.
`auto` is the least of these that is at least the panel's interval and gives no more buckets than it has points: {steps}, and multiples of the last.
Without EVERY a series is `auto`, a table or rows `all`.

## Variables

What a dashboard's variable lists, as the query of `POST /variable` and `/search`:

{table(("word", "written as"), *variables)}"""


def _words(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _duration(step: int) -> str:
    unit, width = next((u, w) for u, w in reversed(UNITS.items()) if step % w == 0 and (u != "w"))
    return f"{step // width}{unit}"


def routes() -> str:
    """Every route, by its tag, from the OpenAPI description."""
    app = create_app(Settings(store="memory://"))
    try:
        described = document(app.url_map)
    finally:
        close_app(app)
    found: dict[str, list[str]] = {tag: [] for tag in TAGS}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append("\n".join(_route(path, method, operation, described)))
    sections = "\n".join(f"## {TAGS[tag]}\n\n" + "\n".join(texts) for tag, texts in found.items())
    return f"""\
# Routes

{MADE}

{described["info"]["description"]}

`GET /openapi.json` has all of this, with the schemas of what is taken and answered, for programs.

{sections}"""


def _route(path: str, method: str, operation: dict[str, Any], described: dict[str, Any]) -> Iterator[str]:
    yield f"### {method.upper()} {path}\n"
    yield f"{operation['summary']}.{'' if operation.get('security') else ' Without authentication.'}\n"
    parameters = [_resolved(each, described) for each in operation.get("parameters", [])]
    if parameters:
        rows = [(f"`{p['name']}`", p["in"], p.get("description", ""), _default_of(p)) for p in parameters]
        yield table(("parameter", "in", "what it says", "default"), *rows)
    if "requestBody" in operation:
        yield f"Takes {_media(operation['requestBody']['content'])}.\n"
    answers = {status: _resolved(answer, described) for status, answer in operation["responses"].items()}
    good = [f"{status}: {_media(answer.get('content', {}))}" for status, answer in answers.items() if status < "300"]
    bad = [status for status in answers if status >= "300"]
    yield f"Answers {'; '.join(good)}." + (f" [Errors](errors.md): {', '.join(bad)}.\n" if bad else "\n")


def _resolved(value: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    for part in value["$ref"].removeprefix("#/").split("/"):
        described = described[part]
    return described


def _default_of(parameter: dict[str, Any]) -> str:
    default = parameter.get("schema", {}).get("default")
    return "" if default is None else f"`{default}`"


def _media(content: dict[str, Any]) -> str:
    return ", ".join(f"`{re.sub(';.*', '', kind)}`" for kind in content) or "nothing"


PAGES = {"settings": settings, "routes": routes, "grammar": grammar, "metrics": metrics, "errors": errors}
"""By the name of its page, what makes it."""
