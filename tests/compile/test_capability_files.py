"""Capability files: the shipped ones are whole, and a wrong one is told where it is wrong."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import OrderType, PostOnlyCross
from dnkit.policies.capability_file import read_capabilities
from tests.compile.helpers import FACTS, VENUES

NADO = next(path for path in FACTS if path.stem == "nado").read_text()


@pytest.mark.parametrize("path", FACTS, ids=lambda path: path.stem)
def test_shipped_file_is_whole_and_claims_nothing_was_seen_live(path: Path) -> None:
    answer = read_capabilities(path.read_text(), str(path))
    assert answer.diagnostics == ()
    facts = answer.capabilities
    assert facts is not None
    assert facts.venue == path.stem
    assert not facts.seen_live
    assert all(one.source for one in answer.facts)
    assert facts.instrument(facts.default_symbol) is not None
    assert {"ETH", "BTC"} <= {one.base for one in facts.symbols}
    assert set(facts.reduce_only) <= set(facts.types)
    assert OrderType.IOC in facts.types


def test_every_venue_that_is_promised_has_a_file() -> None:
    promised = "aster lighter nado backpack grvt coinbase_intx okx_perpetual hyperliquid_perpetual bybit"
    assert set(promised.split()) | {"binance_usdm", "binance_spot", "binance_coinm"} <= {
        one.stem for one in FACTS
    }


def test_the_facts_that_policies_lean_on() -> None:
    nado = VENUES["nado"]
    assert nado.reduce_only == (OrderType.IOC, OrderType.FOK)
    assert OrderType.MARKET not in nado.types
    assert nado.ioc_no_match_rejected
    assert nado.position_lag_ns == 20 * NS_PER_S
    assert VENUES["aster"].post_only_cross is PostOnlyCross.EXPIRED
    assert VENUES["lighter"].post_only_cross is PostOnlyCross.CANCELLED
    assert not VENUES["lighter"].cancel_cum
    assert OrderType.FOK not in VENUES["hyperliquid_perpetual"].types
    assert VENUES["binance_spot"].reduce_only == ()


def test_numbers_arrive_on_their_grids() -> None:
    eth = VENUES["hyperliquid_perpetual"].instrument("ETH")
    assert eth is not None
    assert (eth.tick, eth.lot) == (Decimal("0.1"), Decimal("0.0001"))
    assert eth.notional_min == 10 * 10**12
    assert (eth.maker_fee, eth.taker_fee) == (1_500, 4_500)
    assert eth.lot_base == 10**8
    assert eth.value == 10**7


def _without(line_start: str) -> str:
    return "\n".join(line for line in NADO.splitlines() if not line.startswith(line_start))


BAD = {
    "unknown key": (NADO.replace("latency:", "latencyy:"), "DNK511", "latencyy"),
    "missing fact": (_without("position_lag:"), "DNK510", "position_lag"),
    "unknown type": (NADO.replace("[post_only, gtc,", "[post_only, gct,"), "DNK512", "gct"),
    "types not a list": (NADO.replace("is: [ioc, fok]", "is: ioc"), "DNK512", "list"),
    "cross word": (
        NADO.replace('{is: rejected, source: "venue API documents: error 2008"', "{is: refused, source: x"),
        "DNK512",
        "refused",
    ),
    "boolean": (
        NADO.replace("find_by_client_id: {is: true", "find_by_client_id: {is: True"),
        "DNK512",
        "True",
    ),
    "bare time": (NADO.replace("is: 20s", "is: 20"), "DNK512", "20"),
    "bad rate": (NADO.replace("is: 100 per 10s", "is: lots"), "DNK512", "lots"),
    "no source": (
        NADO.replace("deadman: {is: none, source: venue API documents,", "deadman: {is: none,"),
        "DNK510",
        "deadman",
    ),
    "no seen_live": (
        NADO.replace(
            '{is: 80ms, source: "assumed: a server in another region", seen_live: false}',
            "{is: 80ms, source: assumed}",
        ),
        "DNK510",
        "seen_live",
    ),
    "fact not a map": (
        NADO.replace("lookup_lag: {is: 5s, source: assumed, seen_live: false}", "lookup_lag: 5s"),
        "DNK512",
        "lookup_lag",
    ),
    "default symbol": (NADO.replace("default_symbol: ETH-PERP", "default_symbol: ETH"), "DNK512", "ETH"),
    "zero tick": (NADO.replace("tick: 0.1,", "tick: 0,"), "DNK512", "above zero"),
    "fee without unit": (NADO.replace("maker_fee: 1bp,", "maker_fee: 1,", 1), "DNK512", "no fee"),
    "grid finer than a pico": (
        NADO.replace("tick: 0.1, lot: 0.001,", "tick: 0.000001, lot: 0.00000001,"),
        "DNK512",
        "multiple",
    ),
    "no symbols": (NADO[: NADO.index("symbols:")], "DNK510", "symbols"),
    "symbol key missing": (NADO.replace("lot: 0.001, ", "", 1), "DNK510", "lot"),
}


@pytest.mark.parametrize("name", BAD)
def test_wrong_file_is_told_what_and_where(name: str) -> None:
    text, code, word = BAD[name]
    assert text != NADO, "the mistake was not made"
    answer = read_capabilities(text, "nado.yaml")
    assert answer.capabilities is None
    hits = [one for one in answer.diagnostics if one.code == code and word in one.message]
    assert hits, answer.diagnostics


def test_place_of_a_finding_is_exact() -> None:
    text = NADO.replace("is: 20s", "is: 20")
    (found,) = read_capabilities(text, "nado.yaml").diagnostics
    line = next(n for n, one in enumerate(text.splitlines(), 1) if one.startswith("position_lag"))
    assert (found.span.line, found.span.col) == (line, len("position_lag: {is: ") + 1)


def test_all_mistakes_come_at_once() -> None:
    text = NADO.replace("is: 20s", "is: 20").replace("is: 80ms", "is: soon").replace("lot: 0.1,", "lot: x,")
    assert len(read_capabilities(text, "nado.yaml").diagnostics) == 3


@given(st.integers(0, len(NADO) - 1), st.sampled_from(["", "\n", "{", "]", ":", " - ", '"', "0", "é", "#"]))
def test_no_damage_raises(at: int, put: str) -> None:
    answer = read_capabilities(NADO[:at] + put + NADO[at + 1 :], "nado.yaml")
    assert answer.capabilities is not None or answer.diagnostics
