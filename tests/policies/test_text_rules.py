"""Rules that need no machine: what they tell, where, at what cost, and what their fixes leave."""

import pytest

from dnkit.lint.fixes import applied
from dnkit.policies.codes import CODES
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.load import Loaded, load
from dnkit.policies.rules.of_text import TEXT_RULES
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import check

OPEN = """policy: 1
name: opening
intent: open
summary: Opens.
clip: 0.2 ETH
legs: {a: {venue: lighter}, b: {venue: aster}}
limits:
  max_concession: 20bps
phases:
  work:
    rest: {leg: a, qty: clip, at: join, for: 5s}
    then: {filled: hedge, partial: hedge, none: done idle, rejected: done idle, refused: done idle}
  hedge:
    take: {leg: b, qty: imbalance, type: ioc, ladder: [5bps, 15bps]}
    then: {filled: look, short: halt hung leg, refused: halt no book}
  look:
    verify: {goal: hedged}
    then: {ok: done hedged, short: halt short, conflict: halt books disagree, error: halt blind}
"""
CLOSE = (
    OPEN.replace("intent: open", "intent: close")
    .replace("qty: clip", "qty: position")
    .replace("qty: imbalance", "qty: position")
    .replace("hedged", "flat")
    .replace("idle", "flat")
)
LADDER = "type: ioc, ladder: [5bps, 15bps]"


def loaded(text: str) -> Loaded:
    return load(text, "p.yaml", find=lambda _: None, settings={})


def told(text: str) -> Diagnostic:
    """The one finding of a text; infos aside."""
    (found,) = (one for one in loaded(text).diagnostics if one.severity != "info")
    return found


def at(text: str, one: Diagnostic) -> str:
    """The characters a finding points at."""
    return text.split("\n")[one.span.line - 1][one.span.col - 1 : one.span.end_col - 1]


def related(text: str, one: Diagnostic) -> list[str]:
    lines = text.split("\n")
    return [lines[each.span.line - 1][each.span.col - 1 : each.span.end_col - 1] for each in one.related]


def test_what_they_start_from_is_sound() -> None:
    for text in (OPEN, CLOSE):
        assert not loaded(text).diagnostics
        assert check(PolicyText("p.yaml", text), VenueFacts()).program is not None


CASES = {
    "DNK201": (
        OPEN + "  spare:\n    wait: 3s\n    then: {elapsed: look}\n",
        "spare",
        "`spare` is never reached: what it does never happens",
        [],
    ),
    "DNK202": (
        OPEN.replace("short: halt hung leg", "short: hedge"),
        "hedge",
        "second entry halts with whatever is open",
        ["hedge"],
    ),
    "DNK208": (
        OPEN.replace("limits:", "keeps: [stop]\nlimits:"),
        "[stop]",
        "no stop guards what is left",
        [],
    ),
    "DNK209": (
        OPEN.replace("limits:", "data: {bbo: {stale: halt}}\nlimits:"),
        "halt",
        "no book is too old to trade on",
        [],
    ),
    "DNK411": (
        OPEN.replace("limits:", "limits:\n  forbid: [market, ioc]"),
        "ioc",
        "so `hedge` can send none: what is open stays open",
        ["ioc"],
    ),
    "DNK412": (
        OPEN.replace(LADDER, "type: market"),
        "market",
        "may pay all of max_concession: 20bps at once",
        ["20bps"],
    ),
    "DNK413": (
        OPEN.replace(LADDER, "type: ioc, ladder: [5bps, 10bps, 0.1%]"),
        "0.1%",
        "`0.1%` reaches no farther than `10bps`",
        ["10bps"],
    ),
    "DNK414": (
        OPEN.replace(LADDER, "type: ioc, ladder: [5bps, 22.5bps]"),
        "22.5bps",
        "2.5bps more than max_concession (20bps) lets an order pay: $2.5 per $10,000 traded",
        ["20bps"],
    ),
    "DNK415": (
        CLOSE.replace(LADDER, f"{LADDER}, reduce_only: false"),
        "false",
        "one that is not could open a position",
        [],
    ),
}


@pytest.mark.parametrize("code", TEXT_RULES)
def test_each_tells_its_place_its_cost_and_what_it_stands_against(code: str) -> None:
    text, place, words, others = CASES[code]
    one = told(text)
    assert (one.code, one.severity, at(text, one)) == (code, CODES[code].severity, place)
    assert words in one.message
    assert related(text, one) == others


@pytest.mark.parametrize("code", TEXT_RULES)
def test_a_guard_is_not_asked_for_phases(code: str) -> None:
    text, *_ = CASES[code]
    found = loaded(text.replace("intent: open", "intent: guard").replace("intent: close", "intent: guard"))
    assert not {one.code for one in found.diagnostics} & {*TEXT_RULES} - {"DNK208", "DNK209"}


@pytest.mark.parametrize(
    ("price", "limit"),
    [("2 ticks", "1 tick"), ("$0.5", "$0.4"), ("$0.5 through touch", "$0.4")],
)
def test_beyond_the_limit_in_a_unit_that_has_no_price_yet(price: str, limit: str) -> None:
    text = OPEN.replace("20bps", limit).replace(LADDER, f"type: ioc, ladder: [{price}]")
    one = told(text)
    assert one.code == "DNK414" and "$10,000" not in one.message


@pytest.mark.parametrize("price", ["25bps inside touch", "25bps through mid", "3 ticks", "touch"])
def test_what_cannot_be_compared_with_the_limit_is_let_through(price: str) -> None:
    assert not loaded(OPEN.replace(LADDER, f"type: ioc, ladder: [{price}]")).diagnostics


def test_a_stop_is_an_order_type_too() -> None:
    arm = "  guard:\n    arm: {leg: a, qty: position, stop: 2% from entry, limit: 10bps through stop}\n"
    text = OPEN.replace("filled: look", "filled: guard").replace("  look:", f"{arm}  look:")
    assert not loaded(text).diagnostics
    one = told(text.replace("limits:", "limits:\n  forbid: [stop_limit]"))
    assert (one.code, at(text.replace("limits:", "limits:\n  forbid: [stop_limit]"), one)) == (
        "DNK411",
        "arm",
    )


MENDED = {
    "in brackets": (f"{LADDER}, reduce_only: false}}", f"{LADDER}}}"),
    "first": (f"reduce_only: false, {LADDER}", LADDER),
}


@pytest.mark.parametrize("name", MENDED)
def test_a_contradicted_reduce_only_is_deleted(name: str) -> None:
    written, left = MENDED[name]
    text = CLOSE.replace(left, written)
    fix = told(text).fix
    assert fix is not None and applied(text, fix.edits) == CLOSE


def test_a_contradicted_reduce_only_on_a_line_of_its_own_is_deleted() -> None:
    block = CLOSE.replace(
        "    take: {leg: b, qty: position, type: ioc, ladder: [5bps, 15bps]}\n",
        "    take:\n      leg: b\n      qty: position\n      reduce_only: false\n      type: ioc\n"
        "      ladder: [5bps, 15bps]\n",
    )
    fix = told(block).fix
    assert fix is not None
    assert applied(block, fix.edits) == block.replace("      reduce_only: false\n", "")


OVERLAID = CLOSE.replace(
    "phases:\n",
    "reasons: {urgent: [FIRE]}\noverlays:\n  - when: reason is urgent\n    set: {SET}\nphases:\n",
)


def test_what_came_by_a_dotted_path_is_not_deleted() -> None:
    """Half of `phases.hedge.take.reduce_only` would stay."""
    text = OVERLAID.replace("{SET}", "{phases.hedge.take.reduce_only: false}")
    found = load(text, "p.yaml", find=lambda _: None, settings={}, reason="FIRE")
    (one,) = found.diagnostics
    assert (one.code, one.fix) == ("DNK415", None)


LOOSEN = {
    "alone in brackets": ("\n    loosen: [limits.max_spread]", ""),
    "alone in lines": ("\n    loosen:\n      - limits.max_spread", ""),
    "last in brackets": (
        "\n    loosen: [limits.max_concession, limits.max_spread]",
        "\n    loosen: [limits.max_concession]",
    ),
    "first in lines": (
        "\n    loosen:\n      - limits.max_spread\n      - limits.max_concession",
        "\n    loosen:\n      - limits.max_concession",
    ),
}


@pytest.mark.parametrize("name", LOOSEN)
def test_what_loosens_nothing_is_deleted(name: str) -> None:
    written, left = LOOSEN[name]
    change = "limits.max_concession: 30bps" if left else "limits.max_concession: 10bps"
    text = OVERLAID.replace("{SET}", f"{{{change}}}{written}")
    one = told(text)
    assert (one.code, at(text, one)) == ("DNK115", "limits.max_spread")
    assert one.fix is not None
    assert applied(text, one.fix.edits) == OVERLAID.replace("{SET}", f"{{{change}}}{left}")


def judged(text: str, code: str) -> list[Diagnostic]:
    return [one for one in check(PolicyText("p.yaml", text), VenueFacts()).diagnostics if one.code == code]


TWICE = {
    "forbid": ("limits:", "limits:\n  forbid: [market, fok, market]", "limits:\n  forbid: [market, fok]"),
    "forbid, by its other name": (
        "limits:",
        "limits:\n  forbid: [market, gtc, limit]",
        "limits:\n  forbid: [market, gtc]",
    ),
    "reasons": (
        "limits:",
        "reasons:\n  urgent:\n    - FIRE\n    - FIRE\n    - FLOOD\nlimits:",
        "reasons:\n  urgent:\n    - FIRE\n    - FLOOD\nlimits:",
    ),
    "choices": (
        "limits:",
        "params: {kind: {type: word, default: ioc, choices: [ioc, fok, ioc]}}\nlimits:",
        "params: {kind: {type: word, default: ioc, choices: [ioc, fok]}}\nlimits:",
    ),
    "keeps": ("limits:", "keeps: [stop, stop]\nlimits:", "keeps: [stop]\nlimits:"),
}


@pytest.mark.parametrize("name", TWICE)
def test_what_is_listed_twice_is_told_and_deleted(name: str) -> None:
    place, twice, once = TWICE[name]
    text, left = OPEN.replace(place, twice), OPEN.replace(place, once)
    (one,) = judged(text, "DNK125")
    assert one.severity == "warning" and len(one.related) == 1
    assert one.fix is not None and applied(text, one.fix.edits) == left
    assert not judged(left, "DNK125")


def test_a_type_by_its_other_name_is_told_and_written_anew() -> None:
    text = OPEN.replace("at: join", "at: join, type: limit").replace("limits:", "limits:\n  forbid: [stop]")
    (one,) = judged(text, "DNK124")
    assert (one.severity, at(text, one)) == ("info", "limit")
    assert one.fix is not None
    mended = applied(text, one.fix.edits)
    assert mended == text.replace("type: limit", "type: gtc")
    assert loaded(mended).policy == loaded(text).policy
    assert not judged(mended, "DNK124")


def test_a_type_that_came_by_a_parameter_is_told_without_a_fix() -> None:
    params = "params: {kind: {type: word, default: limit}}\nlimits:"
    text = OPEN.replace("at: join", "at: join, type: $kind").replace("limits:", params)
    (one,) = judged(text, "DNK124")
    assert (at(text, one), one.fix) == ("$kind", None)
