"""No line of a shipped policy can go unnoticed: deleting it gives a finding, an error or the same machine."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnkit.policies.compare.policies import machine_of
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import Checked, Shelf, check
from tests.tidy.source_tree import ROOT

SHIPPED = sorted((ROOT / "policies").glob("*.yaml"))
VENUES, SHELF = VenueFacts(), Shelf()


def checked(text: str) -> Checked:
    return check(PolicyText("p.yaml", text), VENUES, shelf=SHELF)


def without_a_line(text: str) -> Iterator[tuple[str, str]]:
    """Every line with the text that is left without it."""
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        yield line.rstrip(), "".join((*lines[:number], *lines[number + 1 :]))


def told(one: Checked) -> Counter[tuple[str, str]]:
    """What is found, wherever it stands: lines move when one is deleted."""
    return Counter((each.code, each.message) for each in one.diagnostics)


def same_machine(one: Checked, other: Checked) -> bool:
    """Equal programs but for the numbers of their lines; equal rule tables for a guard."""
    if one.compiled is None or other.compiled is None:
        return False
    if one.program is None or other.program is None:
        return one.compiled.guard == other.compiled.guard and one.compiled.guard is not None
    return machine_of(one.program) == machine_of(other.program)


def noticed(before: Checked, after: Checked) -> str:
    """How the deletion shows, "" when it does not."""
    if not after.ok:
        return "error"
    if told(after) - told(before):
        return "finding"
    return "same machine" if same_machine(before, after) else ""


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_no_line_goes_unnoticed(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    before = checked(text)
    assert before.ok
    seen = [(line, noticed(before, checked(rest))) for line, rest in without_a_line(text)]
    assert [line for line, how in seen if not how] == []
    assert {how for _, how in seen} >= {"error", "same machine"}


def test_a_change_that_shows_nowhere_would_be_noticed() -> None:
    """The comparison is not blind: another number in a ladder is another machine, and no finding."""
    text = SHIPPED[0].read_text(encoding="utf-8")
    assert noticed(checked(text), checked(text.replace("0bps, 5bps", "0bps, 6bps"))) == ""
    assert noticed(checked(text), checked(f"# a comment\n{text}")) == "same machine"
