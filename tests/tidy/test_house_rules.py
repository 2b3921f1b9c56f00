"""The package keeps the rules of the house, each rule finds its own, and no excuse outlives its reason."""

from statistics import median

import pytest

from tests.tidy.house_rules import RULES, Rule, check
from tests.tidy.source_tree import functions, own_length, package, parse

NAMES = [rule.__name__ for rule in RULES]
BAD = {
    "clock_or_dice": [
        "import time as t\nx = t.monotonic_ns()\n",
        "from time import time_ns as now\nx = [now]\n",
        "from datetime import datetime as d\nx = d.now()\n",
        "import random\nx = random.random()\n",
        "from random import Random\nx = Random()\n",
        "import os\nx = os.urandom(8)\n",
    ],
    "floats": [
        "x = 0.5\n",
        "x = float('1')\n",
        "def f(x: float) -> None: ...\n",
        "x = 1\nx /= 2\n",
        "x = 3 / 2\n",
    ],
    "broad_except": [
        "try:\n    pass\nexcept Exception:\n    pass\n",
        "try:\n    pass\nexcept:\n    pass\n",
        "try:\n    pass\nexcept (OSError, BaseException):\n    pass\n",
    ],
    "set_order": [
        "for x in {1, 2}:\n    pass\n",
        "s = set('ab')\nx = [y for y in s]\n",
        "x = tuple(frozenset('ab'))\n",
    ],
    "prints": ["print('x')\n"],
    "long_functions": ["def f():\n" + "    x = 1\n" * 60],
    "long_files": ["x = 1\n" * 401],
    "silent_asserts": ["assert 1 == 1\n"],
    "module_docstrings": ["x = 1\n"],
    "public_docstrings": [
        "def f(): ...\n",
        "class A:\n    'A.'\n    def f(self):\n        x = 1\n        return x\n",
        "class A: ...\n",
    ],
    "dataclasses": ["from dataclasses import dataclass\n"],
    "thawed_structs": [
        "import msgspec\nclass A(msgspec.Struct): ...\n",
        "from msgspec import Struct as S\nclass A(S, frozen=False): ...\n",
    ],
}
CASES = [(name, text) for name, texts in BAD.items() for text in texts]
BY_NAME = dict(zip(NAMES, RULES, strict=True))


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    found = [str(finding) for source in package() for finding in check(rule, source)[0]]
    assert not found, "\n".join([rule.__doc__ or "", *found])


def test_every_rule_has_something_to_find() -> None:
    assert set(BAD) == set(NAMES)


@pytest.mark.parametrize(("name", "text"), CASES)
def test_the_rule_finds_what_it_is_there_for(name: str, text: str) -> None:
    assert check(BY_NAME[name], parse(text, "dnkit/engine/planted.py"))[0]


@pytest.mark.parametrize(
    ("name", "text", "path"),
    [
        ("clock_or_dice", "from random import Random\nx = Random(7)\n", "dnkit/market/x.py"),
        (
            "clock_or_dice",
            "from random import Random\ndef f(r: Random) -> Random: ...\n",
            "dnkit/market/x.py",
        ),
        ("clock_or_dice", "import time\nx = time.time_ns()\n", "dnkit/runtime/x.py"),
        ("clock_or_dice", "class time: ...\nx = time.now\n", "dnkit/engine/x.py"),
        ("floats", "x = 3 // 2\n", "dnkit/engine/x.py"),
        ("set_order", "s = {1}\nx = sorted(s)\ny = 1 in s\n", "dnkit/engine/x.py"),
        ("broad_except", "try:\n    pass\nexcept BaseException:\n    x = 1\n    raise\n", "dnkit/cli/x.py"),
        ("prints", "print('x')\n", "dnkit/cli/x.py"),
        ("silent_asserts", "assert 1 == 1, 'one is one'\n", "dnkit/engine/x.py"),
        ("public_docstrings", "def _f(): ...\n", "dnkit/engine/x.py"),
        ("public_docstrings", "class A:\n    'A.'\n    def f(self): return 1\n", "dnkit/engine/x.py"),
    ],
)
def test_the_rule_leaves_good_code_alone(name: str, text: str, path: str) -> None:
    assert check(BY_NAME[name], parse(text, path)) == ([], set())


def test_a_marker_excuses_its_line_only_and_needs_a_reason() -> None:
    text = "x = 0.5  # house-ok: a reason\ny = 0.5\nz = 0.5  # house-ok:\n"
    found, excused = check(BY_NAME["floats"], parse(text, "dnkit/engine/planted.py"))
    assert [finding.line for finding in found] == [2, 3]
    assert excused == {1}


def test_no_marker_without_a_finding() -> None:
    idle = [
        f"{source.path}:{line}: nothing to excuse here"
        for source in package()
        for line in sorted(set(source.markers()) - set().union(*(check(rule, source)[1] for rule in RULES)))
    ]
    assert not idle, "\n".join(idle)


def test_the_median_function_is_short() -> None:
    lengths = [own_length(node) for source in package() for node in functions(source)]
    assert median(lengths) < 10, f"median of {len(lengths)} functions: {median(lengths)} lines"
