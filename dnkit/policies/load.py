"""Text of a policy to its meaning: bases, parameters, overlays and settings, then every check there is.

Order of precedence: base < file < overlays < settings. All mistakes are reported at once, each at its
place; only a text that is not YAML at all stops at the first.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from re import Match
from typing import Any

import msgspec

from dnkit.policies.bind import Bound, near
from dnkit.policies.build import build
from dnkit.policies.check import check
from dnkit.policies.codes import WARNING
from dnkit.policies.diagnostics import Diagnostic, Related, Span, has_errors, nearest
from dnkit.policies.findings import FOUND_MAX, Names, first_of
from dnkit.policies.idle import idle
from dnkit.policies.keys import Route
from dnkit.policies.overlays import Overlays, Stage, facts_of, tightened
from dnkit.policies.policy import Param, Policy
from dnkit.policies.rules.of_text import judge_text
from dnkit.policies.source import SCALAR, Entry, Node, read, shown
from dnkit.policies.tree import SETTINGS_PATH, expanded, merged, references, without

REASON_PATH = "--reason"
BASES_MAX = 8
NO_PARAMETERS = "this policy has no parameters"

Find = Callable[[str], tuple[str, str] | None]


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """A policy in force, or None with errors among the diagnostics.

    `spans` gives the place of every route, such as ("phases", "quote", "rest", "at"): of a scalar or list
    its value, of a map its key. `files` has the text of every file a span may point into, settings as
    `--set`. `bound` is what the text says before it is built, None where it is no map of keys. `draft` is the
    policy where the only errors are those of the text rules: for looking on for more, never for a run.
    """

    policy: Policy | None
    diagnostics: tuple[Diagnostic, ...]
    spans: Mapping[Route, Span]
    files: Mapping[str, str]
    bound: Bound | None = None
    draft: Policy | None = None

    @property
    def failed(self) -> bool:
        """Whether an error is among the diagnostics."""
        return has_errors(self.diagnostics)


def load(
    text: str,
    path: str,
    *,
    find: Find,
    settings: Mapping[str, str],
    reason: str = "",
    notionals: Mapping[str, Decimal] | None = None,
    names: Names = tuple,
) -> Loaded:
    """Read a policy; never raises for what a text says.

    `find(name)` gives (path, text) of another policy for `extends`; `settings` are `--set` texts by parameter
    or by dotted path of a limit; `notionals` are what legs are worth, for overlays that ask; `names()` are
    the policies there are, for a name that was likely meant.
    """
    loader = _Loader(find, path, text, settings, names)
    root = loader.root(text, path)
    if root is None:
        return loader.loaded(None, None)
    return loader.resolve(root, reason, notionals or {})


class _Loader:
    def __init__(self, find: Find, path: str, text: str, settings: Mapping[str, str], names: Names) -> None:
        self.find = find
        self.names = names
        self.found: list[Diagnostic] = []
        self.files = {path: text}
        self.settings = _setting_entries(settings)
        if settings:
            self.files[SETTINGS_PATH] = "\n".join(
                f"{name}={_one_line(value)}" for name, value in settings.items()
            )

    def root(self, text: str, path: str) -> Node | None:
        """The tree of the file over the trees of its bases."""
        chain: list[Node] = []
        names: dict[str, None] = {}
        node = self._read(text, path)
        while node is not None:
            chain.append(node)
            names |= dict.fromkeys([_text_of(node, "name")])
            extends = node.get("extends")
            if extends is None or extends.kind != SCALAR or not extends.text:
                break
            node = self._base(extends, names)
            if node is None:
                return None
        if not chain:
            return None
        merged_root = chain[-1]
        for one in reversed(chain[:-1]):
            merged_root = merged(merged_root, one)
        return merged_root

    def _read(self, text: str, path: str) -> Node | None:
        self.files[path] = text
        root, found = read(text, path)
        self.found += found
        return expanded(root) if root is not None else None

    def _base(self, extends: Node, names: Mapping[str, None]) -> Node | None:
        name = extends.text
        if name in names or len(names) > BASES_MAX:
            chain = " > ".join((*names, name))
            said = f"`{name}` extends itself" if name in names else f"more than {BASES_MAX} bases"
            self._say("DNK111", said, extends.span, f"the chain is {chain}")
            return None
        found = self.find(name)
        if found is None:
            said, near = f"there is no policy `{name}` to extend", nearest(name, self.names())
            help = "" if near else "check the name; it is looked up like `run`"
            self.found.append(
                Diagnostic(code="DNK109", message=said, span=extends.span, help=help, meant=near)
            )
            return None
        return self._read(found[1], found[0])

    def resolve(self, root: Node, reason: str, notionals: Mapping[str, Decimal]) -> Loaded:
        """Overlays, parameters and settings on the tree, then bind, check and build."""
        asked, reason = reason, reason or _text_of(root, "reason")
        changes = root.get("overlays") is not None or bool(self._dotted_settings())
        stage = Stage(self._plain_settings(), changes=changes)
        if changes:
            root = self._changed(root, stage, reason, notionals)
        bound, params, found = stage.bound(root)
        self.found += found
        self._check_references(root, params)
        self._check_settings(bound)
        self._check_reason(bound, asked)
        check(bound)
        self.found += bound.found
        if has_errors(self.found):
            self.found += judge_text(bound)
            return self.loaded(None, bound)
        self.found += (*judge_text(bound), *idle(bound))
        return self.loaded(build(bound, params, reason), bound)

    def _changed(self, root: Node, stage: Stage, reason: str, notionals: Mapping[str, Decimal]) -> Node:
        """The tree after overlays and settings."""
        bound, *_ = stage.bound(root)
        overlays = Overlays(bound, stage, facts_of(bound, reason, notionals))
        root = overlays.applied(root)
        self.found += overlays.found
        root, found = tightened(root, self._dotted_settings(), stage)
        self.found += found
        return root

    def loaded(self, draft: Policy | None, bound: Bound | None) -> Loaded:
        """The answer, with diagnostics in the order of the files' lines; a draft without errors is the
        policy."""
        return Loaded(
            policy=None if has_errors(self.found) else draft,
            diagnostics=first_of(self.found),
            spans=dict(bound.spans) if bound is not None else {},
            files=self.files,
            bound=bound,
            draft=draft,
        )

    def _plain_settings(self) -> dict[str, Node]:
        return {name: entry.value for name, entry in self.settings.items() if "." not in name}

    def _dotted_settings(self) -> dict[str, Entry]:
        return {name: entry for name, entry in self.settings.items() if "." in name}

    def _check_settings(self, bound: Bound) -> None:
        declared = bound.names("params")
        for name, entry in self.settings.items():
            if "." not in name and name not in declared:
                advice = near(entry.key, name, declared) if declared else {"help": NO_PARAMETERS}
                self._say("DNK108", f"there is no parameter `{name}`", entry.key.span, **advice)

    def _check_references(self, root: Node, params: tuple[Param, ...]) -> None:
        declaring = root.get("params")
        declared = {entry.key.text: entry for entry in declaring.entries} if declaring is not None else {}
        used: set[str] = set()
        told: set[tuple[int, str]] = set()
        for node, match in references(without(root, "params")):
            used.add(match[1])
            if match[1] not in declared and (id(node), match[1]) not in told:
                told.add((id(node), match[1]))
                self._no_parameter(node, match, declared)
        for name, entry in declared.items():
            if name not in used and entry.value.get("value") is None:
                self._unused(entry.key)

    def _no_parameter(self, node: Node, match: Match[str], declared: Iterable[str]) -> None:
        known = [f"${name}" for name in declared]
        more: dict[str, Any] = {"help": "declare it under `params:`"}
        if known and len(self.found) < FOUND_MAX:
            more = near(node, match[0], known)
        said = f"there is no parameter `{shown(match[1])}`"
        self._say("DNK105", said, node.part(match.start(), match.end()), **more)

    def _unused(self, key: Node) -> None:
        self.found.append(
            Diagnostic(
                code="DNK110",
                message=f"parameter `{key.text}` is not used: setting it changes nothing",
                span=key.span,
                severity=WARNING,
                help=f"write `${key.text}` where it counts",
            )
        )

    def _check_reason(self, bound: Bound, reason: str) -> None:
        """A reason that only just misses a listed one is likely a slip; others are fine."""
        known = [one for name in bound.names("reasons") for one in (name, *(bound.of("reasons", name) or ()))]
        meant = nearest(reason, known) if reason and reason not in known else ""
        if meant and abs(len(meant) - len(reason)) <= 2:
            self.files.setdefault(REASON_PATH, reason)
            span = Span(REASON_PATH, 1, 1, 1, len(reason) + 1)
            said = f"reason `{reason}` is in no class of this policy: no overlay for a class applies"
            where = (Related(bound.place("reasons"), "classes of reasons"),)
            self.found.append(
                Diagnostic(
                    code="DNK112",
                    message=said,
                    span=span,
                    severity=WARNING,
                    meant=meant,
                    related=where,
                )
            )

    def _say(self, code: str, message: str, span: Span, help: str = "", meant: str = "") -> None:
        self.found.append(Diagnostic(code=code, message=message, span=span, help=help, meant=meant))


def _text_of(root: Node, key: str) -> str:
    node = root.get(key)
    return node.text if node is not None and node.kind == SCALAR else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _setting_entries(settings: Mapping[str, str]) -> dict[str, Entry]:
    """Settings as entries of a file of their own, one `name=value` a line."""
    found = {}
    for line, (name, value) in enumerate(settings.items(), 1):
        text = _one_line(value)
        key_span = Span(SETTINGS_PATH, line, 1, line, len(name) + 1)
        span = Span(SETTINGS_PATH, line, len(name) + 2, line, len(name) + 2 + len(text))
        key = Node(kind=SCALAR, span=key_span, text=name, exact=True)
        found[name] = Entry(key, Node(kind=SCALAR, span=span, text=text, exact=True))
    return found
