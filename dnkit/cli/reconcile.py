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
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import plain
from dnkit.model.terms import LIVE
from dnkit.runtime.floor import Claim, open_stores, refuse_unfinished
from dnkit.runtime.folder import StateFolder, state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.reconcile import Row, Truth, adopt, instrument_of, known_live, known_of, of_paper
from dnkit.venues.accounts import PaperAccounts

HEADERS = ("market", "venue", "symbol", "journal", "venue holds", "orders resting", "")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `reconcile`."""

    endpoint: str = ""
    live: bool = False
    adopt: bool = False
    yes: bool = False
    as_json: bool = False


def reconcile(asked: Asked) -> int:
    """Run the command; 0 when all agrees or was adopted, 1 when something differs."""
    folder = state_folder()
    if not folder.journal.exists():
        return _tell(asked, (), adopted=0)
    with Reader(folder.journal) as reader, ExitStack() as stack:
        rows = _rows(asked, folder, reader, stack)
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


def _rows(asked: Asked, folder: StateFolder, reader: Reader, stack: ExitStack) -> tuple[Row, ...]:
    if asked.live:
        return _live(asked, folder, reader, stack)
    known = known_of(reader, exchange=bool(asked.endpoint))
    return (_at_endpoint if asked.endpoint else _on_paper)(asked, folder, known, stack)


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


def _live(asked: Asked, folder: StateFolder, reader: Reader, stack: ExitStack) -> tuple[Row, ...]:
    """The accounts that our keys open where `--endpoint` says, as far as the journal knows them."""
    from dnkit.cli.places import address_of
    from dnkit.runtime.live.floor import market_at, setups
    from dnkit.runtime.live.reading import let_lag_pass, read_all
    from dnkit.runtime.live.world import LiveWorld

    venues = VenueFacts()
    where = {
        one: address_of(asked.endpoint, one) for one in sorted({one.venue for one in reader.ledgers(LIVE)})
    }
    known = known_live(reader, {one: market_at({one: place}, folder) for one, place in where.items()})
    pairs = sorted({(one.venue, one.symbol) for one in known})
    if not pairs:
        return ()
    _hold(folder, known, stack)
    instruments = [instrument_of(venues, venue, symbol) for venue, symbol in pairs]
    world = stack.enter_context(closing(LiveWorld(instruments, setups(where, folder, venues))))
    rows = _live_rows(known, instruments, read_all(world, instruments))
    if any(one.differs for one in rows):
        out.say("something differs; reads may lag, so it is read again")
        let_lag_pass(world, instruments)
        rows = _live_rows(known, instruments, read_all(world, instruments))
    return rows


def _live_rows(
    known: Sequence[Ledger], instruments: Sequence[Instrument], truths: Sequence[Truth]
) -> tuple[Row, ...]:
    places = {(one.venue, one.symbol): at for at, one in enumerate(instruments)}
    found = [(one, places[one.venue, one.symbol]) for one in known]
    return tuple(
        Row(market=one.market, instrument=instruments[at], journal=one.lots, truth=truths[at])
        for one, at in found
    )


def _tell(asked: Asked, rows: Sequence[Row], *, adopted: int) -> int:
    differing = sum(row.differs for row in rows)
    code = ExitCode.OK if adopted or not differing else ExitCode.FINDINGS
    if asked.as_json:
        content = {"accounts": [_content(row) for row in rows], "differing": differing, "adopted": adopted}
        out.envelope("reconcile/1", content, ok=code is ExitCode.OK, mode=out.mode_of(asked.live))
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
