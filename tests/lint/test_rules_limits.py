"""The rules on limits, sizes and venues at their edges: `«»` marks where a finding has to stand, and a text
without marks has none."""

import re
from collections.abc import Mapping
from decimal import Decimal

import pytest

from dnkit.policies.codes import ERROR, INFO, WARNING
from dnkit.policies.diagnostics import Diagnostic, Span
from dnkit.policies.rules.sample_too_small import runs_for
from tests.lint.examples import checked
from tests.lint.pages import FOLDER, Page, findings

UNWIND = """\
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
  max_concession: 50bps
recover: look
stop: ladder
phases:
  maker:
    rest: {leg: a, qty: position, at: join, for: 1s}
    then: {filled: look, partial: ladder, none: ladder, rejected: ladder, refused: ladder}
  ladder:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps, 10bps]}
    visits: 3
    then: {filled: look, short: last, refused: last}
  last:
    take: {leg: a, qty: position, type: ioc, ladder: [20bps]}
    visits: 3
    then: {filled: look, short: look, refused: look}
  look:
    verify: {goal: flat}
    visits: 7
    then: {ok: done flat, short: ladder, conflict: halt books disagree, error: halt cannot verify}
"""
PAIR = """\
policy: 1
name: out
intent: close
summary: Get both legs flat.
clip: 0.2 ETH
legs:
  a: {venue: aster}
  b: {venue: binance_usdm}
limits:
  deadline: {after: 60s, then: ladder}
  forbid: [market]
  max_spread: 1%
  max_concession: 50bps
recover: look
stop: ladder
phases:
  passive:
    rest: {legs: [a, b], qty: position, at: join, for: 10s}
    then: {filled: look, first: ladder, partial: ladder, none: ladder, rejected: ladder, refused: ladder}
  ladder:
    take: {legs: [a, b], qty: position, type: ioc, ladder: [5bps, 10bps]}
    visits: 3
    then: {filled: look, first: look, short: look, refused: look}
  look:
    verify: {goal: flat}
    visits: 4
    then: {ok: done flat, short: ladder, conflict: halt books disagree, error: halt cannot verify}
"""
OPEN = """\
policy: 1
name: hedge_once
intent: open
summary: Rest on one venue, hedge on the other.
clip: 0.2 ETH
legs:
  a: {venue: aster}
  b: {venue: binance_usdm}
limits:
  deadline: {after: 60s, then: hedge}
  forbid: [market]
  max_spread: 20bps
  max_concession: 15bps
  max_unhedged: {amount: $3000, for: 30s, then: hedge}
  min_hedge: larger of 5% of clip, venue minimum
recover: look
stop: hedge
phases:
  quote:
    rest: {leg: a, qty: clip, at: join, for: 5s}
    then: {filled: hedge, partial: hedge, none: done idle, rejected: done idle, refused: done idle}
  hedge:
    take: {leg: b, qty: imbalance, type: ioc, ladder: [2bps, 5bps]}
    visits: 3
    then: {filled: look, short: look, refused: look}
  look:
    verify: {goal: hedged}
    visits: 4
    then: {ok: done hedged, short: hedge, conflict: halt books disagree, error: halt cannot verify}
"""
SINGLE = """\
policy: 1
name: enter
intent: single
summary: Enter, and leave a stop behind.
clip: $500
legs:
  a: {venue: aster}
limits:
  deadline: {after: 120s, then: out}
  forbid: [market]
  max_spread: 10bps
  max_concession: 20bps
keeps: [stop]
recover: protect
stop: out
phases:
  enter:
    rest: {leg: a, qty: clip, at: join, for: 60s}
    then: {filled: protect, partial: protect, none: done idle, rejected: done idle, refused: done idle}
  protect:
    arm: {leg: a, qty: position, stop: 2% from entry, limit: 10bps through stop}
    visits: 2
    then: {armed: look, failed: out}
  look:
    verify: {goal: protected}
    visits: 2
    then: {ok: done protected, short: out, conflict: halt books disagree, error: halt cannot verify}
  out:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps, 20bps], reduce_only: true}
    visits: 3
    then: {filled: flat, short: halt unprotected, refused: halt unprotected}
  flat:
    verify: {goal: flat}
    visits: 3
    then: {ok: done flat, short: halt unprotected, conflict: halt books disagree, error: halt cannot verify}
"""
GUARD = """\
policy: 1
name: watcher
intent: guard
summary: Watch a pair.
clip: 0.2 ETH
legs:
  a: {venue: lighter}
  b: {venue: aster}
watch:
  every: 10s
  facts:
    gap: abs(notional_a - notional_b) / larger(notional_a, notional_b)
rules:
  - {name: blind, when: unknown(gap), for: 3 checks, do: alert page}
  - {name: far, when: gap > 15%, for: 2 checks, do: halt too far apart}
  - {name: hold, when: otherwise, do: nothing}
"""
REASONS = "reasons:\n  critical: [LEG_LIQUIDATED]\n"
AGAIN = """}
  sweep:
    take: {leg: a, qty: position, type: ioc, ladder: [50bps]}
    then: {filled: look, short: look, refused: look}"""
SWEEP = f"short: look, refused: look, exhausted: sweep{AGAIN}"
FILLED = f"{{filled: sweep, short: look, refused: look{AGAIN}"
RESCUE = """short: rescue, conflict: halt books disagree, error: halt cannot verify}
  rescue:
    run: emergency_unwind
    with: {a: a}
    then: {flat: done flat, halt: halt still open}
  again:
    verify: {goal: flat}
    then: {ok: done flat, short: halt, conflict"""
MARK = re.compile("[«»]")


def changed(text: str, changes: Mapping[str, str]) -> str:
    """The text with every piece replaced where it stands first."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def overlay(changes: str, more: str = "") -> dict[str, str]:
    """Urgent reasons, and what an overlay for them sets."""
    return {"recover": f"{REASONS}overlays:\n  - when: reason is critical\n    set: {changes}\n{more}recover"}


def marked(text: str) -> list[Span]:
    """Places between marks, as they are in the text without them."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        places = [one.start() - nth for nth, one in enumerate(MARK.finditer(line))]
        pairs = zip(places[::2], places[1::2], strict=True)
        found += [Span("p.yaml", number, start + 1, number, end + 1) for start, end in pairs]
    return found


def told(code: str, text: str) -> list[Diagnostic]:
    """The findings of one code; no other error may stand in its way."""
    found = checked(MARK.sub("", text)).diagnostics
    assert [one for one in found if one.severity == ERROR and one.code != code] == []
    return [one for one in found if one.code == code]


BAD: tuple[tuple[str, str, dict[str, str], str], ...] = (
    # the loop goes back to a tier that was tried before
    ("DNK417", UNWIND, {"type: ioc, ladder: [20": "type: «fok», ladder: [20"}, WARNING),
    ("DNK417", UNWIND, {"aster": "nado", "type: ioc, ladder: [20": "type: «fok», ladder: [20"}, WARNING),
    # another order follows, but only where this one has filled
    (
        "DNK417",
        UNWIND,
        {
            "type: ioc, ladder: [20": "type: «fok», ladder: [20",
            "{filled: look, short: look, refused: look}": FILLED,
            "short: ladder, conflict": "short: halt still open, conflict",
        },
        WARNING,
    ),
    # (5 + 2.5)^2 / 1.07^2 = 49.13 s
    ("DNK418", UNWIND, {"for: 1s": "for: «50s»"}, WARNING),
    ("DNK418", UNWIND, {"intent: unwind": "intent: close", "for: 1s": "for: «50s»"}, WARNING),
    # the fees alone: 2.5^2 / 1.07^2 = 5.46 s
    ("DNK418", UNWIND, {"for: 1s": "for: «6s»", "[5bps, 10bps]": "[touch, 10bps]"}, WARNING),
    ("DNK419", PAIR, {"max_spread: 1%": "max_spread: «1%»", "recover": f"{REASONS}recover"}, WARNING),
    (
        "DNK419",
        PAIR,
        {"max_spread: 1%": "max_spread: «1%»", **overlay("{phases.passive.skip: true}")},
        WARNING,
    ),
    (
        "DNK435",
        OPEN,
        {
            "intent: open": "intent: rebalance",
            "limits:": "«limits»:",
            "  min_hedge: larger of 5% of clip, venue minimum\n": "",
            "qty: clip": "qty: imbalance",
        },
        WARNING,
    ),
    ("DNK436", UNWIND, {"at: join": "at: «$0.015 inside touch»"}, ERROR),
    ("DNK436", UNWIND, {"ladder: [20bps]": "ladder: [$1, «$1.005 through touch»]"}, ERROR),
    ("DNK436", SINGLE, {"stop: 2% from entry": "stop: «$20.005 from entry»"}, ERROR),
    ("DNK436", SINGLE, {"limit: 10bps through stop": "limit: «$0.005 through stop»"}, ERROR),
    # a tick of $0.01 on one leg and of $0.1 on the other
    ("DNK436", PAIR, {"binance_usdm": "nado", "ladder: [5bps, 10bps]": "ladder: [«$0.05», $0.3]"}, ERROR),
    ("DNK437", OPEN, {"larger of 5% of clip, venue minimum": "«larger of 1 lot, venue minimum»"}, WARNING),
    ("DNK437", OPEN, {"larger of 5% of clip, venue minimum": "«5% of clip»"}, WARNING),
    ("DNK438", PAIR, {"policy: 1": "«policy»: 1", "clip: 0.2 ETH\n": "", "aster": "aster, clip: $500"}, INFO),
    (
        "DNK438",
        GUARD,
        {"policy: 1": "«policy»: 1", "clip: 0.2 ETH\n": "", "gap > 15%": "net > clip"},
        WARNING,
    ),
    ("DNK439", OPEN, {"aster}": "aster, clip: «$3001»}"}, WARNING),
    ("DNK439", OPEN, {"clip: 0.2 ETH": "clip: «$40,000»\nslice: 10% of clip"}, WARNING),
    ("DNK439", OPEN, {"clip: 0.2 ETH": "size: {target: «$3001»}"}, WARNING),
    ("DNK440", PAIR, {"  forbid: [market]\n": "", "limits:": "«limits»:"}, INFO),
    # 10 s + 4 x 500 ms
    ("DNK441", PAIR, {"after: 60s": "after: «11999ms»"}, ERROR),
    ("DNK441", PAIR, {"recover": "targets: {run: «11s»}\nrecover"}, WARNING),
    ("DNK442", UNWIND, {"recover": "«backoff»: {first: 10s, most: 20s, tries: 4}\nrecover"}, ERROR),
    (
        "DNK442",
        UNWIND,
        {"recover": "«backoff»: {first: 1s, most: 1s, tries: 6}\ntargets: {reconnect: 5s}\nrecover"},
        ERROR,
    ),
    (
        "DNK443",
        UNWIND,
        {
            "verify: {goal: flat}": "«verify»: {goal: flat, every: 401ms}",
            "recover": "targets: {verify: 2s}\nrecover",
        },
        WARNING,
    ),
    (
        "DNK443",
        UNWIND,
        {"aster": "nado", "verify: {": "«verify»: {", "recover": "targets: {verify: 5s}\nrecover"},
        INFO,
    ),
    ("DNK444", UNWIND, {"recover": "targets: {success: «95%», runs: 58}\nrecover"}, WARNING),
    ("DNK444", UNWIND, {"recover": "targets: {fills: «100%», runs: 1000000}\nrecover"}, WARNING),
    (
        "DNK445",
        UNWIND,
        {"recover": "data: {bbo: {max_age: 1s}, stream: {max_silence: «1001ms»}}\nrecover"},
        WARNING,
    ),
    # 12 calls at 60 in a minute take 12 s
    ("DNK446", GUARD, {"every: 10s": "every: «10s»\n  pairs: 6"}, ERROR),
    (
        "DNK446",
        GUARD,
        {"every: 10s": "every: «1s»", "watch:": "limits: {rate: {calls: 1 per 2s}}\nwatch:"},
        ERROR,
    ),
    (
        "DNK446",
        UNWIND,
        {"aster": "lighter", "for: 1s}": "for: 1s, reprice: {beyond: 1bp, every: «1s», max: 31}}"},
        ERROR,
    ),
    ("DNK447", PAIR, {"  max_spread: 1%\n": "", "limits:": "«limits»:"}, WARNING),
    ("DNK447", SINGLE, {"  max_spread: 10bps\n": "", "limits:": "«limits»:"}, WARNING),
    ("DNK448", SINGLE, {"policy: 1": "«policy»: 1"}, INFO),
    ("DNK448", OPEN, {"recover": "«data»: {stream: {max_silence: 1s}}\nrecover"}, INFO),
    ("DNK449", PAIR, {"limits:": "«limits»:"}, INFO),
    # the flag is missing on everything a spot venue sells
    ("DNK506", UNWIND, {"aster": "nado", "rest: {": "«rest»: {"}, INFO),
    ("DNK507", UNWIND, {"aster": "okx_perpetual", "rest: {": "«rest»: {"}, INFO),
    ("DNK507", PAIR, {"aster": "okx_perpetual", "rest: {": "«rest»: {"}, INFO),
    ("DNK509", PAIR, {"venue: binance_usdm": "venue: «binance_usdm»"}, INFO),
    ("DNK514", UNWIND, {"aster": "lighter", "qty: position": "qty: «49 lots»"}, WARNING),
    ("DNK514", UNWIND, {"qty: position": "qty: «$4.99»"}, WARNING),
    ("DNK514", UNWIND, {"qty: position": "qty: «0.9% of clip»"}, WARNING),
    (
        "DNK514",
        PAIR,
        {"clip: 0.2 ETH": "clip: 0.2 ETH\nslice: «0.4% of clip»", "binance_usdm": "lighter"},
        WARNING,
    ),
    # 65 s of lag, 500 ms to the read after it, 3 s for its answer
    ("DNK515", UNWIND, {"aster": "hyperliquid_perpetual", "after: 60s": "after: «68s»"}, WARNING),
)
GOOD: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("DNK417", UNWIND, {"type: ioc, ladder: [5bps, 10bps]": "type: fok, ladder: [5bps]"}),
    (
        "DNK417",
        UNWIND,
        {
            "type: ioc, ladder: [20": "type: fok, ladder: [20",
            "forbid: [market]": "forbid: [ioc]",
            "type: ioc": "type: fok",
        },
    ),
    ("DNK417", OPEN, {"type: ioc": "type: fok"}),
    # what follows is another order, even if only when the visits are used up, or in a policy that is run
    (
        "DNK417",
        UNWIND,
        {"type: ioc, ladder: [20": "type: fok, ladder: [20", "short: look, refused: look}": SWEEP},
    ),
    (
        "DNK417",
        UNWIND,
        {"type: ioc, ladder: [20": "type: fok, ladder: [20", "short: ladder, conflict": RESCUE},
    ),
    ("DNK418", UNWIND, {"for: 1s": "for: 49s"}),
    ("DNK418", UNWIND, {"for: 1s": "for: 50s", "[5bps, 10bps]": "[5 ticks, 10 ticks]"}),
    ("DNK418", PAIR, {"for: 10s": "for: 50s"}),
    ("DNK418", SINGLE, {}),
    ("DNK419", PAIR, overlay("{limits: {max_spread: 3%}}", "    loosen: [limits.max_spread]\n")),
    ("DNK419", PAIR, {"  max_spread: 1%\n": "", "recover": f"{REASONS}recover"}),
    ("DNK419", UNWIND, {"recover": f"{REASONS}recover", "forbid": "max_spread: 1%\n  forbid"}),
    ("DNK435", OPEN, {"larger of 5% of clip, venue minimum": "venue minimum"}),
    ("DNK435", PAIR, {}),
    ("DNK436", UNWIND, {"at: join": "at: $0.02 inside touch", "ladder: [20bps]": "ladder: [$1, $1.01]"}),
    ("DNK436", PAIR, {"binance_usdm": "nado", "ladder: [5bps, 10bps]": "ladder: [$0.1, $0.3]"}),
    ("DNK437", OPEN, {"larger of 5% of clip, venue minimum": "venue minimum"}),
    ("DNK437", OPEN, {"larger of 5% of clip, venue minimum": "larger of 5% of clip, $100"}),
    ("DNK438", PAIR, {"clip: 0.2 ETH\n": "", "aster": "aster, clip: $500", "usdm": "usdm, clip: $500"}),
    ("DNK438", GUARD, {"clip: 0.2 ETH\n": ""}),
    ("DNK439", OPEN, {"clip: 0.2 ETH": "clip: $3,000"}),
    ("DNK439", OPEN, {"clip: 0.2 ETH": "clip: $40,000\nslice: $3,000"}),
    ("DNK439", OPEN, {"clip: 0.2 ETH": "clip: $40,000\nslice: 7.5% of clip"}),
    ("DNK440", PAIR, {"forbid: [market]": "forbid: []"}),
    (
        "DNK440",
        PAIR,
        {"  forbid: [market]\n": "", "type: ioc, ladder: [5bps, 10bps]": "type: market, cap: 10bps"},
    ),
    ("DNK440", GUARD, {}),
    ("DNK441", PAIR, {"after: 60s": "after: 12s", "recover": "targets: {run: 12s}\nrecover"}),
    # too many visits to follow each way: nothing is claimed
    ("DNK441", PAIR, {"after: 60s": "after: 12s", "visits: 3": "visits: 5000", "visits: 4": "visits: 5001"}),
    ("DNK442", UNWIND, {"recover": "backoff: {first: 10s, most: 20s, tries: 3}\nrecover"}),
    (
        "DNK442",
        UNWIND,
        {"recover": "backoff: {first: 1s, most: 30s, tries: 4}\ntargets: {reconnect: 15s}\nrecover"},
    ),
    (
        "DNK443",
        UNWIND,
        {"{goal: flat}": "{goal: flat, every: 400ms}", "recover": "targets: {verify: 2s}\nrecover"},
    ),
    ("DNK443", UNWIND, {"aster": "nado", "recover": "targets: {verify: 20s}\nrecover"}),
    ("DNK444", UNWIND, {"recover": "targets: {success: 95%, fills: 5%, runs: 59}\nrecover"}),
    ("DNK444", UNWIND, {"recover": "targets: {runs: 1}\nrecover"}),
    ("DNK445", UNWIND, {"recover": "data: {bbo: {max_age: 1s}, stream: {max_silence: 1s}}\nrecover"}),
    ("DNK445", UNWIND, {"recover": "data: {stream: {max_silence: 5s}}\nrecover"}),
    ("DNK446", GUARD, {"every: 10s": "every: 10s\n  pairs: 5"}),
    (
        "DNK446",
        UNWIND,
        {"aster": "lighter", "for: 1s}": "for: 1s, reprice: {beyond: 1bp, every: 1s, max: 30}}"},
    ),
    # 60 tries 2 s apart: a minute of them are 30 reads, one a leg
    ("DNK446", UNWIND, {"aster": "lighter", "{goal: flat}": "{goal: flat, tries: 60, every: 2s}"}),
    ("DNK447", UNWIND, {}),
    ("DNK447", GUARD, {}),
    ("DNK448", UNWIND, {}),
    ("DNK448", OPEN, {"recover": "data: {bbo: {max_age: 1s}}\nrecover"}),
    ("DNK449", UNWIND, {}),
    ("DNK449", PAIR, {"  max_spread": "  depth: {within: 20bps}\n  max_spread"}),
    (
        "DNK506",
        UNWIND,
        {
            "aster": "nado",
            "rest: {leg: a, qty: position, at: join, for": "wait: {for",
            "filled: look, partial: ladder, none: ladder, rejected: ladder, refused": "elapsed",
        },
    ),
    # a market order goes there as an ioc, which takes the flag
    (
        "DNK506",
        UNWIND,
        {
            "aster": "hyperliquid_perpetual",
            "[market]": "[fok]",
            "type: ioc, ladder: [20bps]": "type: market, cap: 20bps",
        },
    ),
    ("DNK506", OPEN, {"aster": "nado"}),
    ("DNK507", OPEN, {"binance_usdm": "okx_perpetual"}),
    ("DNK509", OPEN, {}),
    ("DNK509", SINGLE, {"aster": "binance_usdm"}),
    ("DNK509", UNWIND, {}),
    ("DNK514", UNWIND, {"aster": "lighter", "qty: position": "qty: 50 lots"}),
    ("DNK514", UNWIND, {"qty: position": "qty: 1% of clip"}),
    ("DNK514", PAIR, {"clip: 0.2 ETH": "clip: 0.2 ETH\nslice: 2.5% of clip", "binance_usdm": "lighter"}),
    ("DNK515", UNWIND, {"aster": "hyperliquid_perpetual", "after: 60s": "after: 68500ms"}),
)


@pytest.mark.parametrize(("code", "base", "changes", "severity"), BAD, ids=[one[0] for one in BAD])
def test_it_is_told_at_its_place(code: str, base: str, changes: dict[str, str], severity: str) -> None:
    text = changed(base, changes)
    found = told(code, text)
    assert {one.span for one in found} == set(marked(text))
    assert {one.severity for one in found} == {severity}


@pytest.mark.parametrize(("code", "base", "changes"), GOOD, ids=[one[0] for one in GOOD])
def test_a_near_miss_is_not_told(code: str, base: str, changes: dict[str, str]) -> None:
    assert told(code, changed(base, changes)) == []


def test_the_sum_of_waits_is_the_way_itself() -> None:
    """Only what lies on the longest way is counted, each phase as often as the way enters it."""
    (one,) = told("DNK441", changed(OPEN, {"after: 60s": "after: 5s"}))
    assert one.notes == ("the sum of the waits: quote 5s + look 3 x 500ms = 6.5s",)


def test_pauses_are_listed_up_to_the_longest() -> None:
    backoff = "backoff: {first: 200ms, most: 5s, tries: 9}\ntargets: {reconnect: 1s}\nrecover"
    (one,) = told("DNK442", changed(UNWIND, {"recover": backoff}))
    assert "add up to 26.2s" in one.message
    assert one.notes == ("the pauses: 200ms, 400ms, 800ms, 1600ms, 3200ms, 5s, 5s, 5s, ...",)


def test_a_stop_for_too_little_is_no_stop() -> None:
    (one,) = told("DNK514", changed(SINGLE, {"arm: {leg: a, qty: position": "arm: {leg: a, qty: $4"}))
    assert one.message.endswith("`protect` leaves no stop")


def test_every_missing_filter_is_told_by_itself() -> None:
    filters = {
        "min_depth": "$5,000 at level 1",
        "min_volume": "$5 per 1m",
        "max_impact": "10bps",
        "liq_buffer": "25%",
    }
    for key in filters:
        others = {one: words for one, words in filters.items() if one != key}
        lines = "".join(f"  {one}: '{words}'\n" for one, words in others.items())
        (one,) = told("DNK449", changed(SINGLE, {"  max_spread": f"{lines}  max_spread"}))
        assert one.message.startswith(f"no `{key}`: ")
    sized = changed(SINGLE, {"clip: $500": "size: {target: $500, impact: {max: 10bps}}"})
    assert [one.message.split("`")[1] for one in told("DNK449", sized)] == [
        "liq_buffer",
        "min_depth",
        "min_volume",
    ]


def runs_one_by_one(percent: Decimal) -> int:
    """The same figure by multiplying on and on, in whole numbers."""
    hundredths, runs, good, all_runs = int(percent * 100), 1, int(percent * 100), 10_000
    while good * 20 > all_runs:
        runs, good, all_runs = runs + 1, good * hundredths, all_runs * 10_000
    return runs


@pytest.mark.parametrize(
    "percent", ["0.01", "5", "5.01", "22.36", "22.37", "50", "86", "95", "99", "99.5", "99.9"]
)
def test_the_runs_are_the_fewest_there_are(percent: str) -> None:
    assert runs_for(Decimal(percent)) == runs_one_by_one(Decimal(percent))


def test_a_hundred_percent_takes_more_runs_than_there_are() -> None:
    assert runs_for(Decimal(100)) is None
    assert runs_for(Decimal("99.9999999999999999")) is not None


@pytest.mark.parametrize(
    ("orders", "severity"), [("type: ioc, ladder: [5bps]", ERROR), ("type: market, cap: 5bps", ERROR)]
)
def test_a_venue_without_look_up_is_told_on_every_leg_there(orders: str, severity: str) -> None:
    """With the capability file of the page."""
    page = Page("DNK508", (FOLDER / "DNK508.md").read_text(encoding="utf-8"))
    policy = changed(
        PAIR,
        {"aster": "sightless", "forbid: [market]": "forbid: []", "type: ioc, ladder: [5bps, 10bps]": orders},
    )
    block = page.examples("bad")[0]
    found = findings(page, type(block)("yaml", ("bad",), policy)).found
    (one,) = (each for each in found if each.code == "DNK508")
    assert (one.span.line, one.span.col, one.severity) == (7, 14, severity)
    assert "`ladder`" in one.message
