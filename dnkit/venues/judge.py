"""A second opinion on a paper run, from the venue's own book: not what the run says, what the venue holds."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.paper import PaperVenue


class Verdict(msgspec.Struct, frozen=True):
    """What one paper venue holds, in signed lots, and what is wrong with that: no findings, no complaint."""

    leg: int
    venue: str
    symbol: str
    position: int
    ledger: int | None
    resting: int
    findings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def judge(
    venue: PaperVenue,
    ledger: int | None,
    accounts: PaperAccounts | None = None,
    *,
    keep: frozenset[str] = frozenset(),
) -> Verdict:
    """Compare a venue with the run's `ledger` of that leg (None: unknown) and with the stored account.

    `keep` are client ids of orders that are meant to stay (a protective stop).
    """
    return Verdict(
        leg=venue.leg,
        venue=venue.account.venue,
        symbol=venue.account.symbol,
        position=venue.position,
        ledger=ledger,
        resting=len(venue.resting_orders()),
        findings=(*_of_book(venue, ledger, keep), *(_of_store(venue, accounts) if accounts else ())),
    )


def _of_book(venue: PaperVenue, ledger: int | None, keep: frozenset[str]) -> Iterator[str]:
    if ledger is None:
        yield "the run knows no position of this leg"
    elif ledger != venue.position:
        yield f"the run says {ledger} lots, the venue holds {venue.position}"
    if venue.opening + venue.executed != venue.position:
        yield f"opening {venue.opening} and executed {venue.executed} lots do not make {venue.position}"
    resting = [order.key for order in venue.resting_orders()]
    for key in resting:
        if key not in keep:
            yield f"order {key} is still open"
    for key in sorted(keep.difference(resting)):
        yield f"order {key} should be open and is not"
    if venue.orders_on_the_way:
        yield f"{venue.orders_on_the_way} orders are still on their way to the venue"


def _of_store(venue: PaperVenue, accounts: PaperAccounts) -> Iterator[str]:
    account = venue.account
    held = account.lots * account.lot
    row = accounts.find(account.market, account.venue, account.symbol)
    stored = row.position if row else Decimal(0)
    taped = accounts.taped(account.market, account.venue, account.symbol)
    if stored != held:
        yield f"the stored account says {stored}, the venue holds {held}"
    if taped != held:
        yield f"the stored tape sums to {taped}, the venue holds {held}"
