"""`--resolved`: the text loads to the same policy, and each value names where it comes from."""

import pytest
from hypothesis import HealthCheck, given, settings

from dnkit.policies.explain.resolved import resolved
from dnkit.policies.load import Loaded, load
from dnkit.policies.policy import Policy
from dnkit.policies.render import render
from tests.compile.helpers import POLICIES, library, shipped
from tests.policies.strategies import policies
from tests.policies.test_corpus import GOOD
from tests.policies.test_corpus import find as find_good

FIND, _ = library({})


def text_of(loaded: Loaded) -> str:
    assert loaded.policy is not None, [one.message for one in loaded.diagnostics]
    assert loaded.bound is not None
    return resolved(loaded.policy, loaded.bound, loaded.files)


def origins(text: str) -> dict[str, str]:
    """Origin by `key: value`."""
    rows = (line.rsplit("  # ", 1) for line in text.splitlines() if "  # " in line)
    return {row[0].strip().removeprefix("- "): row[1] for row in rows}


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_every_policy_loads_back(path) -> None:
    first = load(path.read_text(), str(path), find=find_good, settings={})
    again = load(text_of(first), "resolved.yaml", find=find_good, settings={})
    assert again.policy == first.policy


@given(policies)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_policy_loads_back(policy: Policy) -> None:
    first = load(render(policy), "p.yaml", find=find_good, settings={})
    if not first.failed:
        again = load(text_of(first), "resolved.yaml", find=find_good, settings={})
        assert again.policy == first.policy


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_every_value_has_an_origin(path) -> None:
    text = text_of(load(path.read_text(), str(path), find=FIND, settings={}))
    for line in text.splitlines():
        assert line.endswith(":") or "  # " in line
    for origin in origins(text).values():
        assert origin == "default" or origin.startswith((f"{path.name}:", "overlay "))


def test_settings_overlays_parameters_and_reason() -> None:
    found = shipped("close_two_phase")
    assert found is not None
    settings = {"passive_for": "20s", "limits.max_spread": "1%"}
    loaded = load(found[1], found[0], find=FIND, settings=settings, reason="LEG_LIQUIDATED")
    told = origins(text_of(loaded))
    lines = found[1].split("\n")

    def at(part: str) -> str:
        return f"close_two_phase.yaml:{1 + next(y for y, line in enumerate(lines) if part in line)}"

    assert told["value: 20s"] == "--set"
    assert told["for: 20s"] == f"{at('legs: [a, b], qty: position, at: 1bp')}, $passive_for by --set"
    assert told["max_spread: 100bps"] == "--set"
    assert told["reason: LEG_LIQUIDATED"] == "--reason"
    assert told["skip: true"] == f"overlay 1 ({at('phases.passive.skip: true')})"
    assert told["rejects: 5"] == f"overlay 2 ({at('phases.passive.rest.rejects: 5')})"
    assert told["after: 2m"] == at("deadline:")
    assert told["source: ws"] == "default"


def test_a_parameter_that_is_not_set() -> None:
    found = shipped("close_two_phase")
    assert found is not None
    told = origins(text_of(load(found[1], found[0], find=FIND, settings={})))
    assert told["value: 15s"] == "default"
    assert told["for: 15s"].endswith(", $passive_for")


BASE = """\
policy: 1
name: base
intent: unwind
summary: A base.
legs:
  a: {venue: nado}
phases:
  look:
    verify: {goal: flat, tries: 3}
    then: {ok: done flat, short: halt, conflict: halt, error: halt}
"""


def test_a_base_is_named_by_its_own_file() -> None:
    find, _ = library({"base": BASE})
    text = "extends: base\nname: mine\nlimits:\n  deadline: 30s\n"
    told = origins(text_of(load(text, "here/mine.yaml", find=find, settings={})))
    assert told["name: mine"] == "mine.yaml:2"
    assert told["after: 30s"] == "mine.yaml:4"
    assert told["tries: 3"] == "base.yaml:9"
    assert told["every: 500ms"] == "default"
    assert told["ok: done flat"] == "base.yaml:10"


def test_a_path_cannot_write_lines_of_its_own() -> None:
    loaded = load(BASE, "odd\nname: x.yaml", find=FIND, settings={})
    again = load(text_of(loaded), "resolved.yaml", find=FIND, settings={})
    assert again.policy == loaded.policy
