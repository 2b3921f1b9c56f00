"""Tells a run as text, one line for each thing that happened to an order, so that a story can be compared
whole.
"""

from decimal import Decimal
from typing import Any

from dnkit.machine.program import Program
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.policies.load import Loaded
from dnkit.policies.overrides import apply
from tests.compile.helpers import VENUES, library
from tests.engine.harness import MS, Venue


def program_of(
    name: str, *, text: str = "", symbols: dict[str, str] | None = None, **settings: str
) -> Program:
    """A shipped policy (or `text`, which may extend one) as a program, with other symbols where wanted."""
    from dnkit.policies.compile.policy import compile_policy
    from dnkit.policies.load import load

    texts = {name: text} if text else {}
    find, look_up = library(texts)
    found = find(name)
    assert found is not None
    loaded: Loaded = load(found[1], found[0], find=find, settings=settings)
    assert loaded.policy is not None, [one.message for one in loaded.diagnostics]
    policy = apply(loaded.policy, symbols=symbols or {}, sides={}, clips={})
    made = compile_policy(policy, venues=VENUES, library=look_up, spans=loaded.spans)
    assert made.program is not None, [one.message for one in made.diagnostics]
    return made.program


def set_book(venue: Venue, leg: int, bid: str, ask: str, **values: Any) -> None:
    """Put a leg's book at prices written as decimals."""
    tick = venue.program.legs[leg].instrument.tick
    book = {
        "bid": int(Decimal(bid) / tick),
        "ask": int(Decimal(ask) / tick),
        "bid_lots": 10**6,
        "ask_lots": 10**6,
    }
    venue.books[leg] = {**book, **values}


def lots(program: Program, leg: int, quantity: str) -> int:
    """Lots of a decimal quantity."""
    return int(Decimal(quantity) / program.legs[leg].instrument.lot)


def tell(venue: Venue) -> str:
    """One line an order request and an order fact: seconds, leg, what, the ledger after it."""
    out = []
    for event, commands, state in venue.lines:
        fact = _fact(venue, event)
        if fact:
            out.append(f"{event.at_ns / MS / 1000:7.3f} {fact}  -> {_positions(venue, state)}")
        for command in commands:
            request = _request(venue, command)
            if request:
                out.append(f"{event.at_ns / MS / 1000:7.3f} {request}")
    return "\n".join(out)


def _name(venue: Venue, leg: int) -> str:
    return venue.program.legs[leg].name


def _quantity(venue: Venue, leg: int, amount: int) -> str:
    return f"{venue.program.legs[leg].instrument.quantity(amount).normalize():f}"


def _positions(venue: Venue, state: Any) -> str:
    return " ".join(
        f"{spec.name} {_quantity(venue, index, state.legs[index].position)}"
        for index, spec in enumerate(venue.program.legs)
    )


def _request(venue: Venue, command: cm.Command) -> str:
    if isinstance(command, cm.PlaceOrder):
        instrument = venue.program.legs[command.leg].instrument
        amount = _quantity(venue, command.leg, command.lots)
        price = f"{instrument.price(command.price).normalize():f}"
        flag = " reduce-only" if command.reduce_only else ""
        what = f"{command.side.name.lower()} {amount} {command.type.value} at {price}{flag}"
        return f"{_name(venue, command.leg)}{command.order} {what} ({command.reason})"
    if isinstance(command, cm.CancelOrder | cm.FindOrder):
        word = "cancel" if isinstance(command, cm.CancelOrder) else "look up"
        return f"{_name(venue, command.leg)}{command.order} {word}"
    if isinstance(command, cm.EndRun):
        return f"END {command.end.value}, open risk {command.risk.value}: {command.text}"
    return ""


def _fact(venue: Venue, event: ev.Event) -> str:
    if isinstance(event, ev.OrderFilled):
        return f"{_name(venue, event.leg)}{event.order} filled {_quantity(venue, event.leg, event.cum)}"
    if isinstance(event, ev.OrderRejected):
        return f"{_name(venue, event.leg)}{event.order} rejected: {event.why.value}"
    if isinstance(event, ev.OrderEnded):
        return f"{_name(venue, event.leg)}{event.order} {event.why.value}"
    if isinstance(event, ev.CancelRefused):
        return f"{_name(venue, event.leg)}{event.order} too late to cancel"
    if isinstance(event, ev.OrderFound):
        return f"{_name(venue, event.leg)}{event.order} is {event.found.value}"
    return ""
