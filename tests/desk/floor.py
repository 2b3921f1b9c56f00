"""A paper floor on a still market, with real files, for tests that need no command line."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from dnkit.engine.state import State
from dnkit.machine.program import Program
from dnkit.market.leg_book import leg_book
from dnkit.model.alerts import Alert
from dnkit.model.events import Event
from dnkit.runtime.floor import Claim, accounts_of, lay_floor, open_stores
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.market import OpenMarket
from dnkit.runtime.prepare import LegOptions, program_of, read_and_check
from dnkit.runtime.run import Floor, PaperRun, RunResult
from dnkit.venues.accounts import PaperAccounts
from tests.desk.still import StillMarket

MIDS = {"ETH": Decimal(2700), "BTC": Decimal(61_000), "SOL": Decimal(155)}


class Quiet:
    """A listener that keeps what it hears."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.results: list[RunResult] = []
        self.steps = 0

    def note(self, text: str) -> None:
        self.notes.append(text)

    def began(self, run: PaperRun) -> None:
        self.run = run

    def stepped(self, _event: Event, _state: State) -> None:
        self.steps += 1

    def ended(self, result: RunResult) -> None:
        self.results.append(result)


def program(name: str, *, turned: bool = False, options: LegOptions | None = None) -> Program:
    """A shipped policy as a program."""
    return program_of(read_and_check(name, VenueFacts(), turned=turned, options=options or LegOptions()))


def still(of: Program, *, end_s: int = 0) -> OpenMarket:
    """A still market for the legs of a program."""
    instruments = [leg.instrument for leg in of.legs]
    market = StillMarket(instruments, [MIDS[one.base] for one in instruments], end_s=end_s)
    books = tuple(leg_book(grid, one) for grid, one in zip(market.grids, instruments, strict=True))
    return OpenMarket("still", market, books, ("still",) * len(books))


Say = Callable[[Alert], None]


def _unheard(_alert: Alert) -> None:
    """Nobody is there."""


@contextmanager
def floor_for(
    of: Program, folder: Path, *, end_s: int = 0, accounts: Path | None = None, say: Say = _unheard
) -> Iterator[Floor]:
    """A floor with files in `folder`; `accounts` puts the paper venues' own books elsewhere, `say` hears the
    alerts.
    """
    claim = Claim("still", accounts_of(of.legs))
    with open_stores(StateFolder(folder), claim) as opened, ExitStack() as stack:
        stores = opened
        if accounts is not None:
            stores = replace(opened, accounts=stack.enter_context(PaperAccounts(accounts)))
        yield lay_floor(stores, still(of, end_s=end_s), VenueFacts(), say, speed=None, seed=1)
