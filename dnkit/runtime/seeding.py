"""What an empty paper account starts with, so that every shipped policy runs as it is. It is said, taped and
journalled.
"""

from collections.abc import Sequence

import msgspec

from dnkit.journal.writer import Journal
from dnkit.machine.program import Amount, LegSpec, Program
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import MBPS_ONE, ceil_div, plain
from dnkit.model.terms import PAPER, Intent
from dnkit.venues.account import Account

REBALANCE_SHARE = 92  # percent of the clip the second leg of a rebalance starts with


class Start(msgspec.Struct, frozen=True):
    """What one leg is to start with: signed lots at a price in ticks."""

    leg: int
    lots: int
    price: int


def starts(program: Program, mids: Sequence[int]) -> tuple[Start, ...]:
    """Where a policy of this intent begins on empty accounts, at these mids (ticks); nothing for those that
    begin flat.
    """
    shares = _shares(program.intent, len(program.legs))
    found = (
        _start(index, spec, mid, share)
        for index, (spec, mid, share) in enumerate(zip(program.legs, mids, shares, strict=True))
    )
    return tuple(one for one in found if one.lots)


def _shares(intent: Intent, legs: int) -> tuple[int, ...]:
    """Percent of the clip each leg starts with."""
    if intent is Intent.CLOSE:
        return (100,) * legs
    if intent in (Intent.UNWIND, Intent.FLATTEN):
        return (100, *(0,) * (legs - 1))
    if intent is Intent.REBALANCE:
        return (100, *(REBALANCE_SHARE,) * (legs - 1))
    return (0,) * legs


def _start(index: int, spec: LegSpec, mid: int, share: int) -> Start:
    price = mid - spec.side * max(1, mid * 5 // MBPS_ONE)
    return Start(index, spec.side * (clip_lots(spec.instrument, spec.clip, mid) * share // 100), price)


def clip_lots(instrument: Instrument, clip: Amount, mid: int) -> int:
    """Lots of a clip at a mid in ticks: the largest of its parts, never less than the venue trades."""
    from_money = clip.money // (mid * instrument.value) if mid else 0
    lots = max(clip.lots, clip.base // instrument.lot_base, from_money, instrument.lots_min)
    while mid and not instrument.tradable(mid, lots):
        lots = max(lots + 1, ceil_div(instrument.notional_min, mid * instrument.value))
    return lots


def is_empty(instrument: Instrument, account: Account, mid: int) -> bool:
    """Whether the account holds nothing that could be traded."""
    return not instrument.tradable(mid, account.lots)


def note(journal: Journal, account: Account, text: str) -> None:
    """Write the position of an account into the journal's ledger: no run brought it about."""
    journal.note_ledger(
        mode=PAPER,
        market=account.market,
        venue=account.venue,
        symbol=account.symbol,
        lots=account.lots,
        entry=account.entry,
        note=text,
    )


def words(spec: LegSpec, start: Start) -> str:
    """The start of one leg for a human, e.g. `long 0.2 ETH on aster at 2700.5`."""
    side = "long" if start.lots > 0 else "short"
    instrument = spec.instrument
    size = plain(instrument.quantity(abs(start.lots)))
    return f"{side} {size} {instrument.base} on {instrument.venue} at {plain(instrument.price(start.price))}"
