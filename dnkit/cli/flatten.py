"""`dnkit flatten`: the plan first, then a confirmation, then bounded orders, verified."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.exit_of import code_of, code_of_all, risk_of
from dnkit.cli.gate import Passed, pass_gate
from dnkit.cli.outcome import all_verified, cycle_content, last_line
from dnkit.cli.paper import Unconfirmed, confirm
from dnkit.cli.progress import Lines, make_display
from dnkit.cli.status import open_accounts
from dnkit.control.words import End
from dnkit.machine.program import LegSpec, Program
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import plain
from dnkit.model.terms import LIVE, PAPER
from dnkit.runtime.attend import Command, attended
from dnkit.runtime.cycles import new_run_id
from dnkit.runtime.flatten import POLICY, PlanRow, plan_row, program_for, run_all
from dnkit.runtime.floor import Claim, accounts_of, lay_floor, open_stores, refuse_busy, refuse_unfinished
from dnkit.runtime.folder import StateFolder, state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.market import OpenMarket, open_market, parse_market, parse_speed
from dnkit.runtime.run import Floor, RunResult
from dnkit.runtime.signals import Stopped
from dnkit.runtime.world import World
from dnkit.venues.accounts import AccountRow

PAPER_NOTE = "No orders of ours are left to cancel: paper orders end with the command that placed them."


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The command line of `flatten`: of a run, or of a venue."""

    run: str = ""
    endpoint: str = ""
    venue: str = ""
    symbol: str = ""
    market: str = ""
    books: tuple[str, ...] = ()
    seed: int = 1
    speed: str = "max"
    dry_run: bool = False
    yes: bool = False
    paper: bool = False
    live: bool = False
    timeout_s: int = 0
    as_json: bool = False


class Ready(msgspec.Struct, frozen=True):
    """What would be done: a program and a plan per open position, and the market they meet."""

    rows: tuple[AccountRow, ...]
    programs: tuple[Program, ...]
    opened: OpenMarket
    plan: tuple[PlanRow, ...]


def flatten_venue(asked: Asked, live: Callable[[Asked, VenueFacts], int]) -> int:
    """`flatten --venue V`; answers the exit code. `live` does it where the venue itself is meant."""
    try:
        rows = tuple(one for one in open_accounts() if _is_meant(asked, one))
    except DnkitError:
        out.announce(LIVE if asked.live else PAPER, f"flatten {asked.venue}")
        raise
    out.announce(_mode(asked, bool(rows)), f"flatten {asked.venue} {asked.symbol}".rstrip())
    venues = VenueFacts()
    if asked.venue not in venues:
        raise DnkitError(f"no facts are known of venue `{asked.venue}`; dnkit venues lists them")
    if _mode(asked, bool(rows)) == LIVE or _chooses_live(asked, bool(rows)):
        return live(msgspec.structs.replace(asked, live=True), venues)
    rows = _of_one_market(asked, rows)
    if not rows:
        return nothing(asked)
    folder = state_folder()
    ready = _ready(asked, rows, venues, folder)
    if not asked.as_json:
        with out.whoever_reads():
            out.data(plan_text(ready.plan, PAPER_NOTE))
    if asked.dry_run:
        return close(asked, ready.plan, Passed(), (), ExitCode.OK)
    refuse_busy(folder, _claim(ready))
    passed = pass_gate(POLICY, ready.programs, folder, quiet=asked.as_json)
    confirm(f"flatten {len(rows)} paper position(s) on {asked.venue}?", asked.yes)
    results, code = _run(asked, ready, passed, venues, folder)
    return close(asked, ready.plan, passed, results, code)


def _is_meant(asked: Asked, row: AccountRow) -> bool:
    return row.venue == asked.venue and asked.symbol in ("", row.symbol)


def _has_live_keys(venue: str) -> bool:
    prefix = f"DNKIT_{venue.upper()}_"
    return any(
        name.startswith(prefix) and name.endswith("KEY") and value for name, value in os.environ.items()
    )


def _mode(asked: Asked, positions: bool) -> str:
    """Live when it was said, or when only live keys exist."""
    only_live = _has_live_keys(asked.venue) and not positions and not asked.paper
    return LIVE if asked.live or only_live else PAPER


def _chooses_live(asked: Asked, positions: bool) -> bool:
    """Never guess: with a paper position and live keys side by side somebody has to say which is meant."""
    if asked.paper or not positions or not _has_live_keys(asked.venue):
        return False
    question = f"{asked.venue} has a paper position and live keys; which one is meant?"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unconfirmed(f"{question} Nobody can be asked here: give --paper or --live")
    out.say(f"{question} [paper/live]")
    answer = sys.stdin.readline().strip().lower()
    if answer not in (PAPER, LIVE):
        raise Unconfirmed("neither was chosen; nothing was done")
    return answer == LIVE


def _of_one_market(asked: Asked, rows: tuple[AccountRow, ...]) -> tuple[AccountRow, ...]:
    """The positions of the market that was named, or of the only one there is."""
    if asked.market:
        name = parse_market(asked.market).name
        return tuple(row for row in rows if row.market == name)
    markets = sorted({row.market for row in rows})
    if len(markets) > 1 or any(not one.startswith("synthetic") for one in markets):
        raise Unconfirmed(
            f"{asked.venue} has paper positions on {', '.join(markets)}; say which market: "
            "--market synthetic or --market recorded:DIR"
        )
    return rows


def _ready(asked: Asked, rows: tuple[AccountRow, ...], venues: VenueFacts, folder: StateFolder) -> Ready:
    programs = tuple(program_for(row, venues) for row in rows)
    legs = [program.legs[0].instrument for program in programs]
    instruments = {one.symbol: one for one in legs}
    choice = parse_market(asked.market or "synthetic")
    opened = open_market(choice, instruments, asked.books, seed=asked.seed, loop=False, cache=folder.cache)
    world = World(opened.market, opened.books)
    plan = tuple(
        plan_row(row, program, book) for row, program, book in zip(rows, programs, world.books, strict=True)
    )
    return Ready(rows, programs, opened, plan)


def _claim(ready: Ready) -> Claim:
    legs = [program.legs[0] for program in ready.programs]
    return Claim(ready.opened.name, accounts_of(legs), "flatten")


def _run(
    asked: Asked, ready: Ready, passed: Passed, venues: VenueFacts, folder: StateFolder
) -> tuple[tuple[RunResult, ...], ExitCode]:
    claim = _claim(ready)
    with open_stores(folder, claim) as stores, closing(make_display(quiet=True, framed=False)) as display:
        refuse_unfinished(stores.reader, claim)
        speed = parse_speed(asked.speed)
        floor = lay_floor(stores, ready.opened, venues, display.alert, speed=speed, seed=asked.seed)
        legs = [program.legs[0] for program in ready.programs]
        programs, names = dict(enumerate(ready.programs)), ready.opened.book_names
        return carry_out(asked, floor, display, legs, programs, names, passed)


def carry_out(
    asked: Asked,
    floor: Floor,
    display: Lines,
    legs: Sequence[LegSpec],
    programs: Mapping[int, Program],
    names: Sequence[str],
    passed: Passed,
) -> tuple[tuple[RunResult, ...], ExitCode]:
    """Run the programs on the books of their numbers, with an ear for the operator. `legs` and `names` are
    of all books.
    """
    command = Command(group=new_run_id(POLICY, 0), policy=POLICY, legs=tuple(legs))
    with attended(state_folder().root, floor, command, display.note) as stopped:
        results = run_all(
            floor, programs, names, display, partial(_code, stopped), passed.claims, command.group
        )
        code = code_of_all(results, stopped.number)
        text = last_line(f"flatten {asked.venue}", results, code, floor.house.mode)
        floor.helm.end = End(exit_code=code, risk=risk_of(results), text=text)
    return results, code


def _code(stopped: Stopped, result: RunResult) -> int:
    return code_of(result, stopped.number)


def nothing(asked: Asked) -> int:
    """Tell that nothing is open."""
    if asked.as_json:
        _print_json(asked, (), Passed(), (), ExitCode.OK)
    out.say(f"{out.mode_of(asked.live).upper()}  nothing to flatten on {asked.venue}")
    return ExitCode.OK


def close(
    asked: Asked,
    plan: tuple[PlanRow, ...],
    passed: Passed,
    results: tuple[RunResult, ...],
    code: ExitCode,
    foreign: Sequence[str] = (),
) -> int:
    """Tell what was done; `foreign` are orders of others, left alone."""
    if asked.as_json:
        with out.whoever_reads():
            _print_json(asked, plan, passed, results, code, foreign)
    for result in results:
        out.say(last_line(f"flatten {asked.venue}", (result,), code, out.mode_of(asked.live)))
    if asked.dry_run:
        out.say(f"{out.mode_of(asked.live).upper()}  dry run: nothing was sent")
    return code


def _print_json(
    asked: Asked,
    plan: tuple[PlanRow, ...],
    passed: Passed,
    results: tuple[RunResult, ...],
    code: ExitCode,
    foreign: Sequence[str] = (),
) -> None:
    content = {
        "venue": asked.venue,
        "exit_code": code,
        "verified": all_verified(results),
        "dry_run": asked.dry_run,
        "plan": plan,
        "proofs": passed.content,
        "foreign_orders": foreign,
        "results": [cycle_content(one) for one in results],
    }
    ok = code is ExitCode.OK
    out.envelope("flatten/1", content, ok=ok, mode=out.mode_of(asked.live), warnings=passed.warnings)


def plan_text(plan: tuple[PlanRow, ...], note: str) -> str:
    """The plan as a table, with what it does not say for itself."""
    headers = ("symbol", "position", "do", "bid", "ask", "worst price", "cost", "fees")
    return "\n".join((out.table(headers, [_cells(one) for one in plan]), *_notes(plan, note)))


def _cells(one: PlanRow) -> tuple[str, ...]:
    prices = (plain(one.bid), plain(one.ask), plain(one.bound))
    cost = "unknown" if one.cost is None else f"{plain(round(one.cost, 4))} {one.quote}"
    do = "nothing" if one.dust else one.side
    return (one.symbol, f"{plain(one.position)} {one.base}", do, *prices, cost, plain(round(one.fees, 4)))


def _notes(plan: tuple[PlanRow, ...], note: str) -> Iterator[str]:
    yield "Every order is reduce-only, none goes beyond the worst price; cost is against mid, fees in it."
    yield note
    for one in plan:
        if one.dust:
            yield f"{one.symbol}: below the venue's minimum, it cannot be traded and stays."
        elif one.cost is None:
            yield f"{one.symbol}: the book shows too little up to the worst price; a part may stay open."
