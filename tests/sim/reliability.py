"""The tables of docs/RELIABILITY.md: what peers fail at, played here; faults, rules, seeds."""

from decimal import Decimal

import msgspec

from dnkit.cli.scenario_files import Library
from dnkit.model.numbers import NS_PER_S, plain
from dnkit.sim.hostile.faults import KINDS, Fault
from dnkit.sim.hostile.referee import RULES
from tests.sim.hostile.cases import OWN, cases
from tests.sim.play import FOLDER


class Failure(msgspec.Struct, frozen=True):
    """A way in which systems that trade two legs fail, and the scenarios that play it."""

    id: str
    title: str
    scenarios: tuple[str, ...]


FAILURES = (
    Failure(
        "S1",
        "one leg fills, the other order expires",
        ("cycle_six", "cycle_six_before", "imbalance_40_percent"),
    ),
    Failure("S2", "post-only orders are rejected again and again", ("post_only_rejected",)),
    Failure("S3", "a fill overtakes the cancel", ("cancel_race", "cancel_race_untold")),
    Failure("S4", "the rest is below the venue's minimum", ("residual_below_minimum", "flatten_dust")),
    Failure("S5", "the legs differ a little at the start", ("small_drift", "trade_one")),
    Failure("S6", "the way out is called where nothing is open", ("already_flat",)),
    Failure("S7", "a stream is silent and stays connected", ("stream_silent",)),
    Failure(
        "S8",
        "a venue cannot be reached while a position is open",
        ("venue_goes_down", "order_never_resolved"),
    ),
    Failure("S9", "the process is killed and comes back", ("killed_bot", "killed_before_answer")),
    Failure("S10", "a price print far off", ("price_print",)),
    Failure("S11", "margin or leverage does not allow the order", ("hedge_refused",)),
    Failure("S12", "fills told twice and out of order", ("fills_out_of_order", "trade_two")),
    Failure("S13", "the order was taken and the answer is lost", ("lost_answer",)),
    Failure("S14", "clocks differ, a nonce is refused", ("clock_off",)),
    Failure("S15", "429 in the middle of an unwind", ("limited_mid_unwind",)),
)


def failures_markdown() -> str:
    """One row a scenario, with what came of it."""
    rows = [
        "| | what happens | scenario | policy | ends | orders | after |",
        "|---|---|---|---|---|---:|---:|",
    ]
    library = Library()
    for failure in FAILURES:
        for number, name in enumerate(failure.scenarios):
            head = (failure.id, failure.title) if number == 0 else ("", "")
            rows.append(f"| {' | '.join((*head, *_came(library, name)))} |")
    return "\n".join((*rows, ""))


def _came(library: Library, name: str) -> tuple[str, ...]:
    outcome = library.outcome(FOLDER / f"{name}.yaml")
    ran = outcome.ran
    if ran is None or ran.ended is None or outcome.unmet:
        raise ValueError(f"{name} does not pass")
    ended = ran.ended
    end = ended.end.value if ended.end.value != "halted" else f"halted, {ended.risk.value}"
    link = f"[{name}](../policies/scenarios/{name}.yaml)"
    seconds = f"{plain(Decimal(ran.now) / NS_PER_S)} s"
    return link, _name(ran.scenario.policy.name), end, str(len(ran.orders())), seconds


def _name(policy: str) -> str:
    return policy.removeprefix("../").removesuffix(".yaml")


def faults_markdown() -> str:
    """One row a kind of fault."""
    rows = ("| fault | a rate counts | what happens | at most |", "|---|---|---|---|")
    return "\n".join((*rows, *(_fault_row(one) for one in Fault), ""))


def _fault_row(fault: Fault) -> str:
    kind = KINDS[fault]
    longest = f"{plain(Decimal(kind.up_to_ns) / NS_PER_S)} s" if kind.up_to_ns else ""
    return f"| `{fault.value}` | {kind.per.value} | {kind.says} | {longest} |"


def rules_markdown() -> str:
    """One row a rule of the referee."""
    rows = (f"| {rule} | {says} |" for rule, says in RULES.items())
    return "\n".join(("| rule | what must be true |", "|---|---|", *rows, ""))


def open_markdown() -> str:
    """One row a seed that still violates something."""
    rows = (
        f"| `dnkit simulate {one.policy}{f' --reason {one.reason}' if one.reason else ''}"
        f" --faults {OWN.get(one.profile, one.profile)} --seed {one.seed}` | {one.rule} | {one.why} |"
        for one in cases()
        if one.open
    )
    return "\n".join(("| run | rule | why |", "|---|---|---|", *rows, ""))
