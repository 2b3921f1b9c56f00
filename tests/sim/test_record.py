"""A scenario made from what was heard and asked for plays it again: same requests, in the same order."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from dnkit.engine.step import begin, step
from dnkit.machine.program import Program
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.terms import FoundKind, RejectKind, StopWhen
from dnkit.sim.judge import judge
from dnkit.sim.read import read_scenario
from dnkit.sim.record import Log, Unplayable, replays, scenario_of, until_end
from dnkit.sim.run import run
from dnkit.sim.scenario import PolicyRef, Scenario
from tests.desk.rig import Bench
from tests.engine.harness import S, Venue, ioc_fills
from tests.engine.hostile import Hostile
from tests.engine.programs import close_pair, unwind_one
from tests.engine.test_hostile import CASES
from tests.props.test_shipped_policies import NAMES, told

POLICY = PolicyRef(name="recorded")
HEDGED = [500, -500]


def log_of(venue: Venue) -> Log:
    """What a harness venue's run heard and asked for."""
    return [(event, asked) for event, asked, _ in venue.lines]


def recorded(program: Program, starts: list[int], log: Log) -> tuple[str, Scenario]:
    """The text of a log, and what is read from it."""
    text = scenario_of(POLICY, program, starts, log, name="recorded", about="As it was.")
    scenario = read_scenario(text, "recorded.yaml", lambda _: program).scenario
    assert scenario is not None
    return text, scenario


def plays_again(program: Program, starts: list[int], log: Log) -> str:
    """The text of a log, whose run is the same as the log and as it is expected to be."""
    text, scenario = recorded(program, starts, log)
    assert replays(scenario, log)
    assert judge(run(scenario)) == ()
    return text


@pytest.mark.parametrize("faults", [0.0, 0.3], ids=["calm", "foul"])
@pytest.mark.parametrize("case", CASES)
def test_whatever_a_venue_does_is_played_again(case: str, faults: float) -> None:
    """12 runs for each of ten programs, calm and foul: 240 in all."""
    make, starts = CASES[case]
    program = make()
    for seed in range(12):
        venue = Hostile(program, list(starts), seed, faults)
        venue.run()
        plays_again(program, starts, log_of(venue))


@pytest.mark.parametrize("name", NAMES)
def test_runs_of_shipped_policies_are_played_again(name: str) -> None:
    for seed in range(5):
        venue = told(name, seed, 0.2)
        started = venue.lines[0][0]
        assert isinstance(started, ev.Started)
        plays_again(venue.program, [one or 0 for one in started.ledger], log_of(venue))


def test_the_text_is_for_people() -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills, entry=(500 * 299_800,))
    venue.script[(0, 1)] = [(1, "accepted", {}), (300, "fill", {"lots": 200})]
    venue.run()
    text = plays_again(venue.program, [500], log_of(venue))
    assert text.startswith("scenario: 1\nname: recorded\nabout: As it was.\npolicy: recorded\n")
    for line in (
        "start: {a: 0.5 ETH}",
        "entry: {a: $1499}",
        "books: {a: {bid: 3000.00, ask: 3000.02}}",
        "    placed: [{accepted, at: 21ms}, {filled: 0.2 ETH, for: $600.002, at: 320ms}]",
        "    cancel: [{ended: cancelled, at: 1.021s}]",
        "    placed: [{filled: 0.3 ETH, for: $900, fee: $0, at: 1.022s}]",
        "    - {order: a#2, side: sell, quantity: 0.3 ETH, type: ioc, price: 3000.00, reason: ladder#1}",
    ):
        assert line in text.splitlines(), text


def test_a_stop_and_a_crash_are_played_again() -> None:
    stopped = Venue(close_pair(), positions=HEDGED)
    stopped.at(2000, lambda: ev.StopAsked(stopped.now, "ctrl-c"))
    stopped.run()
    assert "stop: [{at: 2s, why: ctrl-c}]" in plays_again(stopped.program, HEDGED, log_of(stopped))
    crashed = Venue(close_pair(), positions=HEDGED, otherwise=ioc_fills)
    crashed.script[(0, 1)] = [(1, "accepted", {}), (1500, "lost_fill", {"lots": 150})]
    crashed.at(2000, lambda: ev.Restarted(crashed.now))
    crashed.run()
    assert "crash: [{at: 2s, down: 0s}]" in plays_again(crashed.program, HEDGED, log_of(crashed))


@pytest.mark.parametrize(
    ("wants", "wish"),
    [
        ("pause", ev.PauseAsked(0, "x")),
        ("resume", ev.ResumeAsked(0, "x")),
        ("flatten", ev.FlattenAsked(0, "x")),
        ("hedged", ev.StopAsked(0, "x", StopWhen.HEDGED)),
        ("flat", ev.StopAsked(0, "x", StopWhen.FLAT)),
    ],
)
def test_what_an_operator_wants_is_played_again(wants: str, wish: ev.Wish) -> None:
    venue = Venue(close_pair(), positions=HEDGED, otherwise=ioc_fills)
    venue.at(2000, lambda: replace(wish, at_ns=venue.now))
    venue.run()
    line = f"operator: [{{at: 2s, wants: {wants}, why: x}}]"
    assert line in plays_again(venue.program, HEDGED, log_of(venue))


def test_silence_doubt_and_lies_are_played_again() -> None:
    venue = Venue(close_pair(), positions=HEDGED, otherwise=ioc_fills, script={(0, 1): [(5, "lost", {})]})
    venue.on_find[(0, 1)] = [(2, "found", {"found": FoundKind.ERROR})]
    venue.script[(1, 1)] = [(1, "rejected", {"why": RejectKind.MARGIN})]
    venue.reads[1] = [None, -500, 3]
    venue.swept[1] = [(False, 0), (True, 0)]
    venue.run()
    text = plays_again(venue.program, HEDGED, log_of(venue))
    for part in ("{lost, at: ", "arrived: false}", "{rejected: margin, at: ", "- {error, at: "):
        assert part in text, text


def test_a_fill_told_after_the_end_of_its_order_is_played_again() -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.on_cancel[(0, 1)] = [(1, "cancel", {"blind": True})]
    venue.script[(0, 1)] = [(1, "accepted", {}), (900, "lost_fill", {"lots": 200}), (1040, "report", {})]
    venue.on_find[(0, 1)] = []
    venue.run()
    assert "late: true" in plays_again(venue.program, [500], log_of(venue))


def test_what_the_journal_did_not_know_is_said() -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.truth = [500]
    feed = venue.feed
    venue.feed = lambda event: feed(  # type: ignore[method-assign]
        replace(event, ledger=(None,)) if isinstance(event, ev.Started) else event
    )
    venue.run()
    assert "ledger: {a: unknown}" in plays_again(venue.program, [500], log_of(venue))


def desk_log(policy: str, seconds: int) -> tuple[Program, Log]:
    """What a desk wrote whose orders are never answered; books are told on the spot."""
    bench = Bench(policy)
    bench.start()
    bench.run(seconds)
    return bench.program, [(event, commands) for event, commands, _ in bench.of("line")]


def test_what_a_desk_wrote_is_played_again() -> None:
    """Its clock does not begin at zero, and many things happen at one moment."""
    program, log = desk_log("open_post_only_hedge", 100)
    assert any(isinstance(one, cm.EndRun) for one in log[-1][1])
    text = plays_again(program, [0, 0], log)
    assert "{silent" in text


def test_a_log_without_an_end_is_played_as_far_as_it_goes() -> None:
    program, log = desk_log("open_post_only_hedge", 3)
    text, scenario = recorded(program, [0, 0], log)
    assert replays(scenario, log)
    assert "end:" not in text
    assert run(scenario).ended is not None


def shifted(program: Program, change: Callable[[ev.Event], ev.Event]) -> Log:
    """A log of a close with some events changed, and what the program asks for then."""
    venue = Venue(program, positions=HEDGED, otherwise=ioc_fills)
    venue.run()
    state, log = begin(program, "run"), []
    for event, _, _ in venue.lines:
        changed = change(event)
        state, asked = step(program, state, changed)
        log.append((changed, asked))
    return log


def test_wake_ups_that_came_late_are_played_again() -> None:
    """Nothing else happens between the deadline and the wake-up 3 ms later."""

    def late(event: ev.Event) -> ev.Event:
        return replace(event, at_ns=event.at_ns + (3_000_000 if event.at_ns > 5 * S else 0))

    log = shifted(close_pair(), late)
    assert "wakes:" in plays_again(close_pair(), HEDGED, log)


def test_what_comes_after_the_end_is_left_out() -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.run()
    log = [*log_of(venue), (ev.OrderFilled(venue.now, 0, 1, 1, 1, 0, False), ())]
    assert len(list(until_end(log))) == len(log) - 1
    plays_again(venue.program, [500], log)


def test_a_log_of_another_program_is_refused() -> None:
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.run()
    started = (ev.Started(0, (500, 0), (None, None)), ())
    with pytest.raises(Unplayable, match="asks for something else"):
        recorded(close_pair(), [500, 0], [started, *log_of(venue)[1:]])
    with pytest.raises(Unplayable, match="begins with Started"):
        recorded(venue.program, [500], [(ev.Woken(0), ())])


def test_a_log_that_is_too_long_for_a_file_is_refused() -> None:
    """10,000 keys and values are the most that a file may hold."""
    venue = Venue(unwind_one(), positions=[500], otherwise=ioc_fills)
    venue.script[(0, 1)] = [(1, "accepted", {}), *[(2, "report", {})] * 4_000]
    venue.run()
    with pytest.raises(Unplayable, match="more than 10,000 keys and values"):
        recorded(venue.program, [500], log_of(venue))
