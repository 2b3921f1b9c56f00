"""docs/SCENARIOS.md: its example passes, and it tells of every key there is."""

import re
from random import Random

import pytest

from dnkit.model.errors import DnkitError
from dnkit.sim.judge import judge
from dnkit.sim.run import run
from tests.cli.command import ROOT
from tests.sim.play import CLOSE, FOLDER, mistakes, read

JUNK = ("", "x", "{", ":", " ", "-", "0", "#", "\n", "ß")
TEXT = (ROOT / "docs" / "SCENARIOS.md").read_text()


def test_the_example_passes() -> None:
    example = re.search(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    assert example
    scenario = read(example.group(1)).scenario
    assert scenario is not None
    assert judge(run(scenario)) == ()


@pytest.mark.parametrize(
    "line",
    [
        "zzzzzzzz: 1\n",
        "orders: {a#1: {accepted, zzzzzzzz: 1}}\n",
        "orders: {a#1: {cancel: zzzzzzzz}}\n",
        "orders: {a#1: {find: zzzzzzzz}}\n",
        "orders: {a#1: {rejected: zzzzzzzz}}\n",
        "orders: {a#1: {ended: zzzzzzzz}}\n",
        "looks: {a: [{zzzzzzzz: 1, bid: 1, ask: 2}]}\n",
        "positions: {a: {error, zzzzzzzz: 1}}\n",
        "sweeps: {a: {error, zzzzzzzz: 1}}\n",
        "alerts: zzzzzzzz\n",
        "crash: {at: 1s, down: 1s, zzzzzzzz: 1}\n",
        "stop: {at: 1s, zzzzzzzz: 1}\n",
        "wakes: {due: 1s, at: 1s, zzzzzzzz: 1}\n",
        "down: {a: {from: 1s, zzzzzzzz: 1}}\n",
        "expect: {zzzzzzzz: 1}\n",
        "expect: {orders: [{order: a, zzzzzzzz: 1}]}\n",
    ],
)
def test_every_key_and_word_is_told(line: str) -> None:
    """What is known in a place is what a mistake there lists."""
    text = f"{CLOSE}{line}{'' if line.startswith('expect') else 'expect: {}'}"
    (one,) = [found for found in mistakes(text) if "zzzzzzzz" in found.message]
    known = one.help.removeprefix("known here: ").split(", ")
    assert len(known) > 1
    assert [word for word in known if not re.search(rf"\b{re.escape(word)}\b", TEXT)] == []


def test_whatever_a_text_says_it_is_read_or_told() -> None:
    """Shipped scenarios with characters cut, doubled and swapped: never anything but findings."""
    dice = Random(7)
    texts = [path.read_text() for path in sorted(FOLDER.glob("*.yaml"))]
    told = 0
    for _ in range(400):
        text = dice.choice(texts)
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(text))
            text = (
                text[:at] + dice.choice(["", "x", "{", ":", " ", "-", "0", "#", "\n", "ß"]) + text[at + 1 :]
            )
        try:
            found = read(text)
        except DnkitError:  # the policy it names
            continue
        told += found.scenario is None
        assert found.scenario is not None or found.diagnostics
    assert told > 100
