"""Policies that wait: their quotes rest far off, so that a run can be met while it works. Small enough to be
proved in a moment.
"""

from pathlib import Path

UNWIND = """policy: 1
name: patient_unwind
intent: unwind
summary: Rest far off, so that nothing fills; asked to stop, do as the test says.
clip: 0.2 ETH
legs:
  a: {{venue: aster}}
limits:
  deadline: {{after: 500s, then: finish}}
  max_concession: 50bps
recover: finish
stop: {stop}
phases:
  passive:
    rest: {{leg: a, qty: position, at: 40bps inside touch, type: post_only, for: 300s,
           rejects: 1, reduce_only: true}}
    then: {{filled: verify, partial: finish, none: finish, rejected: finish, refused: finish}}
  finish:
    take: {{leg: a, qty: position, type: ioc, ladder: [20bps], reduce_only: true}}
    visits: 2
    then: {{filled: verify, short: verify, refused: verify}}
  verify:
    verify: {{goal: flat, tries: 2, every: 500ms}}
    visits: 3
    then: {{ok: done flat, short: finish, conflict: halt books disagree, error: halt cannot verify}}
"""
CLOSE = """policy: 1
name: patient_close
intent: close
summary: Hold both legs, and close them in the end.
clip: 0.2 ETH
legs:
  a: {venue: aster}
  b: {venue: lighter}
limits:
  deadline: {after: 500s, then: finish}
  max_concession: 50bps
recover: finish
stop: finish
phases:
  passive:
    wait: {for: 300s}
    then: {elapsed: finish}
  finish:
    take: {legs: [a, b], qty: position, type: ioc, ladder: [20bps], reduce_only: true}
    visits: 2
    then: {filled: verify, first: verify, short: verify, refused: verify}
  verify:
    verify: {goal: flat, tries: 2, every: 500ms}
    visits: 3
    then: {ok: done flat, short: finish, conflict: halt books disagree, error: halt cannot verify}
"""


def patient_unwind(folder: Path, stop: str = "finish") -> Path:
    """One leg that waits 300 s; `stop` is its stop rule."""
    path = folder / "patient_unwind.yaml"
    path.write_text(UNWIND.format(stop=stop))
    return path


def patient_close(folder: Path) -> Path:
    """Two legs that wait 300 s."""
    path = folder / "patient_close.yaml"
    path.write_text(CLOSE)
    return path
