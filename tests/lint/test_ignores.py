"""Comments that ignore a finding: with a reason, of their line or the next, never what guards the hedge."""

import pytest

from tests.lint.examples import GOOD, SAFETY, WARNED, checked, codes, with_comment

COMMENT = "# dnkit: ignore[DNK214] an unwind is over in a minute"


def test_the_examples_are_what_they_are_called() -> None:
    assert [one.severity for one in checked(GOOD).diagnostics if one.severity != "info"] == []
    assert "DNK214" in codes(WARNED)
    assert "DNK301" in codes(SAFETY)


@pytest.mark.parametrize("word", ["DNK214", "halts-when-stopped", "DNK101, DNK214", "DNK214 DNK101"])
def test_a_comment_with_a_reason_takes_its_finding(word: str) -> None:
    done = checked(with_comment(WARNED, "policy: 1", f"# dnkit: ignore[{word}] short runs"))
    assert "DNK214" not in [one.code for one in done.diagnostics]
    assert [(one.finding.code, one.reason) for one in done.silenced] == [("DNK214", "short runs")]


def test_a_comment_alone_on_its_line_is_for_the_line_below() -> None:
    assert "DNK214" not in codes(f"{COMMENT}\n# more words\n\n{WARNED}")
    assert "DNK214" in codes(WARNED.replace("name: out", f"name: out\n{COMMENT}"))


def test_without_a_reason_it_ignores_nothing_and_is_told() -> None:
    found = codes(with_comment(WARNED, "policy: 1", "# dnkit: ignore[DNK214]"))
    assert {"DNK214", "DNK901"} <= {*found}


def test_a_comment_that_takes_nothing_is_told_with_a_safe_way_out() -> None:
    done = checked(with_comment(GOOD, "policy: 1", COMMENT))
    (one,) = [one for one in done.diagnostics if one.code == "DNK902"]
    assert (one.span.line, one.span.col) == (1, 12)
    assert one.fix is not None


def test_what_guards_the_hedge_cannot_be_ignored() -> None:
    text = with_comment(SAFETY, "    then: {ok: done flat", "# dnkit: ignore[DNK301] trust me")
    found = checked(text).diagnostics
    assert {"DNK301", "DNK903"} <= {one.code for one in found}
    (one,) = [one for one in found if one.code == "DNK903"]
    assert text.split("\n")[one.span.line - 1][one.span.col - 1 : one.span.end_col - 1] == "DNK301"


def test_what_stops_the_policy_cannot_be_ignored() -> None:
    text = GOOD.replace("15bps]", "15bps, 12bps]")
    found = codes(with_comment(text, "    take:", "# dnkit: ignore[DNK413] they are meant so"))
    assert {"DNK413", "DNK903"} <= {*found}


@pytest.mark.parametrize(
    "comment", ["# dnkit: ignore why not", "# dnkit: ignore[] why", "# dnkit: ignore[DNK21] x"]
)
def test_a_comment_that_names_no_code_is_told(comment: str) -> None:
    assert "DNK904" in codes(with_comment(GOOD, "policy: 1", comment))


@pytest.mark.parametrize("text", ["'# dnkit: ignore[DNK214] no'", '"x # dnkit: ignore[DNK214] no"'])
def test_a_text_that_looks_like_a_comment_is_none(text: str) -> None:
    found = codes(WARNED.replace("summary: Get one leg flat.", f"summary: {text}"))
    assert "DNK214" in found
    assert not [one for one in found if one.startswith("DNK9")]


def test_nothing_is_called_unused_while_the_policy_does_not_read() -> None:
    text = with_comment(WARNED, "policy: 1", COMMENT).replace("ladder: [5bps", "laddr: [5bps")
    assert not [one for one in codes(text) if one.startswith("DNK9")]
