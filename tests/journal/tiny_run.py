"""A small two-leg open, driven through the real engine by a scripted venue: true journals for tests."""

from collections import deque
from decimal import Decimal

from dnkit.engine.state import State, state_digest
from dnkit.engine.step import begin, next_deadline_ns, step
from dnkit.journal.records import LegHeader, Position, RunHeader
from dnkit.journal.writer import Journal
from dnkit.machine import program as pg
from dnkit.machine.program import Outcome, PhaseKind, Program, Target, TargetKind, with_digest
from dnkit.model import commands as cmd
from dnkit.model import events as ev
from dnkit.model.instrument import make_instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import EndKind, EndName, Intent, OrderType, RejectKind, Side

HALT = Target(TargetKind.HALT, text="cannot go on")
HEDGED = Target(TargetKind.DONE, end=EndName.HEDGED)
IDLE = Target(TargetKind.DONE, end=EndName.IDLE)
CLIP = 1_000


def goto(phase: int) -> Target:
    return Target(TargetKind.PHASE, phase=phase)


def then(kind: PhaseKind, **targets: Target) -> tuple[tuple[Outcome, Target], ...]:
    outcomes = (*pg.OUTCOMES[kind], Outcome.EXHAUSTED)
    return tuple((one, targets.get(one.value, HALT)) for one in outcomes)


def leg(name: str, side: Side, venue: str) -> pg.LegSpec:
    instrument = make_instrument(
        venue=venue,
        symbol="ETH-PERP",
        base="ETH",
        quote="USD",
        tick=Decimal("0.01"),
        lot=Decimal("0.001"),
        quantity_min=Decimal("0.01"),
        notional_min=Decimal(5),
        maker_fee=0,
        taker_fee=5_000,
    )
    return pg.LegSpec(
        name=name,
        instrument=instrument,
        side=side,
        clip=pg.Amount(lots=CLIP),
        flags=(OrderType.IOC, OrderType.POST_ONLY),
        market_native=True,
        cancel_cum=True,
        position_stream=False,
        answer_within_ns=NS_PER_S,
        lookup_lag_ns=NS_PER_S,
        position_lag_ns=NS_PER_S,
    )


def job(index: int, size: pg.SizeKind, kind: OrderType, *pay_up: int, reduces: bool = False) -> pg.Job:
    rungs = tuple(pg.PriceRule(pg.Anchor.TOUCH, 1, mbps) for mbps in pay_up)
    rest = (pg.PriceRule(pg.Anchor.JOIN),)
    return pg.Job(leg=index, size=size, type=kind, rungs=rungs or rest, reduces=reduces)


def phase(name: str, kind: PhaseKind, *jobs: pg.Job, for_ns: int = 0, **targets: Target) -> pg.Phase:
    outcomes = then(kind, **targets)
    return pg.Phase(
        name=name, line=1, kind=kind, scope=0, visits=2, then=outcomes, jobs=jobs, for_ns=for_ns,
        goal=EndName.HEDGED, tries=2, every_ns=100 * NS_PER_MS,
    )  # fmt: skip


def make_program() -> Program:
    """Quote passively, hedge passively, hedge by IOC at 5 and 10 bps, else give the quote leg back."""
    size = pg.SizeKind
    quote = job(0, size.CLIP, OrderType.POST_ONLY)
    post = job(1, size.IMBALANCE, OrderType.POST_ONLY)
    take = job(1, size.IMBALANCE, OrderType.IOC, 5_000, 10_000)
    back = job(0, size.IMBALANCE, OrderType.IOC, 5_000, 10_000, reduces=True)
    rest, taking = PhaseKind.REST, PhaseKind.TAKE
    none = {"none": goto(2), "rejected": goto(2), "refused": goto(2), "partial": goto(2)}
    phases = (
        phase(
            "quote",
            rest,
            quote,
            for_ns=5 * NS_PER_S,
            filled=goto(1),
            partial=goto(1),
            none=IDLE,
            rejected=IDLE,
        ),
        phase("hedge_passive", rest, post, for_ns=3 * NS_PER_S, filled=goto(4), **none),
        phase("hedge", taking, take, filled=goto(4), short=goto(3), refused=goto(3)),
        phase("back_out", taking, back, filled=goto(4)),
        phase("check", PhaseKind.VERIFY, ok=HEDGED),
    )
    limits = pg.Limits(concession_max=20_000, spread_max=50_000)
    return with_digest(
        Program(
            name="tiny_open",
            intent=Intent.OPEN,
            legs=(leg("quote", Side.BUY, "aster"), leg("hedge", Side.SELL, "lighter")),
            scopes=(pg.Scope(name="tiny_open", parent=-1, legs=(0, 1), limits=limits, intent=Intent.OPEN),),
            phases=phases,
            start=0,
            recover=4,
            relative=True,
            by_money=False,
            stop_to=HALT,
        )
    )


def make_header(run_id: str = "r1", **changes: object) -> RunHeader:
    program = make_program()
    legs = tuple(
        LegHeader(
            name=one.name,
            venue=one.instrument.venue,
            symbol=one.instrument.symbol,
            side=one.side,
            tick=one.instrument.tick,
            lot=one.instrument.lot,
            base="ETH",
            quote="USD",
        )
        for one in program.legs
    )
    values: dict[str, object] = {
        "run_id": run_id,
        "mode": "paper",
        "market": "synthetic:calm",
        "policy": program.name,
        "started_ns": NS_PER_S,
        "legs": legs,
    }
    return RunHeader(**{**values, **changes})  # type: ignore[arg-type]


class ScriptedVenue:
    """Answers each command after 10 ms. `script[(leg, order)]` says what becomes of an order, else it fills.

    A script is a list of words: `fill:N` (N more lots at the order's price), `cross`, `expire`, `rest`.
    Leg n has its mid at 50,000 + 100 n ticks, `drift` more each second; bid and ask lie `widths` from it.
    """

    step_ns = 200 * NS_PER_MS

    def __init__(
        self,
        script: dict[tuple[int, int], list[str]],
        drift: int = 0,
        widths: tuple[int, int] = (1, 1),
        position: tuple[int, int] = (0, 0),
    ) -> None:
        self.script, self.drift, self.widths = script, drift, widths
        self.position = list(position)
        self.start = position
        self.cum: dict[tuple[int, int], tuple[int, int, int]] = {}
        self.live: dict[tuple[int, int], cmd.PlaceOrder] = {}

    def answer(self, now: int, command: cmd.Command) -> list[ev.Event]:
        at = now + 10 * NS_PER_MS
        if isinstance(command, cmd.ReadBook):
            mid = 50_000 + command.leg * 100 + self.drift * (now // NS_PER_S)
            bid, ask = mid - self.widths[0], mid + self.widths[1]
            price = ask if command.side is Side.BUY else bid
            number = command.request
            return [ev.BookRead(at, command.leg, number, bid, ask, 10**4, 10**4, 0, price, 10**5, 0)]
        if isinstance(command, cmd.ReadPosition):
            return [ev.PositionRead(at, command.leg, command.request, self.position[command.leg], at)]
        if isinstance(command, cmd.SweepOrders):
            return [ev.OrdersSwept(at, command.leg, command.request, True, 0)]
        if isinstance(command, cmd.SendAlert):
            return [ev.AlertSent(at, command.request, True)]
        if isinstance(command, cmd.CancelOrder):
            return [self._end(at, command.leg, command.order, EndKind.CANCELLED)]
        if isinstance(command, cmd.PlaceOrder):
            return list(self._place(at, command))
        return []

    def _place(self, at: int, order: cmd.PlaceOrder) -> list[ev.Event]:
        key = (order.leg, order.order)
        self.live[key], self.cum[key] = order, (0, 0, 0)
        out: list[ev.Event] = []
        for number, word in enumerate(self.script.get(key, [f"fill:{order.lots}"])):
            when = at + number * self.step_ns
            if word == "cross":
                return [
                    ev.OrderRejected(when, order.leg, order.order, RejectKind.POST_ONLY_CROSS, "would cross")
                ]
            if word == "rest":
                out.append(ev.OrderAccepted(when, order.leg, order.order))
            elif word == "expire":
                out.append(self._end(when, order.leg, order.order, EndKind.EXPIRED))
            else:
                out.append(self._fill(when, order, int(word.removeprefix("fill:"))))
        return out

    def _fill(self, at: int, order: cmd.PlaceOrder, lots: int) -> ev.Event:
        key, maker = (order.leg, order.order), order.type is OrderType.POST_ONLY
        cum, worth, fee = self.cum[key]
        more = lots * order.price
        fee += 0 if maker else more * 10**7 * 5 // 10**4
        self.cum[key] = (cum + lots, worth + more, fee)
        self.position[order.leg] += order.side * lots
        return ev.OrderFilled(at, order.leg, order.order, *self.cum[key], maker)

    def _end(self, at: int, index: int, order: int, why: EndKind) -> ev.Event:
        return ev.OrderEnded(at, index, order, why, *self.cum[(index, order)])


def drive(
    journal: Journal,
    venue: ScriptedVenue,
    run_id: str = "r1",
    program: Program | None = None,
    **header: object,
) -> State:
    """Run the program to its end, journal included; the state it ends in."""
    program = program or make_program()
    journal.start_run(make_header(run_id, **header), program)
    state, now = begin(program, run_id), NS_PER_S
    queue: deque[ev.Event] = deque([ev.Started(now, venue.start, (0, 0))])
    while True:
        if not queue:
            due = next_deadline_ns(state)
            if due is None:
                break
            now = max(now, due)
            queue.append(ev.Woken(now))
        event = min(queue, key=lambda one: one.at_ns)
        queue.remove(event)
        now = max(now, event.at_ns)
        state, commands = step(program, state, event)
        risky = any(isinstance(one, cmd.PlaceOrder) and one.adds_risk for one in commands)
        journal.append(run_id, state.seq, event.at_ns, event, commands, state_digest(state), risky, state)
        for command in commands:
            queue.extend(venue.answer(now, command))
    assert state.ended is not None
    positions = tuple(Position(index, one.position, one.entry) for index, one in enumerate(state.legs))
    journal.end_run(run_id, state.ended.end, state.ended.risk, 0, state.ended.text, positions)
    return state
