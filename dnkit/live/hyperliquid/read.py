"""What answers to questions say, in our words."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from msgspec.structs import replace

from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument, make_instrument
from dnkit.model.numbers import MBPS_ONE, NS_PER_MS, from_pico
from dnkit.model.terms import FoundKind, Side
from dnkit.venues.base import OpenOrder, Payment, Position, Sign, Standing, Trouble, TroubledError
from dnkit.venues.hyperliquid.signing import DECIMALS, FIGURES
from dnkit.venues.hyperliquid.words import Units, end_of, money

PAGE = 500
Told = Mapping[str, Any]


@contextmanager
def expected() -> Iterator[None]:
    """An answer of another shape than expected says nothing: what it was about is not known."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        text = f"an answer of another shape: {type(error).__name__} {error}"
        raise TroubledError(Trouble(sign=Sign.DROPPED, text=text)) from error


def asset(meta: Told, symbol: str) -> tuple[int, int]:
    """Number and size decimals of a symbol; DnkitError where the venue does not list it."""
    for number, one in enumerate(meta["universe"]):
        if one["name"] == symbol:
            return number, one["szDecimals"]
    raise DnkitError(f"the venue does not list {symbol}")


def finest_tick(price: Decimal, size_decimals: int) -> Decimal:
    """The finest step of prices near that one: five figures, so many decimals, never coarser than 1."""
    exponent = max(price.adjusted() - FIGURES + 1, size_decimals - DECIMALS)
    return Decimal(1).scaleb(min(exponent, 0))


def check_grid(instrument: Instrument, size_decimals: int, context: Told) -> None:
    """DnkitError where an order on the grid of our file would be refused by the venue's."""
    lot, tick = Decimal(1).scaleb(-size_decimals), finest_tick(Decimal(context["markPx"]), size_decimals)
    if instrument.lot % lot or instrument.tick % tick:
        raise DnkitError(
            f"{instrument.symbol}: our file says tick {instrument.tick}, lot {instrument.lot}, "
            f"the venue {tick} (at its price now) and {lot}"
        )


def listed(
    instruments: Mapping[str, Instrument], meta: Told, contexts: Sequence[Told], fees: Told
) -> Mapping[str, Instrument]:
    """Instruments as the venue tells them. It tells no minimum: that stays as our file has it."""
    maker, taker = (int(Decimal(fees[name]) * MBPS_ONE) for name in ("userAddRate", "userCrossRate"))
    found = {}
    for symbol, ours in instruments.items():
        number, decimals = asset(meta, symbol)
        lot = Decimal(1).scaleb(-decimals)
        one = make_instrument(
            venue=ours.venue,
            symbol=symbol,
            base=ours.base,
            quote=ours.quote,
            tick=finest_tick(Decimal(contexts[number]["markPx"]), decimals),
            lot=lot,
            quantity_min=lot,
            notional_min=from_pico(ours.notional_min),
            maker_fee=ours.maker_fee,
            taker_fee=ours.taker_fee,
        )
        found[symbol] = replace(one, maker_fee=maker, taker_fee=taker)
    return found


def position(units: Units, state: Told, now: int) -> Position:
    """The position in an account's state. One that is not in the list is flat."""
    as_of = min(state["time"] * NS_PER_MS, now)
    for one in state["assetPositions"]:
        held = one["position"]
        if held["coin"] == units.instrument.symbol:
            lots = units.lots(held["szi"])
            return Position(lots=lots, as_of_ns=as_of, entry=_entry(units, held))
    return Position(lots=0, as_of_ns=as_of, entry=0)


def _entry(units: Units, held: Told) -> int | None:
    if held.get("entryPx") is None:
        return None
    return int(units.worth(held["entryPx"], held["szi"]).to_integral_value(ROUND_HALF_EVEN))


def open_order(units: Units, one: Told, key: str) -> OpenOrder:
    """An order that rests."""
    side = Side.BUY if one["side"] == "B" else Side.SELL
    price = units.bid(one["limitPx"]) if side > 0 else units.ask(one["limitPx"])
    return OpenOrder(
        key=key,
        venue_id=str(one["oid"]),
        side=side,
        lots=units.lots(one["sz"]),
        price=price,
        reduce_only=bool(one.get("reduceOnly")),
    )


def found(units: Units, told: Told) -> tuple[FoundKind, int]:
    """Whether an order goes on, and the lots filled of it."""
    order, end = told["order"], end_of(told["status"])
    cum = units.lots(order["origSz"]) - units.lots(order["sz"])
    if end is None:
        return FoundKind.LIVE, cum
    return FoundKind.OVER, cum if "ejected" not in told["status"] else 0


def standing(
    symbol: str, state: Told, chosen: Told, meta: Told, ahead_ns: int, *, can_withdraw: bool
) -> Standing:
    """What the account may do. `chosen` is what it has set for the coin, which is told of a flat one too."""
    listing = meta["universe"][asset(meta, symbol)[0]]
    return Standing(
        mode="one-way",
        leverage=Decimal(chosen["leverage"]["value"]),
        available=money(state["withdrawable"]),
        clock_ahead_ns=ahead_ns,
        status="delisted" if listing.get("isDelisted") else "",
        can_withdraw=can_withdraw,
    )


def payments(symbol: str, page: Sequence[Told]) -> list[Payment]:
    """Funding of a symbol among what was paid."""
    return [
        Payment(at_ns=one["time"] * NS_PER_MS, money=money(one["delta"]["usdc"]))
        for one in page
        if one["delta"]["coin"] == symbol
    ]
