"""`dnkit test --from-run RUN`: a journalled run as a scenario."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.journal import open_reader
from dnkit.cli.scenario_files import Library
from dnkit.journal.records import Run
from dnkit.journal.replay import Step, replay
from dnkit.machine.program import Amount, LegSpec
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import from_pico, plain
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.prepare import program_of, read_and_check
from dnkit.sim.read import read_scenario
from dnkit.sim.record import Log, replays, scenario_of
from dnkit.sim.scenario import PolicyRef


def print_scenario(run_id: str) -> int:
    """Print the scenario that plays the run again; says so where the policy of today does otherwise."""
    with open_reader() as reader:
        run = reader.run(run_id)
        steps = list(replay(reader, run))
    if not steps:
        raise DnkitError(f"run {run.header.run_id} has no line yet")
    log: Log = [(one.event, one.commands) for one in steps]
    policy = _policy_of(run)
    made = scenario_of(
        policy,
        run.program,
        _starts(steps),
        log,
        name=f"run_{run.header.run_id}",
        about=f"Recorded: {run.header.policy} on {run.header.market}.",
    )
    out.data_raw(made)
    if not _is_of_today(made, log):
        out.say("the policy has changed since: today it does otherwise at these events")
    return ExitCode.OK


def _starts(steps: Sequence[Step]) -> tuple[int, ...]:
    """Opening positions as START found them, 0 where it did not get that far."""
    return tuple(leg.start for leg in steps[-1].after.legs)


def _policy_of(run: Run) -> PolicyRef:
    """The policy with everything set that is not so in its file."""
    name = run.header.source or run.header.policy
    checked = read_and_check(name, VenueFacts(), reason=run.header.reason)
    params = {one.name: one.value for one in checked.policy.params} if checked.policy else {}
    pairs = list(zip(run.program.legs, program_of(checked).legs, strict=True))
    return PolicyRef(
        name=name,
        settings=tuple((key, value) for key, value in run.header.params if params.get(key) != value),
        reason=run.header.reason,
        clips=tuple(_differing(pairs, _clip)),
        symbols=tuple(_differing(pairs, lambda leg: leg.instrument.symbol)),
        sides=tuple(_differing(pairs, lambda leg: leg.side.name.lower())),
        venues=tuple(_differing(pairs, lambda leg: leg.instrument.venue)),
    )


def _differing(pairs: Sequence[tuple[LegSpec, LegSpec]], show: Callable[[LegSpec], str]) -> Iterator[str]:
    for ran, written in pairs:
        if show(ran) != show(written):
            yield f"{ran.name}={show(ran)}"


def _clip(leg: LegSpec) -> str:
    clip: Amount = leg.clip
    if clip.money:
        return f"${plain(from_pico(clip.money))}"
    return f"{clip.lots} lots" if clip.lots else f"{plain(from_pico(clip.base))} {leg.instrument.base}"


def _is_of_today(made: str, log: Log) -> bool:
    """Whether the policy as it is written now asks for the same."""
    scenario = read_scenario(made, "<recorded>", partial(Library().program, Path())).scenario
    return scenario is not None and replays(scenario, log)
