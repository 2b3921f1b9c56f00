"""One scope while it is built: names to indexes, ends of a sub-policy to its caller; and where sub-policies
come from.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from dnkit.machine.program import Target, TargetKind
from dnkit.model.terms import EndName
from dnkit.policies.codes import ERROR
from dnkit.policies.compile.jobs import Ground
from dnkit.policies.diagnostics import Diagnostic, Span, did_you_mean
from dnkit.policies.findings import Findings, Route
from dnkit.policies.policy import Goto, Policy


class LoadedPolicy(Protocol):
    """What a library may answer instead of a bare policy: the policy with its findings and places."""

    @property
    def policy(self) -> Policy | None: ...
    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]: ...
    @property
    def spans(self) -> Mapping[Route, Span]: ...
    @property
    def files(self) -> Mapping[str, str]: ...


Library = Callable[[str], "Policy | LoadedPolicy | None"]
Configured = Callable[[str, Mapping[str, str]], "Policy | LoadedPolicy | None"]


def policy_of(answer: "Policy | LoadedPolicy | None") -> tuple[Policy | None, str]:
    """The policy of a library's answer; or None, and help on what is wrong with the one there is."""
    if answer is None:
        return None, ""
    if isinstance(answer, Policy):
        return answer, ""
    first = next((one for one in answer.diagnostics if one.severity == ERROR), None)
    help = f"{first.span.path}:{first.span.line}: {first.message}" if first else ""
    return answer.policy, help


def halt(text: str) -> Target:
    """The target that ends the run with words."""
    return Target(TargetKind.HALT, text=text)


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One scope while it is built. `ends` is None for the policy itself, else where each end of the
    sub-policy leads.
    """

    index: int
    policy: Policy
    findings: Findings
    prefix: str
    trail: tuple[str, ...]
    ground: Ground
    places: dict[str, int]
    order: tuple[int, ...]
    ends: dict[EndName, Target] | None = None
    halt_to: Target | None = None

    def target(self, goto: Goto) -> Target:
        """A target as written -> a target of the machine; ends of a sub-policy lead to its caller."""
        if goto.kind is TargetKind.PHASE:
            if goto.phase not in self.places:
                help = did_you_mean(goto.phase, self.places)
                self.findings.error("DNK101", f"there is no phase `{goto.phase}`", ("phases",), help)
                return halt(f"no phase {goto.phase}")
            return Target(TargetKind.PHASE, phase=self.places[goto.phase])
        if goto.kind is TargetKind.HALT:
            return halt(goto.text)
        if self.ends is not None:
            return self.ends[goto.end]
        return Target(TargetKind.DONE, end=goto.end)
