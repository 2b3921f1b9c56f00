"""`dnkit trade`: a policy from text to its verified end."""

import gc
from functools import partial

import msgspec

from dnkit.cli import out
from dnkit.cli.attending import carried_out
from dnkit.cli.gate import Passed, pass_gate
from dnkit.cli.outcome import Asked, Outcome, tell
from dnkit.cli.places import Place, confirm_live, paper_claim, place, refuse_slips, refuse_unsendable, where
from dnkit.cli.settings import parse_settings
from dnkit.machine.program import Program
from dnkit.policies.codes import WARNING
from dnkit.runtime.attend import Command
from dnkit.runtime.cycles import Plan, new_run_id, run_cycles
from dnkit.runtime.floor import refuse_busy, refuse_shared_account
from dnkit.runtime.folder import state_folder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.market import UsageError
from dnkit.runtime.prepare import Checked, LegOptions, program_of, read_and_check


class Prepared(msgspec.Struct, frozen=True):
    """The policy both ways round, checked."""

    checked: Checked
    program: Program
    turned: Program

    def will_run(self, cycles: int) -> tuple[Program, ...]:
        """The programs of so many cycles: from the second on the directions change."""
        return (self.program, self.turned) if cycles > 1 else (self.program,)


def trade(asked: Asked) -> int:
    """Run the command; answers the exit code."""
    out.announce(out.mode_of(asked.live), f"trade {asked.policy} on {where(asked)}")
    venues = VenueFacts()
    if not asked.policy:
        raise UsageError("--policy is missing: a path, a name in ./policies, or a packaged one")
    refuse_slips(asked)
    prepared = prepare(asked, venues)
    folder, legs = state_folder(), prepared.program.legs
    if asked.live:
        refuse_unsendable(prepared.program)
        confirm_live(asked, legs)
    elif not asked.endpoint:
        refuse_busy(folder, paper_claim(asked, legs))
    passed = pass_gate(
        asked.policy, prepared.will_run(asked.cycles), folder, accept=asked.accept, quiet=asked.as_json
    )
    with place(asked, legs, folder) as opened:
        outcome = _trade(asked, prepared, passed, opened)
        opened.display.close()  # what is told next is data, and stays
        tell(asked, prepared.program.name, outcome, opened.floor.reader)
    return outcome.code


def prepare(asked: Asked, venues: VenueFacts) -> Prepared:
    """Read and check the policy, and the same policy with its directions swapped."""
    options = LegOptions(asked.symbols, asked.sides, asked.clips)
    settings = parse_settings(asked.settings)
    read = partial(
        read_and_check, asked.policy, venues, settings=settings, reason=asked.reason, options=options
    )
    checked = read()
    program = program_of(checked)
    _name_warnings(asked.policy, checked)
    refuse_shared_account(program.legs)
    return Prepared(checked, program, program_of(read(turned=True)))


def _name_warnings(policy: str, checked: Checked) -> None:
    """A policy may run with warnings; that it has some is said where the run begins."""
    count = sum(one.severity == WARNING for one in checked.diagnostics)
    if count:
        out.say(f"the policy has {count} warning{'s' if count > 1 else ''}: dnkit lint {policy}")


def _trade(asked: Asked, prepared: Prepared, passed: Passed, opened: Place) -> Outcome:
    floor, display = opened.floor, opened.display
    plan = _plan(asked, prepared, passed, opened.book_names)
    command = Command(group=plan.group, policy=plan.program.name, legs=plan.program.legs, cycles=plan.cycles)
    gc.freeze()
    results, code = carried_out(opened, command, lambda code: run_cycles(floor, plan, display, code))
    if floor.world.seams:
        display.note(f"the recording began again {floor.world.seams} times; prices jump there")
    return Outcome(results, (*passed.warnings, *display.notes), code, passed.content)


def _plan(asked: Asked, prepared: Prepared, passed: Passed, book_names: tuple[str, ...]) -> Plan:
    policy = prepared.checked.policy
    return Plan(
        program=prepared.program,
        turned=prepared.turned,
        books=tuple(range(len(prepared.program.legs))),
        book_names=book_names,
        cycles=asked.cycles,
        source=asked.policy,
        reason=asked.reason,
        params=tuple((one.name, one.value) for one in policy.params) if policy else (),
        alerts=policy.alerts if policy else (),
        group=new_run_id(prepared.program.digest, 0),
        claims=passed.claims,
    )
