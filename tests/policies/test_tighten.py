"""The direction of every limit: what is tighter is let through, what is looser is refused by name."""

from typing import Any

import pytest

from dnkit.policies.keys import KEYS, TABLE, Key
from dnkit.policies.load import Loaded, load
from dnkit.policies.scalars import parse_key
from dnkit.policies.tighten import is_tighter

# path -> a value, a tighter one, a looser one
ROWS: dict[str, tuple[str, str, str]] = {
    "clip": ("0.2 ETH", "0.1 ETH", "0.3 ETH"),
    "slice": ("10% of clip", "5% of clip", "20% of clip"),
    "deadman": ("30s", "10s", "1m"),
    "legs.*.clip": ("$500", "$400", "$501"),
    "limits.deadline": ("60s", "59s", "61s"),
    "limits.deadline.after": ("60s", "59s", "61s"),
    "limits.forbid": ("market", "market, fok", "fok"),
    "limits.max_spread": ("20bps", "0.1%", "0.21%"),
    "limits.max_concession": ("15bps", "10bps", "16bps"),
    "limits.max_slippage": ("50bps", "49bps", "51bps"),
    "limits.max_impact": ("10bps", "9bps", "11bps"),
    "limits.max_unhedged.amount": ("$3000", "$2999", "$3001"),
    "limits.max_unhedged.for": ("30s", "29s", "31s"),
    "limits.min_hedge": ("larger of 5% of clip, 1 lot", "larger of 4% of clip, 1 lot", "6% of clip"),
    "limits.depth.within": ("20bps", "10bps", "30bps"),
    "limits.min_depth": ("$50,000 at level 3", "$60,000 at level 2", "$50,000 at level 4"),
    "limits.min_volume": ("$100,000 per 1m", "$50,000 per 20s", "$100,000 per 2m"),
    "limits.liq_buffer": ("25%", "30%", "20%"),
    "limits.collar": ("5%", "4%", "6%"),
    "limits.rate.calls": ("10 per 1s", "5 per 1s", "11 per 1s"),
    "data.bbo.max_age": ("1s", "500ms", "2s"),
    "data.stream.max_silence": ("5s", "4s", "6s"),
    "size.target": ("$10,000", "$9,000", "$11,000"),
    "size.impact.max": ("10bps", "5bps", "11bps"),
    "backoff.tries": ("6", "5", "7"),
    "phases.*.visits": ("3", "2", "4"),
    "phases.*.rest.for": ("15s", "5s", "16s"),
    "phases.*.rest.rejects": ("3", "2", "4"),
    "phases.*.rest.reduce_only": ("false", "true", ""),
    "phases.*.rest.reprice.max": ("5", "4", "6"),
    "phases.*.take.ladder": ("5bps, 10bps", "5bps", "5bps, 11bps"),
    "phases.*.take.cap": ("15bps", "10bps", "16bps"),
    "phases.*.take.reduce_only": ("false", "true", ""),
    "phases.*.arm.stop": ("2% from entry", "1% from entry", "3% from entry"),
    "phases.*.arm.reduce_only": ("false", "true", ""),
    "watch.every": ("10s", "5s", "11s"),
}


def value(key: Key, text: str) -> Any:
    if not key.many:
        return parse_key(key, text)
    return tuple(parse_key(key, one) for one in text.split(", "))


def test_every_key_with_a_direction_has_a_row() -> None:
    assert {key.path for key in KEYS if key.tight} == set(ROWS)


@pytest.mark.parametrize("path", ROWS)
def test_direction(path: str) -> None:
    key, (start, tight, loose) = TABLE[path], ROWS[path]
    if not key.short:
        assert is_tighter(key, value(key, start), value(key, tight))
        assert not is_tighter(key, value(key, tight), value(key, start))
        assert not loose or not is_tighter(key, value(key, start), value(key, loose))
    assert not is_tighter(key, start, None)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("limits.max_spread", "20bps", "1 tick"),
        ("clip", "0.2 ETH", "0.1 BTC"),
        ("clip", "0.2 ETH", "$1"),
        ("limits.min_hedge", "5% of clip", "venue minimum"),
        ("phases.*.take.ladder", "5bps", "1 tick through touch"),
    ],
)
def test_what_cannot_be_compared_counts_as_looser(path: str, old: str, new: str) -> None:
    assert not is_tighter(TABLE[path], value(TABLE[path], old), value(TABLE[path], new))


TEXT = """policy: 1
name: limited
intent: open
summary: One limit and one overlay.
clip: 0.2 ETH
legs:
  a: {venue: aster}
limits: {LIMITS}
data: {bbo: {max_age: 1s}}
reasons: {critical: [FIRE]}
overlays:
  - when: reason is critical
    set: {SET}
phases:
  buy:
    rest: {leg: a, qty: clip, at: join, for: 5s}
    then: {filled: done hedged, partial: done hedged, none: done idle, rejected: done idle}
"""
SIMPLE = [path for path in ROWS if path.startswith("limits.") and path not in ("limits.deadline",)]
LISTS = ("limits.forbid",)
PLAIN = [path for path in SIMPLE if path.count(".") == 1 and path not in LISTS]


def overlaid(path: str, start: str, new: str, loosen: str = "") -> Loaded:
    start, new = (f"[{one}]" if path in LISTS else f'"{one}"' for one in (start, new))
    last = path.split(".")[1:]
    limits = f"{last[0]}: {start}" if len(last) == 1 else f"{last[0]}: {{{last[1]}: {start}{_more(last)}}}"
    changes = f"{{{path}: {new}}}" + (f"\n    loosen: [{loosen}]" if loosen else "")
    text = TEXT.replace("LIMITS", limits).replace("{SET}", changes)
    return load(text, "p.yaml", find=lambda _: None, settings={}, reason="FIRE")


def _more(last: list[str]) -> str:
    """The other half of a limit that is said by two keys."""
    return {"amount": ", for: 30s", "for": ", amount: $3000"}.get(last[1], "")


@pytest.mark.parametrize("path", SIMPLE)
def test_an_overlay_may_tighten_each_limit_and_must_name_what_it_loosens(path: str) -> None:
    start, tight, loose = ROWS[path]
    told = overlaid(path, start, tight)
    assert not told.failed, told.diagnostics
    refused = overlaid(path, start, loose)
    assert [one.code for one in refused.diagnostics] == ["DNK114"]
    assert f"`{path}`" in refused.diagnostics[0].message
    assert not overlaid(path, start, loose, loosen=path).failed


@pytest.mark.parametrize("path", PLAIN)
def test_a_setting_may_tighten_each_limit_and_loosen_none(path: str) -> None:
    start, tight, loose = ROWS[path]
    limit = path.removeprefix("limits.")
    text = TEXT.replace("LIMITS", f'{limit}: "{start}"').replace("SET", "phases.buy.rest.for: 1s")
    for new, failed in ((tight, False), (loose, True)):
        assert load(text, "p.yaml", find=lambda _: None, settings={path: new}).failed is failed
