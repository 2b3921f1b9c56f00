"""Flatten is one key and a name away, and nothing less sets it off."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.tui.view.flatten import is_zero, word_to_type, worst_price
from dnkit.tui.view.scene import SILENCE
from dnkit.tui.wishes import Reply, Wish
from tests.tui.recording import journal_of
from tests.tui.scenes import LINKED, NAKED
from tests.tui.terminal import Terminal, terminal

NAME = "close_two_phase"
TYPED = [{"_": "underscore"}.get(one, one) for one in NAME]
SENT = [Wish("flatten", NAME)]
Act = Callable[[Terminal], Awaitable[None]]


def run(folder: Path, act: Act, **options: object) -> None:
    """Do something on a terminal that watches the run while one leg is naked."""

    async def main() -> None:
        async with terminal(journal_of(folder, lines=NAKED), **options) as shown:  # type: ignore[arg-type]
            await act(shown)

    asyncio.run(main())


def test_the_name_and_enter_send_it_once(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F")
        assert "! FLATTEN  PAPER  at most 50 bps past the touch" in shown.text
        assert shown.ear.wishes == []
        await shown.press(*TYPED)
        assert shown.ear.wishes == []
        await shown.press("enter")
        assert shown.ear.wishes == SENT
        await shown.press("enter", "F", "enter", "enter")
        await shown.write(NAME)
        await shown.press("enter")
        assert "FLATTEN" in shown.text

    run(tmp_path, act)


@pytest.mark.parametrize(
    "keys",
    [
        ["F", "enter"],
        ["F", "escape"],
        ["F", *["F"] * 20, "enter"],
        ["F", "enter", "F", "enter", "F", "enter"],
        ["f"],
        ["f", "enter"],
        ["F", "space", "enter"],
        ["F", "y", "enter"],
        ["F", *"close", "enter"],
        ["F", *(key.upper() if len(key) == 1 else key for key in TYPED), "enter"],
        ["F", *TYPED, "x", "enter"],
        ["F", *TYPED, "escape", "enter"],
        ["F", *TYPED, "ctrl+u", "enter"],
        ["F", *TYPED, "backspace", "enter"],
        ["enter"] * 20,
    ],
    ids=lambda keys: "".join(key if len(key) == 1 else f"<{key}>" for key in keys)[:40],
)
def test_nothing_less_than_the_name_sends_anything(tmp_path: Path, keys: list[str]) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press(*keys)
        assert shown.ear.wishes == []
        assert "> " not in shown.text

    run(tmp_path, act)


def test_a_cancelled_flatten_says_that_nothing_was_sent(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F", "escape")
        assert "cancelled: nothing was sent" in shown.told
        await shown.press("F", "x", "enter")
        assert "that is not the name; nothing was sent" in shown.told

    run(tmp_path, act)


def test_letters_that_act_elsewhere_are_only_typed_in_the_box(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F", "q", "p", "s", "7", "space", "question_mark")
        assert "> qps7 ?" in shown.text
        await shown.press("escape")
        assert shown.ear.wishes == []
        assert "[1 Legs]" in shown.text

    run(tmp_path, act)


def test_a_read_only_screen_has_no_flatten(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        assert "read-only" in shown.first
        assert "FLATTEN" not in shown.text
        await shown.press("F")
        assert "read-only: no wish leaves this screen" in shown.told
        await shown.write(NAME)
        await shown.press("enter", "p", "s", "n")
        await shown.click(75, 0)
        assert shown.ear.wishes == []

    run(tmp_path, act, read_only=True)


@pytest.mark.parametrize("size", [(40, 12), (59, 24), (80, 15)])
def test_a_tiny_terminal_names_the_command_instead(tmp_path: Path, size: tuple[int, int]) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F")
        await shown.write(NAME)
        await shown.press("enter")
        assert shown.ear.wishes == []
        assert "dnkit flatten" in shown.text
        await shown.resize(80, 24)
        assert "! FLATTEN" not in shown.text

    run(tmp_path, act, size=size)


@pytest.mark.parametrize("size", [(60, 16), (60, 20), (80, 24), (120, 40), (200, 60)])
def test_all_of_the_box_is_seen_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F")
        for part in ("! FLATTEN", "cancel own orders: a 1", "SELL 0.200 ≥ 2686.33", "worst Δ", "> █", "╰──"):
            assert part in shown.text
        await shown.write(NAME)
        assert f"> {NAME}█" in shown.text

    run(tmp_path, act, size=size)


def test_a_box_that_the_terminal_shrank_under_sends_nothing(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F")
        await shown.write(NAME)
        await shown.resize(40, 10)
        await shown.press("enter")
        assert shown.ear.wishes == []

    run(tmp_path, act)


def test_the_header_is_a_button(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.click(72, 0)
        assert "! FLATTEN" in shown.text
        assert shown.ear.wishes == []

    run(tmp_path, act)


def test_progress_stays_until_the_venues_say_flat(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F")
        await shown.write(NAME)
        await shown.press("enter")
        assert "the engine has not answered yet" in shown.text
        shown.ear.answers = [Reply(SENT[0], True, "flattening: the run halts first")]
        shown.ear.word = replace(LINKED, flattening=True)
        for part in ("flattening: the run halts first", "a … 0.2 left", "b ✓ 0 left", "cannot be taken back"):
            assert part in shown.text
        shown.ear.word = replace(LINKED, positions=("0", None), linked=False)
        assert "b ? unknown" in shown.text
        assert "the engine does not answer" in shown.text
        shown.ear.word = replace(LINKED, positions=("0", "0"), ended="all is flat", risk="flat", linked=False)
        assert "✓ VERIFIED FLAT; the command has ended" in shown.text
        await shown.press("escape")
        assert "VERIFIED" not in shown.text

    run(tmp_path, act)


def test_what_is_left_is_told_honestly(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F")
        await shown.write(NAME)
        await shown.press("enter")
        shown.ear.word = replace(LINKED, positions=("0.12", None), ended="halted", risk="unknown")
        assert "✗ NOT FLAT (unknown): a 0.12, b unknown" in shown.text

    run(tmp_path, act)


def test_a_refusal_is_told(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F")
        await shown.write(NAME)
        await shown.press("enter")
        shown.ear.answers = [Reply(SENT[0], False, "the command has ended")]
        assert "refused: the command has ended" in shown.text

    run(tmp_path, act)


def test_without_an_engine_it_names_the_command(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("F")
        for part in ("No engine answers", "dnkit flatten 0123456789ab", "dnkit trade --resume 0123456789ab"):
            assert part in shown.text
        await shown.write(NAME)
        await shown.press("enter")
        assert shown.ear.wishes == []

    run(tmp_path, act, word=SILENCE)


def test_a_name_that_holding_the_key_down_would_write_is_not_enough() -> None:
    assert word_to_type("FFF") == "flatten FFF"
    assert word_to_type("F") == "flatten F"
    assert word_to_type("Fast") == "Fast"


def test_the_worst_price_is_on_the_safe_side() -> None:
    assert worst_price(10_001, 1, 50_000) == 10_051
    assert worst_price(10_001, -1, 50_000) == 9_951


@pytest.mark.parametrize(("text", "zero"), [("0", True), ("-0.000", True), ("0.01", False), ("-1", False)])
def test_zero_is_zero(text: str, zero: bool) -> None:
    assert is_zero(text) is zero
