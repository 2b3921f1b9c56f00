"""What is said between the paper exchange and a trader: one JSON array of tagged objects a frame.

Prices are ticks and quantities lots of the listing's instrument, times nanoseconds on the exchange's clock.
A listing is named by its number in the welcome. Orders go by client id alone; numbers of orders and legs are
the trader's own affair. Answers of the venue are the house's events, with the client id beside them.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from dnkit.model.errors import DnkitError
from dnkit.model.events import VenueFact
from dnkit.model.terms import OrderType, Side
from dnkit.venues.account import Terms
from dnkit.venues.judge import Verdict

PROTOCOL = 1


class BadFrame(DnkitError):
    """A frame that is not of this protocol."""

    exit_code = 5


class Hello(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """First word of a trader: who it is (an id of its process) and what it trades, as (venue, symbol)."""

    engine: str
    trades: tuple[tuple[str, str], ...]
    protocol: int = PROTOCOL


class Place(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Send an order; fields as in PlaceOrder."""

    listing: int
    key: str
    side: Side
    type: OrderType
    lots: int
    price: int
    stop: int = 0
    reduce_only: bool = False


class Cancel(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Withdraw an order."""

    listing: int
    key: str


class Find(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Look an order up by client id; the answer repeats `request`."""

    listing: int
    key: str
    request: int = 0


class Sweep(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Cancel every open order of the account on a listing but the client ids in `keep`."""

    listing: int
    request: int
    keep: tuple[str, ...] = ()


class Read(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Read the position, as old as this venue's reads are."""

    listing: int
    request: int


class Balance(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Tell what the account really holds. A paper exchange can; answered by Held."""

    ask: int
    listing: int


class Endow(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Give a paper account without orders a position of signed `lots` at `price`; answered by Held."""

    ask: int
    listing: int
    lots: int
    price: int
    by: str


class Audit(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Judge a run's `ledger` (None: unknown) by the exchange's own book; answered by Judged."""

    ask: int
    listing: int
    ledger: int | None
    keep: tuple[str, ...] = ()


class Inspect(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Tell the account's terms, the time, and whether the listing can be traded; answered by Inspected."""

    ask: int
    listing: int


class Listing(msgspec.Struct, frozen=True):
    """One symbol that is traded here, its grid, and the market data behind it."""

    venue: str
    symbol: str
    tick: Decimal
    lot: Decimal
    book: str


class Welcome(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Answer to Hello. `market` names the account for journals, `speed` is seconds of market in one of ours.

    `listings` are what the trader trades, in its order, and `numbers` the names they go by here.
    """

    market: str
    now_ns: int
    speed: Decimal
    listings: tuple[Listing, ...]
    numbers: tuple[int, ...]


class Refused(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """The session is not opened. `market` names the account that another engine trades, "" where that is not
    why.
    """

    text: str
    market: str = ""


class Held(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Signed lots and their signed cost in ticks x lots."""

    ask: int
    lots: int
    entry: int


class Judged(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """The exchange's verdict."""

    ask: int
    verdict: Verdict


class Inspected(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """Terms of the account, the exchange's time, and "" where the listing can be traded, else why not."""

    ask: int
    terms: Terms
    now_ns: int
    status: str


class Failed(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """A question could not be answered."""

    ask: int
    text: str


class Told(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """An answer of a venue or a word of its streams; `key` is the client id, "" where no order is meant."""

    listing: int
    key: str
    news: VenueFact


class Shown(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """The book of a listing: (price, lots) best first, when it last changed, and (at, price, lots) of trades
    since the last showing.
    """

    listing: int
    at_ns: int
    now_ns: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]
    trades: tuple[tuple[int, int, int], ...] = ()


class Beat(msgspec.Struct, frozen=True, tag=True, tag_field="kind"):
    """The exchange is there, whether or not anything happens."""

    now_ns: int


Order = Place | Cancel | Find | Sweep | Read
Question = Balance | Endow | Audit | Inspect
Request = Order | Question
Answer = Held | Judged | Inspected | Failed
ToExchange = Hello | Request
ToTrader = Welcome | Refused | Answer | Told | Shown | Beat

_asked: Callable[[bytes | str], list[ToExchange]] = msgspec.json.Decoder(list[ToExchange]).decode
_told: Callable[[bytes | str], list[ToTrader]] = msgspec.json.Decoder(list[ToTrader]).decode
_encode = msgspec.json.Encoder(decimal_format="string").encode


def encode(messages: Sequence[ToExchange] | Sequence[ToTrader]) -> bytes:
    """Messages as one frame."""
    return _encode(messages)


def asked_in(frame: bytes | str) -> list[ToExchange]:
    """What a trader said; BadFrame when it cannot be read."""
    try:
        return _asked(frame)
    except msgspec.MsgspecError as error:
        raise BadFrame(f"the trader sent what is not of this protocol: {error}") from error


def told_in(frame: bytes | str) -> list[ToTrader]:
    """What the exchange said; BadFrame when it cannot be read."""
    try:
        return _told(frame)
    except msgspec.MsgspecError as error:
        raise BadFrame(f"the exchange sent what is not of this protocol: {error}") from error
