"""A run in plain English, one line for each thing worth telling. Times are seconds since its start."""

from collections import deque
from collections.abc import Iterator
from decimal import Decimal

from dnkit.engine.state import Leg, Stage
from dnkit.journal.reader import Reader
from dnkit.journal.records import AlertLine, Run
from dnkit.journal.replay import Step, replay
from dnkit.machine.program import LegSpec
from dnkit.model import commands as cmd
from dnkit.model import events as ev
from dnkit.model.alerts import HALT, POLICY_ALERT
from dnkit.model.numbers import NS_PER_S, plain
from dnkit.model.terms import Side, StopWhen
from dnkit.readers.facts import place

_WISHES = {
    ev.StopAsked: "asked to stop",
    ev.PauseAsked: "asked to pause",
    ev.ResumeAsked: "asked to resume",
    ev.FlattenAsked: "asked to flatten",
}
_TOLD = (HALT.code, POLICY_ALERT.code)  # the run's own line says it


def story(reader: Reader, run: Run) -> Iterator[str]:
    """The run's lines, from its start on, with the alerts that were raised meanwhile."""
    start_ns: int | None = None
    where = ""
    alerts = deque(one for one in reader.alerts(run.header.run_id) if one.alert.code not in _TOLD)
    for one in replay(reader, run):
        start_ns = one.after.now_ns if start_ns is None else start_ns
        while alerts and alerts[0].at_ns < one.after.now_ns:
            yield _alert_text(alerts.popleft(), start_ns)
        stamp = _stamp(one.after.now_ns - start_ns)
        for text in event_words(run, one):
            yield f"{stamp}  {text}"
        now = place(run, one.after)
        if now != where and one.after.stage is not Stage.END:
            where = now
            yield f"{stamp}  -- {now}"
        for command in one.commands:
            for text in command_words(run, command):
                yield f"{stamp}  {text}"

    yield from (_alert_text(one, start_ns or one.at_ns) for one in alerts)


def _stamp(passed_ns: int) -> str:
    return f"{Decimal(passed_ns) / NS_PER_S:8.3f}"


def _alert_text(line: AlertLine, start_ns: int) -> str:
    return f"{_stamp(line.at_ns - start_ns)}  ALERT {line.alert.severity}: {line.alert}"


def event_words(run: Run, one: Step) -> Iterator[str]:
    """What the event of a step says; nothing for what is not worth telling."""
    event = one.event
    if isinstance(event, ev.OrderFilled | ev.OrderEnded | ev.OrderFound) and _moved(one, event.leg):
        yield _fill_text(run.program.legs[event.leg], event)
    if isinstance(event, ev.OrderEnded):
        yield f"{_leg(run, event.leg)}: order {event.order} is over: {event.why.value}"
    elif isinstance(event, ev.OrderRejected):
        text = f" ({event.text})" if event.text else ""
        yield f"{_leg(run, event.leg)}: order {event.order} rejected: {event.why.value}{text}"
    elif isinstance(event, ev.CancelRefused):
        why = event.text or "no reason given"
        yield f"{_leg(run, event.leg)}: cancel of order {event.order} refused: {why}"
    elif isinstance(event, ev.AnswerLost):
        yield f"{_leg(run, event.leg)}: no answer about order {event.order}: {event.text or 'time-out'}"
    elif isinstance(event, ev.OrderFound):
        yield f"{_leg(run, event.leg)}: look-up of order {event.order}: {event.found.value}"
    elif isinstance(event, ev.BookMissing):
        yield f"{_leg(run, event.leg)}: no book: {event.why}"
    elif isinstance(event, ev.PositionRead):
        yield _position_text(run.program.legs[event.leg], event, one.after.legs[event.leg])
    elif isinstance(event, ev.OrdersSwept) and (event.found or not event.ok):
        told = f"{event.found} stray orders cancelled" if event.ok else f"orders not listed: {event.text}"
        yield f"{_leg(run, event.leg)}: {told}"
    elif isinstance(event, ev.AlertSent) and not event.ok:
        yield "an alert could not be delivered"
    elif isinstance(event, ev.Wish):
        yield f"{_WISHES[type(event)]}{_when(event)}: {event.why}"
    elif isinstance(event, ev.Restarted):
        yield "restarted after a crash"


def _when(wish: ev.Wish) -> str:
    if isinstance(wish, ev.StopAsked) and wish.when is not StopWhen.NOW:
        return f" ({wish.when.value})"
    return ""


def _moved(one: Step, leg: int) -> bool:
    return one.before.legs[leg].position != one.after.legs[leg].position


def _fill_text(spec: LegSpec, event: ev.OrderFilled | ev.OrderEnded | ev.OrderFound) -> str:
    total = spec.instrument.quantity(event.cum)
    average = spec.instrument.tick * event.worth / event.cum
    side = ""
    if isinstance(event, ev.OrderFilled):
        side = ", maker" if event.maker else ", taker"
    price = average.quantize(spec.instrument.tick)
    return f"leg {spec.name}: order {event.order} filled {plain(total)} so far at {price:f} on average{side}"


def _position_text(spec: LegSpec, event: ev.PositionRead, leg: Leg) -> str:
    """The venue's word beside the ledger's. Before START is done the ledger is not ours to speak of; a read
    that differs is told with its age, for an old one may be right about its time.
    """
    if event.lots is None:
        return f"leg {spec.name}: position unknown: {event.text or 'no answer'}"
    told = plain(spec.instrument.quantity(event.lots))
    if event.lots == leg.position:
        return f"leg {spec.name}: venue says {told}, as the ledger does"
    if not leg.known:
        return f"leg {spec.name}: venue says {told}"
    age, ledger = Decimal(event.at_ns - event.as_of_ns) / NS_PER_S, spec.instrument.quantity(leg.position)
    return f"leg {spec.name}: venue says {told} ({age:.2f} s old), the ledger {plain(ledger)}"


def command_words(run: Run, command: cmd.Command) -> Iterator[str]:
    """What a command asks for; nothing for reads."""
    if isinstance(command, cmd.PlaceOrder):
        spec = run.program.legs[command.leg]
        word = "buy" if command.side is Side.BUY else "sell"
        size = f"{plain(spec.instrument.quantity(command.lots))} {spec.instrument.base}"
        flags = ", reduce-only" if command.reduce_only else ""
        stop = f", trigger {spec.instrument.price(command.stop):f}" if command.stop else ""
        price = f"{spec.instrument.price(command.price):f}"
        kind = command.type.value.replace("_", "-")
        order = f"order {command.order}, {command.reason}"
        yield f"leg {spec.name}: {word} {size} {kind} at {price}{stop}{flags} ({order})"
    elif isinstance(command, cmd.CancelOrder):
        yield f"{_leg(run, command.leg)}: cancel order {command.order}"
    elif isinstance(command, cmd.FindOrder):
        yield f"{_leg(run, command.leg)}: look order {command.order} up"
    elif isinstance(command, cmd.SendAlert):
        yield f"alert ({command.level}): {command.text}"
    elif isinstance(command, cmd.EndRun):
        risk = f", {command.risk.value}" if command.end.value == "halted" else ""
        yield f"END {command.end.value}{risk}: {command.text}"


def _leg(run: Run, leg: int) -> str:
    return f"leg {run.program.legs[leg].name}"
