"""Facts about the tree itself: the house rules of CONTRIBUTING.md that a program can check."""

from __future__ import annotations

import ast
import configparser
import importlib
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "grafana_sensor"
TESTS = ROOT / "tests"

MODULE_LINES = 350
FUNCTION_LINES = 60
FUNCTION_LINES_P95 = 40

# In pieces, so that this file is not what it looks for.
LEFTOVERS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.>)}\]])/(?:work|root|tmp|home|Users)/(?=\w)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(folder: Path) -> Iterator[tuple[str, ast.Module]]:
    """The folder's modules by their path in the tree, in order of path."""
    for path in sorted(folder.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def functions(folder: Path) -> Iterator[tuple[str, Function]]:
    """The folder's functions, methods and inner functions, each with the place of its definition."""
    for name, tree in modules(folder):
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{name}:{node.lineno} {node.name}", node


def lines(node: Function) -> int:
    """How many lines the function takes, its docstring among them."""
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def tracked_texts() -> Iterator[tuple[str, str]]:
    """The text files that git tracks and that are there, by their path in the tree."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=30)
    for name in listing.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file() and b"\0" not in (data := path.read_bytes()):
            yield name, data.decode("utf-8")


def matches(pattern: re.Pattern[str]) -> list[str]:
    """The lines of tracked files that the pattern is found in, as `path:line`."""
    return [
        f"{name}:{number}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def setup_cfg(section: str, key: str) -> list[str]:
    """The lines of a list in setup.cfg, without its comments."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return [line for line in config[section][key].split("\n") if line]


def test_every_test_states_its_fact() -> None:
    """Every test function has a docstring."""
    tests = [(place, node) for place, node in functions(TESTS) if node.name.startswith("test")]
    assert tests
    assert [] == [place for place, node in tests if not ast.get_docstring(node)]


def test_every_module_says_what_it_is_for() -> None:
    """Every module of the package has a docstring."""
    assert [] == [name for name, tree in modules(PACKAGE) if not ast.get_docstring(tree)]


def test_modules_are_short() -> None:
    """No module of the package is longer than the house allows."""
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    assert {} == {name: length for name, length in lengths.items() if length > MODULE_LINES}


def test_functions_are_short() -> None:
    """No function of the package is longer than the house allows."""
    assert {} == {place: lines(node) for place, node in functions(PACKAGE) if lines(node) > FUNCTION_LINES}


def test_nearly_all_functions_are_shorter() -> None:
    """19 of 20 functions of the package stay well below the longest that the house allows."""
    lengths = [lines(node) for _, node in functions(PACKAGE)]
    assert statistics.quantiles(lengths, n=20)[-1] <= FUNCTION_LINES_P95


def test_modules_are_named_for_their_one_thing() -> None:
    """No module or folder of the package has a name that anything fits under."""
    vague = {"common", "helpers", "manager", "misc", "utils"}
    parts = {part for path in PACKAGE.rglob("*.py") for part in path.relative_to(PACKAGE).with_suffix("").parts}
    assert set() == parts & vague


def test_nothing_is_left_for_later() -> None:
    """No tracked file holds a mark of unfinished work."""
    assert [] == matches(LEFTOVERS)


def test_no_file_names_a_machine() -> None:
    """No tracked file holds an absolute path of someone's machine."""
    assert [] == matches(MACHINE_PATHS)


def test_console_scripts_import() -> None:
    """Every console script of setup.cfg leads to something that can be called."""
    scripts = setup_cfg("options.entry_points", "console_scripts")
    targets = [line.partition("=")[2].strip().split(":") for line in scripts]
    assert targets
    assert [] == [
        f"{module}:{name}" for module, name in targets if not callable(getattr(importlib.import_module(module), name))
    ]


def test_every_dependency_is_explained() -> None:
    """The page on dependencies has a row for each of setup.cfg's packages, and for no other."""
    extras = ("arrow", "blissdata", "provision", "test", "check")
    wanted = {*setup_cfg("options", "install_requires")}
    wanted |= {package for extra in extras for package in setup_cfg("options.extras_require", extra)}
    wanted = {re.split(r"[ <>=!~\[;]", package)[0] for package in wanted}
    page = (ROOT / "docs/design/dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (?!package )(?:(?:arrow|blissdata|provision|test|check) \| )?([a-z0-9, -]+) \| [^|]+ \|$",
        page,
        flags=re.MULTILINE,
    )
    assert wanted == {package for row in rows for package in row.split(", ")}


def test_the_domain_is_light() -> None:
    """Importing every module of the domain loads no web framework, no database and no terminal library."""
    script = (
        "import importlib, pkgutil, sys, grafana_sensor.domain as domain\n"
        "for module in pkgutil.iter_modules(domain.__path__):\n"
        "    importlib.import_module(f'grafana_sensor.domain.{module.name}')\n"
        "print(*sorted({'apsw', 'click', 'flask', 'gunicorn', 'rich', 'sqlite3', 'werkzeug'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert ("", "\n") == (done.stderr, done.stdout)


def test_no_test_sleeps() -> None:
    """Tests wait for what happens, never for the clock: none uses a sleep."""
    places = []
    for name, tree in modules(TESTS):
        for node in ast.walk(tree):
            attribute = isinstance(node, ast.Attribute) and node.attr == "sleep"
            imported = isinstance(node, ast.ImportFrom) and any(alias.name == "sleep" for alias in node.names)
            if attribute or imported:
                places.append(f"{name}:{getattr(node, 'lineno', 0)}")
    assert [] == places
