"""What does not act where it would run is told: by lint as an info, in the reference as a column."""

import pytest

from dnkit.policies.codes import INFO, WARNING
from dnkit.policies.diagnostics import has_errors
from dnkit.policies.keys import TABLE
from dnkit.policies.load import Loaded, load
from dnkit.policies.reference import keys_table_markdown
from dnkit.policies.waits import WAITS

TEXT = """policy: 1
name: quiet
intent: single
summary: Says one thing that may not act.
clip: $500
legs:
  a: {venue: aster}
EXTRA
phases:
  buy:
    rest: {leg: a, qty: clip, at: join, for: 5s}
    then: {filled: look, partial: look, none: done idle, rejected: done idle, refused: done idle}
  look:
    verify: {goal: idle}
    then: {ok: done idle, short: halt still open, conflict: halt books disagree, error: halt blind}
"""
GUARD = """policy: 1
name: guarded
intent: guard
summary: Watches.
legs:
  a: {venue: aster}
watch: {every: 10s}
rules:
  - {name: hold, when: otherwise, do: nothing}
"""


def loaded(extra: str) -> Loaded:
    return load(TEXT.replace("EXTRA", extra), "p.yaml", find=lambda _: None, settings={})


WAITING = {
    "deadman": ("deadman: 30s", "DNK601", "`deadman` acts on live venues only: "),
    "limits.liq_buffer": ("limits: {liq_buffer: 25%}", "DNK601", "paper accounts have no liquidation price"),
    "limits.rate": ("limits: {rate: {calls: 10 per 1s}}", "DNK601", "are not counted"),
    "limits.min_depth": ("limits: {min_depth: '$5 at level 2'}", "DNK602", "the first level alone"),
    "data.bbo.source": ("data: {bbo: {source: rest}}", "DNK601", "`data.bbo.source: rest` acts on live"),
    "data.bbo.stale": (
        "data: {bbo: {max_age: 1s, stale: rest}}",
        "DNK601",
        "`data.bbo.stale: rest` acts on live",
    ),
    "data.stream.max_silence": ("data: {stream: {max_silence: 5s}}", "DNK601", "no connection"),
    "size.impact.levels": ("size: {target: $500, impact: {levels: 3}}", "DNK602", "every level within"),
    "backoff": ("backoff: {first: 1s, most: 2s, tries: 3}", "DNK601", "do not fail"),
    "targets": ("targets: {run: 30s}", "DNK602", "no report compares with it"),
}


@pytest.mark.parametrize("path", WAITING)
def test_a_key_that_does_not_act_is_told_at_its_place(path: str) -> None:
    extra, code, words = WAITING[path]
    (found,) = loaded(extra).diagnostics
    assert (found.code, found.severity) == (code, INFO)
    assert words in found.message
    assert found.span.line == 8
    assert not has_errors([found])


def test_every_key_that_waits_is_tested() -> None:
    assert set(WAITS) == {*WAITING, "watch", "rules"}
    assert set(WAITS) <= set(TABLE)


def test_stale_rest_waits_for_a_live_venue() -> None:
    (found,) = loaded("data: {bbo: {max_age: 1s, stale: rest}}").diagnostics
    assert (found.code, found.severity) == ("DNK601", INFO)


@pytest.mark.parametrize(
    "extra",
    [
        "data: {bbo: {source: ws, max_age: 1s, stale: hold}}",
        "data: {bbo: {source: ws, max_age: 1s, stale: halt}}",
        "limits: {min_depth: '$5 at level 1', max_slippage: 5bps, collar: 5%}",
        "alerts: {halt: warn, done: info}",
        "size: {target: $500, impact: {max: 5bps, step: $1}}",
    ],
)
def test_what_acts_is_not_told(extra: str) -> None:
    assert loaded(extra).diagnostics == ()


def test_a_guard_is_told_to_be_for_later() -> None:
    found = load(GUARD, "p.yaml", find=lambda _: None, settings={}).diagnostics
    assert [(one.code, one.span.line) for one in found] == [("DNK602", 7), ("DNK602", 8)]


def test_mistakes_come_first() -> None:
    """While something is to be mended, what does not act is not worth a line."""
    assert [one.code for one in loaded("limits: {liq_buffer: 25%, max_sprad: 1%}").diagnostics] == ["DNK103"]


@pytest.mark.parametrize(
    ("extra", "code"),
    [("keeps: [stop]", "DNK208"), ("data: {bbo: {stale: halt}}", "DNK209")],
)
def test_a_key_that_lacks_its_other_half_is_a_warning(extra: str, code: str) -> None:
    severities = {one.code: one.severity for one in loaded(extra).diagnostics}
    assert severities[code] == WARNING


def test_the_reference_says_when_a_key_acts() -> None:
    rows = [row for row in keys_table_markdown().splitlines() if row.startswith("| `")]
    cells = {row.split("|")[1].strip(" `"): row for row in rows}
    assert " live only " in cells["limits.liq_buffer"]
    assert " live only " in cells["backoff.first"]
    assert " later version " in cells["rules.#.when"]
    assert " `rest`: live only " in cells["data.bbo.stale"]
    assert "live only" not in cells["limits.max_spread"]


CLOSING = """policy: 1
name: closing
intent: close
summary: Closes.
legs: {LEGS}
EXTRA
phases:
  out:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps]}
    then: {filled: look, short: look, refused: look}
  look:
    verify: {goal: flat}
    then: {ok: done flat, short: halt still open, conflict: halt books disagree, error: halt blind}
"""
ONE, TWO = "{a: {venue: aster}}", "{a: {venue: aster}, b: {venue: lighter}}"


@pytest.mark.parametrize(
    ("extra", "one", "two"),
    [
        ("limits: {min_hedge: 5% of clip}", True, True),
        ("limits: {min_hedge: venue minimum}", False, False),
        ("limits: {min_depth: '$500 at level 1'}", True, True),
        ("limits: {min_volume: '$500 per 1m'}", True, True),
        ("limits: {max_unhedged: '$500 for 30s'}", True, False),
        ("limits: {max_spread: 20bps}", True, False),
        ("data: {bbo: {max_age: 1s}}", True, False),
        ("imbalance: base", True, False),
        ("limits: {max_concession: 20bps}", False, False),
    ],
)
def test_a_key_that_does_nothing_in_such_a_policy_is_told(extra: str, one: bool, two: bool) -> None:
    for legs, told in ((ONE, one), (TWO, two)):
        text = CLOSING.replace("{LEGS}", legs).replace("EXTRA", extra)
        found = load(text, "p.yaml", find=lambda _: None, settings={}).diagnostics
        assert [(each.code, each.severity) for each in found] == [("DNK603", INFO)] * told


def test_the_same_keys_act_in_an_open() -> None:
    assert (
        loaded("limits: {min_hedge: 5% of clip, min_depth: '$5 at level 1', max_spread: 1%}").diagnostics
        == ()
    )
