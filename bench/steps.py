"""Engine steps per second on real two-leg stories, invariants on, against a bare dispatch loop."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from bench.measure import Row, alternate
from bench.stories import Story, record
from dnkit.engine.state import State, state_digest
from dnkit.engine.step import begin, step
from dnkit.model.events import Event

GOAL = 200_000
LEAST_STEPS = 40_000
PAIRS = 7


class Seen(msgspec.Struct, frozen=True):
    """State of the floor: the least that a pure step over frozen values has to make anew."""

    seq: int
    now_ns: int
    last: int = 0


def _note(seen: Seen, event: Event) -> tuple[Seen, tuple[()]]:
    return replace(seen, seq=seen.seq + 1, now_ns=event.at_ns), ()


def floor_loop(stories: tuple[Story, ...], rounds: int) -> int:
    """Look the event's type up in a dict, call what is there, make one new small state."""
    table: dict[type, Callable[[Seen, Event], tuple[Seen, tuple[()]]]] = {
        type(event): _note for story in stories for event in story.events
    }
    done = 0
    for _ in range(rounds):
        for story in stories:
            seen = Seen(0, 0)
            for event in story.events:
                seen, _commands = table[type(event)](seen, event)
            done += seen.seq
    return done


def step_loop(stories: tuple[Story, ...], rounds: int, look: Callable[[State], object] | None = None) -> int:
    """Run every story from `begin` to its end; `look`, where given, is shown each state."""
    done = 0
    for _ in range(rounds):
        for story in stories:
            state = begin(story.program, story.run_id)
            for event in story.events:
                state, _commands = step(story.program, state, event)
                if look is not None:
                    look(state)
            done += state.seq
    return done


def digest_loop(stories: tuple[Story, ...], rounds: int) -> int:
    """Steps with the digest that the journal takes of each state."""
    return step_loop(stories, rounds, state_digest)


def _rate(loop: Callable[[tuple[Story, ...], int], int], stories: tuple[Story, ...], rounds: int) -> float:
    start = time.process_time()
    done = loop(stories, rounds)
    return done / (time.process_time() - start)


def run() -> list[Row]:
    """Two rows: steps against the floor, steps with digests against steps."""
    with tempfile.TemporaryDirectory() as folder:
        stories = record(Path(folder))
    events = sum(len(story.events) for story in stories)
    rounds = max(1, LEAST_STEPS // events)
    plain = alternate(
        PAIRS, lambda: _rate(step_loop, stories, rounds), lambda: _rate(floor_loop, stories, rounds)
    )
    digested = alternate(
        PAIRS, lambda: _rate(digest_loop, stories, rounds), lambda: _rate(step_loop, stories, rounds)
    )
    names = ", ".join(sorted({story.policy for story in stories}))
    about = f"{len(stories)} paper runs of {names}, {events} events"
    return [
        Row(
            name="engine: steps a second of CPU on one core, invariants on",
            value=plain.medians[0],
            unit="steps/s",
            against_name="bare dict dispatch and one small new state",
            against=plain.medians[1],
            ratio=plain.ratio,
            spread=plain.spread,
            pairs=PAIRS,
            goal=f"{GOAL:,} steps/s",
            met=plain.medians[0] >= GOAL,
            note=about,
        ),
        Row(
            name="engine: steps with the state's digest, as journalled",
            value=digested.medians[0],
            unit="steps/s",
            against_name="steps alone",
            against=digested.medians[1],
            ratio=digested.ratio,
            spread=digested.spread,
            pairs=PAIRS,
        ),
    ]
