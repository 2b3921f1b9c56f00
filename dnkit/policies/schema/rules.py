"""What the schema says beyond the table of keys: which keys go together.

SHAPE holds for every policy, WHOLE for one that starts from no other. Both map a path of the table to
keywords of JSON Schema. "No key X here" is written `{"X": false}`, which editors tell at the very key.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dnkit.machine.program import OUTCOMES, Outcome, PhaseKind
from dnkit.policies.check import GUARD_ONLY, NO_GUARD, WORKING
from dnkit.policies.keys import INTENTS, KINDS, PARAM_TYPES
from dnkit.policies.schema.texts import PATTERNS

Schema = dict[str, Any]

WITH_RUN = ("with", "set")
_PRICED = ("ioc", "fok")


def ref(name: str) -> Schema:
    """Reference to a definition: of a path of the table, or of `type.NAME`."""
    return {"$ref": f"#/definitions/{name.replace('*', 'NAME').replace('#', 'ITEM')}"}


def without(*keys: str) -> Schema:
    """None of these keys."""
    return {"properties": {key: False for key in keys}}


def _is(key: str, *words: str) -> Schema:
    """The key is written and is one of the words."""
    return {"required": [key], "properties": {key: {"enum": [*words]}}}


def _any_of(keys: Sequence[str]) -> Schema:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _intents() -> list[Schema]:
    others = [one for one in INTENTS if one != "guard"]
    return [
        {"if": _is("intent", "guard"), "then": without(*NO_GUARD)},
        {"if": _is("intent", *others), "then": without(*GUARD_ONLY)},
    ]


def _kinds() -> list[Schema]:
    """Of each kind of phase: no other kind, its own outcomes, what it may be left out by."""
    kinds = [{"if": {"required": [kind.value]}, "then": _kind(kind)} for kind in PhaseKind]
    return kinds + [{"if": _on_one_leg(kind), "then": _NO_FIRST} for kind in WORKING]


def _on_one_leg(kind: PhaseKind) -> Schema:
    return {"required": [kind.value], "properties": {kind.value: {"required": ["leg"]}}}


_NO_FIRST: Schema = {"properties": {"then": without(Outcome.FIRST.value)}}


def _kind(kind: PhaseKind) -> Schema:
    others = [one for one in KINDS if one != kind.value]
    words = [one.value for one in (*OUTCOMES[kind], Outcome.EXHAUSTED)]
    found = without(*others, *(() if kind is PhaseKind.RUN else WITH_RUN))["properties"]
    found["then"] = {
        "properties": {word: ref("phases.*.then.*") for word in words},
        "propertyNames": {"enum": words},
    }
    if kind not in WORKING:
        found["skip"] = {"not": {"enum": [True, "true"]}}
    return {"properties": found}


def _params() -> list[Schema]:
    """Default, value in force, choices and range are of the parameter's type; a word has no range."""
    return [{"if": _is("type", one), "then": {"properties": _typed(one)}} for one in PARAM_TYPES]


def _typed(kind: str) -> Schema:
    one, text = ref(f"type.{kind}"), PATTERNS[kind]
    spread = {"type": "string", "pattern": rf"^(?:{text})\s*\.\.\s*(?:{text})$"}
    return {"default": one, "value": one, "choices": {"items": one}, "range": kind != "word" and spread}


_ONE_OR_BOTH: Schema = {"not": {"required": ["leg", "legs"]}}
_TWO_LEGS: Schema = {"minItems": 2, "maxItems": 2, "uniqueItems": True}

SHAPE: Mapping[str, Schema] = {
    "": {"allOf": _intents()},
    "legs": {"maxProperties": 2},
    "params.*": {"allOf": _params()},
    "phases.*": {"allOf": _kinds()},
    "phases.*.then": {"propertyNames": {"enum": [one.value for one in Outcome]}},
    "phases.*.rest": _ONE_OR_BOTH,
    "phases.*.rest.legs": _TWO_LEGS,
    "phases.*.take": {
        **_ONE_OR_BOTH,
        "allOf": [
            {"if": _is("type", *_PRICED), "then": without("cap")},
            {"if": _is("type", "market"), "then": without("ladder")},
        ],
    },
    "phases.*.take.legs": _TWO_LEGS,
    "phases.*.take.ladder": {"minItems": 1},
}
WHOLE: Mapping[str, Schema] = {
    "": {"if": _is("intent", "guard"), "then": {"required": [*GUARD_ONLY]}, "else": {"required": ["phases"]}},
    "legs": {"minProperties": 1},
    "phases": {"minProperties": 1},
    "phases.*": {"type": "object", **_any_of(KINDS)},
    "phases.*.rest": _any_of(("leg", "legs")),
    "phases.*.take": {
        **_any_of(("leg", "legs")),
        "if": _is("type", *_PRICED),
        "then": {"required": ["ladder"]},
    },
}
