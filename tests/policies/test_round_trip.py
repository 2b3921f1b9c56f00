"""load(render(policy)).policy == policy, and no change of a text ever makes the loader raise."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnkit.policies import diagnostics
from dnkit.policies.codes import ERROR, INFO
from dnkit.policies.load import Loaded, load
from dnkit.policies.policy import Policy
from dnkit.policies.render import render
from tests.policies.strategies import policies
from tests.policies.test_corpus import BAD, GOOD, find, load_file

GOOD_TEXTS = [path.read_text(encoding="utf-8") for path in GOOD]
BAD_TEXTS = [path.read_text(encoding="utf-8") for path in BAD]
ODD = [
    "\t",
    "\x00",
    "\ufeff",
    "\u2028",
    "'",
    '"',
    "[",
    "{",
    "}",
    ": ",
    "- ",
    "&a ",
    "*a",
    "!x ",
    "|",
    ">",
    "%",
    "?",
    "$wait",
    "\ud800",
]


def loaded(text: str) -> Loaded:
    return load(text, "p.yaml", find=find, settings={})


def shown(result: Loaded) -> str:
    return "\n".join(
        diagnostics.render(one, result.files[one.span.path], result.files) for one in result.diagnostics
    )


@given(policies)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_generated_policy_reads_back(policy: Policy) -> None:
    text = render(policy)
    result = loaded(text)
    wrong = [one for one in result.diagnostics if one.severity == ERROR and one.code != "DNK201"]
    assert not wrong, f"{shown(result)}\n{text}"
    if not result.failed:
        assert result.policy == policy, text


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_shipped_policy_reads_back(path: Path) -> None:
    policy = load_file(path).policy
    assert policy is not None
    again = loaded(render(policy))
    assert all(one.severity == INFO for one in again.diagnostics), shown(again)
    assert again.policy == policy
    assert render(again.policy) == render(policy)


def test_resolved_policy_keeps_reason_and_settings() -> None:
    found = find("every_pair_key")
    assert found is not None
    first = load(found[1], found[0], find=find, settings={"wait": "2s"}, reason="LEG_LIQUIDATED")
    assert first.policy is not None
    again = loaded(render(first.policy))
    assert again.policy == first.policy and again.policy.reason == "LEG_LIQUIDATED"


@st.composite
def changed(draw: st.DrawFn) -> str:
    """A policy's text after a few small accidents."""
    text = draw(st.sampled_from([*GOOD_TEXTS, *BAD_TEXTS]))
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.sampled_from([_line_gone, _line_twice, _cut, _character, _swap]))(draw, text)
    return text


def _line_gone(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    del lines[draw(st.integers(0, len(lines) - 1))]
    return "\n".join(lines)


def _line_twice(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(lines)))
    return "\n".join(lines)


def _cut(draw: st.DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    return text[:at] + text[at + draw(st.integers(0, 40)) :]


def _character(draw: st.DrawFn, text: str) -> str:
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(st.sampled_from(ODD) | st.characters()) + text[at:]


def _swap(draw: st.DrawFn, text: str) -> str:
    words = text.split(" ")
    one, two = draw(st.integers(0, len(words) - 1)), draw(st.integers(0, len(words) - 1))
    words[one], words[two] = words[two], words[one]
    return " ".join(words)


def _check_told(text: str) -> None:
    result = loaded(text)
    assert (result.policy is None) == result.failed
    for one in result.diagnostics:
        assert one.span.line >= 1 and one.span.col >= 1
        assert one.span.line <= result.files[one.span.path].count("\n") + 1
        assert diagnostics.render(one, result.files[one.span.path], result.files)


@given(changed())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_changed_text_never_raises(text: str) -> None:
    _check_told(text)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_never_raises(text: str) -> None:
    _check_told(text)


NAMES = st.sampled_from(
    ["wait", "limits.max_spread", "phases.verify", "a.b", ".", "", "legs.quote.clip", "limits"]
) | st.text(max_size=9)


@given(st.dictionaries(NAMES, st.text(max_size=12), max_size=3), st.text(max_size=9))
@settings(max_examples=200, deadline=None)
def test_any_setting_never_raises(given: dict[str, str], reason: str) -> None:
    found = find("every_pair_key")
    assert found is not None
    result = load(found[1], found[0], find=find, settings=given, reason=reason)
    assert (result.policy is None) == result.failed
    assert isinstance(shown(result), str)
