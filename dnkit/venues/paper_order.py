"""One order inside the paper venue: what was asked, and what has become of it."""

import msgspec

from dnkit.model.commands import PlaceOrder
from dnkit.model.events import OrderRejected
from dnkit.model.terms import EndKind


class PaperOrder(msgspec.Struct, eq=False):
    """Mutable and owned by the venue; two orders are the same only when they are one object.

    `ahead` is the displayed quantity that stands before us in the queue at our price. Worths are sums of
    price x lots in tick-lots, apart by liquidity because the fee differs; `fee` is their total in picos.
    `trades` counts the trades, so each has a name. `ended` or `refused` is set once and stays.
    """

    asked: PlaceOrder
    since_ns: int
    ahead: int = 0
    cum: int = 0
    maker_worth: int = 0
    taker_worth: int = 0
    fee: int = 0
    trades: int = 0
    ended: EndKind | None = None
    refused: OrderRejected | None = None

    @property
    def worth(self) -> int:
        """Sum of price x lots of all its trades."""
        return self.maker_worth + self.taker_worth

    @property
    def live(self) -> bool:
        """Whether the venue still works on it."""
        return self.ended is None and self.refused is None
