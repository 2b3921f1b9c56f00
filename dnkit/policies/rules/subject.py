"""What a rule looks at, and how it tells what it found."""

from typing import Any

import msgspec

from dnkit.machine.program import Phase, Program
from dnkit.policies.bind import Bound
from dnkit.policies.compile.frame import Library
from dnkit.policies.compile.guard import GuardTable
from dnkit.policies.compile.legs import Venues
from dnkit.policies.diagnostics import Diagnostic, Related, finding
from dnkit.policies.explain.words import show_amount
from dnkit.policies.policy import Policy


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that reads and compiles.

    `bound` is what its text says, with places; `policy` what it means; `venues` the facts of every venue;
    `program` its machine (None for a guard), `guard` its rule table (None for all others); `library` finds
    other policies by name.
    """

    bound: Bound
    policy: Policy
    venues: Venues
    library: Library
    program: Program | None = None
    guard: GuardTable | None = None

    @property
    def own_phases(self) -> tuple[Phase, ...]:
        """Phases the file itself names, in order; policies it runs are told of in their own files."""
        if self.program is None:
            return ()
        return self.program.phases[: len(self.policy.phases)]

    @property
    def stake(self) -> str:
        """What one leg trades, in words: "0.2 ETH"; the larger of two where the legs differ."""
        legs = self.program.legs if self.program else self.guard.legs if self.guard else ()
        words = dict.fromkeys(show_amount(leg.clip, leg) for leg in legs)
        return " or ".join(words)

    def finding(self, code: str, message: str, *route: str | int, **more: Any) -> Diagnostic:
        """A finding at a route's value; `more` are fields of Diagnostic. Its severity is the code's unless
        given."""
        return self.bound.finding(code, message, *route, **more)

    def at_key(self, code: str, message: str, *route: str | int, **more: Any) -> Diagnostic:
        """A finding at the key of a route, such as the word `limits`; used where something is missing."""
        return finding(code, message, self.bound.key_place(route), **more)

    def related(self, label: str, *route: str | int) -> Related:
        """A second place of the story."""
        return Related(self.bound.place(*route), label)
