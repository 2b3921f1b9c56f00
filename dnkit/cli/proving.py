"""Proofs for commands: looked up or made, with a word on how far they are, and their stories in lines."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from msgspec.structs import replace

from dnkit.analysis.proof import Proof, Setting, Standing, Story, TooMany
from dnkit.cli import out
from dnkit.machine.program import Program
from dnkit.runtime.proofs import keep, key_of, recall

Told = Callable[[int, int], None]
PACE_LEAST_S = 0.1
NEVER = float("inf")
ON_THE_SPOT = (Setting(faults=1),)  # seconds; `dnkit prove` goes further, and what it proved is kept


def kept_proof(program: Program, setting: Setting, place: Path) -> Proof | None:
    """The proof that the folder `place` holds of a program, None where there is none of this engine. One that
    was cut short is good for whoever would go no further.
    """
    known = recall(place, _key(program, setting), Proof)
    if known is None or known.complete or known.setting.states_max >= setting.states_max:
        return known
    return None


def new_proof(program: Program, setting: Setting, place: Path, told: Told) -> Proof:
    """Prove a program and keep the proof in that folder; not one that the user cut short."""
    from dnkit.analysis.prove import prove

    proof = prove(program, setting, told=told)
    if proof.complete or proof.states > setting.states_max:
        keep(place, _key(program, setting), proof)
    return proof


def decided(
    program: Program, settings: Sequence[Setting], place: Path, *, quiet: bool = False, within_s: int = 0
) -> tuple[Proof, bool]:
    """The proof that `dnkit prove` left, or that of the first of these settings that decides (the last, where
    none does); and whether it was there already. A new one is cut short after `within_s` (0: never), at its
    next word on how far it is; how far it is, is told unless `quiet`.
    """
    ends = time.monotonic() + within_s if within_s else NEVER
    kept = kept_proof(program, Setting(), place)
    if kept is not None and kept.complete:
        return kept, True
    for setting in settings:
        proof, cached = _proof_of(program, setting, place, ends, quiet=quiet)
        if proof.standing is not Standing.OPEN:
            break
    return proof, cached


def _proof_of(
    program: Program, setting: Setting, place: Path, ends: float, *, quiet: bool
) -> tuple[Proof, bool]:
    known = kept_proof(program, setting, place)
    if known is not None:
        return known, True
    with progress(program.name, setting.faults, quiet=quiet) as told:
        return new_proof(program, setting, place, until(told, lambda: time.monotonic() > ends)), False


def until(told: Told, over: Callable[[], bool]) -> Told:
    """`told`, and the exploration ends once it is `over`: the proof holds what was found so far."""

    def watching(states: int, moves: int) -> None:
        if over():
            raise TooMany
        told(states, moves)

    return watching


def _key(program: Program, setting: Setting) -> str:
    """How far one may go decides whether there is an answer, not which."""
    return key_of(program.digest, replace(setting, states_max=0))


@contextmanager
def progress(name: str, faults: int, *, quiet: bool) -> Iterator[Told]:
    """A live line on a terminal, else a line that it has begun."""
    words = f"proving {name} with {counted(faults, 'fault')}"
    if quiet or not out.is_lively():
        if not quiet:
            out.say(f"{words} ...")
        yield lambda _states, _moves: None
        return
    from rich.console import Console

    began = time.perf_counter()
    with Console(stderr=True).status(words) as status:

        def told(states: int, _moves: int) -> None:
            pace = int(states / max(time.perf_counter() - began, PACE_LEAST_S))
            status.update(f"{words}: {states:,} states, {pace:,} a second")

        yield told


class Interrupts:
    """While it lasts, the first Ctrl+C only asks for the end: a proof stops at the next word on how far it is
    and holds what was found so far. The second ends the command at once.
    """

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> "Interrupts":
        self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    @contextmanager
    def progress(self, name: str, *, faults: int, quiet: bool) -> Iterator[Told]:
        """`progress`, and the exploration ends once the end was asked for."""
        with progress(name, faults, quiet=quiet) as told:
            yield until(told, lambda: self.asked)


def story_lines(story: Story) -> Iterator[str]:
    """A story for a human: how long it is, then a line a step."""
    faults, steps = counted(story.faults, "fault"), counted(len(story.scenes), "step")
    yield f"the shortest way there has {faults} and {steps}:"
    width = max((len(scene.phase) for scene in story.scenes), default=0)
    for number, scene in enumerate(story.scenes, 1):
        line = f"line {scene.line}" if scene.line else ""
        yield f"{number:>4}. {scene.phase:<{width}}  {line:<8}  {'FAULT ' if scene.fault else ''}{scene.text}"


def counted(number: int, word: str) -> str:
    """Like `1 fault`, `2 faults`, `12,000 states`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
