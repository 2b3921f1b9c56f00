"""The users' own plans, written as policies just as they state them: each is told what contradicts itself."""

from pathlib import Path

import pytest

from dnkit.policies.diagnostics import Diagnostic
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import check

PLANS = Path(__file__).parent / "plans"
S0, S1, S2, S3, S4 = "s0_unwind", "s1_open", "s2_guard", "s3_single", "s4_close"
UNITS = {"min_hedge: 0.05": "min_hedge: 0.05 ZEC"}

# contradiction, plan, code, the text that is underlined
SAID = (
    ("C1: a MARKET fallback without a cap", S1, "DNK412", "market"),
    ("C1: a MARKET fallback without a cap", S4, "DNK412", "market"),
    ("C5: a 20 bps FOK against a 15 bps cap", S0, "DNK414", "20bps"),
    ("C6: FOK as the last resort", S0, "DNK417", "fok"),
    ("C7: a stream may be silent for longer than a quote may be old", S0, "DNK445", "2s"),
    ("C9: 5 x 0.5 s of checking against a target of 2 s", S0, "DNK443", ""),
    ("C9: 31 s of backoff against a target of 5 s", S0, "DNK442", ""),
    ("C10: 100 % success cannot be shown by any number of runs", S0, "DNK444", ""),
    ("C18: an unknown price closes the position", S2, "DNK303", ""),
    ("C20: more calls in a cycle than the rate lets through", S2, "DNK446", ""),
    ("the emergency acts without the grace period", S2, "DNK304", ""),
    ("C22: a stop of 0.02 that is also called 2", S3, "DNK022", "0.02"),
    ("C22: an offset of 5 without a unit", S3, "DNK022", "5"),
    ("C28: a minimum hedge of 0.05 of what?", S4, "DNK022", "0.05"),
)


def found(plan: str, changes: dict[str, str] | None = None) -> tuple[str, tuple[Diagnostic, ...]]:
    """The text of a plan, mended at some places, and what is found in it."""
    text = (PLANS / f"{plan}.yaml").read_text(encoding="utf-8")
    for old, new in (changes or {}).items():
        assert old in text
        text = text.replace(old, new)
    return text, check(PolicyText(f"{plan}.yaml", text), VenueFacts()).diagnostics


def underlined(text: str, one: Diagnostic) -> str:
    line = text.split("\n")[one.span.line - 1]
    return line[one.span.col - 1 : one.span.end_col - 1 if one.span.end_line == one.span.line else None]


@pytest.mark.parametrize(
    ("what", "plan", "code", "words"), SAID, ids=[f"{one[0][:30]} {one[1]}" for one in SAID]
)
def test_the_contradiction_is_told(what: str, plan: str, code: str, words: str) -> None:
    text, diagnostics = found(plan)
    told = [underlined(text, one) for one in diagnostics if one.code == code]
    assert told, f"{what}: {[one.code for one in diagnostics]}"
    assert any(words in one for one in told)


def test_behind_the_missing_unit_stands_the_next_one() -> None:
    """C29: a critical exit that the same 2 % holds back; C28 again: an amount only, whatever the coin."""
    changes = {**UNITS, "type: market}": "type: market, cap: 50bps}"}
    codes = [one.code for one in found(S4, changes)[1]]
    assert "DNK419" in codes
    assert "DNK437" in codes
