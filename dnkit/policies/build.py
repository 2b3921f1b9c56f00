"""Checked values to a Policy. Only called when a file has no errors, so every required value is there."""

from typing import Any

from dnkit.machine.program import Outcome, PhaseKind, SizeMode
from dnkit.model.terms import EndName, Intent, OrderType, Side
from dnkit.policies.bind import Bound
from dnkit.policies.check import CLOSING
from dnkit.policies.flow import kind_of
from dnkit.policies.keys import ALERT_EVENTS
from dnkit.policies.policy import (
    Alert,
    Arm,
    BookData,
    Clear,
    Deadline,
    Depth,
    LegText,
    LimitsText,
    MinDepth,
    MinVolume,
    Param,
    PhaseText,
    Policy,
    Rate,
    Reprice,
    Rest,
    Rule,
    Run,
    SizeText,
    Take,
    TargetsText,
    Unhedged,
    Verify,
    Wait,
    Watch,
)

_TYPES = {"limit": OrderType.GTC}


def build(bound: Bound, params: tuple[Param, ...], reason: str) -> Policy:
    """The policy these values mean."""
    of = bound.of
    return Policy(
        name=of("name"),
        intent=Intent(of("intent")),
        summary=of("summary"),
        legs=tuple(_leg(bound, one) for one in bound.names("legs")),
        phases=tuple(_phase(bound, one) for one in bound.names("phases")),
        clip=of("clip"),
        params=params,
        limits=_limits(bound),
        data=_data(bound),
        reasons=tuple((one, of("reasons", one)) for one in bound.names("reasons")),
        recover=of("recover") or "",
        stop=of("stop"),
        slice=of("slice"),
        size=_size(bound),
        imbalance=of("imbalance") or "",
        watch=_watch(bound),
        rules=tuple(_rule(bound, one) for one in range(bound.count("rules"))),
        keeps=of("keeps") or (),
        alerts=tuple((one, of("alerts", one)) for one in ALERT_EVENTS if bound.has("alerts", one)),
        deadman_ns=of("deadman"),
        backoff=_backoff(bound),
        targets=_targets(bound),
        reason=reason,
    )


def _type(text: str) -> OrderType:
    return _TYPES[text] if text in _TYPES else OrderType(text)


def _leg(bound: Bound, name: str) -> LegText:
    here = ("legs", name)
    side = bound.of(*here, "side")
    return LegText(
        name=name,
        venue=bound.of(*here, "venue"),
        symbol=bound.of(*here, "symbol") or "",
        side=Side[side.upper()] if side else None,
        clip=bound.of(*here, "clip"),
        ratio=bound.of(*here, "ratio"),
    )


def _limits(bound: Bound) -> LimitsText:
    def of(*route: str) -> Any:
        return bound.of("limits", *route)

    depth, volume = of("min_depth"), of("min_volume")
    return LimitsText(
        deadline=Deadline(of("deadline", "after"), of("deadline", "then"))
        if bound.has("limits", "deadline")
        else None,
        forbid=tuple(dict.fromkeys(_type(one) for one in of("forbid") or ())),
        max_spread=of("max_spread"),
        max_concession=of("max_concession"),
        max_slippage=of("max_slippage"),
        max_impact=of("max_impact"),
        max_unhedged=_unhedged(bound),
        min_hedge=of("min_hedge") or (),
        depth=Depth(of("depth", "within"), of("depth", "else") == "shrink")
        if bound.has("limits", "depth")
        else None,
        min_depth=MinDepth(*depth) if depth else None,
        min_volume=MinVolume(*volume) if volume else None,
        liq_buffer=of("liq_buffer"),
        collar=of("collar"),
        rate=Rate(*of("rate", "calls")) if bound.has("limits", "rate") else None,
    )


def _unhedged(bound: Bound) -> Unhedged | None:
    if not bound.has("limits", "max_unhedged"):
        return None
    here = ("limits", "max_unhedged")
    return Unhedged(bound.of(*here, "amount"), bound.of(*here, "for"), bound.of(*here, "then"))


def _data(bound: Bound) -> BookData:
    return BookData(
        source=bound.of("data", "bbo", "source"),
        max_age_ns=bound.of("data", "bbo", "max_age"),
        stale=bound.of("data", "bbo", "stale"),
        max_silence_ns=bound.of("data", "stream", "max_silence"),
    )


def _size(bound: Bound) -> SizeText | None:
    if not bound.has("size"):
        return None
    return SizeText(
        target=bound.of("size", "target"),
        mode=SizeMode(bound.of("size", "mode")),
        impact_max=bound.of("size", "impact", "max"),
        levels=bound.of("size", "impact", "levels"),
        step=bound.of("size", "impact", "step"),
    )


def _backoff(bound: Bound) -> tuple[int, int, int] | None:
    if not bound.has("backoff"):
        return None
    return bound.of("backoff", "first"), bound.of("backoff", "most"), bound.of("backoff", "tries")


def _targets(bound: Bound) -> TargetsText | None:
    if not bound.has("targets"):
        return None
    return TargetsText(
        run_ns=bound.of("targets", "run"),
        verify_ns=bound.of("targets", "verify"),
        reconnect_ns=bound.of("targets", "reconnect"),
        success=bound.of("targets", "success"),
        fills=bound.of("targets", "fills"),
        runs=bound.of("targets", "runs"),
    )


def _watch(bound: Bound) -> Watch | None:
    if not bound.has("watch"):
        return None
    names = bound.names("watch", "facts")
    facts = tuple((one, bound.of("watch", "facts", one)) for one in names)
    return Watch(every_ns=bound.of("watch", "every"), facts=facts, pairs=bound.of("watch", "pairs"))


def _rule(bound: Bound, index: int) -> Rule:
    def of(key: str) -> Any:
        return bound.of("rules", index, key)

    return Rule(
        name=of("name"),
        when=of("when"),
        do=of("do"),
        reason=of("reason") or "",
        for_checks=of("for"),
        at_once=of("at_once"),
    )


def _phase(bound: Bound, name: str) -> PhaseText:
    kind = kind_of(bound, name)
    assert kind is not None, "a checked phase has one kind"
    then = bound.names("phases", name, "then")
    return PhaseText(
        name=name,
        body=_BODIES[kind](bound, name),
        then=tuple(
            (one, bound.of("phases", name, "then", one.value)) for one in Outcome if one.value in then
        ),
        visits=bound.of("phases", name, "visits"),
        skip=bound.of("phases", name, "skip"),
    )


def _legs(bound: Bound, here: tuple[str, ...]) -> tuple[str, ...]:
    both = bound.of(*here, "legs")
    return both if both else (bound.of(*here, "leg"),)


def _reduces(bound: Bound, here: tuple[str, ...]) -> bool:
    """Orders of a close only reduce, whether the file says so or not."""
    return bool(bound.of("intent") in CLOSING or bound.of(*here, "reduce_only"))


def _rest(bound: Bound, name: str) -> Rest:
    here = ("phases", name, "rest")
    return Rest(
        legs=_legs(bound, here),
        qty=bound.of(*here, "qty"),
        at=bound.of(*here, "at"),
        type=_type(bound.of(*here, "type")),
        for_ns=bound.of(*here, "for"),
        rejects=bound.of(*here, "rejects"),
        reduce_only=_reduces(bound, here),
        first_fill=bound.of(*here, "until") is not None,
        reprice=_reprice(bound, (*here, "reprice")),
    )


def _reprice(bound: Bound, here: tuple[str, ...]) -> Reprice | None:
    if not bound.has(*here):
        return None
    return Reprice(bound.of(*here, "beyond"), bound.of(*here, "every"), bound.of(*here, "max"))


def _take(bound: Bound, name: str) -> Take:
    here = ("phases", name, "take")
    written = bound.of(*here, "type")
    return Take(
        legs=_legs(bound, here),
        qty=bound.of(*here, "qty"),
        type=None if written == "none" else _type(written),
        ladder=bound.of(*here, "ladder") or (),
        cap=bound.of(*here, "cap"),
        reduce_only=_reduces(bound, here),
    )


def _verify(bound: Bound, name: str) -> Verify:
    here = ("phases", name, "verify")
    return Verify(
        goal=EndName(bound.of(*here, "goal")),
        tries=bound.of(*here, "tries"),
        every_ns=bound.of(*here, "every"),
    )


def _arm(bound: Bound, name: str) -> Arm:
    here = ("phases", name, "arm")
    return Arm(
        leg=bound.of(*here, "leg"),
        qty=bound.of(*here, "qty"),
        stop=bound.of(*here, "stop"),
        limit=bound.of(*here, "limit"),
        reduce_only=_reduces(bound, here),
        tries=bound.of(*here, "tries"),
    )


def _clear(bound: Bound, name: str) -> Clear:
    return Clear(bound.of("phases", name, "clear", "leg"))


def _run(bound: Bound, name: str) -> Run:
    def pairs(key: str) -> tuple[tuple[str, str], ...]:
        here = ("phases", name, key)
        return tuple((one, bound.of(*here, one)) for one in bound.names(*here))

    return Run(bound.of("phases", name, "run"), pairs("with"), pairs("set"))


def _wait(bound: Bound, name: str) -> Wait:
    return Wait(bound.of("phases", name, "wait", "for"))


def _alert(bound: Bound, name: str) -> Alert:
    here = ("phases", name, "alert")
    return Alert(bound.of(*here, "level"), bound.of(*here, "text"))


_BODIES: dict[PhaseKind, Any] = {
    PhaseKind.REST: _rest,
    PhaseKind.TAKE: _take,
    PhaseKind.VERIFY: _verify,
    PhaseKind.ARM: _arm,
    PhaseKind.CLEAR: _clear,
    PhaseKind.RUN: _run,
    PhaseKind.WAIT: _wait,
    PhaseKind.ALERT: _alert,
}
