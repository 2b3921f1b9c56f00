"""The house of a paper run: venues in this process, on the world's books; accounts in the state folder."""

from collections.abc import Iterable, Mapping

from dnkit.desk.gateway.preflight import AccountFacts, PositionMode
from dnkit.desk.gateway.wire import Wire
from dnkit.machine.program import LegSpec
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import PlaceOrder
from dnkit.model.instrument import Instrument
from dnkit.model.terms import PAPER, Side
from dnkit.runtime.world import World
from dnkit.venues.account import PAPER_TERMS, Account
from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.base import Request
from dnkit.venues.judge import Verdict, judge
from dnkit.venues.liquidity import closed
from dnkit.venues.paper import PaperVenue

SEED = "trade"  # who gives an empty account its start


class PaperHouse:
    """Paper accounts of one market. `seed` says how old position reads are."""

    mode = PAPER

    def __init__(
        self,
        market: str,
        accounts: PaperAccounts,
        world: World,
        capabilities: Mapping[str, Capabilities],
        seed: int,
    ) -> None:
        self.market = market
        self.accounts = accounts
        self._world = world
        self._capabilities = capabilities
        self._seed = seed

    def account(self, spec: LegSpec) -> Account:
        """The stored account of a leg."""
        one = spec.instrument
        return self.accounts.load(self.market, one.venue, one.symbol, one.lot, one.tick)

    def endow(self, spec: LegSpec, account: Account, lots: int, price: int) -> Account:
        """Give the account its start. Dust that was left is kept."""
        now = self._world.now()
        if account.lots:
            side = Side.BUY if lots > 0 else Side.SELL
            account.fill(side, abs(lots), price, 0, at_ns=now, trade=f"seed by {SEED}")
            return account
        one = spec.instrument
        return self.accounts.seed(
            self.market, one.venue, one.symbol, one.lot, one.tick, lots=lots, price=price, by=SEED, at_ns=now
        )

    def facts(self, spec: LegSpec, book: int) -> AccountFacts:
        """Paper keeps the run's own clock."""
        return AccountFacts(
            venue=spec.instrument.venue,
            symbol=spec.instrument.symbol,
            mode=PositionMode(PAPER_TERMS.mode),
            leverage=PAPER_TERMS.leverage,
            available=PAPER_TERMS.available,
            clock_ahead_ns=0,
            status=closed(self._world.books[book]),
        )

    def seat(
        self, index: int, spec: LegSpec, account: Account, book: int, _run_id: str, wire: Wire
    ) -> "PaperSeat":
        """A venue of this run's own."""
        return PaperSeat(
            index,
            self._capabilities[spec.instrument.venue],
            spec.instrument,
            account,
            wire,
            accounts=self.accounts,
            world=self._world,
            book=book,
            seed=self._seed,
        )


class PaperSeat(PaperVenue):
    """A paper venue on a book of the world, for one leg of one run."""

    def __init__(
        self,
        index: int,
        capabilities: Capabilities,
        instrument: Instrument,
        account: Account,
        wire: Wire,
        *,
        accounts: PaperAccounts,
        world: World,
        book: int,
        seed: int,
    ) -> None:
        shown = world.books[book]
        super().__init__(
            index, capabilities, instrument, shown, account, world.at, wire.tell, world.now, seed=seed
        )
        self._accounts = accounts
        self._world = world
        world.attach(book, self)

    def carry(self, request: Request) -> bool:
        """Send a request."""
        self.ask(request)
        return True

    def remember(self, asked: Iterable[PlaceOrder]) -> None:
        """Its orders ended with the process; what they had traded is on the tape."""
        for request in asked:
            self.recall(request, self._accounts.fills(self.account, f"{request.key}#"))

    def verdict(self, ledger: int | None, keep: frozenset[str]) -> Verdict:
        """The judge's word on venue, ledger and stored account."""
        return judge(self, ledger, self._accounts, keep=keep)

    def leave(self) -> None:
        """Hear no more of the book."""
        self._world.detach(self)
