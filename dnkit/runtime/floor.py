"""Opens what a trading command needs on the disk, under one lock, and closes it whatever happens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

import msgspec

from dnkit.journal.reader import Reader
from dnkit.journal.records import Run
from dnkit.journal.writer import Journal
from dnkit.machine.program import LegSpec
from dnkit.model.capabilities import Capabilities
from dnkit.model.errors import DnkitError
from dnkit.runtime.folder import StateFolder, make_folder
from dnkit.runtime.lock import Busy, held
from dnkit.runtime.market import OpenMarket
from dnkit.runtime.run import Floor
from dnkit.runtime.world import World
from dnkit.venues.accounts import PaperAccounts


class Stores(msgspec.Struct, frozen=True):
    """Journal (to write and to read) and paper accounts of one state folder."""

    journal: Journal
    reader: Reader
    accounts: PaperAccounts


def refuse_busy(folder: StateFolder) -> None:
    """Busy while another command trades: told before anything that takes long. DnkitError as below."""
    make_folder(folder)
    with held(folder.lock):
        pass


@contextmanager
def open_stores(folder: StateFolder) -> Iterator[Stores]:
    """Hold the folder's lock and open its files; Busy, JournalError or DnkitError when that cannot be."""
    make_folder(folder)
    with (
        held(folder.lock),
        Journal(folder.journal) as journal,
        Reader(folder.journal) as reader,
        PaperAccounts(folder.accounts) as accounts,
    ):
        yield Stores(journal, reader, accounts)


def lay_floor(
    stores: Stores,
    opened: OpenMarket,
    capabilities: Mapping[str, Capabilities],
    alert: Callable[[str, str], None],
    *,
    speed: Decimal | None,
    seed: int,
) -> Floor:
    """The floor that runs share; its books are warm when this returns."""
    return Floor(
        market=opened.name,
        journal=stores.journal,
        reader=stores.reader,
        accounts=stores.accounts,
        world=World(opened.market, opened.books, speed),
        capabilities=capabilities,
        alert=alert,
        seed=seed,
    )


def accounts_of(legs: Sequence[LegSpec]) -> frozenset[tuple[str, str]]:
    """Venue and symbol of each leg."""
    return frozenset((leg.instrument.venue, leg.instrument.symbol) for leg in legs)


def refuse_unfinished(reader: Reader, market: str, wanted: frozenset[tuple[str, str]]) -> None:
    """Busy when a run on one of these accounts (venue, symbol) was cut off: its orders and fills must be
    settled first.
    """
    for run in reader.unfinished():
        if run.header.market == market and _accounts(run) & wanted:
            raise Busy(
                f"run {run.header.run_id} of {run.header.policy} was cut off and holds the same account; "
                f"bring it to its end first: dnkit trade --resume {run.header.run_id}"
            )


def _accounts(run: Run) -> set[tuple[str, str]]:
    return {(leg.venue, leg.symbol) for leg in run.header.legs}


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
