"""Fixes: proved safe by loading both ways, put in without touching anything else, never a limit's number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.lint.fixes import applied, mended, proved, with_fixes
from dnkit.policies.diagnostics import Diagnostic, Edit, Fix, Span
from dnkit.policies.load import load
from dnkit.policies.policy import Policy
from tests.lint.examples import GOOD, TWICE, checked


def meaning(text: str) -> Policy | None:
    return load(text, "p.yaml", find=lambda _: None, settings={}).policy


def found(text: str) -> tuple[Diagnostic, ...]:
    return proved(checked(text).diagnostics, text, "p.yaml", meaning)


def place(text: str, part: str) -> Span:
    """Where a part stands in a text, for the first time."""
    at = text.index(part)
    line = text.count("\n", 0, at) + 1
    col = at - (text.rfind("\n", 0, at) + 1) + 1
    return Span("p.yaml", line, col, line, col + len(part))


@pytest.mark.parametrize(
    ("text", "part", "new", "after"),
    [
        ("a: [x, y, z]", "x", "", "a: [y, z]"),
        ("a: [x, y, z]", "y", "", "a: [x, z]"),
        ("a: [x, y, z]", "z", "", "a: [x, y]"),
        ("a: {x: 1, y: 2}", "x: 1", "", "a: {y: 2}"),
        ("a: {x: 1, y: 2}", "y: 2", "", "a: {x: 1}"),
        ("a: 1\n  b: 2\nc: 3\n", "b: 2", "", "a: 1\nc: 3\n"),
        ("a: 1   # why\nb: 2", "# why", "", "a: 1\nb: 2"),
        ("# why\nb: 2", "# why", "", "b: 2"),
        ("a: swep # x", "swep", "sweep", "a: sweep # x"),
    ],
)
def test_an_edit_takes_along_what_belongs_to_it(text: str, part: str, new: str, after: str) -> None:
    assert applied(text, [Edit(place(text, part), new)]) == after


@given(st.lists(st.sampled_from(["ab", "ü", "日本", " ", "\n"]), max_size=20), st.data())
def test_replacing_a_part_by_itself_changes_nothing(parts: list[str], data: st.DataObject) -> None:
    text = "".join(["x", *parts])
    start = data.draw(st.integers(0, len(text) - 1).filter(lambda at: text[at] not in " \n"))
    assert (
        applied(
            text,
            [Edit(place(text[:start].replace(text[start], "·") + text[start:], text[start]), text[start])],
        )
        == text
    )


def test_a_fix_that_leaves_the_policy_alone_is_safe() -> None:
    (one,) = [one for one in found(TWICE) if one.code == "DNK125"]
    assert one.fix is not None and one.fix.safe
    done = mended(TWICE, "p.yaml", found, unsafe=False)
    assert done.count == 1
    assert "forbid: [market, fok]" in done.text
    assert meaning(done.text) == meaning(TWICE)


def test_a_likely_word_is_a_fix_that_changes_the_meaning() -> None:
    text = GOOD.replace("max_concession", "max_concesion").replace("short: ladder", "short: lader")
    fixes = [one.fix for one in found(text) if one.fix is not None]
    assert len(fixes) == 2
    assert not any(fix.safe for fix in fixes)
    assert mended(text, "p.yaml", found, unsafe=False).count == 0
    assert mended(text, "p.yaml", found, unsafe=True).text == GOOD


def test_fixes_that_touch_each_other_wait_for_the_next_round() -> None:
    text = GOOD.replace("[market]", "[market, market, fok, fok]")
    done = mended(text, "p.yaml", found, unsafe=False)
    assert "forbid: [market, fok]" in done.text


@pytest.mark.parametrize("part", ["20bps", "60s", "[5bps, 10bps, 15bps]"])
def test_no_fix_writes_a_number_that_limits_risk(part: str) -> None:
    """The one place all fixes go through drops such a fix, whoever proposes it."""
    span = place(GOOD, part)
    fix = Fix("write `99`", (Edit(span, part.replace("0", "9")),))
    proposed = Diagnostic(code="DNK031", message="x", span=span, fix=fix)
    assert with_fixes([proposed], checked(GOOD).bound)[0].fix is None
    meant = Diagnostic(code="DNK031", message="x", span=span, meant="30bps")
    assert with_fixes([meant], checked(GOOD).bound)[0].fix is None
