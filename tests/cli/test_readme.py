"""Every command the README shows is run as it stands there, one after the other."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.cli.command import ROOT, dnkit

STAYS = ("exchange",)  # goes on until it is stopped
COMMAND = re.compile(r"^\$ dnkit (.*?)(?: {2,}#.*)?$", re.M)


def commands() -> list[list[str]]:
    """The words of each command; lines that go on are joined."""
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    return [shlex.split(line) for block in blocks for line in COMMAND.findall(block.replace("\\\n", " "))]


@contextmanager
def _staying(words: list[str]) -> Iterator[None]:
    """The command at work, ready for others; it ends well when it is asked to."""
    with subprocess.Popen(
        [sys.executable, "-m", "dnkit", *words, "--for", "300"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None, "it speaks"
            assert process.stdout.readline(), f"{words} ends before it is ready"
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(30)
    assert code == 0, (words, code)


def test_every_command_of_the_readme_does_what_it_says(recorded: Path) -> None:
    shown = commands()
    assert {words[0] for words in shown} >= {"explain", "trade", "report", "journal", "flatten", "status"}
    with ExitStack() as at_work:
        for words in shown:
            if words[0] in STAYS:
                at_work.enter_context(_staying(words))
                continue
            done = dnkit(*(word.replace("recorded:DIR", f"recorded:{recorded}") for word in words))
            assert done.code == 0, (words, done.err)
    assert dnkit("status", "--json").json["data"]["runs"]
