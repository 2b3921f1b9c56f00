"""Small policies for the tests of linting, and how they are checked."""

from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import Checked, check

GOOD = """\
policy: 1
name: out
intent: unwind
summary: Get one leg flat.
clip: $500
legs:
  a: {venue: aster}
limits:
  deadline: {after: 60s, then: ladder}
  forbid: [market]
  max_concession: 20bps
recover: verify
stop: ladder
phases:
  ladder:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps, 10bps, 15bps]}
    visits: 4
    then: {filled: verify, short: verify, refused: verify}
  verify:
    verify: {goal: flat}
    visits: 5
    then: {ok: done flat, short: ladder, conflict: halt books disagree, error: halt cannot verify}
"""
WARNED = GOOD.replace(
    "stop: ladder\n", ""
)  # DNK214, at the file's first key: it would halt with what is open
SAFETY = GOOD.replace(
    "ok: done flat", "ok: done flat, exhausted: done flat"
)  # DNK301: an end without a check
TWICE = GOOD.replace("forbid: [market]", "forbid: [market, fok, market]")  # DNK125, with a fix that is safe


def checked(text: str) -> Checked:
    """A policy text through all checks, as `p.yaml`."""
    return check(PolicyText("p.yaml", text), VenueFacts())


def codes(text: str) -> list[str]:
    """The codes of what is found, in order."""
    return [one.code for one in checked(text).diagnostics]


def with_comment(text: str, line: str, comment: str) -> str:
    """The text with a comment at the end of the line that starts so."""
    lines = text.split("\n")
    place = next(number for number, one in enumerate(lines) if one.startswith(line))
    lines[place] += f"  {comment}"
    return "\n".join(lines)
