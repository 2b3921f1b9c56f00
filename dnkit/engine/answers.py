"""What the answers to our questions mean: books, positions, sweeps, alerts.

What the venue says of a position is a witness; the ledger hears of orders only.
"""

from dnkit.engine import start, verify
from dnkit.engine.books import is_sane
from dnkit.engine.exposure import lots_min
from dnkit.engine.jobs import on_bad_book, on_book, on_touch
from dnkit.engine.state import JobStage, Stage
from dnkit.engine.turn import Turn
from dnkit.model import events as ev


def hear_book(turn: Turn, event: ev.BookRead) -> None:
    """Price the legs. What counts as dust never grows on the word of a later book."""
    if turn.state.stage is Stage.START:
        start.hear_book(turn, event)
        return
    leg = turn.legs[event.leg]
    sane = is_sane(event, leg)
    if sane:
        least = min(leg.least, lots_min(turn.program.legs[event.leg].instrument, event.bid, event.ask))
        turn.update_leg(event.leg, bid=event.bid, ask=event.ask, least=least, reach=event.reach)
    if turn.state.stage is not Stage.PHASE:
        return
    for slot, job in enumerate(turn.state.jobs):
        if job.leg == event.leg and job.request == event.request:
            if job.stage is JobStage.LOOK and sane:
                on_book(turn, slot, event)
            elif job.stage is JobStage.LOOK:
                on_bad_book(turn, slot, "book crossed, empty or far off the last good mid")
            elif job.stage is JobStage.ORDER and sane:
                on_touch(turn, slot, event)


def hear_no_book(turn: Turn, event: ev.BookMissing) -> None:
    """A job without a book looks again; START asks again."""
    turn.settle_leg(event.leg, event.request, good=False)
    if turn.state.stage is not Stage.PHASE:
        return
    for slot, job in enumerate(turn.state.jobs):
        if job.leg == event.leg and job.request == event.request and job.stage is JobStage.LOOK:
            on_bad_book(turn, slot, event.why)


def hear_position(turn: Turn, event: ev.PositionRead) -> None:
    """The word of the latest moment is the witness, in whatever order they come."""
    leg = turn.legs[event.leg]
    if event.lots is not None and (leg.witness is None or event.as_of_ns >= leg.witness_ns):
        doubt = verify.doubted(turn, event.leg, event.lots, event.as_of_ns)
        turn.update_leg(event.leg, witness=event.lots, witness_ns=event.as_of_ns, doubt=doubt)
    turn.settle_leg(event.leg, event.request, good=event.lots is not None)


def hear_sweep(turn: Turn, event: ev.OrdersSwept) -> None:
    """A stray may have been filled up to now: no earlier read is a witness. A late answer that tells of one
    may overtake that of a read from before it, so it takes two. START reads after its sweep.
    """
    awaited = turn.settle_leg(event.leg, event.request, good=event.ok)
    if not event.found:
        return
    turn.update_leg(event.leg, found=event.found)
    if turn.state.stage is not Stage.START:
        turn.may_have_moved(event.leg)
        if not awaited:
            turn.update_leg(event.leg, doubt=verify.TWICE)


def hear_alert(turn: Turn, event: ev.AlertSent) -> None:
    """Note how the alert that is waited for went."""
    if event.request == turn.state.request:
        turn.update(alert_ok=1 if event.ok else -1)
