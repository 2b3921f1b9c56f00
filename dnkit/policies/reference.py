"""Printed references, as Markdown: the table of keys, the tables of codes."""

from dnkit.policies.codes import CODES, DIFFERS
from dnkit.policies.keys import KEYS, Key
from dnkit.policies.units import ANCHORS
from dnkit.policies.waits import LIVE, WAITS, Waits

TYPE_TEXTS: dict[str, str] = {
    "version": "the number 1",
    "name": "a name: small letters, digits, `_`",
    "text": "text",
    "word": "a word",
    "scalar": "a value as a parameter takes it",
    "bool": "true or false",
    "choice": "one of the words",
    "time": "time: `500ms`, `3s`, `2m`, `1h`",
    "some_time": "time above zero: `500ms`, `3s`",
    "distance": "distance: `5bps`, `0.05%`, `2 ticks`, `$0.50`",
    "some_distance": "distance above zero: `5bps`, `0.05%`, `2 ticks`",
    "percent": "percentage: `25%`",
    "money": "money: `$50,000`",
    "count": "whole number",
    "positive": "whole number from 1",
    "checks": "`3 checks`",
    "ratio": "plain factor: `1`, `0.5`",
    "clip": "quantity: `0.2 ETH`, `$500`, `3 lots`",
    "part": "quantity: `0.2 ETH`, `$500`, `10% of clip`",
    "amounts": "quantity, or `larger of 5% of clip, venue minimum`",
    "size": "`clip`, `imbalance`, `position`, `missing`, or a quantity",
    "price": "price: `touch`, `1 tick inside touch`, `5bps through touch`",
    "rung": "price, or a bare distance through the touch",
    "stop_distance": "`2% from entry`",
    "stop_limit": "`10bps through stop`",
    "unhedged": "`$3000 for 30s`",
    "rate": "`10 per 1s`",
    "volume": "`$100,000 per 1m`",
    "depth": "`$50,000 at level 1`",
    "leg": "a leg's name",
    "rest_leg": "a leg's name, `missing` or `smaller`",
    "target": "a phase, `done END`, `halt WORDS`",
    "expression": "expression",
    "action": "`run POLICY`, `alert LEVEL`, `halt WORDS` or `nothing`",
    "map": "map",
    "names": "map of names",
    "maps": "list of maps",
    "tree": "map of dotted paths",
}


def keys_table_markdown() -> str:
    """The reference of all keys, as it stands in docs/LANGUAGE.md."""
    rows = [_row(key) for key in KEYS]
    head = "| key | value | default | tighter is | acts | meaning |\n|---|---|---|---|---|---|"
    words = f"A price is measured from one of: {', '.join(f'`{one}`' for one in ANCHORS)}."
    return "\n".join((head, *rows, "", words)) + "\n"


def codes_table_markdown() -> str:
    """Every code, as it stands in docs/rules/README.md."""
    rows = [
        f"| [{code}]({code}.md) | `{one.name}` | {one.severity} | {one.since} | {one.origin} |"
        for code, one in CODES.items()
    ]
    return "\n".join(("| code | name | severity | since | rule |", "|---|---|---|---|---|", *rows)) + "\n"


def catalogue_table_markdown() -> str:
    """Every rule of the catalogue with its codes, and where it is told otherwise, why."""
    origins = sorted({one.origin for one in CODES.values() if one.origin} | set(DIFFERS))
    rows = [f"| {origin} | {_codes_of(origin)} | {DIFFERS.get(origin, '')} |" for origin in origins]
    return "\n".join(("| rule | codes | |", "|---|---|---|", *rows)) + "\n"


def _codes_of(origin: str) -> str:
    return " ".join(f"[{code}]({code}.md)" for code, one in CODES.items() if one.origin == origin)


def _row(key: Key) -> str:
    value = TYPE_TEXTS[key.type]
    if key.choices:
        value = " \\| ".join(f"`{one}`" for one in key.choices)
    if key.many:
        value = f"list: {value}"
    default = "**required**" if key.required else f"`{key.default}`" if key.default else ""
    tight = {"down": "smaller", "up": "larger"}.get(key.tight, "")
    return f"| `{key.path}` | {value} | {default} | {tight} | {_acts(key.path)} | {key.meaning} |"


def _acts(path: str) -> str:
    """When a key acts, "" for always. What is below a key acts no earlier than the key itself."""
    above = path.rpartition(".")[0]
    if above and (told := _acts(above)):
        return told
    return "; ".join(_since(one) for one in WAITS.get(path, ()))


def _since(one: Waits) -> str:
    since = "live only" if one.since == LIVE else "later version"
    value = f"`{one.value}`" if " " not in one.value else one.value
    return f"{value}: {since}" if one.value else since
