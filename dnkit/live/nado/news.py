"""What Nado's streams tell of the account, as facts of our own orders."""

from collections.abc import Callable, Mapping

from dnkit.live.fills import Fills, Traded
from dnkit.live.memory import Memory
from dnkit.model import events as ev
from dnkit.model.numbers import PICO
from dnkit.model.terms import EndKind
from dnkit.venues.base import Ears
from dnkit.venues.nado import words
from dnkit.venues.nado.words import X18, Product

PICO_X18 = X18 // PICO  # x18 in a pico
_ENDS = {"cancelled": EndKind.CANCELLED, "expired": EndKind.EXPIRED}


class News:
    """`ours` turns a moment of the venue's clock into one of ours. `fills` is where trades are counted."""

    def __init__(
        self,
        products: Mapping[int, Product],
        memory: Memory,
        fills: Fills,
        ears: Ears,
        *,
        now: Callable[[], int],
        ours: Callable[[str], int],
    ) -> None:
        self._products, self._memory, self._fills, self._ears = products, memory, fills, ears
        self._now, self._ours = now, ours

    def hear(self, message: words.Told) -> None:
        """Another message. Orders that are not ours are nobody's news here."""
        product = self._products.get(message.product_id)
        if product is None:
            return
        if isinstance(message, words.Fill):
            self._filled(message, product)
        elif isinstance(message, words.OrderUpdate):
            self._updated(message, product)
        elif isinstance(message, words.PositionChange) and not message.isolated:
            lots, as_of_ns = product.lots(message.amount), self._ours(message.timestamp)
            self._ears.fact(product.symbol, "", ev.PositionRead(self._now(), 0, 0, lots, as_of_ns))

    def _filled(self, message: words.Fill, product: Product) -> None:
        key = self._memory.key(message.order_digest)
        if not key:
            return
        traded = Traded(
            trade=message.submission_idx,
            lots=abs(product.lots(message.filled_qty)),
            price=product.ticks(message.price),
            fee=int(message.fee) // PICO_X18,
            maker=not message.is_taker,
            traded_ns=self._ours(message.timestamp),
        )
        fact = self._fills.add(key, traded, self._now())
        told = abs(product.lots(message.original_qty)) - abs(product.lots(message.remaining_qty))
        if fact is not None:
            self._ears.fact(product.symbol, key, fact)
        if self._fills.of(key).cum < told:  # an earlier trade was not told
            self._ears.missed()

    def _updated(self, message: words.OrderUpdate, product: Product) -> None:
        """How much an order that is over has filled is told by its trades, or by a look-up; an order filled
        whole by its last trade.
        """
        key, why = self._memory.key(message.digest), _ENDS.get(message.reason)
        if key and why is not None:
            self._ears.fact(product.symbol, key, ev.OrderEnded(self._now(), 0, 0, why, -1))
