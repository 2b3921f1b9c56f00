"""Files of frequencies are read as strictly as policies and come back as they were; own history is counted as
it was."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.analysis.odds.frequencies import ANY, LOST, OUTCOMES, PAYING, Frequencies, Row, What
from dnkit.analysis.odds.history import count_runs
from dnkit.analysis.odds.text import frequencies_text, read_frequencies
from dnkit.engine.state import state_digest
from dnkit.journal.reader import Reader
from dnkit.journal.writer import Journal
from dnkit.model import commands as cm
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from tests.engine.hostile import Hostile
from tests.journal.tiny_run import ScriptedVenue, drive, make_header
from tests.props.test_shipped_policies import opening_positions, shipped_program

TICK = 100 * NS_PER_MS
GOOD = """odds: 1
source: 40 live runs in March
frequencies:
  - {venue: nado, what: ioc, pay_up: 0bps..5bps, outcome: full, count: 61, took: {100ms: 50, 300ms: 11}}
  - {venue: nado, what: ioc, pay_up: 0bps..5bps, outcome: part, count: 9}
  - {venue: nado, what: ioc, pay_up: 5bps..0.2%, outcome: full, count: 3}
  - {venue: nado, what: read, outcome: agrees, count: 120}
"""


def test_a_file_is_read() -> None:
    read = read_frequencies(GOOD, "odds.yaml")
    assert read.diagnostics == ()
    assert read.frequencies is not None
    assert read.frequencies.source == "40 live runs in March"
    first, _, third, last = read.frequencies.rows
    assert first == Row(venue="nado", what=What.IOC, low=0, high=5_000, outcome="full", count=61,
                        took=((TICK, 50), (3 * TICK, 11)))  # fmt: skip
    assert (third.low, third.high, last.low, last.high) == (5_000, 20_000, ANY, ANY)


ROW = "  - {venue: nado, what: ioc, outcome: full, count: 3}"
WRONG = {
    "": ("1:1", "DNK015", "the file is empty", "`odds: 1`"),
    "- 1\n": ("1:1", "DNK010", "a file of frequencies is a map of keys, this is a list", "`odds: 1`"),
    "odds: 1\nsource: x\nfrequencies: 3\n": ("3:14", "DNK020", "a list of rows is wanted here", "`- `"),
    f"odds: 2\nsource: x\nfrequencies:\n{ROW}": ("1:7", "DNK100", "version `2` is not known", "`odds: 1`"),
    f"odds: 1\nfrequencies:\n{ROW}": ("1:1", "DNK104", "`source` is missing", "`source: ...`"),
    f"odds: 1\nsource: x\nrows:\n{ROW}\nfrequencies:\n{ROW}": ("3:1", "DNK103", "no key `rows`", ""),
    "odds: 1\nsource: x\nfrequencies:\n  - 3": ("4:5", "DNK020", "a map of keys is wanted", "{venue: ..."),
}
IOC = "{venue: nado, what: ioc, outcome: full, count: 3"
WRONG_ROWS = [  # the row, what the finding points at, its code, what it says and what it advises
    ("{venue: nado, what: ioc, outcome: full}", "{", "DNK104", "`count` is missing", "`count: ...`"),
    ("{venue: nado, what: ico, outcome: full, count: 3}", "ico", "DNK032", "`ico`", "did you mean `ioc`?"),
    ("{venue: nado, what: ioc, outcome: ful, count: 3}", "ful", "DNK032", "is no outcome of ioc", "`full`"),
    ("{venue: nado, what: find, outcome: full, count: 3}", "full", "DNK032", "no outcome of find", "known"),
    ("{venue: nado, what: ioc, outcome: full, count: 3.5}", "3.5", "DNK030", "not understood", "whole"),
    ("{venue: nado, what: ioc, outcome: full, count: 0}", "0", "DNK031", "nothing was counted", "leave"),
    ("{venue: nado, what: [ioc], outcome: full, count: 3}", "[", "DNK020", "a single value is wanted", ""),
    (f"{IOC}, pay: 5bps}}", "pay", "DNK103", "no key `pay`", "`pay_up`"),
    (f"{IOC}, pay_up: 5bps}}", "5bps", "DNK030", "no band", "0bps..5bps"),
    (f"{IOC}, pay_up: 5bps..2bps}}", "5bps..2bps", "DNK031", "nothing in it", "the larger one"),
    (f"{IOC}, pay_up: 1..5bps}}", "1..5bps", "DNK022", "no unit", "1bps"),
    (f"{IOC}, pay_up: 0bps..0.0001bps}}", "0.0001bps", "DNK031", "finer than", ""),
    ("{venue: x, what: read, outcome: behind, count: 3, pay_up: 0bps..5bps}",
     "0bps..5bps", "DNK103", "read has no pay-up", "leave `pay_up` out"),
    (f"{IOC}, took: {{1s: 2}}}}", "{1s", "DNK031", "tells of 2, `count` of 3", "leave `took` out"),
    (f"{IOC}, took: {{1: 3}}}}", "1: 3", "DNK022", "no unit", "1s"),
    (f"{IOC}, took: 1s}}", "1s", "DNK020", "times with counts", "{100ms"),
]  # fmt: skip
HEAD = "odds: 1\nsource: x\nfrequencies:\n"


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_file_is_refused_at_its_place(text: str) -> None:
    place, code, said, help = WRONG[text]
    read = read_frequencies(text, "odds.yaml")
    assert read.frequencies is None
    (one,) = read.diagnostics
    assert (f"{one.span.line}:{one.span.col}", one.code) == (place, code)
    assert said in one.message
    assert help in one.advice


@pytest.mark.parametrize(("row", "at", "code", "said", "help"), WRONG_ROWS)
def test_a_wrong_row_is_refused_at_its_place(row: str, at: str, code: str, said: str, help: str) -> None:
    read = read_frequencies(f"{HEAD}  - {row}\n", "odds.yaml")
    assert read.frequencies is None
    (one,) = read.diagnostics
    assert (one.span.line, one.code) == (4, code)
    assert f"  - {row}"[one.span.col - 1 :].startswith(at)
    assert said in one.message
    assert help in one.advice


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{venue: nado, what: ioc, pay_up: 0bps..5bps, outcome: full, count: 1}", "has `full` already"),
        ("{venue: nado, what: ioc, pay_up: 2bps..9bps, outcome: none, count: 1}", "overlaps with nado ioc"),
        ("{venue: nado, what: ioc, outcome: none, count: 1}", "nado ioc overlaps with nado ioc at"),
    ],
)
def test_one_sample_a_request(row: str, said: str) -> None:
    (one,) = read_frequencies(f"{GOOD}  - {row}\n", "odds.yaml").diagnostics
    assert one.span.line == 8
    assert said in one.message


def test_every_mistake_is_told_in_one_pass() -> None:
    rows = "\n".join(f"  - {row}" for row, *_ in WRONG_ROWS)
    read = read_frequencies(f"{HEAD}{rows}\n", "odds.yaml")
    assert {one.span.line for one in read.diagnostics} == {*range(4, 4 + len(WRONG_ROWS))} - {9}


# --- and back -------------------------------------------------------------------------------------


@st.composite
def samples(draw: st.DrawFn) -> tuple[Row, ...]:
    """The rows of one venue and request: one band or several side by side, outcomes by choice."""
    what = draw(st.sampled_from(What))
    ends = sorted(draw(st.sets(st.integers(0, 10**6), min_size=2, max_size=4))) if what in PAYING else []
    bands = list(pairwise(ends)) or [(ANY, ANY)]
    times = st.dictionaries(st.integers(0, 10**12), st.integers(1, 99), max_size=3)
    found = []
    for low, high in bands:
        for outcome in draw(st.lists(st.sampled_from(OUTCOMES[what]), min_size=1, unique=True)):
            took = tuple(sorted(draw(times).items()))
            count = sum(many for _, many in took) or draw(st.integers(1, 999))
            found.append(
                Row(venue="alpha", what=what, low=low, high=high, outcome=outcome, count=count, took=took)
            )
    return tuple(found)


@given(samples(), st.text(st.characters(categories=("L", "N", "P", "Zs")), min_size=1).filter(str.strip))
def test_what_is_written_reads_back(rows: tuple[Row, ...], source: str) -> None:
    frequencies = Frequencies(source=source, rows=rows)
    read = read_frequencies(frequencies_text(frequencies), "odds.yaml")
    assert read.diagnostics == ()
    assert read.frequencies == frequencies


# --- own history ----------------------------------------------------------------------------------

SCRIPTS: list[dict[tuple[int, int], list[str]]] = [
    {},  # the quote and the hedge rest and fill
    {(0, 1): ["rest", "rest", "rest", "fill:400"]},  # the quote fills in part, and is withdrawn
    {(1, 1): ["cross"], (1, 2): ["expire"], (1, 3): ["fill:400", "expire"]},  # refused, nothing, a part
    {(0, 1): []},  # nobody answers
]


def counted(tmp_path: Path) -> dict[tuple[str, str, str], tuple[int, tuple[tuple[int, int], ...]]]:
    path = tmp_path / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        for number, script in enumerate(SCRIPTS):
            drive(journal, ScriptedVenue(script), f"r{number}")
        rows = count_runs(reader, reader.runs()).rows
    return {(one.venue, one.what.value, one.outcome): (one.count, one.took) for one in rows}


def test_own_history_is_counted_with_its_times(tmp_path: Path) -> None:
    found = counted(tmp_path)
    assert found["aster", "post_only", "full"] == (2, ((TICK, 2),))
    assert found["aster", "post_only", "part"] == (1, ())  # how long it rested is the policy's patience
    assert found["aster", "post_only", LOST] == (1, ((10 * TICK, 1),))
    assert found["aster", "cancel", "cancelled"] == (1, ((TICK, 1),))
    assert found["aster", "find", LOST][0] >= 2
    assert found["lighter", "post_only", "rejected"] == (1, ((TICK, 1),))
    assert found["lighter", "ioc", "none"] == (1, ((TICK, 1),))
    assert found["lighter", "ioc", "part"] == (1, ((3 * TICK, 1),))
    assert ("lighter", "ioc", "full") not in found


def test_pay_ups_go_into_bands(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        drive(journal, ScriptedVenue({(1, 1): ["cross"]}, widths=(1, 1)))
        rows = count_runs(reader, reader.runs(), bands=(0, 1, 7_000)).rows
    (taken,) = (one for one in rows if one.what is What.IOC)
    assert (taken.low, taken.high, taken.outcome) == (0, 1, "full")  # at the far touch: it paid nothing more


def test_the_source_tells_paper_from_live(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with Journal(path) as journal, Reader(path) as reader:
        drive(journal, ScriptedVenue({}), "r1")
        drive(journal, ScriptedVenue({}), "r2", mode="live", market="nado")
        assert count_runs(reader, reader.runs()).source == (
            "2 journalled runs: 1 live on nado, 1 paper on synthetic:calm"
        )


@pytest.mark.parametrize("name", ["open_post_only_hedge", "close_two_phase"])
def test_of_hostile_runs_every_order_is_counted_once(name: str, tmp_path: Path) -> None:
    """Whatever the venue does, something is counted of every order, and all that can come of one comes."""
    made, path = shipped_program(name), tmp_path / "journal.db"
    sent: Counter[str] = Counter()
    with Journal(path) as journal, Reader(path) as reader:
        for seed in range(40):
            venue = Hostile(made, opening_positions(made), seed, 0.2)
            venue.run(limit_s=3_000)
            journal.start_run(make_header(f"r{seed}"), made)
            for event, asked, state in venue.lines:
                journal.append(
                    f"r{seed}", state.seq, event.at_ns, event, asked, state_digest(state), False, state
                )
            sent.update(one.type.value for one in venue.asked if isinstance(one, cm.PlaceOrder))
        rows = count_runs(reader, reader.runs()).rows
    orders = Counter[str]()
    for one in rows:
        orders[one.what.value] += one.count
    assert {what: orders[what] for what in sent} == dict(sent)
    seen = {one.outcome for one in rows}
    assert {"full", "part", "none", "rejected", LOST, "too_late", "behind", "failed", "over"} <= seen
    assert all(ns <= 60 * NS_PER_S for one in rows for ns, _ in one.took)
