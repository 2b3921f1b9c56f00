"""`dnkit simulate`: a policy in the hostile world, many seeds or exactly one."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode, of_end
from dnkit.cli.simulate_out import content, one_content, one_lines, summary_lines
from dnkit.cli.simulating import Asked, outcomes, setting_of
from dnkit.engine.state import State
from dnkit.journal.records import RunHeader
from dnkit.journal.writer import Journal
from dnkit.model.commands import Command, EndRun
from dnkit.model.events import Event
from dnkit.model.terms import EndName, Risk
from dnkit.readers.story import story
from dnkit.runtime.cycles import leg_headers, new_run_id
from dnkit.runtime.floor import Claim, Stores, open_stores
from dnkit.runtime.folder import StateFolder, state_folder
from dnkit.sim.hostile.campaign import Outcome, outcome_of, summary
from dnkit.sim.hostile.world import Setting, World

MODE = "simulated"
NOBODYS = Claim(MODE, frozenset(), "simulate")  # its accounts are made with each run


class Told(msgspec.Struct, frozen=True):
    """One run with its journal: its id there, what came of it, its story."""

    run_id: str
    outcome: Outcome
    story: tuple[str, ...]


def simulate_command(asked: Asked) -> int:
    """Run the command: 0 when nothing was violated, 1 when something was."""
    setting = setting_of(asked)
    return _one(asked, setting) if asked.seed is not None else _many(asked, setting)


def _one(asked: Asked, setting: Setting) -> int:
    out.announce(MODE, f"{asked.policy}, seed {asked.seed}, {asked.world}")
    told = journalled(asked, setting, asked.seed or 0, state_folder())
    if asked.as_json:
        found = one_content(told.outcome, told.run_id, told.story)
        out.envelope("simulate-seed/1", found, ok=not told.outcome.violations)
    else:
        for line in one_lines(told.outcome, told.run_id, told.story):
            out.data(line)
    return ExitCode.FINDINGS if told.outcome.violations else ExitCode.OK


def _many(asked: Asked, setting: Setting) -> int:
    seeds = f"{asked.seeds:,} seeds from {asked.first:,} on"
    out.announce(MODE, f"{asked.policy}, {seeds}, {asked.world}")
    done: list[Outcome] = []
    stopped = False
    try:
        with closing(outcomes(asked, setting)) as found:
            for one in found:
                done.append(one)
                out.progress(len(done), asked.seeds, "runs")
    except KeyboardInterrupt:
        stopped = True
    out.progress_over(asked.seeds)
    figures = summary(done)
    worst = figures.worst
    lines: tuple[str, ...] = ()
    if worst is not None and not stopped:
        with TemporaryDirectory() as folder:
            lines = journalled(asked, setting, worst.seed, StateFolder(Path(folder))).story
    if asked.as_json:
        out.envelope("simulate/1", content(asked, figures, lines), ok=not figures.violated and not stopped)
    else:
        for line in summary_lines(asked, setting.program, figures, lines):
            out.data(line)
    if figures.violated:
        return ExitCode.FINDINGS
    return ExitCode.INTERRUPTED if stopped else ExitCode.OK


def journalled(asked: Asked, setting: Setting, seed: int, folder: StateFolder) -> Told:
    """Run one seed with a journal in that folder, which `report`, `status` and `journal` open."""
    program = setting.program
    with open_stores(folder, NOBODYS) as stores:
        run_id = new_run_id(program.digest, seed)
        world = World(setting, seed, run_id=run_id, sink=partial(_write, stores.journal, run_id))
        mids2 = [book.bid + book.ask for book in world.books]
        stores.journal.start_run(_header(asked, setting, world, run_id), program)
        world.run()
        for at_ns, alert in world.alerts:
            stores.journal.note_alert(run_id, at_ns, alert)
        outcome = outcome_of(world, mids2)
        _end(stores, run_id, world.state.ended or _no_end(world))
        return Told(run_id, outcome, tuple(_story(stores, run_id)))


def _write(
    journal: Journal,
    run_id: str,
    event: Event,
    commands: tuple[Command, ...],
    state: State,
    digest: str,
    *,
    durable: bool,
) -> None:
    """A simulated line never waits for a disk."""
    journal.append(run_id, state.seq, state.now_ns, event, commands, digest, False, state)


def _header(asked: Asked, setting: Setting, world: World, run_id: str) -> RunHeader:
    legs = setting.program.legs
    return RunHeader(
        run_id=run_id,
        mode=MODE,
        market=f"{MODE}:{asked.market or 'synthetic'}",
        policy=setting.program.name,
        started_ns=world.began_ns,
        legs=leg_headers(legs, [one.instrument.symbol for one in legs]),
        source=asked.policy,
        reason=asked.reason,
        params=asked.settings,
        note=f"seed {world.seed}, faults {setting.profile.name}",
    )


def _no_end(world: World) -> EndRun:
    """What the journal says of a run without an end of its own."""
    if world.unready:
        return EndRun(EndName.IDLE, Risk.UNKNOWN, f"not begun: {world.unready}")
    return EndRun(EndName.HALTED, Risk.UNKNOWN, world.stuck)


def _end(stores: Stores, run_id: str, ended: EndRun) -> None:
    stores.journal.end_run(run_id, ended.end, ended.risk, of_end(ended.end, ended.risk), ended.text)


def _story(stores: Stores, run_id: str) -> Iterator[str]:
    run = stores.reader.run(run_id)
    yield from story(stores.reader, run)
