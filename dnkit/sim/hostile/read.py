"""Text of a fault profile to its values. Every mistake is found in one pass, each at its place."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from dnkit.policies import source
from dnkit.policies.diagnostics import Diagnostic, has_errors
from dnkit.policies.findings import first_of
from dnkit.policies.scalars import name
from dnkit.policies.source import MAP, Node
from dnkit.policies.units import TextError, parse_percent, parse_positive_time
from dnkit.sim.fields import Fields, Parse, one_of, scalar, spoken_of
from dnkit.sim.hostile.faults import KINDS, PPM_ONE, Draw, Fault, Profile, Rate

FIRST_LINE = "a fault profile starts with `faults: 1`"
RATES: Mapping[Fault, Rate] = {}


class Read(msgspec.Struct, frozen=True):
    """A profile, or None with errors among the diagnostics."""

    profile: Profile | None
    diagnostics: tuple[Diagnostic, ...]


def read_profile(text: str, path: str) -> Read:
    """Read one profile; never raises for what the text says."""
    root, found = source.read(text, path)
    if root is None:
        return Read(None, first_of(spoken_of(one, "fault profile", FIRST_LINE) for one in found))
    fields = Fields(path, found)
    keys: dict[str, Parse] = {
        "faults": scalar(_version),
        "name": scalar(name),
        "about": scalar(str),
        "draw": scalar(one_of(Draw)),
        "rates": lambda node: _rates(fields, node),
    }
    values = fields.map(root, keys, "faults", "name", "about", "draw", "rates")
    if has_errors(fields.found):
        return Read(None, first_of(fields.found))
    profile = Profile(
        name=values["name"],
        about=" ".join(values["about"].split()),
        draw=values["draw"],
        rates=values.get("rates", RATES),
    )
    return Read(profile, first_of(fields.found))


def _version(text: str) -> str:
    if text != "1":
        raise TextError(f"this version reads `faults: 1`, not `{text}`", FIRST_LINE)
    return text


def _rates(fields: Fields, node: Node) -> dict[Fault, Rate]:
    keys = {fault.value: _rate_of(fields, fault) for fault in Fault}
    return {Fault(word): rate for word, rate in fields.map(node, keys).items()}


def _rate_of(fields: Fields, fault: Fault) -> Parse:
    """Reader of `3%`, or of `{rate: 3%, up_to: 5s}` where the kind lasts for a time."""

    def read(node: Node) -> Rate:
        longest = KINDS[fault].up_to_ns
        if node.kind != MAP:
            return Rate(scalar(_ppm)(node), longest)
        keys: dict[str, Parse] = {"rate": scalar(_ppm)}
        if longest:
            keys["up_to"] = scalar(parse_positive_time)
        values = fields.map(node, keys, "rate")
        return Rate(values.get("rate", 0), values.get("up_to", longest))

    return read


def _ppm(text: str) -> int:
    ppm = parse_percent(text) * (PPM_ONE // 100)
    if ppm != int(ppm):
        raise TextError(f"`{text}` is finer than {Decimal(100) / PPM_ONE:f}%")
    return int(ppm)
