"""`dnkit tui` as a user starts it: in a pipe, on a terminal, with and without colours."""

import re
import sys
from pathlib import Path

import pytest

from bench.terminal import Terminal
from dnkit.cli.outcome import Asked
from dnkit.cli.tui import concession
from dnkit.cli.watched import words_of
from tests.cli.command import dnkit
from tests.tidy.test_import_cost import bare, loaded
from tests.tui.recording import RUN_ID, journal_of

TUI = [sys.executable, "-m", "dnkit", "tui"]
COLOUR = re.compile(rb"\x1b\[[0-9;]*(?:3[0-7]|38;|4[0-7]|48;|9[0-7]|10[0-7])")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "needs a terminal"),
        (("--theme", "mauve"), 2, "--theme mauve: write one of safe|light|contrast|plain"),
        (("--screen", "money"), 2, "--screen money: write one of legs|book"),
        (("nosuchrun",), 7, "there is no run nosuchrun"),
    ],
)
def test_what_cannot_be_shown_is_said(
    state_folder: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    journal_of(state_folder)
    done = dnkit("tui", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_trade_with_screens_wants_a_terminal_and_trades_nothing() -> None:
    done = dnkit("trade", "-p", "close_two_phase", "--tui")
    assert done.code == 2
    assert "--tui needs a terminal" in done.err
    assert "no runs yet" in dnkit("status").out


def test_serve_says_how_and_read_only() -> None:
    done = dnkit("tui", "--serve")
    assert done.code == 0
    assert 'Server("dnkit tui --read-only")' in done.out


@pytest.mark.parametrize(
    ("words", "engine"),
    [
        (["trade", "-p", "x", "--tui"], ["trade", "-p", "x", "--speed", "1"]),
        (["trade", "--tui", "-p", "x", "--speed", "max"], ["trade", "-p", "x", "--speed", "max"]),
        (["trade", "--speed=5", "--tui"], ["trade", "--speed=5"]),
    ],
)
def test_the_engine_gets_the_words_of_the_user(words: list[str], engine: list[str]) -> None:
    assert words_of(words, Asked(policy="x")) == engine


def test_at_an_exchange_time_is_the_exchange_s() -> None:
    words = ["trade", "-p", "x", "--endpoint", "ws://h", "--tui"]
    assert words_of(words, Asked(policy="x", endpoint="ws://h")) == words[:-1]


def test_the_bound_of_a_flatten_is_the_packaged_policy_s() -> None:
    assert concession() == 50_000


def test_on_a_terminal_it_shows_the_run_and_leaves(state_folder: Path) -> None:
    journal_of(state_folder)
    with Terminal([*TUI, RUN_ID], {}) as shown:
        shown.wait("filled / target")
        assert COLOUR.search(shown.seen)
        shown.write("q")
        assert shown.child.wait(timeout=20) == 0


def test_no_color_means_none(state_folder: Path) -> None:
    journal_of(state_folder, lines=12)
    with Terminal(TUI, {"NO_COLOR": "1"}) as shown:
        shown.wait("UNHEDGED")
        shown.wait("detach")
        assert not COLOUR.findall(shown.seen)


def test_ascii_means_ascii(state_folder: Path) -> None:
    journal_of(state_folder, lines=12)
    with Terminal([*TUI, "--ascii"], {}) as shown:
        shown.wait("UNHEDGED")
        shown.wait("detach")
        assert shown.seen.isascii()


def test_without_a_journal_it_says_what_to_do() -> None:
    with Terminal(TUI, {}) as shown:
        shown.wait("There is no run in this state folder yet")
        shown.write("q")
        assert shown.child.wait(timeout=20) == 0


def test_what_the_screens_show_needs_no_terminal() -> None:
    modules = "dnkit.tui.view.frame, dnkit.tui.view.policy, dnkit.tui.keys, dnkit.tui.link, dnkit.tui.session"
    got = loaded("-c", f"import {modules}") - bare()
    assert "dnkit" in got
    assert not got & {"textual", "rich", "typer", "click"}
