"""`dnkit reconcile`: does the journal's ledger say what the venues hold; `--adopt` makes it say so."""

from collections.abc import Sequence
from contextlib import ExitStack, closing

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.paper import confirm
from dnkit.journal.reader import Reader
from dnkit.journal.records import Ledger
from dnkit.journal.writer import Journal
from dnkit.model.numbers import plain
from dnkit.model.terms import PAPER
from dnkit.runtime.floor import Claim, open_stores, refuse_unfinished
from dnkit.runtime.folder import StateFolder, state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.reconcile import Row, adopt, instrument_of, known_of, of_paper
from dnkit.venues.accounts import PaperAccounts

HEADERS = ("market", "venue", "symbol", "journal", "venue holds", "orders resting", "")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `reconcile`."""

    endpoint: str = ""
    adopt: bool = False
    yes: bool = False
    as_json: bool = False


def reconcile(asked: Asked) -> int:
    """Run the command; 0 when all agrees or was adopted, 1 when something differs."""
    folder = state_folder()
    if not folder.journal.exists():
        return _tell(asked, (), adopted=0)
    with Reader(folder.journal) as reader, ExitStack() as stack:
        known = known_of(reader, exchange=bool(asked.endpoint))
        rows = (_at_endpoint if asked.endpoint else _on_paper)(asked, folder, known, stack)
        differing = [row for row in rows if row.differs]
        if not asked.adopt or not differing:
            return _tell(asked, rows, adopted=0)
        if not asked.as_json:
            out.data(_table(rows))
        confirm(f"let the journal say what the venues hold on {len(differing)} account(s)?", asked.yes)
        journal = stack.enter_context(Journal(folder.journal))
        for row in differing:
            adopt(journal, row)
    return _tell(asked, rows, adopted=len(differing))


def _hold(folder: StateFolder, known: Sequence[Ledger], stack: ExitStack) -> None:
    """Nobody trades these accounts meanwhile, and no run on them was cut off; else Busy."""
    for market in sorted({one.market for one in known}):
        accounts = frozenset((one.venue, one.symbol) for one in known if one.market == market)
        claim = Claim(market, accounts, "reconcile")
        stores = stack.enter_context(open_stores(folder, claim))
        refuse_unfinished(stores.reader, claim)


def _on_paper(
    _asked: Asked, folder: StateFolder, known: Sequence[Ledger], stack: ExitStack
) -> tuple[Row, ...]:
    _hold(folder, known, stack)
    with Reader(folder.journal) as reader, PaperAccounts(folder.accounts) as accounts:
        return tuple(of_paper(known_of(reader, exchange=False), accounts.all(), VenueFacts()))


def _at_endpoint(
    asked: Asked, folder: StateFolder, known: Sequence[Ledger], stack: ExitStack
) -> tuple[Row, ...]:
    from dnkit.runtime.endpoint.reading import read_all
    from dnkit.runtime.endpoint.world import EndpointWorld

    venues = VenueFacts()
    pairs = sorted({(one.venue, one.symbol) for one in known})
    instruments = tuple(instrument_of(venues, venue, symbol) for venue, symbol in pairs)
    if not instruments:
        return ()
    world = stack.enter_context(closing(EndpointWorld(asked.endpoint, instruments)))
    market = world.welcome.market
    here = [one for one in known if one.market == market]
    _hold(folder, here, stack)
    ledgers = {(one.venue, one.symbol): one.lots for one in here}
    truths = zip(instruments, read_all(world, instruments), strict=True)
    return tuple(
        Row(market=market, instrument=one, journal=ledgers.get((one.venue, one.symbol)), truth=truth)
        for one, truth in truths
    )


def _tell(asked: Asked, rows: Sequence[Row], *, adopted: int) -> int:
    differing = sum(row.differs for row in rows)
    code = ExitCode.OK if adopted or not differing else ExitCode.FINDINGS
    if asked.as_json:
        content = {"accounts": [_content(row) for row in rows], "differing": differing, "adopted": adopted}
        out.envelope("reconcile/1", content, ok=code is ExitCode.OK, mode=PAPER)
    elif not adopted:
        out.data(_table(rows) if rows else "no account is known yet")
    if adopted:
        out.say(f"{adopted} account(s) adopted")
    elif differing:
        out.say(f"{differing} account(s) differ; --adopt lets the journal say what the venue holds")
    return code


def _table(rows: Sequence[Row]) -> str:
    return out.table(HEADERS, [_cells(row) for row in rows])


def _cells(row: Row) -> tuple[str, ...]:
    one = row.instrument
    held, resting = plain(one.quantity(row.truth.lots)), str(row.truth.resting)
    return (
        row.market,
        one.venue,
        one.symbol,
        _journal(row) or "-",
        held,
        resting,
        "DIFFERS" if row.differs else "",
    )


def _journal(row: Row) -> str | None:
    return None if row.journal is None else plain(row.instrument.quantity(row.journal))


def _content(row: Row) -> dict[str, object]:
    one = row.instrument
    return {
        "market": row.market,
        "venue": one.venue,
        "symbol": one.symbol,
        "journal": _journal(row),
        "position": one.quantity(row.truth.lots),
        "orders_resting": row.truth.resting,
        "differs": row.differs,
    }
