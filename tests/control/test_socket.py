"""The socket alone: who may use it, what it says, and that nobody on it makes the engine wait."""

import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from dnkit.control import place, words
from dnkit.control.client import Client, NoAnswer, NotRunning, engines
from dnkit.control.server import CLIENTS_MAX
from dnkit.model.errors import DnkitError
from dnkit.model.terms import Risk
from dnkit.runtime.attend import Command, attended
from dnkit.runtime.run import Floor
from tests.desk.floor import floor_for, program

POLICY = "close_two_phase"
T = TypeVar("T")
STEP_S = 0.25  # an engine that hangs on a client takes longer than this


@contextmanager
def engine(folder: Path, root: Path | None = None) -> Iterator[tuple[Floor, Path, list[str]]]:
    """A helm with a socket, between two cycles; `work` moves it."""
    notes: list[str] = []
    with floor_for(program(POLICY), folder) as floor:
        legs = program(POLICY).legs
        command = Command(group="g" * 12, policy=POLICY, legs=legs)
        with attended(root or folder, floor, command, notes.append):
            yield floor, place.socket_path(root or folder, command.group), notes


def while_working(floor: Floor, call: Callable[[], T]) -> T:
    """What a client's call comes to while the engine works. The longest step must not be long."""
    found: list[T] = []
    thread = threading.Thread(target=lambda: found.append(call()))
    thread.start()
    longest = 0.0
    while thread.is_alive():
        began = time.monotonic()
        floor.helm.inbox.work_off()
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.001)
    assert longest < STEP_S, f"the engine waited {longest:.2f} s"
    assert found, "the call failed"
    return found[0]


@contextmanager
def saying(path: Path, *lines: bytes) -> Iterator[socket.socket]:
    with closing(place.connect(path)) as made:
        made.settimeout(20)
        for line in lines:
            made.sendall(line)
        yield made


def heard(one: socket.socket, count: int) -> list[dict[str, object]]:
    data = b""
    while data.count(b"\n") < count and (more := one.recv(1 << 16)):
        data += more
    return [json.loads(line) for line in data.splitlines()]


def test_only_the_owner_may_enter(tmp_path: Path) -> None:
    with engine(tmp_path) as (_, path, _):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_ISSOCK(path.stat().st_mode)
    assert not path.exists(), "it goes with the command"


def test_a_folder_that_is_not_ours_gets_no_socket_and_the_command_goes_on(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "control").symlink_to(tmp_path / "elsewhere")
    with engine(tmp_path) as (_, path, notes):
        assert not path.exists()
        assert "not a folder of yours" in notes[0]


def test_a_folder_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    (tmp_path / "control").mkdir(mode=0o777)
    with engine(tmp_path) as (_, path, _):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_long_path_is_reached_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    with engine(tmp_path, deep) as (floor, path, _):
        assert len(os.fsencode(path)) > 108
        (found,) = while_working(floor, lambda: engines(deep))
    assert found.hello.policy == POLICY


def test_the_socket_of_a_killed_command_is_nobody_and_is_swept_later(tmp_path: Path) -> None:
    with engine(tmp_path) as (_, path, _):
        pass
    dead = path.with_name("dead.sock")
    with closing(socket.socket(socket.AF_UNIX)) as made:
        made.bind(str(dead))
    assert engines(tmp_path) == []
    with pytest.raises(NotRunning):
        Client(dead)
    with engine(tmp_path):
        assert dead.exists(), "it may be of one that is just about to listen"
    os.utime(dead, (0, 0))
    with engine(tmp_path):
        assert not dead.exists()


def test_a_command_says_who_it_is_and_what_it_holds(tmp_path: Path) -> None:
    with engine(tmp_path) as (floor, path, _):

        def call() -> tuple[words.Hello, words.Status, words.Answer, object, object]:
            with Client(path) as client:
                return client.hello, client.status, client.follow(2), client.next(5), client.next(5)

        hello, status, answer, first, second = while_working(floor, call)
    assert (hello.protocol, hello.policy, hello.pid) == (words.PROTOCOL, POLICY, os.getpid())
    assert [leg.venue for leg in hello.legs] == ["aster", "lighter"]
    assert (status.stage, status.run, answer.ok) == ("between", "", True)
    assert isinstance(first, words.Status)
    assert isinstance(second, words.Books)
    assert all(leg.bids and leg.asks and leg.bids[0] < leg.asks[0] for leg in second.legs)


def test_a_client_that_does_not_read_is_dropped_and_holds_nobody_up(tmp_path: Path) -> None:
    follow = words.encode(words.Follow(books=100))
    with engine(tmp_path) as (floor, path, _), saying(path, follow) as slow:
        lines = words.LINE_MAX // 400

        def flood() -> int:
            """Ask again and again, with an answer each time that is never read."""
            sent = 0
            try:
                for _ in range(20 * lines):
                    slow.sendall(words.encode(words.Flatten(confirm="x" * 200)))
                    sent += 1
            except OSError:
                return sent
            raise AssertionError("nobody dropped it")

        sent = while_working(floor, flood)
        assert sent > 0
        assert while_working(floor, lambda: engines(tmp_path)), "others are served"


def test_what_is_not_understood_is_answered_and_changes_nothing(tmp_path: Path) -> None:
    with engine(tmp_path) as (floor, path, _):
        lines = (b"{}\n", b"[1]\n", b'{"type":"sell","id":3}\n', b'{"type":"stop","when":"soon"}\n')
        with saying(path, *lines) as one:
            told = while_working(floor, lambda: heard(one, 6))
        assert [each["type"] for each in told] == ["hello", "status", *["answer"] * 4]
        assert not any(each["ok"] for each in told[2:])
        assert not floor.helm.leaving


def test_a_line_without_an_end_is_hung_up_on(tmp_path: Path) -> None:
    line = b"x" * (2 * words.ASK_MAX)
    with engine(tmp_path) as (floor, path, _), saying(path, line) as one:

        def call() -> bytes:
            data = b""
            try:
                while more := one.recv(1 << 16):
                    data += more
            except ConnectionResetError:
                pass
            return data or b"-"

        while_working(floor, call)


def test_there_is_room_for_so_many_and_no_more(tmp_path: Path) -> None:
    with engine(tmp_path) as (floor, path, _):

        def call() -> int:
            clients = [Client(path) for _ in range(CLIENTS_MAX)]
            try:
                with pytest.raises(DnkitError):
                    Client(path)
            finally:
                for one in clients:
                    one.close()
            return len(clients)

        assert while_working(floor, call) == CLIENTS_MAX


def test_a_busy_engine_is_found_and_its_silence_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dnkit.control.client.ANSWER_S", 0.2)
    with engine(tmp_path) as (floor, path, _):
        (found,) = engines(tmp_path)  # nobody works off the inbox
        assert found.status.stage == "between"
        with Client(path) as client, pytest.raises(NoAnswer):
            client.pause()
        floor.helm.inbox.work_off()
        assert floor.helm.paused, "late is not lost"


def test_the_end_is_told_to_whoever_is_there(tmp_path: Path) -> None:
    told: list[object] = []
    with engine(tmp_path) as (floor, path, _):
        client = Client(path)
        floor.helm.end = words.End(exit_code=20, risk=Risk.FLAT, text="over")
    told.append(client.next(5))
    assert told == [words.End(exit_code=20, risk=Risk.FLAT, text="over")]
    with pytest.raises(NotRunning):
        client.next(5)
    with pytest.raises(NotRunning):
        client.pause()
    client.close()
