"""JSON Schema of policies for editors, made from the table of keys.

Draft 7, with one definition for every key and one for every type. A number or a boolean of YAML is taken
where the language takes its text. `$name` may stand anywhere in a value. What only the whole text shows
(names that lead nowhere, loops, ladders, venues) stays with `dnkit lint`.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from dnkit.policies.keys import CHILDREN, KEYS, TABLE, Key
from dnkit.policies.overlays import FIXED
from dnkit.policies.reference import TYPE_TEXTS
from dnkit.policies.scalars import NAME_MAX, TEXT_MAX
from dnkit.policies.schema.rules import SHAPE, WHOLE, Schema, ref
from dnkit.policies.schema.texts import NAME, PATTERNS
from dnkit.policies.units import COUNT_MAX

DRAFT = "http://json-schema.org/draft-07/schema#"
PARAMETER = r"\$[A-Za-z_]"
MAPS = ("map", "names", "maps", "tree")
_FREE_NAMES = ("phases.*.then", "phases.*.with", "phases.*.set")
_SCALAR = ["string", "number", "boolean"]
_TYPES: dict[str, Schema] = {
    "version": {"enum": [1, "1"]},
    "bool": {"enum": [True, False, "true", "false"]},
    "text": {"type": _SCALAR, "maxLength": TEXT_MAX},
    "scalar": {"type": _SCALAR, "maxLength": TEXT_MAX},
    "expression": {"type": ["string", "number"], "maxLength": TEXT_MAX},
    "word": {"type": _SCALAR, "maxLength": NAME_MAX * 3},
    "count": {"type": ["string", "integer"], "minimum": 0, "maximum": COUNT_MAX},
    "positive": {"type": ["string", "integer"], "minimum": 1, "maximum": COUNT_MAX},
    "ratio": {"type": ["string", "number"], "exclusiveMinimum": 0, "maximum": 1000},
}


def schema() -> Schema:
    """The schema as plain data."""
    types = {_name(f"type.{one}"): _type(one) for one in PATTERNS}
    keys = {_name(key.path): _described(key) for key in KEYS}
    return {
        "$schema": DRAFT,
        "title": "dnkit policy",
        "description": "What a run trades, in named phases, and where each outcome of a phase leads.",
        **_map("", "map"),
        **SHAPE[""],
        "if": {"required": ["extends"]},
        "else": ref("whole"),
        "definitions": {"whole": _whole(""), "parameter": _parameter(), **keys, **types},
    }


def schema_text() -> str:
    """The schema as it stands in `policy.schema.json`."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _name(path: str) -> str:
    return str(ref(path)["$ref"]).rpartition("/")[2]


def _parameter() -> Schema:
    return {"type": "string", "pattern": PARAMETER}


def _type(name: str) -> Schema:
    """Values of a type: what a number of YAML must be, what a text must be, or a text with a parameter."""
    base = _TYPES.get(name, {"type": "string"})
    if "enum" in base:
        return {"anyOf": [base, ref("parameter")]}
    told = {"patternErrorMessage": f"wanted: {TYPE_TEXTS[name]}"} if name in TYPE_TEXTS else {}
    return {**base, "pattern": f"^(?:{PATTERNS[name]})$|{PARAMETER}", **told}


def _described(key: Key) -> Schema:
    """The definition of a key: its words for people, then what its value may be."""
    default = {"default": _default(key)} if key.default else {}
    return {"description": _words(key), **default, **_value(key), **SHAPE.get(key.path, {})}


def _words(key: Key) -> str:
    value = "" if key.type in MAPS or key.type == "choice" else f" Value: {TYPE_TEXTS[key.type]}."
    default = f" Default: `{key.default}`." if key.default else ""
    tight = {"down": " Smaller is tighter.", "up": " Larger is tighter."}.get(key.tight, "")
    return f"{key.meaning}{value}{default}{tight}"


def _default(key: Key) -> Any:
    if key.type == "bool":
        return key.default == "true"
    return int(key.default) if key.type in ("positive", "ratio") else key.default


def _value(key: Key) -> Schema:
    if key.many:
        return {"type": "array", "items": _scalar(key)}
    if key.path == "phases.*":
        return {"anyOf": [{"const": "skip"}, _map(key.path, key.type)]}
    if key.type in MAPS:
        return _map(key.path, key.type)
    if key.path in CHILDREN:  # one text may stand for the map
        return {"anyOf": [_scalar(key), _map(key.path, "map")]}
    return {"allOf": [_scalar(key)]}


def _scalar(key: Key) -> Schema:
    if key.type == "choice":
        return {"anyOf": [{"enum": [*key.choices]}, ref("parameter")]}
    return ref(f"type.{key.type}")


def _map(path: str, kind: str) -> Schema:
    if kind == "tree":
        return {"type": "object", "patternProperties": dict(_dotted()), "additionalProperties": False}
    below = CHILDREN[f"{path}.#" if kind == "maps" else path]
    if kind == "maps":
        required = [last for last, key in below.items() if key.required]
        return {"type": "array", "items": {**_properties(below), "required": required}}
    names = {} if path in _FREE_NAMES or "*" not in below else {"propertyNames": {"pattern": f"^{NAME}$"}}
    return {**_properties(below), **names}


def _properties(below: dict[str, Key]) -> Schema:
    known = {last: ref(key.path) for last, key in below.items() if last != "*"}
    other = ref(below["*"].path) if "*" in below else False
    return {"type": "object", **({"properties": known} if known else {}), "additionalProperties": other}


def _dotted() -> Iterator[tuple[str, Schema]]:
    """What an overlay may set: the pattern of a dotted path, and the schema of its value."""
    for path in TABLE:
        first, last = path.partition(".")[0], path.rpartition(".")[2]
        if first in FIXED or (first in ("params", "legs") and last not in ("default", "clip")):
            continue
        yield f"^{re.escape(path).replace(re.escape('*'), '[^.]+')}$", ref(path)


def _whole(path: str) -> Schema:
    """What must be there in a policy that extends no other. Items of lists are whole in every policy."""
    below = CHILDREN.get(path, {})
    required = [last for last, key in below.items() if key.required]
    inside = {last: found for last in below if last != "#" and (found := _whole(below[last].path))}
    other = inside.pop("*", None)
    return {
        **({"required": required} if required else {}),
        **({"properties": inside} if inside else {}),
        **({"additionalProperties": other} if other else {}),
        **WHOLE.get(path, {}),
    }
