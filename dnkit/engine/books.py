"""Whether a book may be traded on.

Limits protect a balanced pair; they never keep a naked leg from getting out.
"""

from typing import NamedTuple

from dnkit.engine.exposure import money_per_lot, net, tolerance
from dnkit.engine.sizing import sign
from dnkit.engine.state import Job, Leg
from dnkit.engine.turn import Turn
from dnkit.machine import program as pg
from dnkit.model.events import BookRead
from dnkit.model.numbers import MBPS_ONE, from_mbps

REACH_DEFAULT = MBPS_ONE // 100  # how deep to look when the policy names no limit: 1 %
JUMP_MAX = 2  # a mid more than this many times off the last good one is a bad print


class Refusal(NamedTuple):
    """Why a book is not traded on.

    `bad_data` is worth another look; a limit's refusal is final for the attempt. `halts`: the policy wants
    the run halted for it.
    """

    why: str
    bad_data: bool
    halts: bool = False


def within(limits: pg.Limits) -> int:
    """How far from the far touch depth is counted, in mbps."""
    for limit in (limits.depth_within, limits.concession_max):
        if limit != pg.NO_LIMIT:
            return limit
    return REACH_DEFAULT


def is_two_sided(book: BookRead) -> bool:
    """Two sides, not crossed."""
    return 0 < book.bid < book.ask


def is_near(price: int, other: int) -> bool:
    """Whether two prices in one unit are no jump apart."""
    return price <= other * JUMP_MAX and other <= price * JUMP_MAX


def is_sane(book: BookRead, leg: Leg) -> bool:
    """Two sides, not crossed, and not a print far off the last good mid."""
    return is_two_sided(book) and is_near(book.bid + book.ask, leg.bid + leg.ask)


def spread(book: BookRead) -> int:
    """Spread in mbps of the mid."""
    return (book.ask - book.bid) * 2 * MBPS_ONE // (book.bid + book.ask)


def relieves(turn: Turn, lots: int) -> bool:
    """Whether we are naked and signed `lots` bring the net exposure nearer to zero."""
    legs = turn.legs
    open_net = net(turn.program, legs)
    return abs(open_net) >= tolerance(turn.program, legs) and sign(lots) == -sign(open_net)


def refusal(turn: Turn, plan: pg.Job, job: Job, book: BookRead, lots: int) -> Refusal | None:
    """Why no order of signed `lots` may be sent on this sane book now, or None."""
    limits = turn.limits
    refused = _age_refusal(limits, book) or _limit_refusal(turn, limits, plan, job, book, lots)
    return None if refused is None or relieves(turn, lots) else refused


def _age_refusal(limits: pg.Limits, book: BookRead) -> Refusal | None:
    if limits.book_age_ns == pg.NO_LIMIT or book.age_ns <= limits.book_age_ns:
        return None
    return Refusal(f"book is {book.age_ns // 1_000_000} ms old", bad_data=True, halts=limits.stale_halt)


def _limit_refusal(
    turn: Turn, limits: pg.Limits, plan: pg.Job, job: Job, book: BookRead, lots: int
) -> Refusal | None:
    wide = spread(book)
    if limits.spread_max != pg.NO_LIMIT and wide > limits.spread_max:
        return Refusal(
            f"spread {from_mbps(wide)} bps is over {from_mbps(limits.spread_max)} bps", bad_data=False
        )
    if limits.depth_within != pg.NO_LIMIT and not limits.depth_shrink and book.reach < abs(lots):
        return Refusal(f"depth of {book.reach} lots is below {abs(lots)}", bad_data=False)
    if plan.reduces:
        return None
    per_lot = money_per_lot(turn.program.legs[job.leg], turn.legs[job.leg])
    at_touch = (book.ask_lots if lots > 0 else book.bid_lots) * per_lot
    if limits.depth_min != pg.NO_LIMIT and at_touch < limits.depth_min:
        return Refusal("depth at the touch is below min_depth", bad_data=False)
    if limits.volume_min != pg.NO_LIMIT and book.volume < limits.volume_min:
        return Refusal("traded volume is below min_volume or unknown", bad_data=False)
    return None


def sized(turn: Turn, book: BookRead, lots: int, least: int) -> int:
    """Signed lots the depth limit leaves of `lots`; 0 when it leaves less than `least`.

    A naked leg is never shrunk to nothing.
    """
    limits = turn.limits
    if limits.depth_within == pg.NO_LIMIT or not limits.depth_shrink or book.reach >= abs(lots):
        return lots
    if book.reach < least:
        return lots if relieves(turn, lots) else 0
    return sign(lots) * book.reach
