"""Settings, overlays, extends, parameters: what is in force, and what is refused."""

from decimal import Decimal
from pathlib import Path

import pytest

from dnkit.machine.program import Anchor, Outcome, TargetKind
from dnkit.model.terms import EndName, OrderType, Side
from dnkit.policies.bind import bind
from dnkit.policies.codes import CODES, INFO
from dnkit.policies.keys import KEYS, TABLE, pattern_of
from dnkit.policies.load import Loaded, load
from dnkit.policies.policy import Distance, Policy, PriceText, Quantity, Rest, Run, Size, Take
from dnkit.policies.reference import TYPE_TEXTS, keys_table_markdown
from dnkit.policies.scalars import PARSERS, parse_key
from dnkit.policies.source import read, read_bytes

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OK = HERE / "ok"
MS, S = 10**6, 10**9


def find(name: str) -> tuple[str, str] | None:
    for folder in (OK, ROOT / "policies"):
        path = folder / f"{name}.yaml"
        if path.exists():
            return path.name, path.read_text(encoding="utf-8")
    return None


def loaded(name: str, /, reason: str = "", **settings: str) -> Loaded:
    found = find(name)
    assert found is not None
    given = {key.replace("__", "."): value for key, value in settings.items()}
    return load(found[1], found[0], find=find, settings=given, reason=reason)


def policy(name: str, /, reason: str = "", **settings: str) -> Policy:
    result = loaded(name, reason, **settings)
    assert result.policy is not None, result.diagnostics
    return result.policy


def codes(result: Loaded) -> list[str]:
    """Codes of what is to be mended; what merely does not act yet has tests of its own."""
    return [one.code for one in result.diagnostics if one.severity != INFO]


def body(policy: Policy, phase: str) -> object:
    return next(one.body for one in policy.phases if one.name == phase)


def test_values_mean_what_the_text_says() -> None:
    got = policy("every_pair_key")
    rest, take, run = body(got, "rest_both"), body(got, "cross"), body(got, "sub")
    assert isinstance(rest, Rest) and isinstance(take, Take) and isinstance(run, Run)
    assert rest.legs == ("quote", "hedge")
    assert rest.qty == Size(amount=Quantity(Decimal("0.1"), "coin", "ETH"))
    assert rest.at == PriceText(Anchor.TOUCH, "inside", Distance(Decimal(1), "ticks"))
    assert (rest.type, rest.for_ns, rest.rejects, rest.first_fill) == (OrderType.GTC, 5 * S, 3, True)
    assert take.ladder == (
        PriceText(Anchor.TOUCH, "inside", Distance(Decimal(1), "ticks")),
        PriceText(Anchor.TOUCH),
        PriceText(Anchor.TOUCH, "through", Distance(Decimal(5), "bps")),
        PriceText(Anchor.TOUCH, "through", Distance(Decimal(10), "bps")),
    )
    assert (run.policy, run.legs, run.set) == ("emergency_unwind", (("a", "quote"),), (("maker_for", "0s"),))
    assert got.limits.max_spread == Distance(Decimal(200), "bps")
    assert got.limits.min_depth is not None and got.limits.min_depth.levels == 3
    assert got.limits.deadline is not None and got.limits.deadline.then.phase == "back_out"
    assert got.limits.min_hedge[2] == Quantity(Decimal(1000), "money")
    assert got.limits.liq_buffer == 25
    assert got.legs[0].side is Side.BUY and got.legs[0].ratio == Decimal("0.5")
    assert got.backoff == (200 * MS, 5 * S, 6)
    assert got.data.max_silence_ns == 5 * S
    assert got.size is not None and got.size.levels == 5


def test_short_forms_halt() -> None:
    limits = policy("every_single_key").limits
    assert limits.deadline is not None and limits.max_unhedged is not None
    assert limits.deadline.after_ns == 120 * S and limits.deadline.then.kind is TargetKind.HALT
    assert limits.max_unhedged.amount == Quantity(Decimal(3000), "money")
    assert limits.max_unhedged.then.kind is TargetKind.HALT


def test_then_keeps_only_what_is_written() -> None:
    phase = policy("every_single_key").phases[-1]
    assert [outcome for outcome, _ in phase.then] == [Outcome.FILLED, Outcome.SHORT]
    assert phase.then[0][1].end is EndName.FLAT


def test_extends_merges_by_key_and_skips() -> None:
    base, child = policy("every_single_key"), policy("child")
    assert child.name == "child" and child.summary == base.summary
    assert [one.name for one in child.phases] == [one.name for one in base.phases]
    assert [one.skip for one in child.phases] == [False, False, False, True, False]
    close = body(child, "close")
    assert (
        isinstance(close, Take)
        and close.cap == Distance(Decimal(40), "bps")
        and close.type is OrderType.MARKET
    )


def test_spans_of_an_inherited_value_lie_in_the_base() -> None:
    spans = loaded("child").spans
    assert spans["phases", "protect", "arm", "stop"].path == "every_single_key.yaml"
    assert spans["phases", "close", "take", "cap"].path == "child.yaml"


def test_spans_point_at_values_and_phases() -> None:
    result = loaded("every_single_key")
    lines = result.files["every_single_key.yaml"].split("\n")
    span = result.spans["phases", "enter", "rest", "at"]
    assert lines[span.line - 1][span.col - 1 : span.end_col - 1] == "5bps inside mid"
    phase = result.spans["phases", "enter"]
    assert lines[phase.line - 1][phase.col - 1 : phase.end_col - 1] == "enter"
    rung = loaded("every_pair_key").spans["phases", "back_out", "take", "ladder", 0]
    assert rung.end_col - rung.col == len("10bps")


def test_overlay_applies_for_its_reason_only() -> None:
    plain, critical = policy("every_pair_key"), policy("every_pair_key", reason="LEG_LIQUIDATED")
    assert plain.limits.max_spread == Distance(Decimal(200), "bps") and not plain.phases[0].skip
    assert critical.limits.max_spread == Distance(Decimal(300), "bps") and critical.phases[0].skip
    assert critical.limits.deadline is not None and critical.limits.deadline.after_ns == 50 * S
    assert critical.limits.deadline.then.phase == "back_out"
    assert critical.reason == "LEG_LIQUIDATED"


def test_a_slip_in_the_reason_is_told() -> None:
    result = loaded("every_pair_key", reason="LEG_LIQUIDATD")
    assert codes(result) == ["DNK112"] and result.policy is not None
    assert result.diagnostics[0].meant == "LEG_LIQUIDATED"
    assert codes(loaded("every_pair_key", reason="DRIFT")) == []


def test_setting_changes_a_parameter() -> None:
    got = policy("every_pair_key", wait="2s", kind="none")
    rest, take = body(got, "rest_both"), body(got, "cross")
    assert isinstance(rest, Rest) and rest.for_ns == 2 * S
    assert isinstance(take, Take) and take.type is None
    assert next((one.name, one.default, one.value) for one in got.params) == ("wait", "5s", "2s")


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"wait": "11s"}, "DNK106", "outside 1s..10s"),
        ({"wait": "fast"}, "DNK030", "not understood"),
        ({"wait": ""}, "DNK030", "not understood"),
        ({"kind": "market"}, "DNK106", "not one of"),
        ({"some": "0.1 BTC"}, "DNK106", "outside"),
        ({"wiat": "2s"}, "DNK108", "no parameter `wiat`"),
        ({"limits__max_spread": "4%"}, "DNK114", "made looser"),
        ({"limits__max_sprad": "1%"}, "DNK113", "no key"),
        ({"name": "other"}, "DNK108", "no parameter `name`"),
        ({"legs__quote__venue": "nado"}, "DNK113", "cannot be changed"),
    ],
)
def test_setting_is_refused(settings: dict[str, str], code: str, words: str) -> None:
    result = loaded("every_pair_key", **settings)
    assert result.policy is None
    assert codes(result) == [code]
    assert words in result.diagnostics[0].message
    span = result.diagnostics[0].span
    assert (span.path, span.line) == ("--set", 1)
    (name, value), line = next(iter(settings.items())), result.files["--set"]
    assert line == f"{name.replace('__', '.')}={value}"


def test_setting_tightens_a_limit_by_path() -> None:
    tight = policy("every_pair_key", limits__max_spread="1%", limits__deadline="10s")
    assert tight.limits.max_spread == Distance(Decimal(100), "bps")
    assert tight.limits.deadline is not None and tight.limits.deadline.after_ns == 10 * S


def test_settings_come_after_overlays() -> None:
    got = policy("every_pair_key", reason="LEG_LIQUIDATED", limits__max_spread="2.5%")
    assert got.limits.max_spread == Distance(Decimal(250), "bps")


def test_an_overlay_cannot_loosen_a_limit_through_a_parameter() -> None:
    found = find("every_pair_key")
    assert found is not None
    text = found[1].replace("limits.deadline: 50s", "params.wait.default: 9s, params.share.default: 2%")
    result = load(text, found[0], find=find, settings={}, reason="LEG_LIQUIDATED")
    told = [one.message.split("`")[1] for one in result.diagnostics]
    assert codes(result) == ["DNK114", "DNK114"]
    assert told == ["limits.liq_buffer", "phases.rest_both.rest.for"]


SIZED = """policy: 1
name: sized
intent: unwind
summary: Overlay by size.
clip: {clip}
legs:
  a: {{venue: lighter}}
overlays:
  - when: leg a notional > $10,000
    set: {{phases.out.take.ladder: [5bps]}}
phases:
  out:
    take: {{leg: a, qty: position, type: ioc, ladder: [5bps, 10bps]}}
    then: {{filled: done flat, short: halt open}}
"""


@pytest.mark.parametrize(
    ("clip", "notional", "rungs", "told"),
    [
        ("$20,000", None, 1, []),
        ("$500", None, 2, []),
        ("2 ETH", Decimal(9000), 2, []),
        ("2 ETH", Decimal(11000), 1, []),
        ("2 ETH", None, 2, ["DNK116"]),
    ],
)
def test_overlay_by_notional(clip: str, notional: Decimal | None, rungs: int, told: list[str]) -> None:
    known = {} if notional is None else {"a": notional}
    result = load(SIZED.format(clip=clip), "p.yaml", find=find, settings={}, notionals=known)
    assert codes(result) == told
    assert result.policy is not None
    take = body(result.policy, "out")
    assert isinstance(take, Take) and len(take.ladder) == rungs and take.reduce_only


def test_extends_in_a_circle_is_told() -> None:
    texts = {"a": "policy: 1\nname: a\nextends: b\n", "b": "policy: 1\nname: b\nextends: a\n"}
    result = load(texts["a"], "a.yaml", find=lambda name: (f"{name}.yaml", texts[name]), settings={})
    assert codes(result) == ["DNK111"]
    assert result.diagnostics[0].span.path == "b.yaml"


def test_mistakes_of_a_base_are_told_in_the_base() -> None:
    result = load(
        "policy: 1\nname: a\nextends: b\n", "a.yaml", find=lambda _: ("b.yaml", "name: [\n"), settings={}
    )
    assert codes(result) == ["DNK001"] and result.diagnostics[0].span.path == "b.yaml"


def test_bytes_that_are_not_utf8_have_a_place() -> None:
    text, found = read_bytes(b"policy: 1\nname: \xc3\xa4\xff\n", "p.yaml")
    assert text == "" and [(one.code, one.span.line, one.span.col) for one in found] == [("DNK003", 2, 8)]
    assert read_bytes("name: ä\n".encode(), "p.yaml") == ("name: ä\n", ())


def test_huge_text_is_refused() -> None:
    assert codes(load("#" * (1 << 20) + "#", "p.yaml", find=find, settings={})) == ["DNK016"]


def test_windows_line_ends_and_byte_order_mark_are_read() -> None:
    found = find("every_single_key")
    assert found is not None
    text = "\ufeff" + found[1].replace("\n", "\r\n")
    assert load(text, found[0], find=find, settings={}).policy == policy("every_single_key")


def test_every_key_is_used_by_a_good_policy() -> None:
    seen: dict[str, None] = {}
    for path in (*OK.glob("*.yaml"), *(ROOT / "policies").glob("*.yaml")):
        root, _ = read(path.read_text(encoding="utf-8"), path.name)
        assert root is not None
        seen |= dict.fromkeys(pattern_of(route) or "" for route in bind(root).spans)
    resolved = {"reason", "params.*.value", "phases.*.skip"}
    short = {"phases.*.wait.for", "phases.*.clear.leg"}
    assert set(TABLE) - set(seen) - short == resolved


def test_every_key_has_a_parser_and_a_text() -> None:
    shapes = {"choice", "map", "names", "maps", "tree"}
    for key in KEYS:
        assert key.type in TYPE_TEXTS
        assert key.type in shapes or key.type in PARSERS
        assert (key.type == "choice") == bool(key.choices)
        if key.default:
            parse_key(key, key.default)


def test_codes_are_unique() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert all(len(code) == 6 and code.startswith("DNK") and code[3:].isdigit() for code in CODES)


def test_reference_is_fresh() -> None:
    assert keys_table_markdown() in (ROOT / "docs" / "LANGUAGE.md").read_text(encoding="utf-8")
