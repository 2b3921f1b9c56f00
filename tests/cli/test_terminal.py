"""The commands on a real terminal: what a person sees, is asked and can stop."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.command import ROOT, dnkit

pytestmark = pytest.mark.terminal
PATIENCE_S = 60
TRADE = "trade -p close_two_phase --no-report"


class Terminal:
    """A shell in a terminal of its own, on a tmux server of its own."""

    def __init__(self, socket: Path, columns: int, rows: int) -> None:
        self._tmux = ("tmux", "-S", str(socket), "-f", os.devnull)
        size = ("-x", str(columns), "-y", str(rows))
        self._do("new-session", "-d", *size, "-s", "t", "env", "PS1=$ ", "bash", "--norc", "--noprofile")
        self.until("$")

    def _do(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout

    def type(self, *keys: str) -> None:
        """Press keys, e.g. "C-c" or "Enter"."""
        self._do("send-keys", "-t", "t", *keys)

    def dnkit(self, line: str, before: str = "") -> None:
        """Enter a command line; `code=N` comes last."""
        self.type(f"clear; {before} {sys.executable} -m dnkit {line}; echo code=$?", "Enter")

    def screen(self) -> str:
        """What can be read now."""
        return self._do("capture-pane", "-p", "-t", "t")

    def until(self, *words: str) -> str:
        """The screen once it shows all these words."""
        return self.when(lambda text: all(word in text for word in words))

    def when(self, good: Callable[[str], bool]) -> str:
        """The screen once it is as wanted."""
        ends = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends:
            text = self.screen()
            if good(text):
                return text
            time.sleep(0.05)
        raise AssertionError(self.screen())

    def resize(self, columns: int, rows: int) -> None:
        """Another size."""
        self._do("resize-window", "-t", "t", "-x", str(columns), "-y", str(rows))

    def leave(self) -> None:
        """End the server of this terminal, nothing else."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """80 columns and 24 rows."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    one = Terminal(tmp_path / "tmux", 80, 24)
    try:
        yield one
    finally:
        one.leave()


def ended(text: str) -> bool:
    return any(line.startswith("code=") and line != "code=$?" for line in text.splitlines())


def test_the_frame_counts_down_and_fits_and_leaves_nothing_behind(terminal: Terminal) -> None:
    terminal.dnkit(f"{TRADE} --speed 4")
    shown = terminal.until("PAPER  close_two_phase", "┏", "post_only 0.2 at", "s left")
    assert max(len(line) for line in shown.splitlines()) <= 80
    left = [word for word in shown.split() if word.replace(".", "").isdigit()]
    terminal.when(lambda text: "s left" in text and text.split(" s left")[0].split()[-1] not in left)
    last = terminal.when(ended)
    assert "code=0" in last
    assert "verified flat" in last
    assert "┏" not in last


def test_several_cycles_share_the_frame_and_each_leaves_its_end(terminal: Terminal) -> None:
    terminal.dnkit("trade -p close_two_phase --no-report --cycles 2 --speed 6")
    terminal.until("cycle 2/2", "┏")
    last = terminal.when(ended)
    assert "code=0" in last
    assert all(f"cycle {one}/2  run " in last for one in (1, 2))
    assert last.count("judge: verified flat") == 2
    assert "┏" not in last


def test_ctrl_c_tells_stops_and_ends_flat(terminal: Terminal) -> None:
    terminal.dnkit(f"{TRADE} --speed 1")
    terminal.until("post_only 0.2 at")
    terminal.type("C-c")
    terminal.until("stopping: orders are cancelled and confirmed first")
    last = terminal.when(ended)
    assert "code=130" in last
    assert "verified flat" in last
    assert "┏" not in last
    assert "PAPER  close_two_phase  cycle" not in last, "the picture was shifted by the ^C"


def test_the_third_ctrl_c_leaves_at_once_and_says_what_that_means(terminal: Terminal) -> None:
    terminal.dnkit(f"{TRADE} --speed 0.01")
    terminal.until("cycle 1/1")
    for left in (2, 1):
        terminal.type("C-c")
        terminal.when(lambda text, left=left: f"({left} more" in text)  # type: ignore[misc]
    terminal.type("C-c")
    last = terminal.when(ended)
    assert "code=23" in last
    assert "--resume" in last
    assert "Traceback" not in last
    assert dnkit("trade", "-p", "close_two_phase").code == 9


@pytest.mark.parametrize("answer", ["", "n", "yess", "flatten"])
def test_flatten_takes_nothing_but_yes_for_a_yes(terminal: Terminal, answer: str) -> None:
    assert dnkit("trade", "-p", "open_post_only_hedge", "--no-report").code == 0
    held = dnkit("paper", "show").out
    terminal.dnkit("flatten --venue backpack")
    shown = terminal.until("[y/N]")
    assert "worst price" in shown, "the plan comes first"
    assert max(len(line) for line in shown.splitlines()) <= 80
    terminal.type(answer, "Enter")
    last = terminal.when(ended)
    assert "code=8" in last
    assert "nothing was done" in last
    assert dnkit("paper", "show").out == held


def test_flatten_asks_and_yes_makes_it_flat(terminal: Terminal) -> None:
    assert dnkit("trade", "-p", "open_post_only_hedge", "--no-report").code == 0
    terminal.dnkit("flatten --venue backpack")
    terminal.until("[y/N]")
    terminal.type("y", "Enter")
    last = terminal.when(ended)
    assert "code=0" in last
    assert "verified flat" in last


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [("paper", 8, "nothing was done"), ("live", 5, "no live adapter"), ("", 8, "neither was chosen")],
)
def test_with_live_keys_beside_a_paper_position_flatten_asks_which(
    terminal: Terminal, answer: str, code: int, said: str
) -> None:
    assert dnkit("trade", "-p", "open_post_only_hedge", "--no-report").code == 0
    terminal.dnkit("flatten --venue backpack", before="DNKIT_BACKPACK_API_KEY=k")
    terminal.until("which one is meant?")
    terminal.type(answer, "Enter")
    if answer == "paper":
        terminal.until("[y/N]")
        terminal.type("Enter")
    last = terminal.when(ended)
    assert f"code={code}" in last
    assert said in last


def test_a_narrow_terminal_gets_lines_whose_words_stay_whole(terminal: Terminal) -> None:
    terminal.resize(44, 24)
    terminal.dnkit(f"{TRADE} --speed 40")
    last = terminal.when(ended)
    assert "code=0" in last
    assert "┏" not in last
    assert "orders rest" in " ".join(last.split())


@pytest.mark.parametrize("setting", ["NO_COLOR=1", "TERM=dumb"])
def test_plain_terminals_are_served_too(terminal: Terminal, setting: str) -> None:
    terminal.dnkit(f"{TRADE} --speed 40", before=setting)
    last = terminal.when(ended)
    assert "code=0" in last
    assert "verified flat" in last
    assert "\x1b" not in last


def test_a_terminal_that_closes_stops_the_run_and_it_ends_flat(terminal: Terminal) -> None:
    terminal.dnkit(f"{TRADE} --speed 1")
    terminal.until("post_only 0.2 at")
    terminal.leave()
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        (run,) = dnkit("status", "--json").json["data"]["runs"]
        if run["end"]:
            break
        time.sleep(0.2)
    assert (run["end"], run["exit_code"]) == ("flat", 143)
    assert dnkit("status", "--json").json["data"]["open"] == []
