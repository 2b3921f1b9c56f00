"""A policy in force to text: what `explain --resolved` prints. load(render(policy)).policy == policy.

Written out in full: parameters are filled in, overlays are applied, short forms are long where a target is
set.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dnkit.model.terms import Side
from dnkit.policies.keys import Route
from dnkit.policies.policy import (
    Alert,
    Arm,
    BookData,
    Clear,
    LegText,
    LimitsText,
    Param,
    PhaseText,
    Policy,
    PriceText,
    Rest,
    Rule,
    Run,
    SizeText,
    Take,
    TargetsText,
    Verify,
    Wait,
    Watch,
)
from dnkit.policies.scalars import show_target
from dnkit.policies.unit_texts import (
    show_amounts,
    show_distance,
    show_money,
    show_number,
    show_price,
    show_quantity,
    show_size,
    show_time,
)
from dnkit.policies.yaml_text import traps_in

LINE_MAX = 110
_PLAIN = re.compile(r"[A-Za-z0-9$_/][A-Za-z0-9$_/%. ()<>=*+-]*")
Tree = Mapping[str, Any]


def render(policy: Policy) -> str:
    """YAML text of the policy."""
    return "\n".join(_lines(_tree(policy), "")) + "\n"


def written_out(policy: Policy) -> list[tuple[str, Route]]:
    """The lines of the same text with one value a line, each with the route of its value: () for a line that
    opens a map.
    """
    return list(_written(_tree(policy), "", ()))


def _tree(policy: Policy) -> Tree:
    return _some(
        policy="1",
        name=policy.name,
        intent=policy.intent.value,
        summary=policy.summary,
        reason=policy.reason,
        clip=policy.clip and show_quantity(policy.clip),
        slice=policy.slice and show_quantity(policy.slice),
        imbalance=policy.imbalance,
        recover=policy.recover,
        stop=policy.stop and show_target(policy.stop),
        deadman=policy.deadman_ns and show_time(policy.deadman_ns),
        keeps=list(policy.keeps),
        legs={one.name: _leg(one) for one in policy.legs},
        params={one.name: _param(one) for one in policy.params},
        reasons={name: list(words) for name, words in policy.reasons},
        limits=_limits(policy.limits),
        data=_data(policy.data),
        size=policy.size and _size(policy.size),
        backoff=policy.backoff and _backoff(policy.backoff),
        targets=policy.targets and _targets(policy.targets),
        alerts=dict(policy.alerts),
        watch=policy.watch and _watch(policy.watch),
        rules=[_rule(one) for one in policy.rules],
        phases={one.name: _phase(one) for one in policy.phases},
    )


def _some(**items: Any) -> dict[str, Any]:
    """The items that say something; a final `_` keeps a word of Python apart."""
    return {name.rstrip("_"): value for name, value in items.items() if value not in (None, "", [], {}, ())}


def _leg(leg: LegText) -> Tree:
    side = {Side.BUY: "buy", Side.SELL: "sell", None: ""}[leg.side]
    clip = leg.clip and show_quantity(leg.clip)
    return _some(venue=leg.venue, symbol=leg.symbol, side=side, clip=clip, ratio=show_number(leg.ratio))


def _param(param: Param) -> Tree:
    span = f"{param.low}..{param.high}" if param.low else ""
    return _some(
        type=param.type, default=param.default, range=span, choices=list(param.choices), value=param.value
    )


def _limits(limits: LimitsText) -> Tree:
    deadline, unhedged, depth = limits.deadline, limits.max_unhedged, limits.depth
    return _some(
        deadline=deadline and {"after": show_time(deadline.after_ns), "then": show_target(deadline.then)},
        forbid=[one.value for one in limits.forbid],
        max_spread=limits.max_spread and show_distance(limits.max_spread),
        max_concession=limits.max_concession and show_distance(limits.max_concession),
        max_slippage=limits.max_slippage and show_distance(limits.max_slippage),
        max_impact=limits.max_impact and show_distance(limits.max_impact),
        max_unhedged=unhedged
        and {
            "amount": show_quantity(unhedged.amount),
            "for": show_time(unhedged.for_ns),
            "then": show_target(unhedged.then),
        },
        min_hedge=limits.min_hedge and show_amounts(limits.min_hedge),
        depth=depth
        and {"within": show_distance(depth.within), "else": "shrink" if depth.shrink else "refuse"},
        min_depth=limits.min_depth
        and f"{show_money(limits.min_depth.amount)} at level {limits.min_depth.levels}",
        min_volume=limits.min_volume
        and f"{show_money(limits.min_volume.amount)} per {show_time(limits.min_volume.per_ns)}",
        liq_buffer="" if limits.liq_buffer is None else f"{show_number(limits.liq_buffer)}%",
        collar=limits.collar and show_distance(limits.collar),
        rate=limits.rate and {"calls": f"{limits.rate.calls} per {show_time(limits.rate.per_ns)}"},
    )


def _data(data: BookData) -> Tree:
    max_age = data.max_age_ns and show_time(data.max_age_ns)
    silence = data.max_silence_ns and show_time(data.max_silence_ns)
    return _some(
        bbo=_some(source=data.source, max_age=max_age, stale=data.stale), stream=_some(max_silence=silence)
    )


def _size(size: SizeText) -> Tree:
    most = size.impact_max and show_distance(size.impact_max)
    impact = _some(levels=str(size.levels), max=most, step=size.step and show_quantity(size.step))
    return _some(target=show_quantity(size.target), mode=size.mode.value, impact=impact)


def _backoff(backoff: tuple[int, int, int]) -> Tree:
    return {"first": show_time(backoff[0]), "most": show_time(backoff[1]), "tries": str(backoff[2])}


def _targets(targets: TargetsText) -> Tree:
    def share(value: Decimal | None) -> str:
        return "" if value is None else f"{show_number(value)}%"

    return _some(
        run=targets.run_ns and show_time(targets.run_ns),
        verify=targets.verify_ns and show_time(targets.verify_ns),
        reconnect=targets.reconnect_ns and show_time(targets.reconnect_ns),
        success=share(targets.success),
        fills=share(targets.fills),
        runs=targets.runs and str(targets.runs),
    )


def _watch(watch: Watch) -> Tree:
    pairs = str(watch.pairs) if watch.pairs > 1 else ""
    return {"every": show_time(watch.every_ns), **_some(pairs=pairs, facts=dict(watch.facts))}


def _rule(rule: Rule) -> Tree:
    checks = f"{rule.for_checks} checks" if rule.for_checks else ""
    once = "true" if rule.at_once else ""
    return _some(name=rule.name, when=rule.when, for_=checks, at_once=once, do=rule.do, reason=rule.reason)


def _phase(phase: PhaseText) -> Tree:
    body = phase.body
    return {
        **_BODIES[type(body)](body),
        **_some(
            visits=str(phase.visits) if phase.visits > 1 else "",
            skip="true" if phase.skip else "",
            then={outcome.value: show_target(goto) for outcome, goto in phase.then},
        ),
    }


def _legs(legs: tuple[str, ...]) -> Tree:
    return {"leg": legs[0]} if len(legs) == 1 else {"legs": list(legs)}


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _rest(rest: Rest) -> Tree:
    reprice = rest.reprice and {
        "beyond": show_distance(rest.reprice.beyond),
        "every": show_time(rest.reprice.every_ns),
        "max": str(rest.reprice.max),
    }
    more = _some(
        qty=show_size(rest.qty),
        at=show_price(rest.at),
        type=rest.type.value,
        for_=show_time(rest.for_ns),
        until="first fill" if rest.first_fill else "",
        rejects=str(rest.rejects),
        reduce_only=_truth(rest.reduce_only),
        reprice=reprice,
    )
    return {"rest": {**_legs(rest.legs), **more}}


def _take(take: Take) -> Tree:
    more = _some(
        qty=show_size(take.qty),
        type=take.type.value if take.type else "none",
        ladder=[_rung(one) for one in take.ladder],
        cap=take.cap and show_distance(take.cap),
        reduce_only=_truth(take.reduce_only),
    )
    return {"take": {**_legs(take.legs), **more}}


def _rung(price: PriceText) -> str:
    return show_price(price).removesuffix(" through touch")


def _verify(verify: Verify) -> Tree:
    return {
        "verify": {"goal": verify.goal.value, "tries": str(verify.tries), "every": show_time(verify.every_ns)}
    }


def _arm(arm: Arm) -> Tree:
    more = _some(
        leg=arm.leg,
        qty=show_size(arm.qty),
        stop=f"{show_distance(arm.stop)} from entry",
        limit=arm.limit and f"{show_distance(arm.limit)} through stop",
        reduce_only=_truth(arm.reduce_only),
        tries=str(arm.tries),
    )
    return {"arm": more}


def _run(run: Run) -> Tree:
    return _some(run=run.policy, with_=dict(run.legs), set=dict(run.set))


def _clear(clear: Clear) -> Tree:
    return {"clear": {"leg": clear.leg}}


def _wait(wait: Wait) -> Tree:
    return {"wait": {"for": show_time(wait.for_ns)}}


def _alert(alert: Alert) -> Tree:
    return {"alert": {"level": alert.level, "text": alert.text}}


_BODIES: dict[type, Any] = {
    Rest: _rest,
    Take: _take,
    Verify: _verify,
    Arm: _arm,
    Clear: _clear,
    Run: _run,
    Wait: _wait,
    Alert: _alert,
}


def _lines(tree: Tree, indent: str) -> list[str]:
    found: list[str] = []
    for key, value in tree.items():
        flow = _flow(value)
        if not isinstance(value, Mapping | list) or (indent and len(flow) < LINE_MAX and _is_flat(value)):
            found.append(f"{indent}{_word(key)}: {flow}")
        elif isinstance(value, Mapping):
            found += [f"{indent}{_word(key)}:", *_lines(value, indent + "  ")]
        else:
            found.append(f"{indent}{_word(key)}:")
            found += [f"{indent}  - {_flow(one)}" for one in value]
    return found


def _written(tree: Tree, indent: str, route: Route) -> Iterator[tuple[str, Route]]:
    for key, value in tree.items():
        here = (*route, key)
        if isinstance(value, Mapping):
            yield f"{indent}{_word(key)}:", ()
            yield from _written(value, f"{indent}  ", here)
        elif isinstance(value, list) and not _is_flat(value):
            yield f"{indent}{_word(key)}:", ()
            for at, one in enumerate(value):
                (first, place), *more = _written(one, f"{indent}    ", (*here, at))
                yield f"{indent}  - {first.lstrip()}", place
                yield from more
        else:
            yield f"{indent}{_word(key)}: {_flow(value)}", here


def _is_flat(value: Any) -> bool:
    below: Sequence[Any] = list(value.values()) if isinstance(value, Mapping) else value
    return not any(isinstance(one, Mapping) for one in below)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_word(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    return _word(value)


def _word(text: str) -> str:
    """Plain where every YAML reader sees the same text, otherwise in double quotes."""
    plain = (
        _PLAIN.fullmatch(text) and not text.endswith(" ") and text not in ("null", "~") and not traps_in(text)
    )
    return text if plain else json.dumps(text, ensure_ascii=False)
