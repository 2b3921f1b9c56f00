"""What is to be proved: each machine that a policy can be, with the reasons for which it is that one."""

from collections.abc import Iterator, Mapping

import msgspec

from dnkit.policies.overlays import reasons_asked
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import Checked, PolicyInvalid, Shelf, check


class Subject(msgspec.Struct, frozen=True):
    """A policy as it is for some `reasons` ("": for none); a program, or a guard with rules."""

    source: PolicyText
    reasons: tuple[str, ...]
    checked: Checked

    @property
    def name(self) -> str:
        """Its name as the policy says it."""
        return self.checked.policy.name if self.checked.policy is not None else self.source.path

    @property
    def title(self) -> str:
        """The name, and for which reasons it is this machine where there are others."""
        asked = [f"`{one}`" for one in self.reasons if one]
        if "" in self.reasons or not asked:
            return self.name
        return f"{self.name}, when the reason is {' or '.join(asked)}"


class Reader:
    """Reads policies; `settings` are put in, `reason` is the only one where it is given."""

    def __init__(self, settings: Mapping[str, str], reason: str, *, all_reasons: bool) -> None:
        self._settings = settings
        self._reason = reason
        self._all = all_reasons and not reason
        self._venues = VenueFacts()
        self._shelf = Shelf()

    def subjects(self, source: PolicyText) -> tuple[Subject, ...]:
        """The machines of a policy, each once. PolicyInvalid where it has errors."""
        found: dict[object, Subject] = {}
        for reason, checked in self._checks(source):
            key = checked.program.digest if checked.program is not None else checked.policy
            known = found.get(key)
            reasons = (*known.reasons, reason) if known is not None else (reason,)
            found[key] = Subject(source, reasons, known.checked if known is not None else checked)
        return tuple(found.values())

    def _checks(self, source: PolicyText) -> Iterator[tuple[str, Checked]]:
        return ((reason, self.checked(source, reason)) for reason in self.reasons(source))

    def reasons(self, source: PolicyText) -> tuple[str, ...]:
        """The reasons to look at a policy for, the plain one first."""
        bound = self.checked(source, self._reason).bound
        more = reasons_asked(bound) if self._all and bound is not None else ()
        return (self._reason, *more)

    def checked(self, source: PolicyText, reason: str, more: Mapping[str, str] | None = None) -> Checked:
        """A policy without errors, with more set if wanted."""
        settings = {**self._settings, **(more or {})}
        checked = check(source, self._venues, settings=settings, reason=reason, shelf=self._shelf)
        if not checked.ok:
            raise PolicyInvalid(checked.told)
        return checked
