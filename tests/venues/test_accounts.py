"""Paper accounts: money that adds up, and positions that outlive their process, on real files."""

import os
import signal
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnkit.model.errors import DnkitError
from dnkit.model.terms import Side
from dnkit.venues.account import Account, Holding
from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.judge import judge
from tests.venues.rig import INSTRUMENT, Bench, OrderType

LOT, TICK = INSTRUMENT.lot, INSTRUMENT.tick
KEY = ("synthetic", "bench", "ETH")
BUY, SELL = Side.BUY, Side.SELL

FILLS = [
    ("opens", [(BUY, 10, 100)], (10, 1_000, 0)),
    ("adds", [(BUY, 10, 100), (BUY, 10, 110)], (20, 2_100, 0)),
    ("closes half with a gain", [(BUY, 10, 100), (SELL, 5, 120)], (5, 500, 100)),
    ("closes with a loss", [(SELL, 10, 100), (BUY, 10, 103)], (0, 0, -30)),
    ("turns", [(BUY, 10, 100), (SELL, 15, 110)], (-5, -550, 100)),
    ("short and back in two prices", [(SELL, 4, 100), (SELL, 4, 102), (BUY, 8, 90)], (0, 0, 88)),
]


@pytest.mark.parametrize(("what", "fills", "after"), FILLS)
def test_a_fill_moves_position_entry_and_gain(
    what: str, fills: list[tuple[Side, int, int]], after: tuple[int, int, int]
) -> None:
    account = Account(*KEY, lot=LOT, tick=TICK)
    for side, lots, price in fills:
        account.fill(side, lots, price, fee=7)
    lots, entry, gain = after
    assert account.holding == Holding(
        lots=lots, entry=entry, realised=gain * INSTRUMENT.value, fees=7 * len(fills)
    ), what


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 50), st.integers(90, 110)), max_size=30))
def test_gain_and_entry_are_the_cash_that_moved(fills: list[tuple[Side, int, int]]) -> None:
    account = Account(*KEY, lot=LOT, tick=TICK)
    paid = 0
    for side, lots, price in fills:
        account.fill(side, lots, price, fee=0)
        paid += side * lots * price
    holding = account.holding
    assert holding.lots == sum(side * lots for side, lots, _ in fills)
    assert holding.entry * INSTRUMENT.value - holding.realised == paid * INSTRUMENT.value
    assert holding.lots or holding.entry == 0


def test_opened_by_one_command_and_closed_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "state" / "paper.db"
    with PaperAccounts(path) as accounts:
        account = accounts.load(*KEY, LOT, TICK)
        assert account.lots == 0
        account.fill(BUY, 30, 27_000, 5_000_000, at_ns=11, trade="one")
        account.fill(SELL, 10, 27_100, -1_000_000, at_ns=12, trade="two")
    with PaperAccounts(path) as accounts:
        again = accounts.load(*KEY, LOT, TICK)
        assert again.holding == account.holding
        (row,) = accounts.all()
        assert (row.position, row.entry_price, row.realised, row.fees, row.updated_ns) == (
            Decimal("0.20"),
            Decimal(2700),
            Decimal("1"),
            Decimal("0.000004"),
            12,
        )
        assert accounts.taped(*KEY) == row.position
        again.fill(SELL, 20, 27_000, 0)
        assert accounts.all()[0].entry_price is None


def test_amounts_are_plain_text_for_any_sqlite_tool(tmp_path: Path) -> None:
    with PaperAccounts(tmp_path / "paper.db") as accounts:
        accounts.load(*KEY, LOT, TICK).fill(SELL, 30, 27_000, 50, trade="t")
    db = sqlite3.connect(tmp_path / "paper.db")
    try:
        assert db.execute("SELECT position, entry, fees, lot, tick FROM account").fetchall() == [
            ("-0.30", "-810.000", "0.000000000050", "0.01", "0.1")
        ]
        assert db.execute("SELECT quantity, price, fee, trade FROM tape").fetchall() == [
            ("-0.30", "2700.0", "0.000000000050", "t")
        ]
    finally:
        db.close()


def test_accounts_do_not_mix(tmp_path: Path) -> None:
    keys = [
        ("synthetic", "a", "ETH"),
        ("synthetic", "b", "ETH"),
        ("recorded", "a", "ETH"),
        ("synthetic", "a", "BTC"),
    ]
    with PaperAccounts(tmp_path / "paper.db") as accounts:
        for lots, key in enumerate(keys, start=1):
            accounts.load(*key, LOT, TICK).fill(BUY, lots, 100, 0)
        assert {(row.market, row.venue, row.symbol): row.position for row in accounts.all()} == {
            key: lots * LOT for lots, key in enumerate(keys, start=1)
        }
        assert accounts.reset("synthetic", "a") == 2
        assert accounts.reset("synthetic", "nowhere") == 0
        assert [(row.market, row.venue) for row in accounts.all()] == [("recorded", "a"), ("synthetic", "b")]
        assert accounts.taped("synthetic", "a", "ETH") == 0
        assert accounts.reset("synthetic") == 1


def test_a_seed_says_who_put_it_there_and_never_covers_a_position(tmp_path: Path) -> None:
    with PaperAccounts(tmp_path / "paper.db") as accounts:
        account = accounts.seed(*KEY, LOT, TICK, lots=-25, price=27_000, by="close_two_phase", at_ns=3)
        assert (account.lots, account.entry) == (-25, -25 * 27_000)
        assert accounts.all()[0].seeded_by == "close_two_phase"
        with pytest.raises(DnkitError, match=r"not empty: it holds -0\.25"):
            accounts.seed(*KEY, LOT, TICK, lots=1, price=1, by="someone else")
        account.fill(BUY, 25, 26_900, 0)
        assert accounts.all()[0].seeded_by == "close_two_phase"
        assert accounts.all()[0].realised == Decimal("2.5")
        accounts.seed(*KEY, LOT, TICK, lots=5, price=27_000, by="the next cycle")
        (row,) = accounts.all()
        assert (row.seeded_by, row.realised, accounts.taped(*KEY)) == (
            "the next cycle",
            Decimal("2.5"),
            5 * LOT,
        )


@pytest.mark.parametrize(("lot", "tick"), [(Decimal("0.1"), TICK), (LOT, Decimal("0.05"))])
def test_a_changed_grid_under_an_open_position_is_refused(
    tmp_path: Path, lot: Decimal, tick: Decimal
) -> None:
    with PaperAccounts(tmp_path / "paper.db") as accounts:
        account = accounts.load(*KEY, LOT, TICK)
        account.fill(BUY, 20, 27_000, 0)
        with pytest.raises(DnkitError, match=r"synthetic / bench / ETH holds 0\.20 on the grid"):
            accounts.load(*KEY, lot, tick)
        account.fill(SELL, 20, 27_000, 0)
        flat = accounts.load(*KEY, lot, tick)
        flat.fill(BUY, 1, 100, 0)
        assert accounts.load(*KEY, lot, tick).lots == 1


def test_an_account_changed_by_another_process_is_refused_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    with PaperAccounts(path) as mine, PaperAccounts(path) as theirs:
        ours, other = mine.load(*KEY, LOT, TICK), theirs.load(*KEY, LOT, TICK)
        other.fill(BUY, 3, 100, 0)
        with pytest.raises(DnkitError, match="another process changed"):
            ours.fill(BUY, 5, 100, 0)
        assert ours.lots == 0
        other.fill(BUY, 3, 100, 0)
        theirs.reset(KEY[0])
        with pytest.raises(DnkitError, match="another process changed"):
            other.fill(BUY, 1, 100, 0)
        assert mine.all() == ()


def test_files_that_cannot_be_used_are_explained(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text(
        "this is no database, and it is long enough to be looked at as one\n" * 20
    )
    with pytest.raises(DnkitError, match=r"cannot open the paper accounts in .*text\.db"):
        PaperAccounts(tmp_path / "text.db")
    with pytest.raises(DnkitError, match="cannot open"):
        PaperAccounts(tmp_path / "text.db" / "below.db")
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(DnkitError, match="newer dnkit"):
        PaperAccounts(tmp_path / "newer.db")


def test_a_fill_that_cannot_be_written_is_not_in_memory_either(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    with PaperAccounts(path) as accounts:
        account = accounts.load(*KEY, LOT, TICK)
        account.fill(BUY, 3, 100, 0)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("DROP TABLE tape")
        other.close()
        with pytest.raises(DnkitError, match="cannot write"):
            account.fill(BUY, 4, 100, 0)
        assert account.lots == 3
        assert accounts.all()[0].position == 3 * LOT


FILLER = """
import sys
from decimal import Decimal
from pathlib import Path
from dnkit.model.terms import Side
from dnkit.venues.accounts import PaperAccounts

account = PaperAccounts(Path(sys.argv[1])).load("synthetic", "bench", "ETH", Decimal("0.01"), Decimal("0.1"))
for count in range(1, 100_000):
    account.fill(Side.BUY, 1, 27_000, 10, at_ns=count, trade=f"t{count}")
    sys.stdout.write(f"{count}\\n")
    sys.stdout.flush()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL here")
def test_a_killed_process_loses_nothing_it_said(tmp_path: Path) -> None:
    path = tmp_path / "paper.db"
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", FILLER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(200)]
        process.kill()
        said += process.stdout.readlines()
    told = int([line for line in said if line.endswith("\n")][-1])
    assert process.returncode == -signal.SIGKILL
    assert told >= 200
    with PaperAccounts(path) as accounts:
        lots = accounts.load(*KEY, LOT, TICK).lots
        assert told <= lots <= told + 1  # the last fill may be written and not yet said
        assert accounts.taped(*KEY) == lots * LOT


def test_the_judge_agrees_with_an_honest_run(tmp_path: Path) -> None:
    with PaperAccounts(tmp_path / "paper.db") as accounts:
        accounts.seed(*KEY, LOT, TICK, lots=40, price=10_000, by="test")
        one = Bench(account=accounts.load(*KEY, LOT, TICK))
        one.show({9_999: 50}, {10_001: 50})
        one.place(OrderType.IOC, SELL, 30, 9_999, reduce_only=True)
        verdict = judge(one.venue, 10, accounts)
        assert verdict.ok
        assert (verdict.position, verdict.resting, verdict.venue) == (10, 0, "bench")


def test_the_judge_names_what_is_wrong(tmp_path: Path) -> None:
    with PaperAccounts(tmp_path / "paper.db") as accounts:
        one = Bench(account=accounts.load(*KEY, LOT, TICK))
        one.show({9_999: 50}, {10_001: 50})
        one.place(OrderType.POST_ONLY, BUY, 10, 9_000)
        one.venue.place(one.order(OrderType.IOC, BUY, 10, 10_001))
        findings = judge(one.venue, 3, accounts).findings
        assert findings == (
            "the run says 3 lots, the venue holds 0",
            "order run-a-1 is still open",
            "1 orders are still on their way to the venue",
        )
        one.run()
        kept = judge(one.venue, 10, accounts, keep=frozenset({"run-a-1"}))
        assert (kept.ok, kept.resting) == (True, 1)
        missed = judge(one.venue, 10, accounts, keep=frozenset({"run-a-1", "run-a-2"}))
        assert missed.findings == ("order run-a-2 should be open and is not",)
        one.account.fill(BUY, 1, 10_000, 0)  # a trade that no order made
        findings = judge(one.venue, None).findings
        assert findings[:2] == (
            "the run knows no position of this leg",
            "opening 0 and executed 10 lots do not make 11",
        )
        accounts.reset(KEY[0])
        assert "the stored account says 0, the venue holds 0.11" in judge(one.venue, 11, accounts).findings
