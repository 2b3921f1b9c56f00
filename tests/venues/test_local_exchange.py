"""The exchange without its socket: accounts apart, client ids once, streams to all, answers to the asker, and
a truth that outlives both sides.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from dnkit.desk.scheduler import Scheduler
from dnkit.model.capabilities import Capabilities
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OrdersSwept,
    PositionRead,
)
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import FoundKind, OrderType, RejectKind, Side
from dnkit.venues.account import PAPER_TERMS
from dnkit.venues.accounts import PaperAccounts
from dnkit.venues.local import protocol
from dnkit.venues.local.exchange import Exchange, NotAdmitted, Session
from dnkit.venues.local.member import Hall
from dnkit.venues.local.orders import Orders
from tests.venues.rig import INSTRUMENT, PLAIN, HandBook

TRADES = (("bench", "ETH"),)
START = 1_000 * NS_PER_S


class Floor:
    """An exchange with one listing, a book by hand and a clock by hand; files in a folder."""

    def __init__(self, folder: Path, capabilities: Capabilities = PLAIN, start_ns: int = START) -> None:
        self.stack = ExitStack()
        self.scheduler = Scheduler(start_ns)
        self.book = HandBook()
        self.book.shown[Side.BUY][9_990] = 500
        self.book.shown[Side.SELL][10_010] = 500
        self.accounts = self.stack.enter_context(PaperAccounts(folder / "accounts.db"))
        self.orders = self.stack.enter_context(Orders(folder / "orders.db"))
        hall = Hall(
            [INSTRUMENT],
            [self.book],
            {"bench": capabilities},
            self.accounts,
            self.orders,
            now=lambda: self.scheduler.now_ns,
            at=self.scheduler.at,
            attach=lambda _book, _venue: None,
        )
        listing = protocol.Listing("bench", "ETH", INSTRUMENT.tick, INSTRUMENT.lot, "by hand")
        self.exchange = Exchange("exchange:test", hall, (listing,), Decimal(1))

    def trader(self, account: str = "one", engine: str = "e1") -> "Trader":
        heard: list[protocol.ToTrader] = []
        return Trader(self.exchange.admit(account, protocol.Hello(engine, TRADES), heard.append), heard, self)

    def later(self, seconds: float = 1) -> None:
        self.scheduler.run_due(self.scheduler.now_ns + int(seconds * NS_PER_S))


class Trader:
    """A session and what it heard."""

    def __init__(self, session: Session, heard: list[protocol.ToTrader], floor: Floor) -> None:
        self.session = session
        self.heard = heard
        self.floor = floor

    def ask(self, request: protocol.Request, seconds: float = 1) -> list[object]:
        """What is told about it within so long."""
        self.heard.clear()
        self.session.take(request)
        self.floor.later(seconds)
        return [one.news if isinstance(one, protocol.Told) else one for one in self.heard]

    def place(self, key: str, **changes: object) -> list[object]:
        fields = {"side": Side.BUY, "type": OrderType.IOC, "lots": 20, "price": 10_010, **changes}
        return self.ask(protocol.Place(0, key, **fields))  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def floors(folder: Path) -> Iterator[Callable[..., Floor]]:
    with ExitStack() as stack:

        def make(*args: object) -> Floor:
            made = Floor(folder, *args)  # type: ignore[arg-type]
            stack.callback(made.stack.close)
            return made

        yield make


def kinds(heard: Sequence[object]) -> list[str]:
    return [type(one).__name__ for one in heard]


def test_a_trader_is_welcomed_with_what_it_trades(floors: Callable[..., Floor]) -> None:
    trader = floors().trader()
    (welcome,) = trader.heard
    assert isinstance(welcome, protocol.Welcome)
    assert (welcome.market, welcome.numbers, welcome.now_ns) == ("exchange:test/one", (0,), START)


def test_an_order_fills_and_the_tape_says_so_before_anybody_is_told(floors: Callable[..., Floor]) -> None:
    floor = floors()
    trader = floor.trader()
    trader.session.take(protocol.Place(0, "k-1", Side.BUY, OrderType.IOC, 20, 10_010))
    floor.later(PLAIN.latency_ns / NS_PER_S)
    assert kinds(trader.heard) == ["Welcome"]
    assert floor.accounts.taped("one", "bench", "ETH") == Decimal("0.2")
    floor.later()
    told = [one for one in trader.heard if isinstance(one, protocol.Told)]
    assert isinstance(told[0].news, OrderFilled)
    assert {one.key for one in told} == {"k-1"}


def test_accounts_do_not_see_each_other(floors: Callable[..., Floor]) -> None:
    floor = floors()
    one, other = floor.trader("one", "e1"), floor.trader("other", "e2")
    one.place("k-1")
    assert kinds(other.heard) == ["Welcome"]
    assert floor.accounts.taped("other", "bench", "ETH") == 0


def test_a_client_id_is_taken_once(floors: Callable[..., Floor]) -> None:
    floor = floors()
    trader = floor.trader()
    trader.place("k-1")
    (refused,) = trader.place("k-1")
    assert isinstance(refused, OrderRejected)
    assert refused.why is RejectKind.DUPLICATE
    assert floor.accounts.taped("one", "bench", "ETH") == Decimal("0.2")


def test_a_new_order_is_not_found_before_the_lag_is_over(floors: Callable[..., Floor]) -> None:
    trader = floors().trader()
    trader.session.take(protocol.Place(0, "k-1", Side.BUY, OrderType.POST_ONLY, 20, 9_990))
    (accepted, early) = trader.ask(protocol.Find(0, "k-1"), 0.5)
    (late,) = trader.ask(protocol.Find(0, "k-1"), 1)
    (later,) = trader.ask(protocol.Find(0, "k-1"), 1)
    assert isinstance(accepted, OrderAccepted)
    found = [one.found for one in (early, late, later) if isinstance(one, OrderFound)]
    assert found == [FoundKind.ABSENT, FoundKind.ABSENT, FoundKind.LIVE]


def test_an_id_nobody_knows_is_absent_and_cannot_be_cancelled(floors: Callable[..., Floor]) -> None:
    trader = floors().trader()
    (found,) = trader.ask(protocol.Find(0, "nobody"))
    (refused,) = trader.ask(protocol.Cancel(0, "nobody"))
    assert isinstance(found, OrderFound)
    assert found.found is FoundKind.ABSENT
    assert isinstance(refused, CancelRefused)


def test_answers_go_to_the_asker_and_streams_to_all(floors: Callable[..., Floor]) -> None:
    """A second session of the account on nothing at all hears the streams only."""
    floor = floors()
    trader, heard = floor.trader(), []  # type: ignore[var-annotated]
    floor.exchange.admit("one", protocol.Hello("e2", ()), heard.append)
    trader.place("k-1", type=OrderType.POST_ONLY, price=9_990)
    trader.ask(protocol.Read(0, 7))
    swept = [one for one in trader.ask(protocol.Sweep(0, 8)) if isinstance(one, OrdersSwept)]
    assert [(one.request, one.found) for one in swept] == [(8, 1)]
    assert kinds([one.news for one in heard[1:]]) == ["OrderAccepted", "OrderEnded"]


def test_two_engines_on_one_account_are_one_too_many(floors: Callable[..., Floor]) -> None:
    floor = floors()
    first = floor.trader(engine="e1")
    with pytest.raises(NotAdmitted) as refused:
        floor.trader(engine="e2")
    assert refused.value.market == "exchange:test/one"
    floor.exchange.dismiss(first.session)
    floor.trader(engine="e2")


def test_an_engine_that_comes_back_takes_its_place_over(floors: Callable[..., Floor]) -> None:
    floor = floors()
    first = floor.trader(engine="e1")
    first.place("k-1", type=OrderType.POST_ONLY, price=9_990)
    again = floor.trader(engine="e1")
    first.heard.clear()
    (ended, swept) = again.ask(protocol.Sweep(0, 1))
    assert kinds([ended, swept]) == ["OrderEnded", "OrdersSwept"]
    assert not first.heard


@pytest.mark.parametrize(
    "hello",
    [protocol.Hello("e", (("bench", "BTC"),)), protocol.Hello("e", TRADES, protocol=protocol.PROTOCOL + 1)],
)
def test_who_wants_what_is_not_here_is_not_admitted(
    hello: protocol.Hello, floors: Callable[..., Floor]
) -> None:
    with pytest.raises(NotAdmitted) as refused:
        floors().exchange.admit("one", hello, lambda _message: None)
    assert not refused.value.market


def test_a_session_keeps_to_its_listings(floors: Callable[..., Floor]) -> None:
    floor = floors()
    session = floor.exchange.admit("one", protocol.Hello("e", ()), lambda _message: None)
    with pytest.raises(NotAdmitted):
        session.take(protocol.Read(0, 1))


def test_an_endowed_account_shows_its_start_at_once_and_not_twice_the_tape(
    floors: Callable[..., Floor],
) -> None:
    floor = floors()
    trader = floor.trader()
    (held,) = trader.ask(protocol.Endow(1, 0, 20, 10_000, "test"), 0)
    assert held == protocol.Held(1, 20, 200_000)
    (read,) = trader.ask(protocol.Read(0, 2), 1)
    assert isinstance(read, PositionRead)
    assert read.lots == 20
    (judged,) = trader.ask(protocol.Audit(3, 0, 20), 0)
    assert isinstance(judged, protocol.Judged)
    assert judged.verdict.ok, judged.verdict.findings


def test_nothing_is_given_to_an_account_with_open_orders(floors: Callable[..., Floor]) -> None:
    trader = floors().trader()
    trader.place("k-1", type=OrderType.POST_ONLY, price=9_990)
    (failed,) = trader.ask(protocol.Endow(1, 0, 20, 10_000, "test"), 0)
    assert isinstance(failed, protocol.Failed)


def test_the_judge_contradicts_a_ledger_that_is_wrong(floors: Callable[..., Floor]) -> None:
    trader = floors().trader()
    trader.place("k-1")
    (judged,) = trader.ask(protocol.Audit(1, 0, 0), 0)
    assert isinstance(judged, protocol.Judged)
    assert judged.verdict.position == 20
    assert not judged.verdict.ok


def test_orders_outlive_their_trader(floors: Callable[..., Floor]) -> None:
    floor = floors()
    dead = floor.trader()
    dead.place("k-1", type=OrderType.POST_ONLY, price=9_990)
    floor.exchange.dismiss(dead.session)
    floor.later()
    (found,) = floor.trader(engine="e2").ask(protocol.Find(0, "k-1"))
    assert isinstance(found, OrderFound)
    assert found.found is FoundKind.LIVE


def test_a_new_process_of_the_exchange_knows_the_old_orders(
    folder: Path, floors: Callable[..., Floor]
) -> None:
    floor = floors()
    trader = floor.trader()
    trader.place("k-1")
    trader.place("k-2", type=OrderType.POST_ONLY, price=9_990)
    trader.place("k-3", lots=0)  # refused
    floor.stack.close()
    trader = floors(PLAIN, floor.scheduler.now_ns).trader()
    found = [one for key in ("k-1", "k-2", "k-3") for one in trader.ask(protocol.Find(0, key))]
    assert [(one.found, one.cum) for one in found if isinstance(one, OrderFound)] == [
        (FoundKind.OVER, 20),
        (FoundKind.OVER, 0),
        (FoundKind.ABSENT, 0),
    ]
    (judged,) = trader.ask(protocol.Audit(1, 0, 20), 0)
    assert isinstance(judged, protocol.Judged)
    assert judged.verdict.ok, judged.verdict.findings
    (refused,) = trader.place("k-1")
    assert isinstance(refused, OrderRejected)


def test_the_file_of_orders_tells_what_rests(floors: Callable[..., Floor]) -> None:
    floor = floors()
    trader = floor.trader()
    (accepted,) = trader.place("k-1", type=OrderType.POST_ONLY, price=9_990)
    assert isinstance(accepted, OrderAccepted)
    trader.place("k-2")
    rows = floor.orders._db.execute("SELECT client_id, state, filled FROM orders ORDER BY client_id")
    assert rows.fetchall() == [("k-1", "live", 0), ("k-2", "filled", 20)]
    trader.ask(protocol.Cancel(0, "k-1"))
    rows = floor.orders._db.execute("SELECT state FROM orders WHERE client_id = 'k-1'")
    assert rows.fetchall() == [("cancelled",)]


@pytest.mark.parametrize(
    "frame", [b"", b"{}", b"[{}]", b'[{"kind":"Place"}]', b'[{"kind":"Nothing"}]', b"\xff"]
)
def test_what_is_not_of_the_protocol_is_told_apart(frame: bytes) -> None:
    with pytest.raises(protocol.BadFrame):
        protocol.asked_in(frame)
    with pytest.raises(protocol.BadFrame):
        protocol.told_in(frame)


def test_an_exchange_tells_its_terms_its_time_and_whether_one_can_trade(floors: Callable[..., Floor]) -> None:
    floor = floors()
    trader = floor.trader()
    (told,) = trader.ask(protocol.Inspect(7, 0))
    assert told == protocol.Inspected(7, PAPER_TERMS, START, "")
    floor.book.shown[Side.BUY].clear()
    (told,) = trader.ask(protocol.Inspect(8, 0))
    assert isinstance(told, protocol.Inspected)
    assert told.status == "one side of its book is empty"
