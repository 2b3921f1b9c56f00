"""Fault profiles are read as strictly as policies: every mistake at its place, in one pass."""

import pytest

from dnkit.model.numbers import NS_PER_S
from dnkit.policies.units import MISSING_UNIT
from dnkit.sim.hostile.faults import Draw, Fault, Rate
from dnkit.sim.hostile.read import read_profile

HEAD = "faults: 1\nname: mine\nabout: A day of my own.\ndraw: all\n"


def told(text: str) -> list[tuple[str, int, str]]:
    """(code, line, message) of what is wrong."""
    read = read_profile(text, "mine.yaml")
    assert read.profile is None
    return [(one.code, one.span.line, one.message) for one in read.diagnostics]


def test_a_profile() -> None:
    read = read_profile(
        f"{HEAD}rates:\n  kill: 0.5%\n  silent_stream: {{rate: 3%, up_to: 90s}}\n", "mine.yaml"
    )
    assert read.diagnostics == ()
    assert read.profile is not None
    assert (read.profile.name, read.profile.draw) == ("mine", Draw.ALL)
    assert read.profile.rates == {
        Fault.KILL: Rate(5_000, 10 * NS_PER_S),
        Fault.SILENT_STREAM: Rate(30_000, 90 * NS_PER_S),
    }


@pytest.mark.parametrize(
    ("rates", "code", "words"),
    [
        ("  kil: 1%", "DNK103", "no key `kil`"),
        ("  kill: 3", MISSING_UNIT, "no unit"),
        ("  kill: 101%", "DNK031", "101%"),
        ("  kill: 0.00001%", "DNK030", "finer"),
        ("  kill: {up_to: 3s}", "DNK104", "`rate` is missing"),
        ("  lost_request: {rate: 1%, up_to: 3s}", "DNK103", "no key `up_to`"),
        ("  kill: {rate: 1%, up_to: 0s}", "DNK031", "no time at all"),
        ("  kill: [1%]", "DNK020", "a single value is wanted"),
    ],
)
def test_a_wrong_rate(rates: str, code: str, words: str) -> None:
    found = told(f"{HEAD}rates:\n{rates}\n")
    assert [(one, line) for one, line, _ in found] == [(code, 6)]
    assert words in found[0][2]


def test_all_mistakes_at_once() -> None:
    found = told("faults: 2\nname: mine\ndraw: none\nrates: {lost_facts: 1%}\n")
    assert sorted(line for _, line, _ in found) == [1, 1, 3, 4]


def test_what_is_no_profile() -> None:
    found = read_profile("", "mine.yaml").diagnostics
    assert "policy" not in found[0].message
    assert "faults: 1" in found[0].help
