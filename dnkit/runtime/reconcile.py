"""The journal's word on each account beside the venue's."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from dnkit.journal.reader import Reader
from dnkit.journal.records import Ledger
from dnkit.journal.writer import Journal
from dnkit.model.capabilities import Capabilities
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.terms import LIVE, PAPER
from dnkit.runtime.markets import LIVE as LIVE_MARKET
from dnkit.runtime.markets import market_of
from dnkit.venues.accounts import AccountRow
from dnkit.venues.local.exchange import MARKET as EXCHANGE


class Truth(msgspec.Struct, frozen=True):
    """What a venue holds: signed lots, their signed entry cost where it tells that, and how many orders of
    ours rest there.
    """

    lots: int
    entry: int | None
    resting: int


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One account. `journal` is None where the journal knows nothing of it: a first use is no difference."""

    market: str
    instrument: Instrument
    journal: int | None
    truth: Truth

    @property
    def differs(self) -> bool:
        """Whether the journal says something else than the venue."""
        return self.journal is not None and self.journal != self.truth.lots


def known_live(reader: Reader, where: Mapping[str, str]) -> list[Ledger]:
    """The last ledger of every live account, of those that our keys open now. `where`: what each venue's
    account is called among markets.
    """
    return [one for one in reader.ledgers(LIVE) if market_of(one.market, one.venue) == where.get(one.venue)]


def known_of(reader: Reader, *, exchange: bool) -> list[Ledger]:
    """The last ledger of every account at exchanges, or of every paper account of this folder."""
    return [one for one in reader.ledgers(PAPER) if one.market.startswith(EXCHANGE) is exchange]


def instrument_of(venues: Mapping[str, Capabilities], venue: str, symbol: str) -> Instrument:
    """The instrument behind an account; DnkitError where no facts are known of it."""
    found = venues[venue].instrument(symbol) if venue in venues else None
    if found is None:
        raise DnkitError(f"{venue} {symbol}: no facts are known of it; its lots cannot be told")
    return found


def of_paper(
    known: Iterable[Ledger], stored: Iterable[AccountRow], venues: Mapping[str, Capabilities]
) -> Iterator[Row]:
    """Rows of paper accounts: what is in the folder's own books, and what the journal alone knows of."""
    ledgers = {(one.market, one.venue, one.symbol): one.lots for one in known}
    books = {(one.market, one.venue, one.symbol): one for one in stored}
    for market, venue, symbol in sorted({*ledgers, *books}):
        instrument, row = instrument_of(venues, venue, symbol), books.get((market, venue, symbol))
        yield Row(
            market=market,
            instrument=instrument,
            journal=ledgers.get((market, venue, symbol)),
            truth=Truth(0, 0, 0) if row is None else _held(instrument, row),
        )


def _held(instrument: Instrument, row: AccountRow) -> Truth:
    lots = int(row.position / instrument.lot)
    return Truth(lots, int(row.entry / (instrument.tick * instrument.lot)), 0)


def adopt(journal: Journal, row: Row) -> None:
    """From now on the journal says what the venue says."""
    one, live = row.instrument, row.market.startswith(LIVE_MARKET)
    journal.note_ledger(
        mode=LIVE if live else PAPER,
        market=row.market,
        venue=one.venue,
        symbol=one.symbol,
        lots=row.truth.lots,
        entry=row.truth.entry,
        note="adopted",
    )
