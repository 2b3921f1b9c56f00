"""One account at the exchange: its venues, its orders by client id, and who of it wants to hear what."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec.structs import replace

from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.events import OrderFact, OrdersSwept, PositionRead, VenueFact
from dnkit.model.instrument import Instrument
from dnkit.venues.account import Account
from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.liquidity import ShownBook
from dnkit.venues.local import protocol
from dnkit.venues.local.orders import Orders
from dnkit.venues.paper import PaperVenue

Call = Callable[[], None]
Tell = Callable[[protocol.Told], None]


class Hall:
    """What all accounts of an exchange share: listings with their books, time, and the files of the truth.

    `attach` lets a venue hear of the trades and changes of the book of that number.
    """

    def __init__(
        self,
        instruments: Sequence[Instrument],
        books: Sequence[ShownBook],
        capabilities: Mapping[str, Capabilities],
        accounts: PaperAccounts,
        orders: Orders,
        *,
        now: Callable[[], int],
        at: Callable[[int, Call], None],
        attach: Callable[[int, PaperVenue], None],
        seed: int = 0,
    ) -> None:
        self.instruments = tuple(instruments)
        self.books = tuple(books)
        self.capabilities = capabilities
        self.accounts = accounts
        self.orders = orders
        self.now = now
        self.at = at
        self.attach = attach
        self.seed = seed

    def account(self, name: str, listing: int) -> Account:
        """The stored account of that name on a listing."""
        one = self.instruments[listing]
        return self.accounts.load(name, one.venue, one.symbol, one.lot, one.tick)


class Member:
    """An account. Its venues are laid when first asked for and stay, whoever comes and goes.

    Streams (order facts, positions nobody asked for) go to all listeners, an answer to a numbered request to
    the one that asked.
    """

    def __init__(self, name: str, hall: Hall) -> None:
        self.name = name
        self.listeners: list[Tell] = []
        self._hall = hall
        self._venues: dict[int, PaperVenue] = {}
        self._keys: list[str] = [""]  # by our number of the order; 0 is no order
        self._numbers: dict[str, int] = {"": 0}
        self._asked: dict[int, tuple[int, Tell]] = {}
        self._requests = 0

    def venue(self, listing: int) -> PaperVenue:
        """The account's venue of a listing, with all it remembers of earlier processes."""
        if listing not in self._venues:
            self._venues[listing] = self._lay(listing)
        return self._venues[listing]

    def order(self, request: protocol.Order, tell: Tell) -> None:
        """Pass a request on to its venue; `tell` hears the answer where it is for the asker alone."""
        listing, venue = request.listing, self.venue(request.listing)
        match request:
            case protocol.Place():
                venue.place(self._placement(request))
            case protocol.Cancel():
                venue.cancel(CancelOrder(listing, self._number(request.key), request.key))
            case protocol.Find():
                venue.find(FindOrder(listing, self._number(request.key), request.key, request.request))
            case protocol.Sweep():
                venue.sweep(SweepOrders(listing, self._ask(request.request, tell), request.keep))
            case protocol.Read():
                venue.read_position(ReadPosition(listing, self._ask(request.request, tell)))

    def forget(self, tell: Tell) -> None:
        """A listener is gone; what it asked for is answered to nobody."""
        if tell in self.listeners:
            self.listeners.remove(tell)
        self._asked = {ours: (theirs, to) for ours, (theirs, to) in self._asked.items() if to != tell}

    def _lay(self, listing: int) -> PaperVenue:
        hall, instrument = self._hall, self._hall.instruments[listing]
        capabilities, where = hall.capabilities[instrument.venue], (instrument.venue, instrument.symbol)
        account = hall.account(self.name, listing)
        venue = PaperVenue(
            listing,
            capabilities,
            instrument,
            hall.books[listing],
            account,
            hall.at,
            partial(self._heard, listing),
            hall.now,
            lag_reads=True,
            lookup_visible_ns=capabilities.lookup_lag_ns,
            seed=hall.seed,
            changed=lambda order: hall.orders.write(self.name, *where, order),
        )
        for asked in hall.orders.past(self.name, *where):
            venue.recall(asked, hall.accounts.fills(account, f"{asked.key}#"))
        hall.attach(listing, venue)
        return venue

    def _placement(self, asked: protocol.Place) -> PlaceOrder:
        return PlaceOrder(
            leg=asked.listing,
            order=self._number(asked.key),
            key=asked.key,
            side=asked.side,
            type=asked.type,
            lots=asked.lots,
            price=asked.price,
            stop=asked.stop,
            reduce_only=asked.reduce_only,
            adds_risk=not asked.reduce_only,
            reason="",
        )

    def _number(self, key: str) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._keys)
            self._keys.append(key)
        return self._numbers[key]

    def _ask(self, theirs: int, tell: Tell) -> int:
        self._requests += 1
        self._asked[self._requests] = (theirs, tell)
        return self._requests

    def _heard(self, listing: int, event: VenueFact) -> None:
        """An answer of a venue, delivered at this moment."""
        if isinstance(event, PositionRead | OrdersSwept) and event.request:
            theirs, tell = self._asked.pop(event.request, (0, None))
            if tell is not None:
                tell(protocol.Told(listing, "", replace(event, request=theirs)))
            return
        key = self._keys[event.order] if isinstance(event, OrderFact) else ""
        told = protocol.Told(listing, key, event)
        for tell in tuple(self.listeners):
            tell(told)
