"""The runs that once violated something, as tests/sim/seeds.txt lists them."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

OWN = {
    name: f"tests/sim/hostile/{name}.yaml" for name in ("blind", "print", "storm", "taken")
}  # profiles of the tests
SEEDS = Path(__file__).resolve().parent.parent / "seeds.txt"


class Case(msgspec.Struct, frozen=True):
    """A line of seeds.txt. `rule` is what the run violated; `open` while that is not mended."""

    open: bool
    policy: str
    reason: str
    profile: str
    seed: int
    rule: str
    why: str


@cache
def cases() -> tuple[Case, ...]:
    """The lines of seeds.txt."""
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    for line in SEEDS.read_text().splitlines():
        text, _, why = (part.strip() for part in line.partition("#"))
        if text:
            state, policy, profile, seed, rule = text.split(maxsplit=4)
            name, _, reason = policy.partition("/")
            yield Case(state == "open", name, reason, profile, int(seed), rule, why)
