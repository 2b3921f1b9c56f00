"""One cycle (one run) as a row of the report: what it was, what it cost, how it went.

Money is quote currency, times are seconds, both Decimal. The hedge leg is the one named `hedge`,
else the second.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from dnkit.machine.program import LegSpec, Program
from dnkit.model.numbers import NS_PER_S, PICO, from_pico
from dnkit.model.terms import EndName, Intent, OrderType
from dnkit.readers.claims import compare
from dnkit.readers.facts import OrderFact, RunFacts
from dnkit.readers.stats import seconds, tidy
from dnkit.readers.tca import LegCost, is_unwind, shortfall

_ENTRY = (Intent.OPEN, Intent.SINGLE, Intent.REBALANCE)
_BPS = Decimal("0.001")
_MICRO = Decimal("0.000001")


class CycleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `gross` is what the cycle made against the mids at its start before fees (a cost is negative).

    `net` is the same after fees. The parts from `delay` to `unwind` sum to `total`.
    `timeouts` are post-only orders of the quote leg withdrawn before they were filled, `hedge_timeouts` those
    of the hedge leg. `fallback`: the hedge leg tried post-only, then had to take. `hedge_entry_*` is filled
    in on opens, `hedge_exit_*` on closes; the order type is like `post_only_maker` or `market_taker`, joined
    by + when several filled. `mode` is like `hedge_close_post_only`. `fee_saved` is the taker fee less what
    was paid, on maker fills. `proof` is how the run's proof stood (`holds`, `broken`, `open`, `none`; empty
    where none was asked for), `exceeded` how many of its bounds were.
    """

    cycle: int
    run_id: str
    policy: str
    intent: str
    account: str
    market: str
    reason: str
    end: str
    risk: str
    exit_code: int | None
    success: bool
    error: bool
    traded: bool
    started_ns: int
    cycle_s: Decimal
    fill_to_fill_s: Decimal
    notional: Decimal
    gross: Decimal
    net: Decimal
    delay: Decimal
    legging: Decimal
    concession: Decimal
    fees: Decimal
    opportunity: Decimal
    unwind: Decimal
    total: Decimal
    total_bps: Decimal | None
    mode: str
    hedge_entry_order_type: str
    hedge_exit_order_type: str
    hedge_entry_fee_saved: Decimal | None
    hedge_exit_fee_saved: Decimal | None
    hedge_fee: Decimal
    fee_saved: Decimal
    maker_notional: Decimal
    maker_share: Decimal | None
    orders: int
    post_only_orders: int
    ioc_orders: int
    fok_orders: int
    market_orders: int
    quote_post_only: int
    quote_post_only_filled: int
    hedge_post_only: int
    hedge_post_only_filled: int
    timeouts: int
    hedge_timeouts: int
    fallback: bool
    rejects: int
    post_only_rejects: int
    reprices: int
    spread_refusals: int
    verify_conflicts: int
    emergency_unwinds: int
    alerts: int
    unhedged_s: Decimal
    unhedged_money_s: Decimal
    naked_s: Decimal
    proof: str
    accepted_unproven: bool
    exceeded: int
    text: str


def make_row(facts: RunFacts) -> CycleRow:
    """The row of a run."""
    values: dict[str, object] = {}
    for part in (_identity, _cost, _hedge, _counts, _times, _proof):
        values |= part(facts)
    tidied = {name: tidy(value) if isinstance(value, Decimal) else value for name, value in values.items()}
    return msgspec.convert(tidied, CycleRow)


def hedge_leg(program: Program) -> int:
    """Index of the hedge leg; -1 where there is only one leg."""
    names = [leg.name for leg in program.legs]
    return names.index("hedge") if "hedge" in names else (1 if len(names) > 1 else -1)


def _identity(facts: RunFacts) -> dict[str, object]:
    header, ended = facts.run.header, facts.run.end
    end = ended.end if ended else None
    good = end is not None and end is not EndName.HALTED
    return {
        "cycle": header.cycle,
        "run_id": header.run_id,
        "policy": header.policy,
        "intent": facts.run.program.intent.value,
        "account": header.mode,
        "market": header.market,
        "reason": header.reason,
        "end": end.value if end else "unfinished",
        "risk": ended.risk.value if ended else "unknown",
        "exit_code": ended.exit_code if ended else None,
        "success": good,
        "error": end is EndName.HALTED,
        "text": ended.text if ended else "",
        "started_ns": header.started_ns,
    }


def _cost(facts: RunFacts) -> dict[str, object]:
    costs = shortfall(facts)
    notional = sum((one.notional for one in costs), Decimal(0))
    total = sum((one.total for one in costs), Decimal(0))
    opportunity = sum((one.opportunity for one in costs), Decimal(0))
    unwind_fees = sum((one.unwind.fees for one in costs), Decimal(0))
    fees = sum((one.parts.fees for one in costs), Decimal(0))
    net = opportunity - total
    maker = sum((_maker_notional(facts, order) for order in facts.orders), Decimal(0))
    return {
        "traded": notional > 0,
        "notional": notional,
        "gross": net + fees + unwind_fees,
        "net": net,
        **_summed(costs),
        "fees": fees,
        "opportunity": opportunity,
        "unwind": sum((one.unwind.total for one in costs), Decimal(0)),
        "total": total,
        "total_bps": (total / notional * 10_000).quantize(_BPS) if notional else None,
        "maker_notional": maker,
        "maker_share": (maker / notional).quantize(Decimal("0.0001")) if notional else None,
        "fee_saved": _saved(facts.run.program, facts.orders),
    }


def _summed(costs: Iterable[LegCost]) -> dict[str, Decimal]:
    return {
        name: sum((getattr(one.parts, name) for one in costs), Decimal(0))
        for name in ("delay", "legging", "concession")
    }


def _maker_notional(facts: RunFacts, order: OrderFact) -> Decimal:
    return from_pico(order.maker_worth * facts.run.program.legs[order.leg].instrument.value)


def _saved(program: Program, orders: Iterable[OrderFact]) -> Decimal:
    """Taker fee of the maker fills less what was paid for them."""
    return sum((from_pico(_saved_picos(program.legs[one.leg], one)) for one in orders), Decimal(0))


def _saved_picos(spec: LegSpec, order: OrderFact) -> int:
    return spec.instrument.fee(order.maker_worth, maker=False) - order.maker_fee


def _hedge(facts: RunFacts) -> dict[str, object]:
    program = facts.run.program
    index = hedge_leg(program)
    orders = [one for one in facts.orders if one.leg == index and not is_unwind(program, one)]
    filled = [one for one in orders if one.cum]
    entry = program.intent in _ENTRY
    types = "+".join(dict.fromkeys(_type_name(one) for one in filled))
    saved = _saved(program, filled) if filled else None
    word = "open" if entry else "close"
    posts = [one for one in orders if one.type is OrderType.POST_ONLY]
    return {
        "mode": f"hedge_{word}_{filled[-1].type.value}" if filled else "",
        "hedge_entry_order_type": types if entry else "",
        "hedge_exit_order_type": "" if entry else types,
        "hedge_entry_fee_saved": saved if entry else None,
        "hedge_exit_fee_saved": None if entry else saved,
        "hedge_fee": from_pico(sum(one.fee for one in orders)),
        "hedge_post_only": len(posts),
        "hedge_post_only_filled": sum(one.cum >= one.lots for one in posts),
        "hedge_timeouts": sum(_timed_out(one) for one in posts),
        "fallback": bool(posts) and any(one.type is not OrderType.POST_ONLY for one in filled),
    }


def _type_name(order: OrderFact) -> str:
    """Like `post_only_maker`: how the order was sent and on which side of the book it filled mostly."""
    return f"{order.type.value}_{'maker' if 2 * order.maker_worth > order.worth else 'taker'}"


def _timed_out(order: OrderFact) -> bool:
    return order.cancelled and not order.moved and order.cum < order.lots


def _counts(facts: RunFacts) -> dict[str, object]:
    program = facts.run.program
    types = [one.type for one in facts.orders]
    hedge = hedge_leg(program)
    posts = [one for one in facts.orders if one.leg != hedge and one.type is OrderType.POST_ONLY]
    return {
        "orders": len(types),
        "post_only_orders": types.count(OrderType.POST_ONLY),
        "ioc_orders": types.count(OrderType.IOC),
        "fok_orders": types.count(OrderType.FOK),
        "market_orders": types.count(OrderType.MARKET),
        "quote_post_only": len(posts),
        "quote_post_only_filled": sum(one.cum >= one.lots for one in posts),
        "timeouts": sum(_timed_out(one) for one in posts),
        "rejects": sum(facts.rejects.values()),
        "post_only_rejects": facts.rejects["post_only_cross"],
        "reprices": facts.reprices,
        "spread_refusals": facts.spread_refusals,
        "verify_conflicts": facts.verify_conflicts,
        "emergency_unwinds": int(any(is_unwind(program, one) for one in facts.orders)),
        "alerts": facts.alerts,
    }


def _times(facts: RunFacts) -> dict[str, object]:
    return {
        "cycle_s": seconds(facts.last_ns - facts.first_ns),
        "fill_to_fill_s": seconds(facts.last_fill_ns - facts.first_fill_ns),
        "unhedged_s": seconds(facts.unhedged_ns),
        "naked_s": seconds(facts.naked_ns),
        "unhedged_money_s": (Decimal(facts.unhedged_money_ns) / (PICO * NS_PER_S)).quantize(_MICRO),
    }


def _proof(facts: RunFacts) -> dict[str, object]:
    claims = facts.run.header.claims
    return {
        "proof": claims.standing if claims else "",
        "accepted_unproven": claims is not None and claims.accepted,
        "exceeded": sum(row.exceeded for row in compare(facts)),
    }
