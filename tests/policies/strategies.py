"""Policies drawn at random: every shape the language has, with numbers that keep its rules."""

from decimal import Decimal

from hypothesis import strategies as st

from dnkit.machine.program import OUTCOMES, Anchor, Outcome, SizeMode, TargetKind
from dnkit.model.terms import EndName, Intent, OrderType, Side
from dnkit.policies.policy import (
    KIND_OF,
    Alert,
    Arm,
    BookData,
    Clear,
    Deadline,
    Depth,
    Distance,
    Goto,
    LegText,
    LimitsText,
    MinDepth,
    MinVolume,
    Param,
    PhaseText,
    Policy,
    PriceText,
    Quantity,
    Rate,
    Reprice,
    Rest,
    Rule,
    Run,
    Size,
    SizeText,
    Take,
    TargetsText,
    Unhedged,
    Verify,
    Wait,
    Watch,
)
from dnkit.policies.units import plain

ENDS = (EndName.FLAT, EndName.HEDGED, EndName.PROTECTED, EndName.IDLE)
NAMES = ("work", "hedge", "cross", "back_out", "more")


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=Decimal(low), max_value=Decimal(high), places=places).map(plain)


words = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0x2FFF), min_size=1, max_size=30
)
texts = words.filter(lambda text: "$" not in text).map(lambda text: " ".join(text.split())).filter(bool)
word = st.from_regex(r"[A-Z][A-Z0-9_]{0,12}", fullmatch=True)
times = st.integers(0, 7 * 24 * 3600 * 10**9) | st.sampled_from([0, 10**6, 5 * 10**8, 10**9, 60 * 10**9])
some_time = times.filter(bool)
bps = decimals("0.001", "1000", 3).map(lambda amount: Distance(amount, "bps"))
ticks_or_money = st.one_of(
    st.integers(1, 10_000).map(lambda count: Distance(Decimal(count), "ticks")),
    decimals("0.01", "5000", 2).map(lambda amount: Distance(amount, "money")),
)
distances = bps | ticks_or_money
coins = st.sampled_from(["ETH", "BTC", "SOL", "1000PEPE"])
clips = st.one_of(
    st.builds(lambda amount, coin: Quantity(amount, "coin", coin), decimals("0.000001", "1000", 6), coins),
    st.integers(1, 10**6).map(lambda count: Quantity(Decimal(count), "lots")),
    decimals("0.01", "1000000", 2).map(lambda amount: Quantity(amount, "money")),
)
parts = clips | decimals("0.01", "100", 2).map(lambda amount: Quantity(amount, "percent"))
quantities = parts | st.just(Quantity(Decimal(0), "venue_minimum"))
sizes = st.one_of(
    st.sampled_from(["clip", "imbalance", "position", "missing"]).map(lambda text: Size(word=text)),
    quantities.map(lambda quantity: Size(amount=quantity)),
)
anchors = st.sampled_from([Anchor.TOUCH, Anchor.JOIN, Anchor.MID, Anchor.MARK, Anchor.BREAK_EVEN])
near = decimals("0.001", "100", 3).map(lambda amount: Distance(amount, "bps"))  # within every max_concession
prices = st.one_of(
    anchors.map(PriceText),
    st.builds(PriceText, anchors, st.sampled_from(["inside", "through"]), near | ticks_or_money),
)
tries = st.integers(1, 20)
legs_of_phase = st.sampled_from([("a",), ("b",), ("missing",), ("smaller",), ("a", "b")])


@st.composite
def ladders(draw: st.DrawFn) -> tuple[PriceText, ...]:
    reach = sorted(draw(st.lists(st.integers(1, 99_999), min_size=1, max_size=5, unique=True)))
    rungs = [
        PriceText(Anchor.TOUCH, "through", Distance(plain(Decimal(one).scaleb(-3)), "bps")) for one in reach
    ]
    first = draw(st.sampled_from([None, PriceText(Anchor.JOIN), PriceText(Anchor.TOUCH)]))
    return tuple(rungs if first is None else [first, *rungs])


reprices = st.none() | st.builds(Reprice, distances, some_time, tries)


@st.composite
def rests(draw: st.DrawFn, reduces: bool) -> Rest:
    return Rest(
        legs=draw(legs_of_phase),
        qty=draw(sizes),
        at=draw(prices),
        type=draw(st.sampled_from([OrderType.POST_ONLY, OrderType.GTC])),
        for_ns=draw(times),
        rejects=draw(tries),
        reduce_only=reduces or draw(st.booleans()),
        first_fill=draw(st.booleans()),
        reprice=draw(reprices),
    )


@st.composite
def takes(draw: st.DrawFn, reduces: bool) -> Take:
    type = draw(st.sampled_from([OrderType.IOC, OrderType.FOK, OrderType.MARKET, None]))
    market = type is OrderType.MARKET
    return Take(
        legs=draw(legs_of_phase),
        qty=draw(sizes),
        type=type,
        ladder=() if market else draw(ladders()),
        cap=draw(bps.filter(lambda cap: cap.amount <= 100)) if market else None,
        reduce_only=reduces or draw(st.booleans()),
    )


def bodies(reduces: bool) -> st.SearchStrategy[object]:
    leg = st.sampled_from(["a", "b"])
    arm = st.builds(
        Arm,
        leg=leg,
        qty=sizes,
        stop=distances,
        limit=st.none() | distances,
        reduce_only=st.just(True),
        tries=tries,
    )
    run = st.builds(
        Run,
        st.just("emergency_unwind"),
        st.just((("a", "b"),)),
        st.sampled_from([(), (("maker_for", "0s"),)]),
    )
    verify = st.builds(Verify, goal=st.sampled_from(ENDS), tries=tries, every_ns=some_time)
    alert = st.builds(Alert, st.sampled_from(["info", "warn", "page"]), texts)
    return st.one_of(
        rests(reduces),
        takes(reduces),
        verify,
        arm,
        st.builds(Clear, leg),
        run,
        st.builds(Wait, some_time),
        alert,
    )


halts = st.builds(lambda text: Goto(TargetKind.HALT, text=text), texts | st.just(""))
dones = st.sampled_from(ENDS).map(lambda end: Goto(TargetKind.DONE, end=end))


@st.composite
def phases(draw: st.DrawFn, reduces: bool) -> tuple[PhaseText, ...]:
    """A row of phases: each leads on to the next, or back to one with visits; the last one ends."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    found = []
    for index, name in enumerate(names):
        body = draw(bodies(reduces))
        pair = isinstance(body, Rest | Take) and len(body.legs) == 2
        able = [one for one in OUTCOMES[KIND_OF[type(body)]] if pair or one is not Outcome.FIRST]
        last = index == len(names) - 1
        onward = Goto(TargetKind.PHASE, phase="" if last else names[index + 1])
        back = st.sampled_from(names).map(lambda phase: Goto(TargetKind.PHASE, phase=phase))
        targets = halts | dones | back
        then = {able[0]: draw(halts | dones) if last else onward}
        then |= {one: draw(targets) for one in able[1:] if last or draw(st.booleans())}
        if draw(st.booleans()):
            then[Outcome.EXHAUSTED] = draw(halts)
        found.append(
            PhaseText(
                name=name,
                body=body,  # type: ignore[arg-type]
                then=tuple((one, then[one]) for one in Outcome if one in then),
                visits=draw(st.integers(2, 5)),
                skip=isinstance(body, Rest | Take) and draw(st.booleans()),
            )
        )
    return tuple(found)


def maybe(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | strategy


limits = st.builds(
    LimitsText,
    deadline=maybe(st.builds(Deadline, some_time, halts)),
    forbid=st.sampled_from([(), (OrderType.STOP_LIMIT,)]).map(lambda _: ()),
    max_spread=maybe(distances),
    max_slippage=maybe(distances),
    max_impact=maybe(distances),
    max_concession=maybe(decimals("100", "1000", 3).map(lambda amount: Distance(amount, "bps"))),
    max_unhedged=maybe(st.builds(Unhedged, clips, times, halts)),
    min_hedge=st.lists(quantities, max_size=3).map(tuple),
    depth=maybe(st.builds(Depth, distances, st.booleans())),
    min_depth=maybe(st.builds(MinDepth, decimals("1", "1000000", 2), tries)),
    min_volume=maybe(st.builds(MinVolume, decimals("1", "1000000", 2), some_time)),
    liq_buffer=maybe(decimals("0", "100", 2)),
    collar=maybe(distances),
    rate=maybe(st.builds(Rate, tries, some_time)),
)
data = st.builds(
    BookData,
    source=st.sampled_from(["ws", "rest"]),
    max_age_ns=maybe(some_time),
    stale=st.sampled_from(["rest", "hold", "halt"]),
    max_silence_ns=maybe(some_time),
)
size_blocks = st.builds(
    SizeText,
    target=clips,
    mode=st.sampled_from(list(SizeMode)),
    impact_max=maybe(distances),
    levels=tries,
    step=maybe(clips),
)


@st.composite
def params(draw: st.DrawFn) -> tuple[Param, ...]:
    default, value = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    timed = Param(name="wait", type="time", default=f"{default}s", value=f"{value}s", low="1s", high="10s")
    kind = Param(name="kind", type="word", default="ioc", value="none", choices=("ioc", "none"))
    return draw(st.sampled_from([(), (timed,), (kind, timed)]))


def legs_text(name: str, venue: str) -> st.SearchStrategy[LegText]:
    return st.builds(
        LegText,
        name=st.just(name),
        venue=st.just(venue),
        symbol=st.sampled_from(["", "ETH-PERP", "SOL_USDT", "ETH/USDC:USDC"]),
        side=st.none() | st.sampled_from(list(Side)),
        clip=st.none() | clips,
        ratio=decimals("0.001", "1000", 3),
    )


pairs = st.tuples(legs_text("a", "lighter"), legs_text("b", "aster"))
backoffs = st.tuples(some_time, some_time, tries).map(lambda b: (min(b[:2]), max(b[:2]), b[2]))
reasons = st.dictionaries(
    st.sampled_from(["critical", "slow"]), st.lists(word, min_size=1, max_size=3).map(tuple), max_size=2
).map(lambda found: tuple(found.items()))
shares = st.none() | decimals("0", "100", 2)
targets = st.builds(
    TargetsText,
    run_ns=st.none() | some_time,
    verify_ns=st.none() | some_time,
    reconnect_ns=st.none() | some_time,
    success=shares,
    fills=shares,
    runs=st.none() | tries,
).filter(lambda one: one != TargetsText())
COMMON = {
    "name": st.sampled_from(["pair", "x1", "open_2"]),
    "summary": texts,
    "legs": pairs,
    "clip": st.none() | clips,
    "params": params(),
    "limits": limits,
    "data": data,
    "reasons": reasons,
    "imbalance": st.sampled_from(["", "base", "notional"]),
    "keeps": st.sampled_from([(), ("stop",)]),
    "alerts": st.sampled_from([(), (("halt", "page"), ("done", "info"))]),
    "deadman_ns": st.none() | some_time,
    "backoff": st.none() | backoffs,
    "targets": st.none() | targets,
    "reason": st.just("") | word,
}


@st.composite
def trading(draw: st.DrawFn) -> Policy:
    intent = draw(st.sampled_from([one for one in Intent if one is not Intent.GUARD]))
    reduces = intent in (Intent.CLOSE, Intent.UNWIND, Intent.FLATTEN)
    found = draw(phases(reduces))
    return draw(
        st.builds(
            Policy,
            intent=st.just(intent),
            phases=st.just(found),
            recover=st.sampled_from(["", found[-1].name]),
            stop=st.none() | halts,
            slice=st.none() | parts,
            size=st.none() | size_blocks,
            **COMMON,
        )
    )


TESTS = (
    "notional_a = 0",
    "gap > 15% and not unknown(net)",
    "funding_spread < 0",
    "-net > $5 or gap * 2 >= 0.3",
)
rules = st.lists(
    st.tuples(
        st.sampled_from(TESTS),
        st.sampled_from(["run close_two_phase", "alert page", "nothing", "halt too far"]),
        st.just("") | word,
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=4,
).map(
    lambda drawn: tuple(
        Rule(name=f"rule{index}", when=when, do=do, reason=reason, for_checks=checks, at_once=not checks)
        for index, (when, do, reason, checks) in enumerate(drawn)
    )
)


@st.composite
def guards(draw: st.DrawFn) -> Policy:
    watch = Watch(
        every_ns=draw(some_time),
        facts=(("gap", "abs(net) / larger(notional_a, notional_b)"),),
        pairs=draw(tries),
    )
    return draw(st.builds(Policy, intent=st.just(Intent.GUARD), watch=st.just(watch), rules=rules, **COMMON))


policies = trading() | guards()
