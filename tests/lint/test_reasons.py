"""A policy is judged for every reason its overlays ask about; what only one of them brings says so."""

import pytest

from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import Checked, Shelf, check_for_all_reasons
from tests.lint.examples import GOOD

OVERLAY = """\
reasons:
  critical: [LEG_LIQUIDATED]
overlays:
  - when: reason is critical
    set: {limits.deadline: 1s}
"""
HURRIED = GOOD.replace("recover: verify", f"{OVERLAY}recover: verify")
COMMENT = "# dnkit: ignore[DNK441] the last check may be cut off"


def linted(text: str) -> Checked:
    return check_for_all_reasons(PolicyText("p.yaml", text), VenueFacts(), Shelf())


@pytest.mark.parametrize(("text", "told"), [(GOOD, False), (HURRIED, True)])
def test_what_only_a_reason_brings_is_told_with_it(text: str, told: bool) -> None:
    found = [one for one in linted(text).diagnostics if one.code == "DNK441"]
    assert bool(found) is told
    assert all("when the reason is `critical`" in one.notes for one in found)


def test_a_comment_that_is_of_use_for_one_reason_is_of_use() -> None:
    text = HURRIED.replace("set: {limits.deadline: 1s}", f"set: {{limits.deadline: 1s}}  {COMMENT}")
    done = linted(text)
    assert [one.code for one in done.diagnostics if one.code in ("DNK441", "DNK902")] == []
    assert [one.finding.code for one in done.silenced] == ["DNK441"]
    calm = linted(text.replace("limits.deadline: 1s", "limits.deadline: 50s"))
    assert [one.code for one in calm.diagnostics if one.code == "DNK902"] == ["DNK902"]


def test_what_holds_for_every_reason_is_told_once() -> None:
    found = linted(HURRIED.replace("stop: ladder\n", "")).diagnostics
    (one,) = [one for one in found if one.code == "DNK214"]
    assert one.notes == ()
