"""Policies that the rules on the machine, the hedge and the alarm find nothing grave in, and how they
are changed and judged."""

from dnkit.policies.diagnostics import Diagnostic
from tests.lint.examples import checked

OPEN = """\
policy: 1
name: hedge_once
intent: open
summary: Rest on one venue, hedge on the other.
clip: 0.2 ETH
legs:
  quote: {venue: backpack}
  hedge: {venue: grvt}
limits:
  deadline: {after: 60s, then: back}
  max_spread: 20bps
  max_concession: 15bps
  max_unhedged: {amount: $1000, for: 20s, then: back}
recover: check
stop: back
phases:
  quote:
    rest: {leg: quote, qty: clip, at: 1 tick inside touch, for: 5s}
    then: {filled: hedge, partial: hedge, none: done idle, rejected: done idle, refused: done idle}
  hedge:
    rest: {leg: hedge, qty: imbalance, at: 1 tick inside touch, for: 2s}
    then: {filled: check, partial: back, none: back, rejected: back, refused: back}
  back:
    take: {leg: quote, qty: imbalance, type: ioc, ladder: [5bps, 15bps], reduce_only: true}
    visits: 4
    then: {filled: check, short: halt hung leg, refused: halt hung leg}
  check:
    verify: {goal: hedged}
    visits: 5
    then: {ok: done hedged, short: back, conflict: halt books disagree, error: halt cannot verify}
"""
CLOSE = """\
policy: 1
name: close_pair
intent: close
summary: Both legs at once, what is left leg by leg.
clip: $500
legs:
  a: {venue: aster}
  b: {venue: bybit}
limits:
  deadline: {after: 300s, then: finish}
  max_concession: 50bps
  max_unhedged: {amount: $500, for: 90s, then: finish}
recover: check
stop: finish
phases:
  finish:
    take: {legs: [a, b], qty: position, type: ioc, ladder: [5bps, 20bps]}
    visits: 5
    then: {filled: check, first: check, short: check, refused: check}
  rest_of_b:
    run: emergency_unwind
    with: {a: b}
    visits: 3
    then: {flat: check, halt: finish}
  check:
    verify: {goal: flat}
    visits: 6
    then: {ok: done flat, short: rest_of_b, conflict: halt books disagree, error: halt cannot verify}
"""
SINGLE = """\
policy: 1
name: one_leg
intent: single
summary: Enter and leave a stop behind.
clip: 0.2 ETH
legs:
  a: {venue: aster}
limits:
  deadline: {after: 90s, then: sell}
  max_concession: 20bps
recover: protect
stop: sell
phases:
  enter:
    rest: {leg: a, qty: clip, at: 5bps inside mid, type: gtc, for: 30s}
    then: {filled: protect, partial: protect, none: done idle, rejected: done idle, refused: done idle}
  protect:
    arm: {leg: a, qty: position, stop: 2% from entry, limit: 10bps through stop}
    visits: 2
    then: {armed: check_stop, failed: sell}
  check_stop:
    verify: {goal: protected}
    visits: 2
    then: {ok: done protected, short: sell, conflict: halt books disagree, error: halt cannot verify}
  sell:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps, 20bps], reduce_only: true}
    visits: 3
    then: {filled: check_flat, short: halt unprotected, refused: halt unprotected}
  check_flat:
    verify: {goal: flat}
    visits: 3
    then: {ok: done flat, short: halt unprotected, conflict: halt books disagree, error: halt cannot verify}
"""
GUARD = """\
policy: 1
name: watch_pair
intent: guard
summary: Watch a pair.
clip: 0.2 ETH
legs:
  a: {venue: aster}
  b: {venue: bybit}
watch:
  every: 10s
  facts:
    gap: abs(notional_a - notional_b) / larger(notional_a, notional_b)
    liq: smaller(liq_distance_a, liq_distance_b)
    blind: unknown(liq)
    sees: not blind
rules:
  - {name: drift, when: gap > 15%, for: 2 checks, do: run close_two_phase, reason: SEVERE_IMBALANCE}
  - {name: blind, when: blind, for: 3 checks, do: alert page, reason: VENUE_UNREACHABLE}
  - {name: hold, when: otherwise, do: nothing}
"""
SUB = """\
  sub:
    run: emergency_unwind
    visits: 2
    then: {flat: verify, halt: halt still open}
"""
LAST = """\
  last:
    take: {leg: a, qty: position, type: ioc, ladder: [20bps]}
    then: {filled: verify, short: halt still open, refused: halt still open}
"""
TELL = """\
  tell:
    alert: {level: page, text: The books disagree.}
    then: {sent: halt books disagree, failed: halt books disagree}
"""


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """The text with each old piece, which it has once, replaced."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def found(code: str, text: str) -> list[Diagnostic]:
    """The findings of one code; the policy compiles, or a rule would not have been asked."""
    result = checked(text)
    assert result.compiled and (result.program or result.compiled.guard), result.diagnostics
    return [one for one in result.diagnostics if one.code == code]


def underlined(text: str, one: Diagnostic) -> tuple[str, str]:
    """First word of the line, and what is underlined of it."""
    line = text.split("\n")[one.span.line - 1]
    assert one.span.line == one.span.end_line
    return line.split()[0], line[one.span.col - 1 : one.span.end_col - 1]
