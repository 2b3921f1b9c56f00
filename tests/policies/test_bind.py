"""Binding again takes over what is the same, and finds what a fresh look finds; words that are not understood
are told at their own characters."""

from pathlib import Path

import pytest

from dnkit.policies.bind import Bound, bind
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.load import load
from dnkit.policies.overlays import Stage
from dnkit.policies.source import Entry, Node, read
from dnkit.policies.tree import Filler, expanded, put
from tests.policies.test_corpus import BAD, GOOD, find


def tree(path: Path) -> Node | None:
    root, _ = read(path.read_text(encoding="utf-8"), path.name)
    return expanded(root) if root is not None else None


def told(bound: Bound) -> tuple[object, ...]:
    """All that a Bound says, in its order."""
    return (
        list(bound.values.items()),
        list(bound.spans.items()),
        list(bound.keys.items()),
        list(bound.nodes.items()),
        list(bound.below.items()),
        bound.found,
    )


def changed(root: Node, entry: Entry) -> Node:
    """The tree with one of its phases' or limits' values said once more at the end of a dotted path."""
    path = (entry.key.text, "added")
    return put(root, path, entry.key, entry.key)


@pytest.mark.parametrize("path", [*GOOD, *BAD], ids=lambda path: path.stem)
def test_binding_again_finds_what_a_fresh_look_finds(path: Path) -> None:
    root = tree(path)
    if root is None:
        return
    first = bind(root, Bound())
    assert told(first) == told(bind(root))
    assert told(bind(root, first)) == told(first)
    for entry in root.entries:
        other = changed(root, entry)
        second = bind(other, first)
        assert told(second) == told(bind(other))
        assert told(bind(root, second)) == told(first)


def test_what_is_the_same_is_not_looked_at_again() -> None:
    root = tree(next(path for path in GOOD if path.stem == "every_pair_key"))
    assert root is not None
    first = bind(root, Bound())
    second = bind(changed(root, next(one for one in root.entries if one.key.text == "limits")), first)
    assert first.parts is not None and second.parts is not None
    again = [route for route in first.parts if second.parts[route][1] is not first.parts[route][1]]
    assert again == [("limits",)]


def test_a_tree_that_is_filled_again_shares_what_is_the_same() -> None:
    root = tree(next(path for path in GOOD if path.stem == "every_pair_key"))
    assert root is not None
    filler = Filler({"wait": "1s", "some": "0.1 ETH"})
    first = filler.filled(root)
    assert all(one is other for one, other in zip(first.entries, filler.filled(root).entries, strict=True))
    assert [one.key.text for one, was in zip(first.entries, root.entries, strict=True) if one is not was] == [
        "phases"
    ]
    assert Filler({}).filled(root) is root


def test_a_changed_parameter_is_filled_in_anew() -> None:
    root = tree(next(path for path in GOOD if path.stem == "every_pair_key"))
    assert root is not None
    stage = Stage({}, changes=True)
    route = ("phases", "rest_both", "rest", "for")
    before, params, _ = stage.bound(root)
    default = put(root, ("params", "wait", "default"), Node(kind="scalar", span=root.span, text="2s"), root)
    after, changed_params, _ = stage.bound(default)
    assert (before.values[route], after.values[route]) == (5 * 10**9, 2 * 10**9)
    assert (params[0].value, changed_params[0].value) == ("5s", "2s")


TEXT = """policy: 1
name: words
intent: unwind
summary: Words.
clip: $500
legs: {a: {venue: lighter}}
EXTRA
phases:
  out:
    take: {leg: a, qty: position, type: ioc, ladder: [5bps]}
    then: {filled: look, short: look, refused: look}
  look:
    verify: {goal: flat}
    then: {ok: done flat, short: halt still open, conflict: halt books disagree, error: halt blind}
"""


def finding(text: str, reason: str = "", **settings: str) -> tuple[Diagnostic, str]:
    """The one thing to mend in a text, and the characters it is told at."""
    given = {name.replace("__", "."): value for name, value in settings.items()}
    result = load(text, "p.yaml", find=find, settings=given, reason=reason)
    (one,) = (each for each in result.diagnostics if each.severity == "error")
    line = result.files[one.span.path].split("\n")[one.span.line - 1]
    return one, line[one.span.col - 1 : one.span.end_col - 1]


def overlaid(change: str) -> str:
    return TEXT.replace("EXTRA", f"overlays:\n  - when: reason is FIRE\n    set: {{{change}}}")


@pytest.mark.parametrize(
    ("change", "place", "meant"),
    [
        ("phases.out.then.flled: look", "flled", "filled"),
        ("phases.out.take.lader: [5bps]", "lader", "ladder"),
        ("limits.max_spred: 1%", "max_spred", "max_spread"),
        ("limits.deadline: {aftr: 9s}", "aftr", "after"),
        ("phases.ot.take.qty: position", "ot", "out"),
        ("phases.out.take.type: iok", "iok", "ioc"),
        ('"phases.out.take.lader": [5bps]', "lader", "ladder"),
        ("phases.out.then.filled: done flt", "flt", "flat"),
    ],
)
def test_a_word_inside_a_dotted_path_is_told_at_itself(change: str, place: str, meant: str) -> None:
    result = load(overlaid(change), "p.yaml", find=find, settings={}, reason="FIRE")
    one = next(each for each in result.diagnostics if each.meant)
    line = result.files["p.yaml"].split("\n")[one.span.line - 1]
    assert (line[one.span.col - 1 : one.span.end_col - 1], one.meant) == (place, meant)


def test_a_word_that_came_by_a_parameter_is_told_without_a_word_to_put_there() -> None:
    params = "params: {kind: {type: word, default: iok}}"
    one, place = finding(TEXT.replace("EXTRA", params).replace("type: ioc", "type: $kind"))
    assert (place, one.meant, one.help) == ("$kind", "", "did you mean `ioc`?")


def test_a_word_of_a_setting_is_told_in_the_setting() -> None:
    one, place = finding(TEXT.replace("EXTRA", "limits: {max_spread: 1%}"), limits__max_spred="1%")
    assert (one.span.path, place, one.meant) == ("--set", "max_spred", "max_spread")


@pytest.mark.parametrize(
    ("extra", "place", "meant"),
    [
        ("limits: {max_concesion: 5bps, max_concession: 9bps}", "max_concesion", ""),
        ("limits: {max_spreads: {within: 5bps}}", "max_spreads", ""),
        ("limits: {dept: {within: 5bps}}", "dept", "depth"),
        ("limits: {forbd: [market]}", "forbd", "forbid"),
        ("overlay: [{when: reason is x, set: {clip: $400}}]", "overlay", "overlays"),
    ],
)
def test_the_key_that_was_meant_could_hold_the_value_and_is_not_there_yet(
    extra: str, place: str, meant: str
) -> None:
    one, told_at = finding(TEXT.replace("EXTRA", extra))
    assert (one.code, told_at, one.meant) == ("DNK103", place, meant)


@pytest.mark.parametrize(
    ("action", "place", "meant"),
    [
        ("rn close_two_phase", "rn", "run"),
        ("alert pge", "pge", "page"),
        ("nothng", "nothng", "nothing"),
        ("run Close-It", "Close-It", ""),
        ("alert", "alert", ""),
        ("run", "run", ""),
    ],
)
def test_an_action_is_told_at_its_wrong_word(action: str, place: str, meant: str) -> None:
    text = f"""policy: 1
name: guarded
intent: guard
summary: Watches.
legs: {{a: {{venue: aster}}}}
watch: {{every: 10s}}
rules:
  - {{name: hold, when: otherwise, do: {action}}}
"""
    one, told_at = finding(text)
    assert (one.code, told_at, one.meant) == ("DNK032", place, meant)
