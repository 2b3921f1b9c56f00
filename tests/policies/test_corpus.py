"""Malformed policies: every mistake is told at its exact line and column, and no text makes a traceback."""

import re
from collections import Counter
from pathlib import Path

import pytest

from dnkit.policies.codes import CODES, INFO
from dnkit.policies.diagnostics import Diagnostic, printable, render
from dnkit.policies.load import Loaded, load
from dnkit.policies.rules.of_text import TEXT_RULES

HERE = Path(__file__).parent
BAD = sorted((HERE / "err").glob("*.yaml"))
GOOD = [*sorted((HERE / "ok").glob("*.yaml")), *sorted((HERE.parents[1] / "policies").glob("*.yaml"))]


def find(name: str) -> tuple[str, str] | None:
    for path in GOOD:
        if path.stem == name:
            return path.name, path.read_text(encoding="utf-8")
    return None


def load_file(path: Path) -> Loaded:
    return load(path.read_bytes().decode("utf-8"), path.name, find=find, settings={})


def shown(loaded: Loaded) -> str:
    return "\n".join(render(one, loaded.files[one.span.path], loaded.files) for one in loaded.diagnostics)


def test_corpus_is_large_enough() -> None:
    assert len(BAD) >= 60


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_policy_is_told_where(path: Path) -> None:
    loaded = load_file(path)
    expected = [
        line.split(" ", 2) for line in path.with_suffix(".out").read_text(encoding="utf-8").splitlines()
    ]
    got = [(one.code, f"{one.span.line}:{one.span.col}") for one in loaded.diagnostics]
    assert got == [(code, place) for code, place, _ in expected], shown(loaded)
    for diagnostic, (_, _, words) in zip(loaded.diagnostics, expected, strict=True):
        assert words in diagnostic.message
        assert diagnostic.span.path == path.name
    assert loaded.failed
    assert loaded.policy is None


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_policy_can_be_shown(path: Path) -> None:
    loaded = load_file(path)
    text = shown(loaded)
    for one in loaded.diagnostics:
        head = f"{one.severity}[{one.code}]: {printable(one.message)}\n"
        assert re.search(f"{re.escape(head)} +--> {path.name}:{one.span.line}:{one.span.col}\n", f"{text}\n")
        assert f"rule: {one.name}, told by `dnkit lint --explain {one.code}`" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def with_what_was_meant(text: str, one: Diagnostic) -> str:
    """The text with the meant word in place of the finding's span."""
    lines = text.split("\n")
    assert one.span.line == one.span.end_line
    line = lines[one.span.line - 1]
    lines[one.span.line - 1] = line[: one.span.col - 1] + one.meant + line[one.span.end_col - 1 :]
    return "\n".join(lines)


def test_writing_the_word_that_was_meant_mends_the_finding() -> None:
    """Each by itself: the finding goes, and no other comes in its place."""
    mended: dict[str, int] = {}
    for path in BAD:
        before = load_file(path)
        for one in (each for each in before.diagnostics if each.meant):
            text = with_what_was_meant(before.files[path.name], one)
            after = load(text, path.name, find=find, settings={})
            left = Counter(each.message for each in before.diagnostics if each != one)
            told = Counter(each.message for each in after.diagnostics if each.severity != INFO)
            assert told <= left, f"{path.name}: {one.message}\n{shown(after)}"
            mended[one.code] = mended.get(one.code, 0) + 1
    assert mended == {
        "DNK030": 3,
        "DNK032": 5,
        "DNK035": 2,
        "DNK101": 2,
        "DNK103": 2,
        "DNK105": 1,
        "DNK112": 1,
        "DNK113": 2,
    }


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_policy_has_nothing_to_mend(path: Path) -> None:
    loaded = load_file(path)
    assert all(one.severity == INFO for one in loaded.diagnostics), shown(loaded)
    assert loaded.policy is not None


def test_every_code_of_the_front_end_is_shown_by_a_file() -> None:
    """Codes that need a setting, bytes or a size of their own are tested elsewhere."""
    elsewhere = {"DNK003", "DNK016", "DNK108", "DNK116", "DNK208", "DNK209"}
    seen = {
        line.split(" ")[0]
        for path in BAD
        for line in path.with_suffix(".out").read_text("utf-8").splitlines()
    }
    source = Path(__file__).parents[2] / "dnkit" / "policies"
    own = [
        source / f"{one}.py"
        for one in (
            "source",
            "yaml_text",
            "bind",
            "check",
            "check_guard",
            "flow",
            "params",
            "overlays",
            "load",
            "scalars",
            "units",
            "prices",
            "expr_parse",
        )
    ]
    text = "".join(one.read_text(encoding="utf-8") for one in own)
    used = {code for code in CODES if f'"{code}"' in text} | set(TEXT_RULES)
    assert used - seen == elsewhere
