"""Short scenarios as text, through the real reader, compiler, engine and judge."""

from functools import partial
from pathlib import Path

from dnkit.cli.scenario_files import Library
from dnkit.policies.diagnostics import Diagnostic
from dnkit.sim.judge import Unmet, judge
from dnkit.sim.read import Read, read_scenario
from dnkit.sim.run import Ran, run
from tests.cli.command import ROOT

LIBRARY = Library()
FOLDER = ROOT / "policies" / "scenarios"
BOOK = "{bid: 2680.00, ask: 2680.05}"

CLOSE = f"""scenario: 1
name: close
about: A close of 0.2 ETH.
policy: close_two_phase
start: {{a: 0.2 ETH, b: -0.2 ETH}}
books: {{a: {BOOK}, b: {BOOK}}}
"""
OPEN = f"""scenario: 1
name: open
about: An open of 0.2 ETH.
policy: open_post_only_hedge
books: {{quote: {BOOK}, hedge: {BOOK}}}
"""
UNWIND = """scenario: 1
name: unwind
about: One leg is naked.
policy: emergency_unwind
set: {maker_for: 0s}
start: {a: 2.5 SOL}
entry: {a: 116.70}
books: {a: {bid: 116.70, ask: 116.71}}
"""


def read(text: str, folder: Path = FOLDER) -> Read:
    """A scenario that lies in `folder`, read."""
    return read_scenario(text, str(folder / "x.yaml"), partial(LIBRARY.program, folder))


def mistakes(text: str) -> tuple[Diagnostic, ...]:
    """What is wrong with a text."""
    return read(text).diagnostics


def play(text: str, expect: str = "{}") -> Ran:
    """A run of a scenario that must be without mistakes."""
    found = read(f"{text}expect: {expect}\n")
    assert found.scenario is not None, [(one.span.line, one.message) for one in found.diagnostics]
    return run(found.scenario)


def unmet(text: str, expect: str = "{}") -> tuple[Unmet, ...]:
    """What is not as expected in a run of it."""
    return judge(play(text, expect))


def sent(ran: Ran) -> list[tuple[str, int]]:
    """Phase and rung with the lots of each order."""
    return [(one.reason, one.lots) for one in ran.orders()]
