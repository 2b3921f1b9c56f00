"""Holds a run against what was expected of it, and against what may never happen, by the venues' truth."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from dnkit.machine.program import LegSpec
from dnkit.model import commands as cm
from dnkit.model.numbers import NS_PER_S, from_mbps, from_pico, plain
from dnkit.model.terms import EndName, Risk, Side
from dnkit.sim.run import Ran
from dnkit.sim.scenario import EVERY, Expect, OrderWanted

CENT = Decimal("0.01")


class Unmet(msgspec.Struct, frozen=True):
    """Something that is not as it should be. `what` is a key of `expect`, or a rule that always holds."""

    what: str
    expected: str
    got: str


def judge(ran: Ran) -> tuple[Unmet, ...]:
    """Everything that is not as it should be; the end first, the rules that always hold last."""
    expect = ran.scenario.expect
    found = [unmet for check in CHECKS for unmet in check(ran, expect)]
    return (*found, *_always(ran))


# --- what the scenario expects -------------------------------------------------------------------


def _end(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    ended = ran.ended
    if ended is None:
        yield Unmet("end", "an end", f"none after {_seconds(ran.now)} and {len(ran.lines):,} events")
        return
    if expect.end is not None and expect.end is not ended.end:
        yield Unmet("end", expect.end.value, f"{ended.end.value} ({ended.risk.value}): {ended.text}")
    if expect.risk is not None and expect.risk is not ended.risk:
        yield Unmet("risk", expect.risk.value, f"{ended.risk.value}: {ended.text}")


def _orders(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    sent = ran.orders()
    if expect.count is not None and expect.count != len(sent):
        yield Unmet("orders", str(expect.count), f"{len(sent)}{_listed(ran, sent)}")
    for leg, count in expect.counts:
        of_leg = [one for one in sent if one.leg == leg]
        if len(of_leg) != count:
            what = f"orders of leg {_leg(ran, leg).name}"
            yield Unmet(what, str(count), f"{len(of_leg)}{_listed(ran, of_leg)}")
    if expect.orders is not None:
        yield from _exactly(ran, expect.orders, sent)


def _exactly(ran: Ran, wanted: tuple[OrderWanted, ...], sent: list[cm.PlaceOrder]) -> Iterator[Unmet]:
    for number, (one, order) in enumerate(zip(wanted, sent, strict=False), 1):
        if not _fits(one, order):
            yield Unmet(f"orders, {number}.", _wanted_words(ran, one), order_words(ran, order))
    for number, one in enumerate(wanted[len(sent) :], len(sent) + 1):
        yield Unmet(f"orders, {number}.", _wanted_words(ran, one), "no more orders")
    for number, order in enumerate(sent[len(wanted) :], len(wanted) + 1):
        yield Unmet(f"orders, {number}.", "no more orders", order_words(ran, order))


def _fits(wanted: OrderWanted, order: cm.PlaceOrder) -> bool:
    pairs = (
        (wanted.leg, order.leg),
        (wanted.number, order.order),
        (wanted.side, order.side),
        (wanted.lots, order.lots),
        (wanted.type, order.type),
        (wanted.price, order.price),
        (wanted.reduce_only, order.reduce_only),
        (wanted.reason, order.reason),
    )
    return all(one is None or one == got for one, got in pairs)


def _unplayed(ran: Ran, _: Expect) -> Iterator[Unmet]:
    """A script that no order plays says nothing, and likely means another order."""
    for leg, number in ran.scenario.scripts:
        if number != EVERY and (leg, number) not in ran.truth.orders:
            yield Unmet(f"script of {_leg(ran, leg).name}#{number}", "an order", "never sent")


def _types(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    for order in ran.orders():
        if expect.only is not None and order.type not in expect.only:
            allowed = ", ".join(one.value for one in expect.only) or "no order"
            yield Unmet("only", allowed, order_words(ran, order))
        if order.type in expect.never:
            yield Unmet("never", f"no {order.type.value} order", order_words(ran, order))


def _positions(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    for leg, lots in expect.positions:
        got = ran.truth.positions[leg]
        if got != lots:
            spec = _leg(ran, leg)
            yield Unmet(f"position of leg {spec.name}", quantity_words(spec, lots), quantity_words(spec, got))


def _time(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    if expect.within_ns is not None and ran.now > expect.within_ns:
        yield Unmet("within", _seconds(expect.within_ns), _seconds(ran.now))


def _concession(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    for leg, most in expect.concession:
        if ran.paid[leg] > most:
            what = f"concession of leg {_leg(ran, leg).name}"
            yield Unmet(what, f"at most {_bps(most)}", _bps(ran.paid[leg]))


def _unhedged(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    if expect.unhedged is None:
        return
    amount, for_ns = expect.unhedged
    if ran.gauge.longest_ns > for_ns or (for_ns == 0 and ran.gauge.most > amount):
        wanted = f"{_money(amount)} for {_seconds(for_ns)} at most"
        longest = _seconds(ran.gauge.longest_ns)
        yield Unmet("unhedged", wanted, f"more than that for {longest}, {_money(ran.gauge.most)} at most")


def _phases(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    names = [ran.scenario.program.phases[index].name for index in ran.phases]
    rest = iter(names)
    if not all(one in rest for one in expect.phases):
        yield Unmet("phases", ", ".join(expect.phases), ", ".join(names) or "none")


def _says(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    text = ran.ended.text if ran.ended else "no end"
    for one in expect.says:
        if one not in text:
            yield Unmet("says", one, text)


def _alerts(ran: Ran, expect: Expect) -> Iterator[Unmet]:
    alerts = [f"{one.level}: {one.text}" for one in ran.commands() if isinstance(one, cm.SendAlert)]
    told = "; ".join(alerts) or "none"
    if expect.alert_count is not None and expect.alert_count != len(alerts):
        yield Unmet("alerts", str(expect.alert_count), f"{len(alerts)}: {told}")
    rest = iter(alerts)
    if not all(any(one in alert for alert in rest) for one in expect.alerts):
        yield Unmet("alerts", "; ".join(expect.alerts), told)


CHECKS = (
    _end,
    _orders,
    _unplayed,
    _types,
    _positions,
    _time,
    _concession,
    _unhedged,
    _phases,
    _says,
    _alerts,
)

# --- what always holds ---------------------------------------------------------------------------


def _always(ran: Ran) -> Iterator[Unmet]:
    for breach in ran.truth.breaches:
        yield Unmet(breach.what, "always", f"at {_seconds(breach.at_ns)}: {breach.text}")
    if ran.ended is None or ran.ended.risk is Risk.UNKNOWN:
        return
    yield from _left(ran)
    for index, leg in enumerate(ran.state.legs):
        true = ran.truth.positions[index]
        if leg.position != true:
            spec = _leg(ran, index)
            got = f"ledger {quantity_words(spec, leg.position)}, truth {quantity_words(spec, true)}"
            yield Unmet(f"ledger of leg {spec.name}", "the truth", got)
        elif ran.ended.end is EndName.FLAT or ran.ended.risk is Risk.FLAT:
            yield from _not_flat(ran, index)


def _left(ran: Ran) -> Iterator[Unmet]:
    for index, leg in enumerate(ran.state.legs):
        for _, number in ran.truth.live(index):
            if leg.stop is None or leg.stop.n != number:
                order = ran.truth.orders[index, number].order
                yield Unmet("no order left behind", "none", f"{order_words(ran, order)} may still fill")


def _not_flat(ran: Ran, index: int) -> Iterator[Unmet]:
    spec, lots = _leg(ran, index), ran.truth.positions[index]
    if spec.instrument.tradable(ran.venues.touches[index][0], lots):
        yield Unmet(f"flat on leg {spec.name}", "too little to trade", quantity_words(spec, lots))


# --- words ---------------------------------------------------------------------------------------


def _leg(ran: Ran, index: int) -> LegSpec:
    return ran.scenario.program.legs[index]


def _listed(ran: Ran, orders: Iterable[cm.PlaceOrder]) -> str:
    return "".join(f"\n{order_words(ran, one)}" for one in orders)


def order_words(ran: Ran, order: cm.PlaceOrder) -> str:
    """An order on one line, in the words of a scenario."""
    spec = _leg(ran, order.leg)
    flag = " reduce_only" if order.reduce_only else ""
    size = quantity_words(spec, order.lots)
    price = f"{spec.instrument.price(order.price):f}"
    side = order.side.name.lower()
    return f"{spec.name}#{order.order} {side} {size} {order.type.value} at {price}{flag} ({order.reason})"


def _wanted_words(ran: Ran, wanted: OrderWanted) -> str:
    spec = _leg(ran, wanted.leg)
    parts = (
        spec.name if wanted.number is None else f"{spec.name}#{wanted.number}",
        wanted.side and Side(wanted.side).name.lower(),
        wanted.lots and quantity_words(spec, wanted.lots),
        wanted.type and wanted.type.value,
        wanted.price and f"at {spec.instrument.price(wanted.price):f}",
        {True: "reduce_only", False: "not reduce_only", None: None}[wanted.reduce_only],
        wanted.reason and f"({wanted.reason})",
    )
    return " ".join(part for part in parts if part)


def quantity_words(spec: LegSpec, lots: int) -> str:
    """Signed lots as a quantity of coin."""
    return f"{plain(spec.instrument.quantity(lots))} {spec.instrument.base}"


def _seconds(ns: int) -> str:
    return f"{plain(Decimal(ns) / NS_PER_S)}s"


def _bps(mbps: int) -> str:
    return f"{plain(from_mbps(mbps))}bps"


def _money(picos: int) -> str:
    return f"${plain(from_pico(picos).quantize(CENT))}"
