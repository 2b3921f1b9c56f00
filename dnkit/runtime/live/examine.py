"""What speaks against trading at a venue with the keys at hand: asked of the venue, nothing is sent there."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import msgspec

from dnkit.desk.gateway import preflight
from dnkit.desk.gateway.preflight import AccountFacts, Wanted, Wrong
from dnkit.live.keys import account_of, read_keys
from dnkit.model.capabilities import Capabilities
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S, plain
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.live.floor import setups
from dnkit.runtime.live.house import facts_of, insist
from dnkit.runtime.live.world import LiveWorld

OK, WRONG, UNTOLD = "ok", "wrong", "untold"
GRID = ("tick", "lot", "lots_min", "notional_min", "maker_fee", "taker_fee")
NOTHING = Wanted(notional=0)
Check = Callable[[AccountFacts, Wanted], Iterator[Wrong]]


def _clock_words(told: AccountFacts) -> str:
    return f"{(told.clock_ahead_ns or 0) // NS_PER_MS} ms ahead of ours"


CHECKS: tuple[tuple[str, Check, Callable[[AccountFacts], str]], ...] = (
    ("status", preflight.check_health, lambda told: told.status or "trades"),
    (
        "clock",
        preflight.check_clock,
        _clock_words,
    ),
    ("position mode", preflight.check_mode, lambda told: told.mode.value if told.mode else ""),
    ("leverage", preflight.check_leverage, lambda told: plain(told.leverage) if told.leverage else ""),
)


class Found(msgspec.Struct, frozen=True):
    """One thing that was looked at. `act` says what to do where it is wrong."""

    venue: str
    check: str
    standing: str
    text: str
    act: str = ""


def examine(venue: str, place: str, folder: StateFolder, facts: VenueFacts) -> Iterator[Found]:
    """Everything that can be asked of a venue; it ends early where the venue cannot be spoken to."""
    capabilities = facts[venue]
    try:
        yield Found(venue, "keys", OK, f"account {account_of(read_keys(venue, place, folder.keys))}")
    except DnkitError as error:
        yield Found(venue, "keys", WRONG, str(error), "set them; docs/VENUES.md says which")
        return
    began_ns = time.monotonic_ns()
    try:
        world = LiveWorld(capabilities.symbols, setups({venue: place}, folder, facts))
    except DnkitError as error:
        yield Found(venue, "reach", WRONG, str(error), "see whether the venue is up and the keys are right")
        return
    with closing(world):
        took_ms = (time.monotonic_ns() - began_ns) // NS_PER_MS
        yield Found(venue, "reach", OK, f"{len(world.books)} books in {took_ms} ms")
        yield from _account(world, capabilities)
        yield from _grids(world, capabilities)
    calls, window_s = capabilities.rate_calls, _seconds(capabilities.rate_window_ns)
    yield Found(venue, "rate budget", OK, f"{calls} calls in {window_s} s, by the capability file")


def _account(world: LiveWorld, capabilities: Capabilities) -> Iterator[Found]:
    one = next(some for some in capabilities.symbols if some.symbol == capabilities.default_symbol)
    told = facts_of(world, one)
    for name, check, words in CHECKS:
        wrong = next(check(told, NOTHING), None)
        yield _judged(capabilities.venue, name, wrong, words(told))
    wrong = next(preflight.check_rights(told, NOTHING), None)
    if told.can_withdraw is None:
        text = "the venue does not tell whether this key can withdraw; look there"
        yield Found(capabilities.venue, "key rights", UNTOLD, text)
    else:
        yield _judged(capabilities.venue, "key rights", wrong, "trades and reads, cannot withdraw")


def _judged(venue: str, check: str, wrong: Wrong | None, text: str) -> Found:
    return Found(venue, check, WRONG, wrong.text, wrong.act) if wrong else Found(venue, check, OK, text)


def _grids(world: LiveWorld, capabilities: Capabilities) -> Iterator[Found]:
    venue = world.venues[capabilities.venue]
    try:
        listed = insist(world, venue.listed)
    except DnkitError as error:
        yield Found(capabilities.venue, "symbols", WRONG, f"not read: {error}", "try again")
        return
    for one in capabilities.symbols:
        theirs = listed.get(one.symbol)
        differing = "is not listed there" if theirs is None else ", ".join(_differing(one, theirs))
        if differing:
            act = f"mend {capabilities.venue}.yaml or trade another symbol"
            yield Found(capabilities.venue, one.symbol, WRONG, differing, act)
        else:
            text = (
                f"tick {plain(one.tick)}, lot {plain(one.lot)}, minimums and fees as in the capability file"
            )
            yield Found(capabilities.venue, one.symbol, OK, text)


def _differing(ours: Instrument, theirs: Instrument) -> Iterator[str]:
    for name in GRID:
        here, there = getattr(ours, name), getattr(theirs, name)
        if here != there:
            yield f"{name} is {there} there and {here} in the capability file"


def _seconds(span_ns: int) -> str:
    return f"{span_ns / NS_PER_S:g}"
