"""Mistakes of a scenario are found all at once, each at its place, with what was likely meant."""

from pathlib import Path

import pytest

from dnkit.model.errors import DnkitError
from dnkit.model.terms import EndKind, OrderType, RejectKind
from dnkit.sim.scenario import Part, Script, Told, Word
from tests.sim.play import CLOSE, UNWIND, mistakes, read

EXPECT = "expect: {}\n"


@pytest.mark.parametrize(
    ("line", "place", "message", "advice"),
    [
        ("strat: {a: 1 ETH}", "strat", "there is no key `strat` here", "did you mean `start`?"),
        ("ledger: {a: 1 BTC}", "1 BTC", "leg a trades ETH, not BTC", "write `1 ETH`"),
        ("ledger: {a: 5}", "5", "`5` has no unit", "write `5 ETH` or `5 lots`"),
        ("ledger: {a: $5}", "$5", "`$5` does not say how much of the coin", "write a quantity such as"),
        ("ledger: {a: 0.00001 ETH}", "0.00001 ETH", "is not a whole number of steps: a lot of 0.001", ""),
        ("ledger: {c: 1 ETH}", "c", "there is no key `c` here", "known here: a, b"),
        (
            "looks: {a: [{bid: $1, ask: 2.00}]}",
            "$1",
            "`$1` is no price",
            "prices are plain numbers: write `1`",
        ),
        ("looks: {a: [{bid: 1.001, ask: 2.00}]}", "1.001", "a tick of 0.01", ""),
        ("looks: {a: [{bid: 1.00}]}", "{", "`ask` is missing", "write `ask: ...`"),
        ("orders: {c#1: accepted}", "c", "there is no leg `c`", "known here: a, b"),
        ("orders: {a#0: accepted}", "a#0", "zero times is never", "write at least 1"),
        ("orders: {a#1: acepted}", "acepted", "`acepted` is not known here", "did you mean `accepted`?"),
        ("orders: {a#1: filled}", "filled", "`filled` does not say all", "write how much: `filled: all`"),
        ("orders: {a#1: {filled: 0%}}", "0%", "a fill of nothing is no fill", "leave it out"),
        ("orders: {a#1: {rejected: no_mach}}", "no_mach", "not one of the words", "did you mean `no_match`?"),
        ("orders: {a#1: {accepted, after: 5}}", "5", "`5` has no unit", "write a time: `5s`, `5ms`, `5m`"),
        ("orders: {a#1: {accepted: 5s}}", "5s", "this key takes no value", "leave the value out"),
        ("orders: {a#1: {accepted, at: 1s, after: 1s}}", "{", "`after` and `at` are both given", "keep one"),
        ("orders: {a#1: {filled: all, price: 1, for: $1}}", "{", "`price` and `for` are both given", "keep"),
        ("orders: {a#1: {accepted, lost}}", "{", "`accepted` and `lost` are both given", "keep one of them"),
        ("orders: {a#1: {after: 1s}}", "{", "what happens is missing", "one of accepted, rejected, filled"),
        ("orders: {a#1: {cancel: absent}}", "absent", "`absent` is not known here", "did you mean `silent`?"),
        ("orders: {a#1: {find: [live, {ovr}]}}", "ovr", "there is no key `ovr` here", "did you mean `over`?"),
        ("orders: {a#1: {find: [{live, times: 0}]}}", "0", "zero times is never", "write at least 1"),
        ("orders: {a#1: {find: [{live, times: 9999}]}}", "9999", "more often than anything", "at most 1000"),
        ("orders: {a#1: {lost, arrived: no}}", "no", "`no` is a boolean to other YAML readers", ""),
        ("orders: accepted", "accepted", "a map of keys is wanted here, this is a single value", ""),
        ("otherwise: {taking: {filled: 1 ETH}}", "1 ETH", "`1 ETH` is no share of an order", "write `all`"),
        ("positions: {a: rihgt}", "rihgt", "`rihgt` is not known here", "did you mean `right`?"),
        ("sweeps: {a: {found: x}}", "x", "`x` is not understood", "write a whole number such as 3"),
        ("alerts: lost", "lost", "`lost` is not one of the words here", "known here: sent, failed, silent"),
        ("crash: {at: 2s}", "{", "`down` is missing", "write `down: ...`"),
        ("stop: 2s", "2s", "a map of keys is wanted here, this is a single value", ""),
        ("down: {a: {from: 2s, fro: 1s}}", "fro", "there is no key `fro` here", "did you mean `from`?"),
        ("expect: {ned: flat}", "ned", "there is no key `ned` here", "did you mean `end`?"),
        ("expect: {end: flatt}", "flatt", "`flatt` is not one of the words here", "did you mean `flat`?"),
        ("expect: {orders: [{side: buy}]}", "{", "`order` is missing", "write `order: ...`"),
        ("expect: {orders: [{order: a, side: long}]}", "long", "`long` is no side", "known here: buy, sell"),
        ("expect: {phases: [passiv]}", "passiv", "there is no phase `passiv`", "did you mean `passive`?"),
        ("expect: {concession: 5}", "5", "`5` has no unit", "write a distance: `5bps`"),
        (
            "expect: {unhedged: 1 ETH for 5s}",
            "1 ETH for 5s",
            "is not in money",
            "write it like `$600 for 5s`",
        ),
        ("expect: {within: 10}", "10", "`10` has no unit", "write a time"),
        ("expect: {alerts: }", "", "there is no value here", ""),
    ],
)
def test_a_mistake_is_told_at_its_place(line: str, place: str, message: str, advice: str) -> None:
    text = f"{CLOSE}{line}\n{'' if line.startswith('expect') else EXPECT}"
    row = CLOSE.count("\n") + 1
    found = mistakes(text)
    assert found, "nothing was found"
    one = found[0]
    assert one.span.line == row
    assert line[one.span.col - 1 :].startswith(place)
    assert message in one.message
    assert one.advice.startswith(advice)


def test_all_mistakes_are_told_at_once() -> None:
    text = CLOSE.replace("name: close", "name: Close").replace("scenario: 1", "scenario: 2")
    found = mistakes(f"{text}crash: {{}}\norders: {{a#1: x}}\n")
    assert [(one.span.line, one.code) for one in found] == [
        (1, "DNK104"),
        (1, "DNK100"),
        (2, "DNK032"),
        (7, "DNK104"),
        (7, "DNK104"),
        (8, "DNK032"),
    ]
    assert "`expect` is missing" in found[0].message


def test_every_leg_has_a_book_and_a_later_one_a_time() -> None:
    one = mistakes(CLOSE.replace(", b: {bid: 2680.00, ask: 2680.05}", "") + EXPECT)
    assert [each.message for each in one] == ["leg b has no book"]
    two = CLOSE.replace("b: {bid: 2680.00, ask: 2680.05}", "b: [{bid: 1.0, ask: 2.0}, {bid: 1.0, ask: 2.0}]")
    (late,) = mistakes(two + EXPECT)
    assert late.message == "a later book of leg b does not say from when on it is there"


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("", "the file is empty", "a scenario starts with `scenario: 1`"),
        ("- a\n", "a scenario is a map of keys, this is a list", "a scenario starts with `scenario: 1`"),
        ('a: "b\n', "this quote is not closed", "close the quote on the same line"),
        ("name: 1\nname: 2\n", "`about` is missing", "write `about: ...`"),
    ],
)
def test_what_is_no_scenario_at_all(text: str, message: str, help: str) -> None:
    one = mistakes(text)[0]
    assert (one.message, one.help) == (message, help)


def test_a_policy_that_is_not_there_or_may_not_run_is_an_error() -> None:
    with pytest.raises(DnkitError, match="there is no policy `close_tow_phase`"):
        read(CLOSE.replace("close_two_phase", "close_tow_phase") + EXPECT)
    with pytest.raises(DnkitError, match="this policy is a guard"):
        read(CLOSE.replace("close_two_phase", "funding_arb_guarded") + EXPECT)
    with pytest.raises(DnkitError, match="there is no parameter `passive`"):
        read(f"{CLOSE}set: {{passive: 5s}}\n{EXPECT}")
    with pytest.raises(DnkitError, match="--clip lots"):
        read(f"{CLOSE}clip: lots\n{EXPECT}")


def test_what_is_set_reaches_the_program() -> None:
    text = CLOSE.replace("0.2 ETH", "0.2 BTC").replace("2680.0", "60000.")
    scenario = read(
        f"""{text}set: {{passive_for: 7s}}
symbols: BTC
sides: sell
clip: {{a: 0.01 BTC, b: 0.02 BTC}}
venues: {{a: lighter}}
{EXPECT}"""
    ).scenario
    assert scenario is not None
    legs = scenario.program.legs
    assert [(leg.instrument.venue, leg.instrument.symbol) for leg in legs] == [("lighter", "BTC")] * 2
    assert [leg.side for leg in legs] == [-1, 1]
    assert [leg.clip.base for leg in legs] == [10**10, 2 * 10**10]
    assert scenario.program.phases[0].for_ns == 7 * 10**9
    hurried = read(f"{CLOSE}reason: LEG_LIQUIDATED\n{EXPECT}").scenario
    assert hurried is not None
    assert hurried.program.phases[0].skip is not None, "the overlay of the reason"


def test_replies_mean_what_they_say() -> None:
    scenario = read(
        f"""{CLOSE}orders:
  a#1:
    placed:
      - {{accepted, after: 5ms}}
      - {{filled: 0.1 ETH, price: 2680.00, fee: -$0.12, late: true, traded: 1s}}
      - {{filled: 25%, for: $134.01, told: false}}
      - {{filled: book}}
      - {{repeated: 0.05 ETH}}
      - {{ended: expired, total: untold, at: 3s, nth: 2}}
    cancel: {{lost, arrived: false}}
    find: [absent, {{over, total: 0.1 ETH, times: 2}}]
  b: {{rejected: margin}}
{EXPECT}"""
    ).scenario
    assert scenario is not None
    script, all_of_b = scenario.scripts[0, 1], scenario.scripts[1, 0]
    assert script.placed is not None
    accepted, filled, shared, book, repeated, ended = script.placed
    assert (accepted.word, accepted.when.after_ns) == (Word.ACCEPTED, 5_000_000)
    assert (filled.part, filled.price, filled.fee) == (Part(lots=100), 268_000, -120_000_000_000)
    assert (filled.late, filled.traded_ns) == (True, 10**9)
    assert (shared.part, shared.worth, shared.told) == (Part(share=2_500_000), 13_401_000, False)
    assert book.part == Part()
    assert repeated.total == 50
    assert (ended.end, ended.total) == (EndKind.EXPIRED, -1)
    assert (ended.when.at_ns, ended.when.nth) == (3 * 10**9, 2)
    cancel = script.cancel.each
    assert cancel is not None
    assert (cancel.word, cancel.arrived) == (Word.LOST, False)
    assert [one.word for one in script.find.items] == [Word.ABSENT, Word.OVER, Word.OVER]
    assert isinstance(all_of_b, Script)
    assert all_of_b.placed is not None
    assert all_of_b.placed[0].reject is RejectKind.MARGIN


def test_the_rest_means_what_it_says() -> None:
    scenario = read(
        f"""{CLOSE}latency: 50ms
ledger: {{a: unknown, b: -0.19 ETH}}
entry: {{a: 2681.50, b: -$536.02}}
positions: {{a: [right, {{is: 0.1 ETH, as_of: 2s}}, error], b: lagging}}
unasked: {{b: {{is: 0, at: 4s}}}}
sweeps: {{a: [error, {{found: 2}}], b: silent}}
alerts: failed
down: {{b: [{{from: 1s, for: 2s}}, {{from: 9s}}]}}
crash: [{{at: 1s, down: 2s}}, {{at: 5s, down: 0s}}]
stop: {{at: 6s, why: enough}}
wakes: {{due: 1s, at: 1.5s}}
looks: {{a: [{{missing: gone, after: 1s}}, {{silent}}]}}
otherwise: {{resting: {{rejected: other}}, taking: [accepted, {{filled: 50%}}]}}
expect: {{only: [limit, ioc]}}
""".replace("limit", "gtc")
    ).scenario
    assert scenario is not None
    assert scenario.latency_ns == 50_000_000
    assert scenario.ledger == (None, -1900)
    assert scenario.entry == (268_150 * 200, -53_602 * 10_000)
    assert [one.word for one in scenario.positions[0].items] == [Told.RIGHT, Told.IS, Told.ERROR]
    assert scenario.positions[0].items[1].as_of_ns == 2 * 10**9
    assert scenario.positions[1].each is not None
    assert scenario.unasked[1][0].when.at_ns == 4 * 10**9
    assert scenario.sweeps[0].items[1].found == 2
    assert [down.covers(2 * 10**9) for down in scenario.downs[1]] == [True, False]
    assert scenario.downs[1][1].covers(10**15)
    assert [crash.down_ns for crash in scenario.crashes] == [2 * 10**9, 0]
    assert (scenario.stops[0].at_ns, scenario.stops[0].why) == (6 * 10**9, "enough")
    assert scenario.wakes[0].due_ns == 10**9
    assert scenario.looks[0].items[0].missing == "gone"
    assert scenario.looks[0].items[1].silent
    assert scenario.resting[0].reject is RejectKind.OTHER
    assert scenario.taking[1].part == Part(share=5_000_000)
    assert scenario.expect.only == (OrderType.GTC, OrderType.IOC)


def test_a_policy_is_found_beside_the_scenarios_and_above_them(tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "scenarios"
    folder.mkdir(parents=True)
    text = (Path(__file__).parents[2] / "policies" / "emergency_unwind.yaml").read_text()
    (folder.parent / "emergency_unwind.yaml").write_text(text.replace("deadline: 180s", "deadline: 77s"))
    above = read(UNWIND + EXPECT, folder).scenario
    (folder / "here.yaml").write_text(text.replace("deadline: 180s", "deadline: 66s"))
    beside = read(UNWIND.replace("policy: emergency_unwind", "policy: here.yaml") + EXPECT, folder).scenario
    assert above is not None
    assert beside is not None
    deadlines = [one.program.scopes[0].limits.deadline_ns for one in (above, beside)]
    assert deadlines == [77 * 10**9, 66 * 10**9]
