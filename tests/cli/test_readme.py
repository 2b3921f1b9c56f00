"""Every command the README shows is run as it stands there, one after the other."""

import re
import shlex
from pathlib import Path

from tests.cli.command import ROOT, dnkit

COMMAND = re.compile(r"^\$ dnkit (.*?)(?: {2,}#.*)?$", re.M)


def commands() -> list[list[str]]:
    """The words of each command; lines that go on are joined."""
    text = (ROOT / "README.md").read_text()
    blocks = re.findall(r"```console\n(.*?)```", text, re.S)
    return [shlex.split(line) for block in blocks for line in COMMAND.findall(block.replace("\\\n", " "))]


def test_every_command_of_the_readme_does_what_it_says(recorded: Path) -> None:
    shown = commands()
    assert {words[0] for words in shown} >= {"explain", "trade", "report", "journal", "flatten", "status"}
    for words in shown:
        done = dnkit(*(word.replace("recorded:DIR", f"recorded:{recorded}") for word in words))
        assert done.code == 0, (words, done.err)
    assert dnkit("status", "--json").json["data"]["runs"]
