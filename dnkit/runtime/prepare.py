"""From a policy's name to a program: read, check, apply the command line, compile. Findings come back as
values.
"""

from collections.abc import Mapping

import msgspec

from dnkit.machine.program import Program
from dnkit.model.errors import DnkitError
from dnkit.policies.compile import Compiled, compile_policy
from dnkit.policies.diagnostics import Diagnostic, has_errors
from dnkit.policies.load import Loaded, load
from dnkit.policies.overrides import apply, flipped, for_legs, parse_clips, parse_sides
from dnkit.policies.policy import Policy
from dnkit.runtime.library import PolicyText, VenueFacts, find_policy, read_policy, shown

NOTHING: Mapping[str, str] = {}


class PolicyInvalid(DnkitError):
    """The policy has errors; the text holds every one of them with its place."""


class LegOptions(msgspec.Struct, frozen=True):
    """What the command line says of the legs: texts like `VALUE` (for all legs) or `LEG=VALUE`."""

    symbols: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    clips: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()

    def on(self, policy: Policy) -> Policy:
        """The policy with the options put in; OptionError for one that cannot be meant so."""
        legs = [leg.name for leg in policy.legs]
        return apply(
            policy,
            symbols=for_legs("--symbol", self.symbols, legs),
            sides=parse_sides("--side", self.sides, legs),
            clips=parse_clips("--clip", self.clips, legs),
            venues=for_legs("--venue", self.venues, legs),
        )


AS_WRITTEN = LegOptions()


class Checked(msgspec.Struct, frozen=True):
    """One policy after all checks. `texts` are the files read, by path; `program` is None for a guard and on
    errors.
    """

    policy: Policy | None
    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]

    @property
    def program(self) -> Program | None:
        """The program, None where there is none."""
        return self.compiled.program if self.compiled else None

    @property
    def ok(self) -> bool:
        """Whether it has no errors (warnings may remain)."""
        return not has_errors(self.diagnostics)


def check(
    source: PolicyText,
    venues: VenueFacts,
    *,
    settings: Mapping[str, str] = NOTHING,
    reason: str = "",
    options: LegOptions = AS_WRITTEN,
    turned: bool = False,
) -> Checked:
    """Load and compile one policy; `turned` swaps the direction of all its legs.

    Never raises for what the policy contains; OptionError for options that do not fit it.
    """
    loaded = load(source.text, source.path, find=find_policy, settings=settings, reason=reason)
    texts = {**dict(loaded.files), source.path: source.text}
    if loaded.policy is None or has_errors(loaded.diagnostics):
        return Checked(loaded.policy, None, loaded.diagnostics, texts)
    policy = options.on(loaded.policy)
    policy = flipped(policy) if turned else policy
    compiled = compile_policy(
        policy, venues=venues, library=_library, spans=loaded.spans, configured=_configured
    )
    return Checked(policy, compiled, (*loaded.diagnostics, *compiled.diagnostics), texts)


def _library(name: str) -> Loaded | None:
    return _configured(name, NOTHING)


def _configured(name: str, settings: Mapping[str, str]) -> Loaded | None:
    found = find_policy(name)
    if found is None:
        return None
    path, text = found
    return load(text, path, find=find_policy, settings=settings, reason="")


def program_of(checked: Checked) -> Program:
    """The program to run; PolicyInvalid when there is none."""
    if not checked.ok:
        raise PolicyInvalid(shown(checked.diagnostics, checked.texts))
    if checked.program is None:
        raise PolicyInvalid(
            "this policy is a guard: it watches a position and cannot be traded by itself yet"
        )
    return checked.program


def read_and_check(
    name: str,
    venues: VenueFacts,
    *,
    settings: Mapping[str, str] = NOTHING,
    reason: str = "",
    options: LegOptions = AS_WRITTEN,
    turned: bool = False,
) -> Checked:
    """`check` of the policy found under a name or path; DnkitError when there is none."""
    return check(read_policy(name), venues, settings=settings, reason=reason, options=options, turned=turned)
