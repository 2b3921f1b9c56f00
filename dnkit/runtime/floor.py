"""Opens what a trading command needs on the disk, under the locks of its accounts, and closes it whatever
happens.

Locks are per account (market, venue, symbol). The journal is one for the folder: several engines may write to
it, each the lines of its own runs; SQLite lets one write at a time, so a line may wait for another engine's
disk, never fail for it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal

import msgspec

from dnkit.desk.gateway.stream import Do
from dnkit.desk.gateway.watchdog import Watchdog
from dnkit.desk.scheduler import Call
from dnkit.journal.errors import JournalError
from dnkit.journal.reader import Reader
from dnkit.journal.records import Run, RunHeader
from dnkit.journal.writer import Journal
from dnkit.machine.program import LegSpec
from dnkit.market.leg_book import LegBook
from dnkit.model.alerts import Alert
from dnkit.model.capabilities import Capabilities
from dnkit.model.errors import DnkitError
from dnkit.runtime.folder import StateFolder, make_folder
from dnkit.runtime.helm import Helm
from dnkit.runtime.house import Time
from dnkit.runtime.lock import Busy, held
from dnkit.runtime.market import OpenMarket
from dnkit.runtime.markets import live_flags, market_of
from dnkit.runtime.pager import Pager
from dnkit.runtime.paper_house import PaperHouse
from dnkit.runtime.run import Floor
from dnkit.runtime.world import World
from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.local.exchange import MARKET as EXCHANGE


class Stores(msgspec.Struct, frozen=True):
    """Journal (to write and to read) and paper accounts of one state folder."""

    journal: Journal
    reader: Reader
    accounts: PaperAccounts


class Claim(msgspec.Struct, frozen=True):
    """Accounts of one market that a command is to trade alone: (venue, symbol) each. `who` is the command."""

    market: str
    accounts: frozenset[tuple[str, str]]
    who: str = "dnkit"


def refuse_busy(folder: StateFolder, claim: Claim) -> None:
    """Busy while another engine trades one of the accounts: told before anything that takes long. DnkitError
    as below.
    """
    make_folder(folder)
    with _held(folder, claim):
        pass


@contextmanager
def open_stores(folder: StateFolder, claim: Claim) -> Iterator[Stores]:
    """Hold the locks of the accounts and open the folder's files; Busy, JournalError or DnkitError when that
    cannot be.
    """
    make_folder(folder)
    with (
        _held(folder, claim),
        Journal(folder.journal) as journal,
        Reader(folder.journal) as reader,
        PaperAccounts(folder.accounts) as accounts,
    ):
        yield Stores(journal, reader, accounts)


@contextmanager
def _held(folder: StateFolder, claim: Claim) -> Iterator[None]:
    places = {
        folder.lock(market_of(claim.market, venue), venue, symbol): f"trades {symbol} of {venue}"
        for venue, symbol in claim.accounts
    }
    try:
        with held(places, claim.who):
            yield
    except Busy as error:
        raise Busy(f"{error}{way_on(folder, claim)}") from error


def way_on(folder: StateFolder, claim: Claim) -> str:
    """What to do should the other engine die: its run has to be brought to its end. "" where the journal does
    not name one.
    """
    with (
        suppress(JournalError),
        Reader(folder.journal) as reader,
    ):  # it may be in the making
        found = _unfinished(reader, claim)
        return f" (if it dies: {resume_words(found.header)})" if found else ""
    return ""


def lay_floor(
    stores: Stores,
    opened: OpenMarket,
    capabilities: Mapping[str, Capabilities],
    say: Callable[[Alert], None],
    *,
    speed: Decimal | None,
    seed: int,
) -> Floor:
    """The floor that runs share; its books are warm when this returns. `say` tells a human of an alert."""
    world = World(opened.market, opened.books, speed)
    house = PaperHouse(opened.name, stores.accounts, world, capabilities, seed)
    pager = Pager(stores.journal, say, world.now)
    for book, name in zip(opened.books, opened.book_names, strict=True):
        watch(world, book, name, pager)
    return Floor(stores.journal, stores.reader, house, world, pager, Helm(world), seed)


def watch(world: Time, book: LegBook, name: str, pager: Pager) -> None:
    """A watchdog on the data of one book. There is no connection to mend here, only somebody to tell."""

    def do(wish: Do) -> None:
        if wish is Do.CONNECT:
            watchdog.opened()

    def at(when_ns: int, call: Call) -> None:
        if not world.over:  # books of data that has ended stand still, and that is known
            world.at(when_ns, call)

    watchdog = Watchdog(
        f"market data of {name}",
        heard=lambda: book.updated_ns,
        do=do,
        alert=pager.raise_alert,
        now=world.now,
        at=at,
    )
    watchdog.start()


def accounts_of(legs: Sequence[LegSpec]) -> frozenset[tuple[str, str]]:
    """Venue and symbol of each leg."""
    return frozenset((leg.instrument.venue, leg.instrument.symbol) for leg in legs)


def refuse_unfinished(reader: Reader, claim: Claim) -> None:
    """Busy when a run on one of these accounts was cut off: its orders and fills must be settled first."""
    found = _unfinished(reader, claim)
    if found is not None:
        raise Busy(
            f"run {found.header.run_id} of {found.header.policy} was cut off and holds the same account; "
            f"bring it to its end first: {resume_words(found.header)}"
        )


def _unfinished(reader: Reader, claim: Claim) -> Run | None:
    """The newest run without an end on one of the accounts."""
    for run in reader.unfinished():
        theirs = _places(run.header.market, accounts_of_run(run))
        if theirs & _places(claim.market, claim.accounts):
            return run
    return None


def _places(market: str, accounts: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str, str]]:
    return frozenset((market_of(market, venue), venue, symbol) for venue, symbol in accounts)


def resume_words(header: RunHeader) -> str:
    """The command that brings a run to its end."""
    at = " --endpoint ADDRESS" if header.market.startswith(EXCHANGE) else live_flags(header.market)
    return f"dnkit trade --resume {header.run_id}{at}"


def accounts_of_run(run: Run) -> frozenset[tuple[str, str]]:
    """Venue and symbol of each leg of a run."""
    return frozenset((leg.venue, leg.symbol) for leg in run.header.legs)


def refuse_shared_account(legs: Sequence[LegSpec]) -> None:
    """DnkitError when two legs trade the same symbol on the same venue: their positions could not be told
    apart.
    """
    seen: dict[tuple[str, str], str] = {}
    for leg in legs:
        account = (leg.instrument.venue, leg.instrument.symbol)
        if account in seen:
            raise DnkitError(
                f"legs {seen[account]} and {leg.name} both trade {account[1]} on {account[0]}; "
                "give one of them another symbol with --symbol LEG=SYMBOL"
            )
        seen[account] = leg.name
