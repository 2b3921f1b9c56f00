"""YAML as an editor's language server reads it (YAML 1.2, core schema), and the schema it judges by."""

import re
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator

from dnkit.policies.schema.document import schema

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHIPPED = sorted((ROOT / "policies").glob("*.yaml"))
GOOD = [*SHIPPED, *sorted((HERE / "ok").glob("*.yaml"))]
BAD = sorted((HERE / "err").glob("*.yaml"))
SCHEMA = schema()
JUDGE = Draft7Validator(SCHEMA)
_TAG = "tag:yaml.org,2002:"


class Core(yaml.SafeLoader):
    """Loader with the words and numbers of YAML 1.2 alone; keys are texts, as in JSON."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


def _text_keys(loader: Core, node: yaml.MappingNode) -> dict[str, Any]:
    if not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
        raise yaml.YAMLError("a key is no text")
    return {one.value: loader.construct_object(value, deep=True) for one, value in node.value}


for kind, form, read in (
    ("null", r"~|null|Null|NULL|", lambda text: None),
    ("bool", r"true|True|TRUE|false|False|FALSE", lambda text: text.lower() == "true"),
    ("int", r"[-+]?[0-9]+", int),
    ("int-oct", r"0o[0-7]+", lambda text: int(text, 8)),
    ("int-hex", r"0x[0-9a-fA-F]+", lambda text: int(text, 16)),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", float),
):
    Core.add_implicit_resolver(_TAG + kind, re.compile(f"(?:{form})$"), None)
    Core.add_constructor(_TAG + kind, lambda loader, node, read=read: read(node.value))
Core.add_constructor(_TAG + "map", _text_keys)


def seen(text: str) -> Any:
    """The data of a text; yaml.YAMLError where an editor could not read it either."""
    return yaml.load(text, Core)


def complaints(text: str) -> list[str]:
    """What the schema says against a text: place and message of each complaint."""
    return [f"{one.json_path}: {one.message}" for one in JUDGE.iter_errors(seen(text))]
