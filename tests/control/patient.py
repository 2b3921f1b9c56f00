"""Policies that wait: their quotes rest far off, so that a run can be met while it works."""

from pathlib import Path

CLOSE = """policy: 1
name: patient_close
intent: close
summary: Rest far off, so that nothing fills; asked to stop, cross.
clip: 0.2 ETH
legs:
  a: {{venue: aster}}
  b: {{venue: lighter}}
limits:
  deadline: {{after: 500s, then: finish}}
  max_spread: 2%
  max_concession: 50bps
recover: finish
stop: {stop}
phases:
  passive:
    rest: {{legs: [a, b], qty: position, at: 40bps inside touch, type: post_only, for: 300s, rejects: 3, reduce_only: true}}
    then: {{filled: verify, first: finish, partial: finish, none: finish, rejected: finish, refused: finish}}
  finish:
    take: {{legs: [a, b], qty: position, type: ioc, ladder: [5bps, 10bps, 20bps], reduce_only: true}}
    visits: 4
    then: {{filled: verify, first: verify, short: verify, refused: verify}}
  verify:
    verify: {{goal: flat, tries: 5, every: 500ms}}
    visits: 5
    then: {{ok: done flat, short: finish, conflict: halt books disagree, error: halt cannot verify}}
"""


def patient_close(folder: Path, stop: str = "finish") -> Path:
    """A close that waits 300 s; `stop` is its stop rule."""
    path = folder / f"patient_close_{stop.split(maxsplit=1)[0]}.yaml"
    path.write_text(CLOSE.format(stop=stop))
    return path
