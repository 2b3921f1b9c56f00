"""Keys, filters, replay, a lost engine: on a terminal of textual's own, with a real journal."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.journal.writer import Journal
from dnkit.tui.view.scene import SCREENS, SILENCE
from dnkit.tui.wishes import Reply, Wish
from tests.tui.recording import RUN_ID, journal_of, recorded, told, written
from tests.tui.scenes import LINKED, NAKED
from tests.tui.terminal import Clock, Terminal, terminal

Act = Callable[[Terminal], Awaitable[None]]
SECOND = 1_000_000_000
LEG_B, FINISH = 9, 4  # lines of the recorded run that hold the words


def on(path: Path, act: Act, **options: object) -> None:
    """Do something on a terminal that shows the journal at `path`."""

    async def main() -> None:
        async with terminal(path, **options) as shown:  # type: ignore[arg-type]
            await act(shown)

    asyncio.run(main())


def test_numbers_tab_and_letters_go_through_the_screens(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        for number, name in enumerate(SCREENS, 1):
            await shown.press(str(number))
            assert f"[{number} {name.capitalize()}" in shown.text
        await shown.press("tab")
        assert "[1 Legs]" in shown.text
        await shown.press("h")
        assert "[7 Runs]" in shown.text
        await shown.press("l", "l")
        assert "[2 Book]" in shown.text

    on(journal_of(tmp_path, lines=NAKED), act)


def test_a_tab_is_a_button_and_so_is_a_row(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.click(20, 1)
        assert "[3 Journal]" in shown.text
        await shown.click(20, 6)
        assert "HELD" in shown.text
        selected = [one for one in shown.text.splitlines() if "▶" in one]
        assert [" 16 " in one for one in selected] == [True]

    on(journal_of(tmp_path), act)


def test_the_journal_is_moved_through_filtered_and_followed(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("3")
        assert "FOLLOW" in shown.text
        await shown.press("up", "k")
        assert "HELD" in shown.text
        assert "▶     21" in shown.text
        await shown.press("enter")
        assert '"type":' in shown.text
        await shown.press("end")
        assert "FOLLOW" in shown.text
        await shown.press("slash", *"filled")
        assert "filter: filled" in shown.text
        await shown.press("enter")
        assert "filter: filled" in shown.text
        assert "FOLLOW ─ 4 of 23 lines" in shown.text
        await shown.press("slash", "escape")
        assert "filter: none" in shown.text

    on(journal_of(tmp_path), act)


@pytest.mark.parametrize(
    ("sought", "count"),
    [("leg:b", LEG_B), ("#12", 1), ("orderfilled leg:a", 1), ("finish", FINISH), ("no such thing", 0)],
)
def test_a_filter_holds_for_text_leg_number_and_phase(tmp_path: Path, sought: str, count: int) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("slash")
        await shown.write(sought)
        await shown.press("enter")
        assert f"─ {count} of 23 lines" in shown.text

    on(journal_of(tmp_path), act)


def test_a_detail_names_the_line_that_asked_for_it(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("slash")
        await shown.write("#12")
        await shown.press("enter")
        assert "asked for by #9   policy close_two_phase:37" in shown.text

    on(journal_of(tmp_path), act)


def test_an_alert_is_acknowledged_here(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("6")
        assert "6 Alerts 2" in shown.text
        await shown.press("a")
        assert "6 Alerts 1" in shown.text
        await shown.press("A")
        assert "[6 Alerts]" in shown.text

    on(journal_of(tmp_path, alerts=True), act)


def test_a_finished_run_is_played_again(tmp_path: Path) -> None:
    clock = Clock()

    async def act(shown: Terminal) -> None:
        assert shown.first.startswith(" REPLAY")
        assert "#1 " in shown.text.splitlines()[1] + " "
        await shown.press("full_stop", "full_stop")
        assert "#3" in shown.text.splitlines()[1]
        await shown.press("comma")
        assert "#2" in shown.text.splitlines()[1]
        await shown.press("right_square_bracket")
        assert "passive" in shown.first
        await shown.press("right_square_bracket")
        assert "finish" in shown.first
        await shown.press("left_square_bracket")
        assert "passive" in shown.first
        await shown.press("g", "1", "2", "enter")
        assert "UNHEDGED" in shown.first

    on(journal_of(tmp_path), act, wanted=RUN_ID, clock=clock)


def test_a_replay_plays_at_the_speed_it_is_told(tmp_path: Path) -> None:
    clock = Clock()

    async def act(shown: Terminal) -> None:
        await shown.press("space")
        clock.now += SECOND
        assert "passive 600ms" in shown.first
        await shown.press("plus")
        clock.now += SECOND
        assert "REPLAY playing x2" in shown.text
        assert "passive 2.6s" in shown.first
        await shown.press("space")
        clock.now += 9 * SECOND
        assert "passive 2.6s" in shown.first
        await shown.press("space")
        clock.now += 9 * SECOND
        assert "◉ flat" in shown.first
        assert "standing" in shown.text
        await shown.press("minus", "minus", "minus")
        assert "x1 " in shown.text

    on(journal_of(tmp_path), act, wanted=RUN_ID, clock=clock)


def test_r_plays_again_and_goes_back(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        assert shown.first.startswith(" PAPER")
        await shown.press("r")
        assert shown.first.startswith(" REPLAY")
        assert "FLATTEN" not in shown.first
        await shown.press("F")
        assert "this is a replay" in shown.told
        await shown.press("r")
        assert shown.first.startswith(" PAPER")

    on(journal_of(tmp_path, lines=NAKED), act)


def test_a_run_is_opened_from_the_list(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("7")
        assert RUN_ID in shown.text
        await shown.press("enter")
        assert shown.first.startswith(" REPLAY")
        assert "[1 Legs]" in shown.text

    on(journal_of(tmp_path), act)


def test_a_silent_engine_is_told_with_its_age(tmp_path: Path) -> None:
    clock = Clock()

    async def act(shown: Terminal) -> None:
        assert "NO DATA" not in shown.text
        clock.now += 5 * SECOND
        assert "NO DATA 5.0s - the engine may still be trading: dnkit status" in shown.text
        assert "0.000 / 0.200?" in shown.text
        clock.now += 3_600 * SECOND
        assert "NO DATA 1h00m" in shown.text

    on(journal_of(tmp_path, lines=NAKED), act, clock=clock)


def test_a_run_that_rests_is_not_called_silent(tmp_path: Path) -> None:
    clock = Clock()

    async def act(shown: Terminal) -> None:
        clock.now += 14 * SECOND
        assert "NO DATA" not in shown.text
        assert "passive 14.2s/15.0s" in shown.first
        clock.now += 4 * SECOND
        assert "NO DATA" in shown.text

    on(journal_of(tmp_path, lines=NAKED - 1), act, clock=clock)


def test_lines_that_are_written_are_seen(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        assert "NO RUN" in shown.first
        with Journal(tmp_path / "journal.db") as journal:
            states = written(journal, recorded())
            for _ in range(NAKED):
                next(states)
            shown.clock.now += SECOND
            assert "UNHEDGED" in shown.first
            assert "SELL 0.200 @ 2700.09" in shown.text
            for _ in states:
                pass
            assert "◉ flat" in shown.first

    on(tmp_path / "journal.db", act)


def test_the_view_can_be_frozen(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        with Journal(tmp_path / "journal.db") as journal:
            states = written(journal, recorded())
            next(states)
            shown.clock.now += SECOND
            assert "(start)" in shown.first
            await shown.press("space")
            for _ in states:
                pass
            assert "(start)" in shown.first
            await shown.press("space")
            assert "◉ flat" in shown.first

    on(tmp_path / "journal.db", act)


def test_pause_toggles_once_until_it_is_answered(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("p", "p", "p", "p")
        assert shown.ear.wishes == [Wish("pause")]
        shown.ear.word = replace(LINKED, paused=True)
        shown.ear.answers = [Reply(Wish("pause"), True, "paused: entries stop")]
        assert "PAPER PAUSED" in shown.first
        assert "paused: entries stop" in shown.told
        await shown.press("p")
        assert shown.ear.wishes[1:] == [Wish("resume")]

    on(journal_of(tmp_path, lines=NAKED), act)


def test_what_is_pasted_by_mistake_is_no_key(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.write("spnq")
        assert shown.ear.wishes == []
        assert "hedged, flat or now" not in shown.text
        await shown.press("/")
        await shown.write("spnq")
        assert "> spnq" in shown.text

    on(journal_of(tmp_path, lines=NAKED), act)


@pytest.mark.parametrize(("key", "wishes"), [("h", ["hedged"]), ("f", ["flat"]), ("n", ["now"]), ("s", [])])
def test_stop_asks_how(tmp_path: Path, key: str, wishes: list[str]) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("s")
        assert "leave at the next moment the pair nets to zero" in shown.text
        assert shown.ear.wishes == []
        await shown.press(key)
        assert shown.ear.wishes == [Wish("stop", one) for one in wishes]

    on(journal_of(tmp_path, lines=NAKED), act)


def test_without_an_engine_no_wish_leaves(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("p")
        assert "no engine answers" in shown.told
        await shown.press("s", "n")
        assert shown.ear.wishes == []

    on(journal_of(tmp_path, lines=NAKED), act, word=SILENCE)


def test_the_engine_that_is_talked_to_is_the_one_that_is_shown(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        assert shown.text
        assert shown.ear.group == recorded().header.group
        await shown.press("r")
        assert shown.text
        assert shown.ear.group == ""

    on(journal_of(tmp_path, lines=NAKED), act)


def test_help_and_themes_and_copies(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("question_mark")
        assert "detach; the engine goes on" in shown.text
        await shown.press("escape", "T")
        assert "theme light" in shown.told
        await shown.press("3", "y")
        assert shown.app.clipboard.startswith("#12 ")

    on(journal_of(tmp_path, lines=NAKED), act)


def test_the_palette_reaches_every_screen(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("ctrl+p")
        assert len(shown.app.screen_stack) == 2
        await shown.press(*"venues", "enter", "enter")
        assert "[5 Venues]" in shown.text

    on(journal_of(tmp_path, lines=NAKED), act)


def test_q_leaves(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        await shown.press("q")
        assert shown.app.return_code == 0
        assert shown.ear.wishes == []

    on(journal_of(tmp_path, lines=NAKED), act)


def test_only_rows_that_changed_are_drawn(tmp_path: Path) -> None:
    async def act(shown: Terminal) -> None:
        assert shown.text
        before = shown.app.pane.drawn
        shown.app.tick()
        await shown.press("f12")
        assert shown.app.pane.drawn == before
        shown.clock.now += SECOND // 10
        assert shown.text
        await shown.press("f12")
        assert 0 < shown.app.pane.drawn - before < 12

    on(journal_of(tmp_path, lines=NAKED), act)


def test_the_alerts_of_the_tests_are_of_the_catalogue() -> None:
    assert {one.alert.severity for one in told()} == {"info", "warn", "page"}
