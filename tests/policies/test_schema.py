"""The schema takes every policy the language takes, and refuses what a schema can see is wrong."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from dnkit.policies import units
from dnkit.policies.keys import CHILDREN, KEYS
from dnkit.policies.load import load
from dnkit.policies.policy import Policy
from dnkit.policies.render import render
from dnkit.policies.scalars import PARSERS
from dnkit.policies.schema.document import MAPS, PARAMETER, schema_text
from dnkit.policies.schema.texts import PATTERNS
from dnkit.policies.units import TextError
from tests.policies.editor import BAD, GOOD, ROOT, SCHEMA, SHIPPED, complaints, seen
from tests.policies.strategies import policies
from tests.tidy.docs_tables import SCHEMA as SCHEMA_FILE

# Codes of which every file of the corpus must be refused, unless it stands in EXCEPT.
SEEN = {
    "DNK010": "not a map",
    "DNK015": "empty",
    "DNK020": "wrong shape",
    "DNK021": "missing value",
    "DNK022": "missing unit",
    "DNK030": "a text that is not understood",
    "DNK031": "out of bounds",
    "DNK032": "unknown word",
    "DNK100": "language version",
    "DNK103": "unknown key",
    "DNK104": "missing key",
    "DNK113": "path of an overlay",
    "DNK117": "one of two keys",
    "DNK118": "key of another intent or kind",
    "DNK120": "number of legs",
    "DNK123": "a leg named twice",
    "DNK203": "outcome of another kind",
    "DNK204": "no kind, or two",
    "DNK206": "cannot be skipped",
    "DNK207": "nothing to skip",
    "DNK416": "ladder or cap",
}
UNSEEN = {
    "DNK001": "not YAML: the editor says so itself",
    "DNK002": "the editor says so itself; data has no duplicate keys",
    "DNK004": "characters are gone once the text is read, or stop the reader",
    "DNK005": "tabs are gone once the text is read, or stop the reader",
    "DNK006": "anchors are resolved before a schema looks",
    "DNK007": "tags are resolved before a schema looks",
    "DNK008": "a matter of YAML; refused all the same, as an unknown key",
    "DNK009": "an editor judges each document by itself",
    "DNK011": "a text to YAML 1.2; refused all the same where a unit is wanted",
    "DNK012": "a text to YAML 1.2",
    "DNK013": "a plain number to YAML 1.2",
    "DNK014": "a plain number to YAML 1.2",
    "DNK017": "depth is not a matter of a schema; the tests refuse it as a wrong shape",
    "DNK018": "keys are texts once they are read",
    "DNK019": "directives are gone once the text is read",
    "DNK033": "the grammar of expressions is no regular language",
    "DNK034": "expressions have types",
    "DNK035": "facts hang on the names of legs",
    "DNK101": "a name of a phase must be declared elsewhere",
    "DNK102": "a name of a leg must be declared elsewhere",
    "DNK105": "a name of a parameter must be declared elsewhere",
    "DNK106": "compares two amounts",
    "DNK107": "compares two amounts",
    "DNK109": "looks into another file",
    "DNK110": "a use must be found elsewhere",
    "DNK111": "looks into another file",
    "DNK112": "a reason must be declared elsewhere",
    "DNK114": "compares two amounts",
    "DNK115": "compares two amounts",
    "DNK119": "two items of a list with one name",
    "DNK122": "the order of a list",
    "DNK201": "follows the phases",
    "DNK202": "follows the phases",
    "DNK205": "follows the phases",
    "DNK411": "compares a type with another key",
    "DNK412": "whether a cap is needed hangs on another key",
    "DNK413": "compares two amounts",
    "DNK414": "compares two amounts",
    "DNK415": "whether an order may open hangs on the intent",
}
EXCEPT = {
    "059-bool-word": "`True` is a boolean to an editor",
    "094-overlay-phase": "the phase must be declared elsewhere",
    "095-overlay-kind": "the kind of the phase is declared elsewhere",
    "101-overlay-skips-verify": "the kind of the phase is declared elsewhere",
}


def codes(path: Path) -> list[str]:
    return [line.split(" ")[0] for line in path.with_suffix(".out").read_text("utf-8").splitlines()]


def refused(path: Path) -> bool:
    """Whether an editor underlines something: its YAML reader, or the schema."""
    try:
        return bool(complaints(path.read_text(encoding="utf-8")))
    except yaml.YAMLError:
        return True


def test_the_schema_is_sound() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert json.loads(schema_text()) == SCHEMA
    told = json.dumps(SCHEMA)
    named = {one.removeprefix("#/definitions/") for one in re.findall(r"#/definitions/[\w.]+", told)}
    assert named <= set(SCHEMA["definitions"])
    assert len(named) >= len(KEYS)


def test_the_schema_beside_the_shipped_policies_is_fresh() -> None:
    assert SCHEMA_FILE.read_text() == schema_text(), "stale: make docs"
    for path in SHIPPED:
        modeline = path.read_text().splitlines()[0]
        assert modeline == f"# yaml-language-server: $schema={SCHEMA_FILE.name}"
        assert (path.parent / SCHEMA_FILE.name).is_file()


def test_every_key_is_described() -> None:
    for key in KEYS:
        name = key.path.replace("*", "NAME").replace("#", "ITEM")
        assert SCHEMA["definitions"][name]["description"].startswith(key.meaning)


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_policy_is_taken(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8")) == []


@given(policies)
def test_every_policy_that_can_be_written_is_taken(policy: Policy) -> None:
    assert complaints(render(policy)) == []


def test_every_code_of_the_corpus_is_seen_or_has_a_reason() -> None:
    told = {code for path in BAD for code in codes(path)}
    assert told <= {*SEEN, *UNSEEN}
    assert not {*SEEN} & {*UNSEEN}


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_what_a_schema_can_see_is_refused(path: Path) -> None:
    visible = [code for code in codes(path) if code in SEEN]
    assert refused(path) or not visible or path.stem in EXCEPT
    assert path.stem not in EXCEPT or not refused(path), "no exception any more"


def test_most_of_the_corpus_is_refused() -> None:
    found = [path.stem for path in BAD if refused(path)]
    left = {code for path in BAD if not refused(path) for code in codes(path)} - {*SEEN}
    print(f"{len(found)} of {len(BAD)} malformed policies are refused; not seen:")
    print("\n".join(f"  {code}: {UNSEEN[code]}" for code in sorted(left)))
    assert len(found) >= 87
    assert left <= {*UNSEEN}


CHILD = "extends: close_two_phase\nname: mine\n"


@pytest.mark.parametrize(
    "text",
    [
        CHILD,
        CHILD + "phases: {passive: skip}\n",
        CHILD + "phases: {passive: {rest: {for: 5s}}}\nlimits: {deadline: {then: verify}}\n",
        CHILD + "phases: {more: {wait: 5s, visits: 2}}\n",
        CHILD + "phases: {passive: {visits: $times}}\nparams: {times: {type: count, default: 2}}\n",
    ],
)
def test_a_policy_that_extends_may_say_little(text: str) -> None:
    assert complaints(text) == []
    assert complaints(text.replace("extends: close_two_phase\n", "policy: 1\n")) != []


@pytest.mark.parametrize(
    "more",
    [
        "phases: {passive: {rest: {fore: 5s}}}",
        "phases: {passive: {rest: {for: 5}}}",
        "phases: {passive: skips}",
        "phases: {passive: {rest: {for: 5s}, take: {type: ioc}}}",
        "phases: {check: {verify: {tries: 2}, then: {filled: check}}}",
        "phases: {check: {verify: {tries: 2}, skip: true}}",
        "phases: {check: {verify: {tries: 2}, with: {a: b}}}",
        "overlays: [{when: reason is critical}]",
        "overlays: [{when: reason is critical, set: {limits.max_spred: 1%}}]",
        "overlays: [{when: reason is critical, set: {limits.max_spread: 1}}]",
        "rules: [{name: one, when: otherwise}]",
        "legs: {A: {venue: aster}}",
        "keeps: [stop, go]",
        "params: {wait: {type: time, default: 5}}",
        "params: {wait: {type: time, default: 5s, range: 1s}}",
        "params: {kind: {type: word, default: x, range: a..b}}",
    ],
)
def test_a_policy_that_extends_is_looked_at_all_the_same(more: str) -> None:
    assert complaints(f"{CHILD}{more}\n") != []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("visits: 3 ", 'visits: "3" '),
        ("visits: 3 ", "visits: $v "),
        ("policy: 1", 'policy: "1"'),
        ("reduce_only: true", 'reduce_only: "true"'),
        ("reduce_only: true", "reduce_only: $yes"),
        ("type: ioc", "type: $kind"),
        ("for: $passive_for", "for: 15s"),
        ("at: 1bp inside touch", "at: $near inside touch"),
        ("deadline: {after: 120s, then: sweep}", "deadline: 90s"),
        ("{amount: $2000, for: 45s, then: sweep}", "$2,000 for 45s"),
        ("ladder: [0bps, 5bps, 10bps, 20bps]", "ladder: [touch, $near, 10bps through touch, 2 ticks]"),
        ("summary: Close", "summary: 5 # Close"),
    ],
)
def test_what_the_language_takes_in_another_form_is_taken(old: str, new: str) -> None:
    text = (ROOT / "policies" / "close_two_phase.yaml").read_text()
    assert old in text
    assert complaints(text.replace(old, new)) == []


@pytest.mark.parametrize("word", ["0", "-1", "2.5", "1000001", "'0'", "many", "", "null", "[1]", "true"])
def test_a_count_is_a_whole_number_from_one(word: str) -> None:
    text = (ROOT / "policies" / "close_two_phase.yaml").read_text()
    assert complaints(text.replace("visits: 3 ", f"visits: {word} ")) != []


def test_numbers_and_booleans_are_read_as_an_editor_does() -> None:
    assert seen("[1, 010, 0x10, 1.5, 1e3, true, no, 1:30, 1_000, ~, 5bps]") == [
        1, 10, 16, 1.5, 1000.0, True, "no", "1:30", "1_000", None, "5bps",
    ]  # fmt: skip
    assert list(seen("{on: 1, 2: b}")) == ["on", "2"]


READERS: dict[str, Callable[[str], Any]] = {
    **PARSERS,
    "bps": units.parse_bps,
    "quantity": units.parse_quantity,
}
WHOLE = "0 1 5 10 100 101 168 169 1000 1001 10,000 10,001 1,000,000 1000001 00 007"
BROKEN = "1.0 10.00 0.0 0.05 100.0 100.01 168.5 1000000.0 ,1 1, 1.,5 . 1,00 0,100 0..5"
WORDS = """
ms s m h bps bp % ticks tick lots lot ETH eth 1000PEPE of clip $ inside through touch join mid mark break_even
from entry stop for per at level larger venue minimum check checks imbalance position missing done flat halt
run alert page nothing true false hedge a_1 Up , -
"""
FORMS = """
N|Nms|Ns|N s|Nm|Nh|Nbps|N bps|Nbp|N%|N %|N ticks|1 tick|$N|N ETH|N lots|1 lot|N eth|N% of clip|$N of clip|clip
venue minimum|larger of N% of clip, N ETH|larger of $N,N lots , venue minimum|larger of N lots|imbalance|touch
join|Nbps inside touch|N ticks through  mid|N% through nowhere|Nbps from touch|N% from entry|$N from entry
N from entry|Nbps through stop|N% through touch|$N for Ns|N ETH for Nm|N% of clip for Ns|N per Ns|$N per Nm
$N at level N|N checks|N check|done flat|done  idle|done|done halted|halt|halt some words|halted|hedge|Up-it
run hedge|run|alert page|alert  info|alert loud|nothing|true|false|True|two words|1|2| |ETH|$|%
"""
numbers = st.one_of(
    st.sampled_from(WHOLE.split()),
    st.sampled_from(BROKEN.split()),
    st.integers(0, 10**7).map(str),
    st.integers(0, 10**12).map(lambda number: f"{number:,}"),
    st.tuples(st.integers(0, 2000), st.integers(0, 10**6)).map(lambda two: f"{two[0]}.{two[1]}"),
)
filled_forms = st.builds(
    lambda form, chosen: re.sub("N", lambda _: chosen.pop() if chosen else "1", form),
    st.sampled_from([one for line in FORMS.splitlines() for one in line.split("|")]),
    st.lists(numbers, min_size=3, max_size=3),
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text that is of some type, or nearly: now and then a word more, a word less, or another character."""
    text = draw(filled_forms)
    if draw(st.integers(0, 2)) == 0:
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 2))
        text = text[:at] + draw(st.sampled_from(["", " ", "0", ".", "x", *WORDS.split()])) + text[at + cut :]
    return text.strip()


def taken(name: str, text: str) -> bool | None:
    """Whether the parser of a type takes a text; None for the two bounds that a pattern does not know."""
    try:
        READERS[name](text)
    except TextError as error:
        return None if "finer than" in error.message or "digits" in error.message else False
    return True


def matches(name: str, text: str) -> bool:
    """Whether the pattern of a type takes the text, parameters left aside."""
    return re.search(f"^(?:{PATTERNS[name]})$", text) is not None


def test_every_type_of_the_table_has_a_pattern_and_a_parser() -> None:
    assert {key.type for key in KEYS} - {"choice", *MAPS} <= {*PATTERNS}
    assert {*PATTERNS} == {*READERS}


@pytest.mark.parametrize("name", PATTERNS)
@given(text=texts())
def test_pattern_and_parser_agree(name: str, text: str) -> None:
    by_parser = taken(name, text)
    assert by_parser is None or matches(name, text) == by_parser


@pytest.mark.parametrize("name", PATTERNS)
def test_the_agreement_is_about_something(name: str) -> None:
    """Both a text that is taken and one that is not come up among the plain forms (a text takes all)."""
    forms = [one.replace("N", "1") for line in FORMS.splitlines() for one in line.split("|")]
    got = {taken(name, one) for one in forms}
    assert got == {True, False}


@given(texts(), st.sampled_from(["$share", "$a of clip", "larger of $x, 1 lot", "$grace checks"]))
def test_a_parameter_may_stand_in_every_text(before: str, reference: str) -> None:
    assert re.search(PARAMETER, f"{before} {reference}")


@pytest.mark.parametrize("intent", ["guard", "open"])
@pytest.mark.parametrize("key", CHILDREN[""])
def test_the_language_and_the_schema_refuse_the_same_keys_of_an_intent(intent: str, key: str) -> None:
    text = f"name: x\n{key}: x\nintent: {intent}\n" if key != "intent" else "intent: guard\n"
    found = load(text, "x.yaml", find=lambda _: None, settings={}).diagnostics
    refused = any(one.code == "DNK118" for one in found)
    place = "$: False schema does not allow 'x'"
    assert (place in complaints(text)) == refused
