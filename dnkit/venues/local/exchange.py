"""The exchange: sessions of traders on accounts, and what each may ask.

Sans-IO, as the venues behind it: what comes in is handed to a session, what goes out through its `tell`. Two
engines never trade the same listing of the same account at a time. One that comes back (after its connection
broke) takes its place over; one that died has lost it with its connection.
"""

from collections.abc import Callable
from decimal import Decimal

from dnkit.model.errors import DnkitError
from dnkit.venues.account import PAPER_TERMS
from dnkit.venues.judge import Verdict, judge
from dnkit.venues.liquidity import closed
from dnkit.venues.local import protocol
from dnkit.venues.local.member import Hall, Member

MARKET = "exchange:"  # how the market of every account of such an exchange begins
Tell = Callable[[protocol.ToTrader], None]


class NotAdmitted(DnkitError):
    """A session is not opened. `market` names the account another engine trades, "" where that is not why."""

    exit_code = 5

    def __init__(self, text: str, market: str = "") -> None:
        super().__init__(text)
        self.market = market


class Session:
    """One trader that was let in."""

    def __init__(self, member: Member, engine: str, numbers: tuple[int, ...], tell: Tell, hall: Hall) -> None:
        self.member = member
        self.engine = engine
        self.numbers = numbers
        self._tell = tell
        self._hall = hall
        member.listeners.append(tell)

    def take(self, request: protocol.Request) -> None:
        """Carry out a request; a question is answered at once, an order by its venue in its own time.

        NotAdmitted for a listing the session did not ask to trade.
        """
        if request.listing not in self.numbers:
            raise NotAdmitted(f"listing {request.listing} is not traded by this session")
        if isinstance(request, protocol.Order):
            self.member.order(request, self._tell)
        else:
            self._tell(self._answer(request))

    def close(self) -> None:
        """The trader is gone; its orders stay."""
        self.member.forget(self._tell)

    def _answer(self, question: protocol.Question) -> protocol.Answer:
        try:
            if isinstance(question, protocol.Audit):
                return protocol.Judged(question.ask, self._verdict(question))
            if isinstance(question, protocol.Inspect):
                return self._inspected(question)
            if isinstance(question, protocol.Endow):
                self._endow(question)
            account = self.member.venue(question.listing).account
            return protocol.Held(question.ask, account.lots, account.entry)
        except DnkitError as error:
            return protocol.Failed(question.ask, str(error))

    def _verdict(self, asked: protocol.Audit) -> Verdict:
        venue = self.member.venue(asked.listing)
        return judge(venue, asked.ledger, self._hall.accounts, keep=frozenset(asked.keep))

    def _inspected(self, asked: protocol.Inspect) -> protocol.Inspected:
        status = closed(self._hall.books[asked.listing])
        return protocol.Inspected(asked.ask, PAPER_TERMS, self._hall.now(), status)

    def _endow(self, asked: protocol.Endow) -> None:
        venue = self.member.venue(asked.listing)
        if venue.resting_orders() or venue.orders_on_the_way:
            raise DnkitError("an account with open orders is given nothing")
        venue.endow(asked.lots, asked.price, asked.by)


class Exchange:
    """Accounts by name and the sessions on them. `name` is the exchange's own, for the accounts' market."""

    def __init__(self, name: str, hall: Hall, listings: tuple[protocol.Listing, ...], speed: Decimal) -> None:
        self.name = name
        self.listings = listings
        self._hall = hall
        self._speed = speed
        self._members: dict[str, Member] = {}
        self._sessions: list[Session] = []

    def admit(self, account: str, hello: protocol.Hello, tell: Tell) -> Session:
        """Let a trader in and welcome it; NotAdmitted when that cannot be."""
        if hello.protocol != protocol.PROTOCOL:
            raise NotAdmitted(
                f"the exchange speaks protocol {protocol.PROTOCOL}, the trader {hello.protocol}"
            )
        market = f"{self.name}/{account}"
        numbers = tuple(self._number(*one) for one in hello.trades)
        for other in [one for one in self._sessions if one.member.name == account]:
            if other.engine == hello.engine:
                self.dismiss(other)
            elif set(other.numbers) & set(numbers):
                raise NotAdmitted(f"another engine trades account {account} already", market)
        member = self._members.setdefault(account, Member(account, self._hall))
        listings = tuple(self.listings[one] for one in numbers)
        tell(protocol.Welcome(market, self._hall.now(), self._speed, listings, numbers))
        session = Session(member, hello.engine, numbers, tell, self._hall)
        self._sessions.append(session)
        return session

    def dismiss(self, session: Session) -> None:
        """The session is over; a second time changes nothing."""
        session.close()
        if session in self._sessions:
            self._sessions.remove(session)

    def _number(self, venue: str, symbol: str) -> int:
        for number, one in enumerate(self.listings):
            if (one.venue, one.symbol) == (venue, symbol):
                return number
        raise NotAdmitted(f"{symbol} of {venue} is not traded at this exchange; it was started without it")
