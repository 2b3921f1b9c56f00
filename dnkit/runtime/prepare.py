"""From a policy's name to a program: read, check, apply the command line, compile. Findings come back as
values.
"""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from dnkit.lint.fixes import with_fixes
from dnkit.lint.ignores import Silenced, sift
from dnkit.machine.program import Program
from dnkit.model.errors import DnkitError
from dnkit.policies.bind import Bound
from dnkit.policies.codes import INFO
from dnkit.policies.compile.policy import Compiled, compile_policy
from dnkit.policies.diagnostics import Diagnostic, has_errors, in_order
from dnkit.policies.load import Find, Loaded, load
from dnkit.policies.overlays import reasons_asked
from dnkit.policies.overrides import apply, flipped, for_legs, parse_clips, parse_sides
from dnkit.policies.policy import Policy
from dnkit.policies.rules import judge
from dnkit.policies.rules.subject import Subject
from dnkit.runtime.library import PolicyText, VenueFacts, find_policy, known_names, read_policy, shown

NOTHING: Mapping[str, str] = {}
IDLE = "DNK902"  # a comment that takes nothing


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
    errors. `bound` is what the text says before it is built, None where it is no map of keys. `silenced` are
    findings that a comment took.
    """

    policy: Policy | None
    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str]
    bound: Bound | None = None
    silenced: tuple[Silenced, ...] = ()

    @property
    def program(self) -> Program | None:
        """The program, None where there is none."""
        return self.compiled.program if self.compiled else None

    @property
    def told(self) -> str:
        """Its errors and warnings as text: why it is refused, and what else to mend."""
        return shown(tuple(one for one in self.diagnostics if one.severity != INFO), self.texts)

    @property
    def ok(self) -> bool:
        """Whether it has no errors (warnings may remain)."""
        return not has_errors(self.diagnostics)


class Shelf:
    """Policies by name for `extends` and `run`, each read once however often it is named.

    `find(name)` gives (path, text), None where there is no such policy.
    """

    def __init__(self, find: Find = find_policy) -> None:
        self.find = find
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], Loaded | None] = {}

    def plain(self, name: str) -> Loaded | None:
        """The policy of that name as written."""
        return self.configured(name, NOTHING)

    def configured(self, name: str, settings: Mapping[str, str]) -> Loaded | None:
        """The same with parameters set."""
        key = (name, tuple(settings.items()))
        if key not in self._known:
            found = self.find(name)
            self._known[key] = found and load(found[1], found[0], find=self.find, settings=settings)
        return self._known[key]


def check(
    source: PolicyText,
    venues: VenueFacts,
    *,
    settings: Mapping[str, str] = NOTHING,
    reason: str = "",
    options: LegOptions = AS_WRITTEN,
    turned: bool = False,
    shelf: Shelf | None = None,
) -> Checked:
    """Load and compile one policy and judge it by all rules; `turned` swaps the direction of all its legs.

    `shelf` is where other policies come from; who checks many files gives one for all of them. Never raises
    for what the policy contains; OptionError for options that do not fit it.
    """
    shelf = shelf or Shelf()
    loaded = load(
        source.text, source.path, find=shelf.find, settings=settings, reason=reason, names=known_names
    )
    texts = {**dict(loaded.files), source.path: source.text}
    if loaded.draft is None:
        return _checked(source, loaded, None, None, loaded.diagnostics, texts)
    policy = options.on(loaded.draft)
    policy = flipped(policy) if turned else policy
    compiled = compile_policy(
        policy,
        venues=venues,
        library=shelf.plain,
        spans=loaded.spans,
        configured=shelf.configured,
        names=known_names,
    )
    found = (
        *loaded.diagnostics,
        *_new(compiled.diagnostics, loaded.diagnostics),
        *_judged(policy, loaded, compiled, venues, shelf),
    )
    return _checked(source, loaded, policy, compiled, found, {**texts, **compiled.files})


def checks_by_reason(source: PolicyText, venues: VenueFacts, shelf: Shelf) -> dict[str, Checked]:
    """`check` without a reason (under "") and for each that an overlay asks about."""
    plain = check(source, venues, shelf=shelf)
    reasons = reasons_asked(plain.bound) if plain.bound is not None else ()
    return {"": plain, **{one: check(source, venues, reason=one, shelf=shelf) for one in reasons}}


def check_for_all_reasons(source: PolicyText, venues: VenueFacts, shelf: Shelf) -> Checked:
    """`check` without a reason and for each that an overlay asks about; what only a reason brings says so. A
    comment is of no use if it is so for every reason.
    """
    more = checks_by_reason(source, venues, shelf)
    plain = more.pop("")
    if not more:
        return plain
    idle = [
        frozenset(one for one in each.diagnostics if one.code == IDLE) for each in (plain, *more.values())
    ]
    useful = frozenset[Diagnostic]().union(*idle) - idle[0].intersection(*idle[1:])
    found = {(one.code, one.span): one for one in plain.diagnostics if one not in useful}
    for reason, each in more.items():
        for one in each.diagnostics:
            if (one.code, one.span) not in found and one not in useful:
                notes = (*one.notes, f"when the reason is `{reason}`")
                found[one.code, one.span] = replace(one, notes=notes)
    silenced = dict.fromkeys(one for each in (plain, *more.values()) for one in each.silenced)
    return replace(plain, diagnostics=in_order(found.values()), silenced=tuple(silenced))


def _new(found: tuple[Diagnostic, ...], known: tuple[Diagnostic, ...]) -> Iterator[Diagnostic]:
    """What the compiler tells and the text rules have not told of the same place."""
    told = {(one.code, one.span) for one in known}
    return (one for one in found if (one.code, one.span) not in told)


def _checked(
    source: PolicyText,
    loaded: Loaded,
    policy: Policy | None,
    compiled: Compiled | None,
    found: tuple[Diagnostic, ...],
    texts: Mapping[str, str],
) -> Checked:
    """The findings in order, after the comments of the files were heard and words that were meant became
    fixes. Nothing that can be run comes of a draft."""
    bound = loaded.bound
    if bound is None:
        return Checked(None, None, with_fixes(in_order(found), None), texts)
    judged = compiled is not None and (compiled.program is not None or compiled.guard is not None)
    sifted = sift(found, bound, texts, source.path, complete=judged)
    kept = with_fixes(in_order(sifted.kept), bound)
    if loaded.policy is None:
        policy, compiled = None, None
    return Checked(policy, compiled, kept, texts, bound, sifted.silenced)


def _judged(
    policy: Policy, loaded: Loaded, compiled: Compiled, venues: VenueFacts, shelf: Shelf
) -> tuple[Diagnostic, ...]:
    """What the rules find in a policy that compiles."""
    if loaded.bound is None or (compiled.program is None and compiled.guard is None):
        return ()
    return judge(
        Subject(
            bound=loaded.bound,
            policy=policy,
            venues=venues,
            library=shelf.plain,
            program=compiled.program,
            guard=compiled.guard,
        )
    )


def program_of(checked: Checked) -> Program:
    """The program to run; PolicyInvalid when there is none."""
    if not checked.ok:
        raise PolicyInvalid(checked.told)
    if checked.program is None:
        raise PolicyInvalid(
            "this policy is a guard: it watches a position and cannot be traded by itself yet"
        )
    return checked.program


def way_out(checked: Checked) -> Program:
    """The program of a way out, if it compiles: what the rules hold against it is no reason to stay in."""
    return checked.program or program_of(checked)


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
