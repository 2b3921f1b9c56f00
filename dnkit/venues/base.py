"""What a venue is to the house: it carries requests out and tells facts. It translates, it never decides.

A venue answers each request with a fact, with a trouble, or with None ("has it; the result comes as news").
Whether something is tried again, believed or alarming is judged above. Quantities are lots and prices ticks
of the instrument, signs are ours; what the venue calls them stays in its adapter.

Orders go by client id (`key`). Facts an adapter makes carry leg 0, order 0 and request 0: whoever asked fills
in its own numbers.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Protocol

import msgspec

from dnkit.market.book import Book
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.errors import DnkitError
from dnkit.model.events import VenueFact
from dnkit.model.instrument import Instrument
from dnkit.model.terms import LATER, RejectKind, Side

Request = PlaceOrder | CancelOrder | FindOrder | ReadPosition | SweepOrders


class Sign(Enum):
    """What was seen of a call that brought no answer one can read."""

    NOT_SENT = "not sent"  # name not resolved, connection or handshake refused: no byte of it left
    TIMED_OUT = "timed out"
    DROPPED = "connection dropped"  # after sending began
    STATUS = "http status"
    REFUSED = "refused"  # the venue's own error, understood by its adapter


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """A failed call. `status` and `html` count for STATUS, `why` for REFUSED; `text` is the venue's own word.

    `retry_after_ns` is what the venue asked to wait, 0 where it asked nothing.
    """

    sign: Sign
    text: str = ""
    status: int = 0
    html: bool = False
    retry_after_ns: int = 0
    why: RejectKind = RejectKind.OTHER

    @property
    def is_refusal(self) -> bool:
        """Whether the venue said no to this request, and not to any request for now."""
        return self.sign is Sign.REFUSED and self.why not in LATER


class TroubledError(DnkitError):
    """A trouble on its way out of nested calls."""

    exit_code = 5

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(f"{trouble.sign.value}: {trouble.text}" if trouble.text else trouble.sign.value)
        self.trouble = trouble


Answer = VenueFact | Trouble | None


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Signed lots as of a moment on our clock; `entry` is their signed cost in ticks x lots, or None."""

    lots: int
    as_of_ns: int
    entry: int | None = None


class OpenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order that rests there. `key` is our client id, "" for somebody else's; `lots` are unfilled."""

    key: str
    venue_id: str
    side: Side
    lots: int
    price: int
    reduce_only: bool = False


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What an account may do on a symbol; None where the venue does not tell.

    `mode` is "one-way" or "hedge", `available` picos of the quote currency, `clock_ahead_ns` how far the
    venue's clock is ahead of ours, `status` "" where it trades, else the venue's own word. `can_withdraw`
    is of the key in use, None where the venue does not say.
    """

    mode: str | None
    leverage: Decimal | None
    available: int | None
    clock_ahead_ns: int | None
    status: str | None
    can_withdraw: bool | None = None


class Funding(msgspec.Struct, frozen=True, kw_only=True):
    """`per_hour` is a fraction of the notional that a long pays in an hour (negative: it is paid)."""

    per_hour: Decimal
    next_ns: int


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """Funding that was paid (positive: to us), in picos of the quote currency."""

    at_ns: int
    money: int


class Ears(Protocol):
    """Who hears what a venue tells of itself."""

    def fact(self, symbol: str, key: str, fact: VenueFact) -> None:
        """News of an order of that client id, or of a position (key "")."""

    def missed(self) -> None:
        """Words of the account's stream were lost; orders that may rest have to be looked up."""

    def moved(self, symbol: str) -> None:
        """The book of that symbol changed."""


class Venue(Protocol):
    """One account at one venue. All of it runs in one event loop, from `open` to `close`."""

    capabilities: Capabilities

    async def open(self, books: Mapping[str, Book], ears: Ears) -> None:
        """Connect, prove who we are, and tell the books of these symbols from now on. A connection that
        breaks later is mended without being asked. Returns when every book is whole; TroubledError when that
        cannot be had, DnkitError for what only a human can mend (keys, grid, permissions).
        """

    async def close(self) -> None:
        """Hang up. Orders stay as they are."""

    async def ask(self, request: Request, symbol: str) -> Answer:
        """Carry a request out, once, and say what came of it. Never raises for what the venue or the network
        did: that is a Trouble.
        """

    async def listed(self) -> Mapping[str, Instrument]:
        """What the venue itself tells of its symbols, by symbol; fees as in the capability file if untold."""

    async def position(self, symbol: str) -> Position:
        """The account's position now. TroubledError."""

    async def open_orders(self, symbol: str) -> Sequence[OpenOrder]:
        """Every order of the account that rests, ours and others'. TroubledError."""

    async def standing(self, symbol: str) -> Standing:
        """What must be right before anything is opened. TroubledError."""

    async def funding(self, symbol: str) -> Funding:
        """The funding rate that runs now. TroubledError."""

    async def payments(self, symbol: str, since_ns: int) -> Sequence[Payment]:
        """Funding paid since then, oldest first. TroubledError."""
