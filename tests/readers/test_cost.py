"""The parts of the cost, by hand on small runs and by identity on many."""

import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dnkit.journal.reader import Reader
from dnkit.journal.writer import Journal
from dnkit.model import commands as cmd
from dnkit.model import events as ev
from dnkit.readers.cycle import make_row
from dnkit.readers.facts import RunFacts, gather
from dnkit.readers.tca import LegCost, Parts, shortfall
from tests.journal.tiny_run import ScriptedVenue, drive

RESTS = ["rest"] * 5


def run_facts(folder: Path, venue: ScriptedVenue) -> RunFacts:
    path = folder / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        drive(journal, venue)
        facts = gather(reader, reader.run("last"))
    assert facts is not None
    return facts


def test_the_parts_of_a_late_hedge(tmp_path: Path) -> None:
    """The mid rises 10 ticks a second: the quote fills at 2 s, the hedge rests 3 s in vain, then takes."""
    script = {(0, 1): [*RESTS, "fill:1000"], (1, 1): ["rest"]}
    facts = run_facts(tmp_path, ScriptedVenue(script, drift=10))
    quote, hedge = shortfall(facts)
    assert quote == LegCost(
        leg="quote",
        notional=Decimal("500.09"),
        parts=Parts(concession=Decimal("-0.01")),
        unwind=Parts(),
        opportunity=Decimal(0),
    )
    assert hedge == LegCost(
        leg="hedge",
        notional=Decimal("501.49"),
        parts=Parts(Decimal("-0.1"), Decimal("-0.3"), Decimal("0.01"), Decimal("0.250745")),
        unwind=Parts(),
        opportunity=Decimal(0),
    )
    assert hedge.total == Decimal("-0.139255")


def test_a_mid_on_half_a_tick_is_exact(tmp_path: Path) -> None:
    facts = run_facts(tmp_path, ScriptedVenue({(1, 1): ["cross"]}, widths=(1, 2)))
    quote, hedge = shortfall(facts)
    assert quote.parts.concession == Decimal("-0.015"), (
        "bought at the bid, one and a half ticks under the mid"
    )
    assert hedge.parts.concession == Decimal("0.015")


class Misprinted(ScriptedVenue):
    """The first book of the quote leg is a hundredth of what it should be."""

    def answer(self, now: int, command: cmd.Command) -> list[ev.Event]:
        if isinstance(command, cmd.ReadBook) and (command.leg, command.request) == (0, 3):
            return [ev.BookRead(now, 0, 3, 500, 502, 10**4, 10**4, 0, 502, 10**5, 0)]
        return super().answer(now, command)


def test_cost_is_counted_from_the_first_book_that_was_believed(tmp_path: Path) -> None:
    quote, hedge = shortfall(run_facts(tmp_path, Misprinted({}, drift=0)))
    assert quote.parts == Parts(concession=Decimal("-0.01"))
    assert hedge.parts.delay == 0


def test_a_leg_given_back_is_told_apart(tmp_path: Path) -> None:
    """No hedge to be had: what the quote leg filled is given back, and its cost is the unwind's."""
    script = {(1, 1): ["cross"], (1, 2): ["expire"], (1, 3): ["expire"]}
    facts = run_facts(tmp_path, ScriptedVenue(script))
    quote, hedge = shortfall(facts)
    assert quote.parts == Parts(concession=Decimal("-0.01"))
    assert quote.unwind == Parts(concession=Decimal("0.01"), fees=Decimal("0.249995"))
    assert hedge.total == 0
    row = make_row(facts)
    assert (row.end, row.emergency_unwinds, row.traded) == ("flat", 1, True)
    assert row.unwind == Decimal("0.259995")
    assert row.fees == 0
    assert row.gross == 0
    assert row.net == -row.total == Decimal("-0.249995")


def test_what_was_not_done_is_an_opportunity_lost(tmp_path: Path) -> None:
    """The quote rests for 5 s while the market runs away 20 ticks a second; the pair loses nothing by it."""
    program_venue = ScriptedVenue({(0, 1): ["rest"]}, drift=20)
    facts = run_facts(tmp_path, program_venue)
    facts.legs[0].last2, facts.legs[1].last2 = (leg.first2 + 2 * 100 for leg in facts.legs)
    quote, hedge = shortfall(facts)
    assert quote.opportunity == Decimal(1)
    assert hedge.opportunity == Decimal(-1)
    row = make_row(facts)
    assert (row.end, row.timeouts, row.traded, row.total_bps) == ("idle", 1, False, None)


words = st.lists(st.sampled_from(["fill:1", "fill:50", "fill:333", "expire"]), max_size=4)


@settings(max_examples=40, deadline=None)
@given(
    scripts=st.dictionaries(st.tuples(st.sampled_from([0, 1]), st.integers(1, 4)), words, max_size=6),
    drift=st.integers(-300, 300),
    widths=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_the_parts_always_add_up_to_what_the_ledger_says(
    scripts: dict[tuple[int, int], list[str]], drift: int, widths: tuple[int, int]
) -> None:
    """Cost against the first mid is the engine's cash plus the value of what is still held at that mid."""
    with tempfile.TemporaryDirectory() as folder:
        facts = run_facts(Path(folder), ScriptedVenue(scripts, drift=drift, widths=widths))
    for index, cost in enumerate(shortfall(facts)):
        leg, spec = facts.last.legs[index], facts.run.program.legs[index]
        assert leg.entry is not None
        start = Decimal(facts.legs[index].first2) / 2
        held = (leg.position * start - leg.entry) * spec.instrument.value
        gain = (held + leg.cash).scaleb(-12)
        assert cost.parts.total + cost.unwind.total == -gain
    row = make_row(facts)
    parts = row.delay + row.legging + row.concession + row.fees + row.opportunity + row.unwind
    assert parts == row.total
    assert row.gross - row.net >= 0
