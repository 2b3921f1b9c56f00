"""Numbers and words of Hyperliquid: what is written is read back, what the venue refuses never leaves."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.live.hyperliquid.read import finest_tick
from dnkit.model.commands import PlaceOrder
from dnkit.model.instrument import Instrument, make_instrument
from dnkit.model.terms import EndKind, OrderType, RejectKind, Side
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.local.hyperliquid.actions import GONE, TEXTS
from dnkit.venues.hyperliquid.words import Units, end_of, order_wire, refusal, units_of

FACTS = VenueFacts()["hyperliquid_perpetual"]
UNITS = [units_of(one, number, -int(one.lot.adjusted())) for number, one in enumerate(FACTS.symbols)]
SOME = st.sampled_from(UNITS)


@given(SOME, st.integers(1, 10**9))
def test_a_price_is_written_exactly_or_not_at_all(units: Units, ticks: int) -> None:
    price = units.instrument.price(ticks)
    figures = len(price.normalize().as_tuple().digits)
    if figures > 5 and price != int(price):
        with pytest.raises(ValueError, match="figures"):
            units.price(ticks)
        return
    text = units.price(ticks)
    assert Decimal(text) == price
    assert not ("." in text and text.endswith("0"))
    assert "e" not in text.lower()
    assert units.bid(text) == units.ask(text) == ticks


@given(SOME, st.integers(1, 10**12))
def test_a_size_is_written_exactly(units: Units, lots: int) -> None:
    text = units.size(lots)
    assert Decimal(text) == units.instrument.quantity(lots)
    assert units.lots(text) == lots
    assert units.lots(f"-{text}") == -lots


@given(SOME, st.decimals(min_value="0.00000001", max_value=10**7, places=8))
def test_what_is_read_off_the_grid_is_never_better_than_it_is(units: Units, number: Decimal) -> None:
    text = f"{number:f}"
    tick, lot = units.instrument.tick, units.instrument.lot
    assert units.bid(text) * tick <= number < (units.bid(text) + 1) * tick
    assert (units.ask(text) - 1) * tick < number <= units.ask(text) * tick
    assert units.lots(text) * lot <= number < (units.lots(text) + 1) * lot


@given(SOME, st.integers(1, 10**6))
def test_the_finest_tick_is_one_the_venue_takes(units: Units, ticks: int) -> None:
    tick = finest_tick(units.instrument.price(ticks), units.size_decimals)
    steps = units.instrument.price(ticks) // tick
    if steps:
        fine = make_instrument_on(units.instrument, tick)
        assert units_of(fine, 0, units.size_decimals).price(int(steps))


def make_instrument_on(one: Instrument, tick: Decimal) -> Instrument:
    """The same symbol on another grid."""
    return make_instrument(
        venue=one.venue,
        symbol=one.symbol,
        base=one.base,
        quote=one.quote,
        tick=tick,
        lot=one.lot,
        quantity_min=one.lot,
        notional_min=Decimal(10),
        maker_fee=one.maker_fee,
        taker_fee=one.taker_fee,
    )


def test_a_step_that_is_no_power_of_ten_is_refused() -> None:
    with pytest.raises(ValueError, match="power of ten"):
        units_of(make_instrument_on(FACTS.symbols[0], Decimal("0.05")), 0, 4)


@pytest.mark.parametrize(("type", "tif"), [("post_only", "Alo"), ("gtc", "Gtc"), ("ioc", "Ioc")])
def test_an_order_on_the_wire(type: str, tif: str) -> None:
    asked = PlaceOrder(0, 1, "k", Side.SELL, OrderType(type), 120, 30_001, 0, True, False, "")
    assert list(order_wire(UNITS[0], asked, "0x07").items()) == [
        ("a", 0),
        ("b", False),
        ("p", "3000.1"),
        ("s", "0.012"),
        ("r", True),
        ("t", {"limit": {"tif": tif}}),
        ("c", "0x07"),
    ]


def test_stops_have_a_trigger_and_what_the_venue_lacks_is_said() -> None:
    asked = PlaceOrder(0, 1, "k", Side.SELL, OrderType.STOP, 120, 29_000, 29_500, True, False, "")
    trigger = {"isMarket": True, "triggerPx": "2950", "tpsl": "sl"}
    assert order_wire(UNITS[0], asked, "0x07")["t"] == {"trigger": trigger}
    fok = PlaceOrder(0, 1, "k", Side.SELL, OrderType.FOK, 120, 29_000, 0, True, False, "")
    with pytest.raises(ValueError, match="fok"):
        order_wire(UNITS[0], fok, "0x07")


@pytest.mark.parametrize("kind", TEXTS)
def test_every_text_of_the_local_exchange_means_what_it_says(kind: RejectKind) -> None:
    assert refusal(TEXTS[kind]) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Post only order would have immediately matched, bbo was 1@2", RejectKind.POST_ONLY_CROSS),
        ("No liquidity available for market order.", RejectKind.NO_MATCH),
        ("Order has zero size.", RejectKind.TOO_SMALL),
        (
            "Too many cumulative requests sent (10001 > 10000) for cumulative volume traded $0.",
            RejectKind.RATE,
        ),
        ("User or API Wallet 0x00 does not exist.", RejectKind.OTHER),
        (GONE.format(0), RejectKind.OTHER),
    ],
)
def test_texts_of_refusal(text: str, kind: RejectKind) -> None:
    assert refusal(text) is kind


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("open", None),
        ("triggered", None),
        ("filled", EndKind.FILLED),
        ("canceled", EndKind.CANCELLED),
        ("scheduledCancel", EndKind.CANCELLED),
        ("marginCanceled", EndKind.CANCELLED),
        ("badAloPxRejected", RejectKind.POST_ONLY_CROSS),
        ("iocCancelRejected", RejectKind.NO_MATCH),
        ("perpMarginRejected", RejectKind.MARGIN),
        ("tickRejected", RejectKind.OTHER),
    ],
)
def test_states_of_orders(status: str, end: object) -> None:
    assert end_of(status) is end
