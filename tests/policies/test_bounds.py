"""No text is too much: what is too deep, too long or too many is refused by its code, and nothing is told
more often than anyone would read."""

from collections.abc import Callable

import pytest

from dnkit.policies import expr
from dnkit.policies.bind import ITEMS_MAX, bind
from dnkit.policies.codes import ERROR, INFO, WARNING
from dnkit.policies.diagnostics import WORD_MAX, WORDS_MAX, Diagnostic, Span, nearest, suggestion
from dnkit.policies.expr_parse import parse
from dnkit.policies.findings import FOUND_MAX, MESSAGE_MAX, first_of
from dnkit.policies.load import Loaded, load
from dnkit.policies.overlays import WORK_MAX
from dnkit.policies.render import render
from dnkit.policies.source import NODES_MAX, SCALAR_MAX, read
from dnkit.policies.units import TextError
from tests.compile.helpers import compiled

SIZE = 1 << 20
HEAD = """policy: 1
name: large
intent: open
summary: Opens.
clip: 0.2 ETH
legs: {a: {venue: lighter}, b: {venue: aster}}
"""
HEDGE = """  hedge:
    take: {leg: b, qty: imbalance, type: ioc, ladder: [5bps, 15bps]}
    then: {filled: look, short: halt hung leg, refused: halt no book}
  look:
    verify: {goal: hedged}
    then: {ok: done hedged, short: halt short, conflict: halt books disagree, error: halt blind}
"""
REST = "rest: {leg: a, qty: clip, at: join, for: 5s}"
WORK = f"""phases:
  work:
    {REST}
    then: {{filled: hedge, partial: hedge, none: done idle, rejected: done idle, refused: done idle}}
{HEDGE}"""
GUARD = """policy: 1
name: large
intent: guard
summary: Watches.
legs: {a: {venue: lighter}}
watch:
  every: 10s
"""


def full(piece: str) -> str:
    """One piece again and again, up to the largest file there may be."""
    return piece * (SIZE // len(piece))


def each(count: int, line: Callable[[int], str], between: str = "") -> str:
    """Many pieces that differ by their number."""
    return between.join(line(number) for number in range(count))


def loaded(text: str) -> Loaded:
    return load(text[:SIZE], "p.yaml", find=lambda _: None, settings={})


def codes(text: str) -> dict[str, int]:
    """How often each code is told; and nothing is told too often or at too great a length."""
    found = loaded(text).diagnostics
    assert len(found) <= FOUND_MAX + 1
    assert all(len(one.message) <= MESSAGE_MAX + 3 for one in found)
    counts: dict[str, int] = {}
    for one in found:
        counts[one.code] = counts.get(one.code, 0) + 1
    return counts


NOT_READ = {
    "open lists": ("[" * SIZE, "DNK017"),
    "open maps": ("{" * SIZE, "DNK017"),
    "items in items": (full("- "), "DNK017"),
    "keys of keys": (full("? "), "DNK017"),
    "lists in one line": (HEAD + f"x: [{each(500, lambda _: '[' * 31 + ']' * 31, ',')}]\n", "DNK017"),
    "one word": ("a" * SIZE, "DNK016"),
    "one quoted text": (f'x: "{"a" * (SIZE - 9)}"', "DNK016"),
    "one block of lines": (f"x: |\n{full('  a' + chr(10))}", "DNK016"),
    "one number": (f"clip: {'9' * 100_000}", "DNK016"),
    "one key": (f"? {'k' * 9000}\n: 1\n", "DNK016"),
    "many keys": (each(99_999, lambda at: f"k{at}: 1\n"), "DNK016"),
    "one key many times": (full("a: 1\n"), "DNK016"),
    "a ladder of 100,000 rungs": (
        HEAD + WORK.replace("[5bps, 15bps]", f"[{'5bps,' * 100_000}]"),
        "DNK016",
    ),
    "empty lists": (f"x: [{full('[],')}]", "DNK016"),
    "control characters": ("\0" * SIZE, "DNK004"),
    "tabs": ("\t" * SIZE, "DNK005"),
    "carriage returns": ("\r" * SIZE, "DNK004"),
    "line ends": ("\n" * SIZE, "DNK015"),
    "documents": (full("---\n"), "DNK009"),
    "larger than the largest": ("#" * SIZE + "\n", ""),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_too_much_to_read_is_told_by_one_code(name: str) -> None:
    text, code = NOT_READ[name]
    if code:
        assert set(codes(text)) == {code}
    else:
        assert [one.code for one in loaded(text).diagnostics] == ["DNK015"]
        assert [one.code for one in load(text, "p.yaml", find=lambda _: None, settings={}).diagnostics] == [
            "DNK016"
        ]


def test_the_largest_that_is_read_and_the_smallest_that_is_not() -> None:
    """A list with its key and its map: three more than its items."""
    for items, fits in ((NODES_MAX - 3, True), (NODES_MAX - 2, False)):
        root, found = read(f"x: [{'1,' * items}]", "p.yaml")
        assert (root is not None) is fits and (not found) is fits
    for length, fits in ((SCALAR_MAX, True), (SCALAR_MAX + 1, False)):
        root, found = read(f"x: {'a' * length}", "p.yaml")
        assert (root is not None) is fits and (not found) is fits


TOO_MANY = {
    "phases": HEAD + f"phases:\n{each(900, lambda at: f'  p{at}: {{wait: 1s}}{chr(10)}')}",
    "legs": HEAD.replace("{a:", "{" + each(900, lambda at: f"l{at}: {{venue: aster}}, ") + "a:") + WORK,
    "params": HEAD
    + f"params:\n{each(900, lambda at: f'  p{at}: {{type: time, default: 5s}}{chr(10)}')}"
    + WORK,
    "forbid": HEAD + f"limits: {{forbid: [{'market, ' * 5000}market]}}\n" + WORK,
    "ladder": HEAD + WORK.replace("[5bps, 15bps]", f"[{each(5000, lambda at: f'{at}bps', ', ')}]"),
    "then": HEAD
    + WORK.replace("{filled: look", "{" + each(2000, lambda at: f"o{at}: look, ") + "filled: look"),
    "overlays": HEAD
    + f"overlays:\n{each(900, lambda at: f'  - {{when: reason is R{at}, set: {{clip: $9}}}}{chr(10)}')}"
    + WORK,
    "rules": GUARD
    + f"rules:\n{each(900, lambda at: f'  - {{name: r{at}, when: net > $5, do: nothing}}{chr(10)}')}",
    "facts": GUARD
    + f"  facts:\n{each(900, lambda at: f'    f{at}: net{chr(10)}')}"
    + "rules: [{name: r, when: otherwise, do: nothing}]\n",
}


@pytest.mark.parametrize("name", TOO_MANY)
def test_a_list_or_map_with_too_many_entries_is_told_and_cut(name: str) -> None:
    assert codes(TOO_MANY[name])["DNK016"] >= 1
    told = [one for one in loaded(TOO_MANY[name]).diagnostics if one.code == "DNK016"]
    assert any(f"`{name}` holds" in one.message and one.severity == ERROR for one in told)
    root, _ = read(TOO_MANY[name], "p.yaml")
    assert root is not None
    assert max(len(below) for below in bind(root).below.values()) == ITEMS_MAX


WRONG = {
    "keys": HEAD + f"limits: {{{each(4000, lambda at: f'max_sprd{at}: 1, ')}}}\n" + WORK,
    "references": HEAD
    + "params: {pp: {type: time, default: 5s}}\nreasons:\n"
    + each(190, lambda at: f'  r{at}: ["{"$pq " * 900}"]\n')
    + WORK,
    "anchors": each(5000, lambda at: f"- &a{at} x\n"),
    "targets": HEAD
    + "phases:\n"
    + each(190, lambda at: f"  p{at}: {{{REST}, then: {{filled: q{at}, none: r{at}}}}}\n"),
    "paths of an overlay": HEAD
    + "overlays:\n  - {when: reason is R, set: {"
    + each(3000, lambda at: f"phases.work{at}.rest.for: 1s, ")
    + "}}\n"
    + WORK,
    "loops": HEAD
    + "phases:\n"
    + each(190, lambda at: f"  p{at}: {{wait: 1s, then: {{elapsed: p{at * 7 % 190}}}}}\n"),
    "unread expressions": GUARD
    + "rules:\n"
    + each(190, lambda at: f'  - {{name: r{at}, when: "{"not " * 240} net > 0", do: nothing}}\n'),
}


@pytest.mark.parametrize("name", WRONG)
def test_more_is_wrong_than_anyone_would_read(name: str) -> None:
    result = loaded(WRONG[name])
    assert result.failed and result.policy is None
    assert len(result.diagnostics) == FOUND_MAX + 1
    last = result.diagnostics[-1]
    assert (last.code, last.severity) == ("DNK016", INFO)
    assert last.message.endswith(" more findings are left out")


def test_what_is_left_out_is_counted_and_errors_are_told_first() -> None:
    def one(line: int, severity: str) -> Diagnostic:
        return Diagnostic(
            code="DNK110", message="x", span=Span("p.yaml", line, 1, line, 2), severity=severity
        )

    few = [one(at, WARNING) for at in range(FOUND_MAX)]
    assert first_of(reversed(few)) == tuple(few)
    found = first_of([*few, *(one(1000 + at, ERROR) for at in range(7)), one(2000, INFO)])
    assert [each.severity for each in found] == [WARNING] * (FOUND_MAX - 7) + [ERROR] * 7 + [INFO]
    assert found[-1].message == "8 more findings are left out"
    assert [each.span.line for each in found[:-1]] == sorted(each.span.line for each in found[:-1])


def test_a_long_message_is_cut() -> None:
    (found,) = first_of([Diagnostic(code="DNK110", message="x" * 9999, span=Span("p.yaml", 1, 1, 1, 2))])
    assert found.message == "x" * MESSAGE_MAX + "..."


def test_no_word_is_looked_for_in_a_heap() -> None:
    assert nearest("a" * WORD_MAX, ["a" * WORD_MAX]) == "a" * WORD_MAX
    assert nearest("a" * (WORD_MAX + 1), ["a" * (WORD_MAX + 1)]) == ""
    words = [f"word{at}" for at in range(WORDS_MAX + 1)]
    assert suggestion(f"word{WORDS_MAX}", words[-1:]) == {"meant": words[-1]}
    assert suggestion("zzz", words)["help"].count(",") < WORDS_MAX


@pytest.mark.parametrize("key", ["clip: 0.2 ETH", "{venue: aster}", "qty: clip", "at: join", "for: 5s"])
def test_a_value_that_is_too_long_to_be_meant_is_refused_before_it_is_looked_at(key: str) -> None:
    word = key.strip("{}").split(": ")
    text = (HEAD + WORK).replace(key, key.replace(word[1].strip("{}"), "9" * 4000))
    assert codes(text) == {"DNK031": 1}


def test_overlays_that_would_change_too_much_too_often_are_left_out() -> None:
    """Each may change everything."""
    phases = each(190, lambda at: f"  p{at}: {{{REST}}}\n")
    overlays = each(190, lambda at: f"  - {{when: reason is R{at}, set: {{phases.work.rest.for: {at}ms}}}}\n")
    text = f"{HEAD}overlays:\n{overlays}{WORK}{phases}"
    root, _ = read(text, "p.yaml")
    assert root is not None and len(bind(root).nodes) * 190 > WORK_MAX
    found = [one for one in loaded(text).diagnostics if one.code == "DNK016"]
    assert found[0].message.startswith("190 overlays over ") and found[0].severity == ERROR


def test_a_long_expression_means_the_same_when_it_is_written_out() -> None:
    """Its canonical text has more blanks than the one it was read from."""
    terms = "+".join(["net"] * 240)
    assert parse(expr.render(parse(terms, {"net": "money"})), {"net": "money"})
    with pytest.raises(TextError, match="at most"):
        parse(f"{terms}+{terms}", {"net": "money"})
    text = GUARD + f"rules:\n  - {{name: r, when: {terms} > $5, do: nothing}}\n"
    policy = loaded(text).policy
    assert policy is not None and loaded(render(policy)).policy == policy


def test_policies_that_run_policies_twice_do_not_grow_without_end() -> None:
    base = """policy: 1
name: p{at}
intent: unwind
summary: Runs the next one twice.
legs: {{a: {{venue: lighter}}}}
phases:
  one: {{run: p{next}}}
  two: {{run: p{next}}}
  look:
    verify: {{goal: flat}}
    then: {{ok: done flat, short: halt bad, conflict: halt books disagree, error: halt blind}}
"""
    last = """policy: 1
name: p20
intent: unwind
summary: Is run.
legs: {a: {venue: lighter}}
phases:
  look:
    verify: {goal: flat}
    then: {ok: done flat, short: halt bad, conflict: halt books disagree, error: halt blind}
"""
    texts = {f"p{at}": base.format(at=at, next=at + 1) for at in range(1, 20)} | {"p20": last}
    answer = compiled(base.format(at=0, next=1), **texts)
    assert answer.program is None
    assert {one.code for one in answer.diagnostics} == {"DNK016"}
    assert compiled(base.format(at=0, next=18), **texts).program is not None
