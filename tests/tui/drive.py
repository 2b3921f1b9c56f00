"""The screens on a real terminal: tmux types what a trader types, and reads what he would see.

`python -m tests.tui.drive` also draws every screen into `docs/screens`.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dnkit.control.client import engines
from dnkit.tui.view.scene import SCREENS

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "screens"
PATIENCE_S = 60.0
PLANS_MAX = 20
NAME = "close_two_phase"


class Tmux:
    """A terminal of its own server, so that nobody else's is touched."""

    def __init__(self, socket: Path, home: Path, width: int, height: int) -> None:
        self._socket = socket
        env = {"DNKIT_HOME": str(home), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        proofs = os.environ.get("DNKIT_PROOFS")
        env |= {"DNKIT_PROOFS": proofs} if proofs else {}
        words = [word for name, value in env.items() for word in ("-e", f"{name}={value}")]
        self._run("new-session", "-d", "-x", str(width), "-y", str(height), *words, "exec sh")
        self._run("set", "-g", "default-terminal", "tmux-256color")
        self.write(f"PS1='$ '; cd {ROOT}; clear\n")

    def write(self, text: str) -> None:
        """Type a text as it is."""
        for part in text.splitlines(keepends=True):
            self._run("send-keys", "-l", part.removesuffix("\n"))
            if part.endswith("\n"):
                self.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys by their names."""
        self._run("send-keys", *keys)

    def dnkit(self, words: str) -> None:
        """Start a command of ours."""
        self.write(f"{sys.executable} -m dnkit {words}; echo left with $?\n")

    def screen(self, *, colours: bool = False) -> str:
        """What is on it now."""
        return self._run("capture-pane", "-p", *(["-e"] if colours else []))

    def wait(self, pattern: str, patience_s: float = PATIENCE_S) -> str:
        """The screen as soon as it holds a pattern; AssertionError with what it shows when it never does."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            shown = self.screen()
            if re.search(pattern, shown, re.M):
                return shown
            time.sleep(0.05)
        raise AssertionError(f"no {pattern!r} within {patience_s:.0f} s on\n{self.screen()}")

    def close(self) -> None:
        """End the server."""
        self._run("kill-server")

    def _run(self, *words: str) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", os.devnull, *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, f"tmux {words}: {done.stderr}"
        return done.stdout


@contextmanager
def tmux(home: Path, width: int = 100, height: int = 30) -> Iterator[Tmux]:
    """A terminal for a state folder."""
    with tempfile.TemporaryDirectory() as folder:
        terminal = Tmux(Path(folder) / "t", home, width, height)
        try:
            yield terminal
        finally:
            terminal.close()


def trade_and_flatten(home: Path, pictures: Path | None = None) -> None:
    """Start a paper trade, see it, leave it, come back, see a leg fill, flatten the next cycle, see it
    verified.
    """
    with tmux(home) as seen:
        seen.dnkit(f"trade -p {NAME} --cycles 40 --tui")
        seen.wait(r"PAPER close_two_phase .* passive")
        seen.press("q")
        seen.wait("detached; the engine")
        seen.wait("left with 0")
        seen.write("clear\n")
        seen.dnkit("tui")
        seen.wait(r"PAPER close_two_phase .* passive")
        seen.wait(r"b +lighter +ETH .* 0.2000 / 0.2000")
        seen.wait("◉ flat")
        seen.wait("● passive")
        if pictures is not None:
            draw_all(seen, pictures)
            seen.wait("◉ flat")
            seen.wait("● passive")
        seen.press("p")
        seen.wait("PAPER PAUSED")
        seen.press("p")
        seen.wait(r"PAPER close")
        plan_of_something(seen)
        if pictures is not None:
            keep(seen, pictures, "flatten")
        seen.press("Enter")
        seen.wait("flatten cancelled")
        seen.press("F")
        seen.wait("> █")
        seen.write(f"{NAME}\n")
        shown = seen.wait("VERIFIED FLAT|NOT FLAT")
        if pictures is not None:
            keep(seen, pictures, "flat")
        assert "VERIFIED FLAT" in shown, shown
        seen.press("Escape")
        time.sleep(1.0)  # a q right behind it would be Alt-q
        seen.press("q")
        seen.wait("left with 0")
        seen.write("clear\n")
        seen.dnkit("status")
        seen.wait("no open paper position")


def plan_of_something(seen: Tmux) -> None:
    """Ask for the plan until it closes a leg: between two cycles nothing is held."""
    for _ in range(PLANS_MAX):
        seen.press("F")
        plan = seen.wait("! FLATTEN  PAPER  at most 50 bps")
        if re.search(r"long ([\d.]+) → SELL \1 ≥|short ([\d.]+) → BUY \2 ≤", plan):
            return
        seen.press("Escape")
        seen.wait("● passive")
    raise AssertionError(f"no plan closes a leg:\n{plan}")


def kill_and_look(home: Path) -> None:
    """The engine dies under the screens: they say so, and what to do."""
    with tmux(home) as seen:
        seen.dnkit(f"trade -p {NAME} --cycles 40 --tui")
        seen.wait(r"PAPER close_two_phase .* passive")
        (engine,) = engines(home)
        os.kill(engine.hello.pid, signal.SIGKILL)
        seen.wait("NO DATA .* the engine may still be trading: dnkit status")
        seen.press("F")
        shown = seen.wait("No engine answers")
        assert f"dnkit flatten {engine.status.run}" in shown, shown
        assert f"dnkit trade --resume {engine.status.run}" in shown, shown
        seen.write(f"{NAME}\n")
        seen.press("q")
        seen.wait("left with 137")


def draw_all(seen: Tmux, folder: Path) -> None:
    """A picture of every screen while the run goes on."""
    for number, name in enumerate(SCREENS, 1):
        seen.press(str(number))
        seen.wait(rf"\[{number} {name.capitalize()}")
        time.sleep(0.3)
        keep(seen, folder, name)
    seen.press("1")
    seen.wait(r"\[1 Legs\]")


def keep(seen: Tmux, folder: Path, name: str) -> None:
    """Draw what is on the terminal now."""
    from rich.console import Console
    from rich.text import Text

    shown = Text.from_ansi(seen.screen(colours=True).rstrip("\n"))
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=100, file=nowhere, force_terminal=True, color_system="truecolor")
        console.print(shown, no_wrap=True, crop=True)
        drawn = console.export_svg(title=f"dnkit tui: {name}", unique_id=f"dnkit-{name}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.svg").write_text(without_fetching(drawn))


def without_fetching(svg: str) -> str:
    """The picture with the viewer's own fonts: nothing is fetched, no tool is named."""
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!-- .*? -->\n?", "", svg)
    return re.sub(r"[ \t]+$", "", svg.replace("Fira Code", "ui-monospace"), flags=re.M)


def main() -> None:
    """Drive it once, and draw."""
    if not shutil.which("tmux"):
        raise SystemExit("tmux is missing")
    with tempfile.TemporaryDirectory() as home:
        trade_and_flatten(Path(home), PICTURES)


if __name__ == "__main__":
    main()
