"""The life of one order on one leg: one fixed, total table. It knows neither policy nor the other leg.

SENT -> WORKING -> (CANCELLING ->) OVER is the calm road. Any doubt leads to UNSURE, and only a look-up or a
final word of the venue leads out of it; when the budget for look-ups is spent the order is LOST and the run
will halt. A time-out is not a rejection, a refused cancel is not an end, and a fill may arrive in every
state: fills go to the ledger before this table is asked, so no cell drops one.
"""

from enum import IntEnum
from typing import NamedTuple


class Life(IntEnum):
    """Where an order stands, as far as we know. OVER is a state the venue confirmed."""

    SENT = 0  # requested, no answer yet
    WORKING = 1  # the venue has it
    CANCELLING = 2  # we asked to withdraw it
    UNSURE = 3  # we do not know; a look-up is under way
    OVER = 4  # terminal, with its final total
    LOST = 5  # could not be resolved within the venue's budget


class News(IntEnum):
    """What can be learnt about an order, or wanted of it."""

    ACCEPTED = 0
    REJECTED = 1
    DUPLICATE = 2  # rejected because the id is known: our first sending arrived
    FILLED_PART = 3
    FILLED_ALL = 4
    ENDED = 5  # over, with its total
    ENDED_BLIND = 6  # over, total not told
    CANCEL_REFUSED = 7
    FOUND_LIVE = 8
    FOUND_OVER = 9
    FOUND_ABSENT = 10
    FOUND_ERROR = 11
    ANSWER_LOST = 12
    OVERDUE = 13  # our own deadline for an answer passed
    WITHDRAW = 14  # the phase wants it gone


class Ask(IntEnum):
    """The request that goes with a move."""

    NOTHING = 0
    CANCEL = 1
    FIND = 2


class Move(NamedTuple):
    """Next state and what to ask of the venue."""

    life: Life
    ask: Ask = Ask.NOTHING


_STAY_SENT = Move(Life.SENT)
_STAY_WORKING = Move(Life.WORKING)
_STAY_CANCELLING = Move(Life.CANCELLING)
_STAY_UNSURE = Move(Life.UNSURE)
_STAY_LOST = Move(Life.LOST)
_OVER = Move(Life.OVER)
_LOOK_UP = Move(Life.UNSURE, Ask.FIND)

_SENT = {
    News.ACCEPTED: _STAY_WORKING,
    News.REJECTED: _OVER,
    News.DUPLICATE: _LOOK_UP,
    News.FILLED_PART: _STAY_WORKING,
    News.FILLED_ALL: _OVER,
    News.ENDED: _OVER,
    News.ENDED_BLIND: _LOOK_UP,
    News.CANCEL_REFUSED: _LOOK_UP,
    News.FOUND_LIVE: _STAY_WORKING,
    News.FOUND_OVER: _OVER,
    News.FOUND_ABSENT: _STAY_SENT,  # nobody asked: an answer to another life of this id
    News.FOUND_ERROR: _STAY_SENT,
    News.ANSWER_LOST: _LOOK_UP,
    News.OVERDUE: _LOOK_UP,
    News.WITHDRAW: _STAY_SENT,  # a cancel could overtake the placement: wait for its answer, then cancel
}
_WORKING = {
    News.ACCEPTED: _STAY_WORKING,
    News.REJECTED: _LOOK_UP,  # accepted and then rejected by the book: ask which it was
    News.DUPLICATE: _STAY_WORKING,
    News.FILLED_PART: _STAY_WORKING,
    News.FILLED_ALL: _OVER,
    News.ENDED: _OVER,
    News.ENDED_BLIND: _LOOK_UP,
    News.CANCEL_REFUSED: _STAY_WORKING,  # answer to a cancel we already gave up on
    News.FOUND_LIVE: _STAY_WORKING,
    News.FOUND_OVER: _OVER,
    News.FOUND_ABSENT: _STAY_WORKING,
    News.FOUND_ERROR: _STAY_WORKING,
    News.ANSWER_LOST: _STAY_WORKING,  # it was accepted meanwhile
    News.OVERDUE: _LOOK_UP,  # an IOC whose result does not come
    News.WITHDRAW: Move(Life.CANCELLING, Ask.CANCEL),
}
_CANCELLING = {
    News.ACCEPTED: _STAY_CANCELLING,
    News.REJECTED: _LOOK_UP,
    News.DUPLICATE: _STAY_CANCELLING,
    News.FILLED_PART: _STAY_CANCELLING,  # the fill overtook our cancel: counted, keep waiting
    News.FILLED_ALL: _OVER,
    News.ENDED: _OVER,
    News.ENDED_BLIND: _LOOK_UP,
    News.CANCEL_REFUSED: _LOOK_UP,  # too late, or never known: not an end
    News.FOUND_LIVE: _STAY_CANCELLING,
    News.FOUND_OVER: _OVER,
    News.FOUND_ABSENT: _STAY_CANCELLING,
    News.FOUND_ERROR: _STAY_CANCELLING,
    News.ANSWER_LOST: _LOOK_UP,
    News.OVERDUE: _LOOK_UP,
    News.WITHDRAW: _STAY_CANCELLING,
}
_UNSURE = {
    News.ACCEPTED: _STAY_UNSURE,  # may be older than our doubt
    News.REJECTED: _OVER,  # the late answer to the placement: nothing of it ever rested
    News.DUPLICATE: _STAY_UNSURE,
    News.FILLED_PART: _STAY_UNSURE,
    News.FILLED_ALL: _OVER,
    News.ENDED: _OVER,
    News.ENDED_BLIND: _STAY_UNSURE,
    News.CANCEL_REFUSED: _STAY_UNSURE,
    News.FOUND_LIVE: _STAY_WORKING,
    News.FOUND_OVER: _OVER,
    News.FOUND_ABSENT: _STAY_UNSURE,  # the look-up's budget decides, not this table
    News.FOUND_ERROR: _STAY_UNSURE,
    News.ANSWER_LOST: _STAY_UNSURE,
    News.OVERDUE: _LOOK_UP,
    News.WITHDRAW: _STAY_UNSURE,
}
_OVER_ROW = dict.fromkeys(News, _OVER)
_LOST_ROW = {
    **dict.fromkeys(News, _STAY_LOST),
    News.REJECTED: _OVER,
    News.FILLED_ALL: _OVER,
    News.ENDED: _OVER,
    News.FOUND_OVER: _OVER,
}

# TABLE[life][news]: a list of lists, because indexing by IntEnum is several times faster than hashing a pair.
TABLE: tuple[tuple[Move, ...], ...] = tuple(
    tuple(row[news] for news in News) for row in (_SENT, _WORKING, _CANCELLING, _UNSURE, _OVER_ROW, _LOST_ROW)
)
