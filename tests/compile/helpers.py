"""Short policies as text, through the real loader and compiler with the real facts."""

from pathlib import Path

from dnkit.machine.program import Outcome, Phase, Program
from dnkit.model.capabilities import Capabilities
from dnkit.policies.capability_file import read_capabilities
from dnkit.policies.compile.policy import Compiled, compile_policy
from dnkit.policies.load import Loaded, load

ROOT = Path(__file__).parents[2]
FACTS = sorted((ROOT / "dnkit" / "venues" / "facts").glob("*.yaml"))
POLICIES = sorted((ROOT / "policies").glob("*.yaml"))


def read_venues() -> dict[str, Capabilities]:
    """Capabilities of every venue there is a file for."""
    answers = [read_capabilities(path.read_text(), str(path)).capabilities for path in FACTS]
    return {one.venue: one for one in answers if one is not None}


VENUES = read_venues()


def shipped(name: str) -> tuple[str, str] | None:
    """A shipped policy as (path, text)."""
    path = ROOT / "policies" / f"{name}.yaml"
    return (str(path), path.read_text()) if path.exists() else None


def library(texts: dict[str, str]):
    """Policies by name: the given texts, else the shipped ones."""

    def find(name: str) -> tuple[str, str] | None:
        return (f"{name}.yaml", texts[name]) if name in texts else shipped(name)

    def look_up(name: str) -> Loaded | None:
        found = find(name)
        return load(found[1], found[0], find=find, settings={}) if found else None

    return find, look_up


def compiled(
    text: str, *, settings: dict[str, str] | None = None, reason: str = "", **texts: str
) -> Compiled:
    """Load (which must succeed) and compile a text; `texts` are sub-policies by name."""
    find, look_up = library(texts)
    loaded = load(text, "p.yaml", find=find, settings=settings or {}, reason=reason)
    assert loaded.policy is not None, [one.message for one in loaded.diagnostics]

    def configured(name: str, values: dict[str, str]) -> Loaded | None:
        found = find(name)
        return load(found[1], found[0], find=find, settings=values) if found else None

    return compile_policy(
        loaded.policy, venues=VENUES, library=look_up, spans=loaded.spans, configured=configured
    )


def program_of(text: str, **more) -> Program:
    """The program of a text that must compile."""
    answer = compiled(text, **more)
    assert answer.program is not None, [one.message for one in answer.diagnostics]
    return answer.program


def phase(program: Program, name: str) -> Phase:
    """A phase by name."""
    return next(one for one in program.phases if one.name == name)


def target_name(program: Program, name: str, outcome: Outcome) -> str:
    """Where an outcome of a phase leads, in words: phase name, `done x` or `halt words`."""
    target = phase(program, name).target(outcome)
    if target.kind.value == "phase":
        return program.phases[target.phase].name
    return f"done {target.end.value}" if target.kind.value == "done" else f"halt {target.text}"
