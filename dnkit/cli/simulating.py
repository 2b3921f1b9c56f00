"""What `dnkit simulate` runs: the setting of a policy in the hostile world, in this process or in several."""

from collections.abc import Generator, Sequence
from pathlib import Path

import msgspec

from dnkit.market.feed import Market
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.policies.diagnostics import did_you_mean
from dnkit.runtime.floor import refuse_shared_account
from dnkit.runtime.folder import state_folder
from dnkit.runtime.library import SUFFIX, VenueFacts, read_policy, shown
from dnkit.runtime.market import RECORDED, SYNTHETIC, MarketChoice, open_market, parse_market
from dnkit.runtime.prepare import LegOptions, program_of, read_and_check
from dnkit.runtime.seeding import starts
from dnkit.sim import hostile
from dnkit.sim.hostile.campaign import Outcome, simulate
from dnkit.sim.hostile.faults import Profile
from dnkit.sim.hostile.read import read_profile
from dnkit.sim.hostile.tape import Tapes
from dnkit.sim.hostile.world import Setting

SYNTHETIC_TAPES, SYNTHETIC_PLACES = 8, 6
RECORDED_PLACES = 24
BATCH = 25  # seeds that a process takes at a time
REGIMES = ("hard", "calm")  # in turn, where no market is named
PROFILES = Path(hostile.__file__).parent / "profiles"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; `seed` None runs `seeds` of them from `first` on."""

    policy: str
    settings: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    symbols: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    books: tuple[str, ...] = ()
    market: str = ""
    faults: str = "swarm"
    seeds: int = 100
    first: int = 0
    seed: int | None = None
    jobs: int = 1
    as_json: bool = False

    @property
    def world(self) -> str:
        """Faults and market in words."""
        return f"faults {self.faults}, market {self.market or 'synthetic, calm and hard in turn'}"


def profile_names() -> tuple[str, ...]:
    """Shipped fault profiles."""
    return tuple(sorted(one.stem for one in PROFILES.glob(f"*{SUFFIX}")))


def profile_of(name: str) -> Profile:
    """A shipped fault profile by its name, or that of a file; DnkitError with every mistake in it."""
    path = PROFILES / f"{name}{SUFFIX}"
    if not path.is_file():
        path = Path(name)
    if not path.is_file():
        near = did_you_mean(path.stem, profile_names())
        raise DnkitError(f"there is no fault profile `{name}`; {near}")
    text = read_policy(str(path)).text
    read = read_profile(text, str(path))
    if read.profile is None:
        raise DnkitError(shown(read.diagnostics, {str(path): text}))
    return read.profile


def setting_of(asked: Asked) -> Setting:
    """Policy, venues, faults and market; DnkitError for what cannot be run."""
    venues = VenueFacts()
    options = LegOptions(asked.symbols, asked.sides, asked.clips)
    checked = read_and_check(
        asked.policy, venues, settings=dict(asked.settings), reason=asked.reason, options=options
    )
    program = program_of(checked)
    refuse_shared_account(program.legs)
    return Setting(
        program=program,
        capabilities=venues,
        profile=profile_of(asked.faults),
        tapes=_tapes(asked, {leg.name: leg.instrument for leg in program.legs}),
        openings=starts,
    )


def _tapes(asked: Asked, legs: dict[str, Instrument]) -> Tapes:
    choices = (
        [parse_market(asked.market)]
        if asked.market
        else [parse_market(f"{SYNTHETIC}:{one}") for one in REGIMES]
    )

    def make(number: int) -> Market:
        choice: MarketChoice = choices[number % len(choices)]
        cache = state_folder().cache
        return open_market(choice, legs, asked.books, seed=number, loop=False, cache=cache).market

    if choices[0].kind == RECORDED:
        return Tapes(make, tuple(legs.values()), 1, RECORDED_PLACES)
    return Tapes(make, tuple(legs.values()), SYNTHETIC_TAPES, SYNTHETIC_PLACES)


def outcomes(asked: Asked, setting: Setting) -> Generator[Outcome, None, None]:
    """What comes of each seed, in order. Leaving early ends the other processes at their next batch."""
    seeds = range(asked.first, asked.first + asked.seeds)
    if asked.jobs == 1:
        yield from (simulate(setting, seed) for seed in seeds)
        return
    import signal
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    batches = [seeds[at : at + BATCH] for at in range(0, len(seeds), BATCH)]
    pool = ProcessPoolExecutor(
        asked.jobs, mp_context=get_context("spawn"), initializer=_make_ready, initargs=(asked,)
    )
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the one that prints
    try:
        every = pool.map(_simulate_all, batches)  # starts the processes, which inherit that
        signal.signal(signal.SIGINT, before)
        for found in every:
            yield from found
    finally:
        signal.signal(signal.SIGINT, before)
        pool.shutdown(cancel_futures=True)


_READY: dict[str, Setting] = {}


def _make_ready(asked: Asked) -> None:
    """In a process of its own: compile once."""
    _READY["setting"] = setting_of(asked)


def _simulate_all(seeds: Sequence[int]) -> list[Outcome]:
    return [simulate(_READY["setting"], seed) for seed in seeds]
