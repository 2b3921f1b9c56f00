"""`dnkit flatten RUN`: by the command that runs it, or in here once that has ended."""

from collections.abc import Iterator

from dnkit.cli import out
from dnkit.cli.attending import carried_out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.flatten import Asked, flatten_venue
from dnkit.cli.operate import find, flatten_running
from dnkit.cli.outcome import Asked as Where
from dnkit.cli.outcome import all_verified, cycle_content, last_line
from dnkit.cli.paper import confirm
from dnkit.cli.places import Place, place
from dnkit.cli.resume import books_of, refuse_elsewhere
from dnkit.journal.errors import RunNotFound
from dnkit.journal.reader import Reader
from dnkit.journal.records import Run
from dnkit.model.numbers import plain
from dnkit.runtime.attend import Command
from dnkit.runtime.cycles import new_run_id
from dnkit.runtime.flatten import POLICY
from dnkit.runtime.folder import state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.market import UsageError
from dnkit.runtime.run import RunResult


def flatten(asked: Asked) -> int:
    """Run the command; answers the exit code."""
    if asked.venue and (asked.run or (asked.endpoint and not asked.live)):
        raise UsageError("--venue and a run: a run knows its venues")
    return flatten_venue(asked, _live) if asked.venue else _flatten_run(asked)


def _live(asked: Asked, venues: VenueFacts) -> int:
    from dnkit.cli.flatten_live import flatten_live

    return flatten_live(asked, venues)


def _flatten_run(asked: Asked) -> int:
    found = find(asked.run)
    if found is not None and asked.dry_run:
        raise UsageError("--dry-run and a running command: dnkit status tells what is open")
    if found is not None:
        return flatten_running(found, yes=asked.yes, timeout_s=asked.timeout_s, as_json=asked.as_json)
    if not asked.run:
        raise UsageError("nothing is running; name a venue with --venue, or a run")
    out.announce(out.mode_of(asked.live), f"flatten {asked.run}")
    run = _known(asked.run)
    where = Where(
        policy=POLICY,
        market=asked.market or "synthetic",
        endpoint=asked.endpoint,
        live=asked.live,
        seed=asked.seed,
        books=asked.books or (() if asked.endpoint or asked.live else books_of(run)),
        speed=asked.speed,
        as_json=asked.as_json,
    )
    with place(where, run.program.legs, state_folder()) as opened:
        refuse_elsewhere(run, opened.floor.house.market)
        return _flatten(asked, run, opened)


def _known(name: str) -> Run:
    folder = state_folder()
    if not folder.journal.exists():
        raise RunNotFound(f"there is no journal in {folder.root}, and no run {name}")
    with Reader(folder.journal) as reader:
        return reader.run(name)


def _flatten(asked: Asked, run: Run, opened: Place) -> int:
    held = tuple(_held(run, opened))
    out.say(f"flatten what {run.header.run_id} left: {', '.join(held) or 'nothing is open'}")
    results: tuple[RunResult, ...] = ()
    code = ExitCode.OK
    if held and not asked.dry_run:
        confirm(f"close {len(held)} {out.mode_of(asked.live)} position(s)?", asked.yes)
        opened.floor.helm.flattening = True
        command = Command(group=new_run_id(POLICY, 0), policy=POLICY, legs=run.program.legs)
        results, code = carried_out(opened, command, lambda _code: ())
        out.say(last_line(POLICY, results, code, out.mode_of(asked.live)))
    if asked.as_json:
        _print(asked, run, results, code)
    return code


def _held(run: Run, opened: Place) -> Iterator[str]:
    for spec in run.program.legs:
        one, lots = spec.instrument, opened.floor.house.account(spec).lots
        if lots:
            yield f"{one.venue} {one.symbol} {plain(one.quantity(lots))} {one.base}"


def _print(asked: Asked, run: Run, results: tuple[RunResult, ...], code: ExitCode) -> None:
    content = {
        "run_id": run.header.run_id,
        "exit_code": code,
        "verified": all_verified(results),
        "dry_run": asked.dry_run,
        "results": [cycle_content(one) for one in results],
    }
    out.envelope("flatten-run/1", content, ok=code is ExitCode.OK, mode=out.mode_of(asked.live))
