"""`dnkit lint`: findings of policy files. Kept light: nothing here may import the parser of flags or a
drawing library.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

import msgspec
from msgspec.structs import replace

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.lint.fixes import Mended, mended, proved
from dnkit.lint.report import Linted, Report
from dnkit.lint.selection import Selection
from dnkit.model.errors import DnkitError
from dnkit.policies.codes import ERROR, INFO, WARNING
from dnkit.policies.diagnostics import in_order
from dnkit.policies.load import load
from dnkit.policies.policy import Policy
from dnkit.runtime.library import STDIN, PolicyText, VenueFacts, policy_texts, write_policy
from dnkit.runtime.prepare import NOTHING, Shelf, check_for_all_reasons

BY_FILE = ("text", "concise", "github")  # shown file by file, infos on demand
WHOLE = ("json", "sarif", "junit")  # one document, with everything in it


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says. `diff` shows what `fix` would write, and writes nothing; `prove` asks the
    prover too.
    """

    files: tuple[str, ...]
    format: str = "text"
    selection: Selection = Selection()
    fail_level: str = ERROR
    verbose: bool = False
    fix: bool = False
    unsafe: bool = False
    diff: bool = False
    exit_zero: bool = False
    prove: bool = False

    @property
    def with_infos(self) -> bool:
        """Whether infos are shown too."""
        return self.verbose or self.fail_level == INFO or self.format in WHOLE


class Linter:
    """Checks files one after the other against the same venue facts and the same shelf of other policies."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.venues = VenueFacts()
        self.shelf = Shelf()
        self.mended = 0

    def linted(self, source: PolicyText) -> Linted:
        """What is found in one file, fixes proved."""
        checked = check_for_all_reasons(source, self.venues, self.shelf)
        told = tuple(one for one in checked.diagnostics if self.asked.selection.wants(one.code))
        found = proved(told, source.text, source.path, self._meaning(source.path))
        taken = tuple(one for one in checked.silenced if self.asked.selection.wants(one.finding.code))
        return Linted(source.path, found, taken, checked.texts)

    def with_proof(self, source: PolicyText, linted: Linted) -> Linted:
        """The same with what the prover finds."""
        from dnkit.cli.lint_proofs import proof_findings
        from dnkit.cli.proving import ON_THE_SPOT
        from dnkit.runtime.folder import state_folder
        from dnkit.runtime.proofs import proofs_folder

        place = proofs_folder(state_folder())
        more = proof_findings(source, self.venues, self.shelf, ON_THE_SPOT, place)
        told = (one for one in more if self.asked.selection.wants(one.code))
        return replace(linted, found=in_order((*linted.found, *told)))

    def mend(self, source: PolicyText) -> Mended:
        """The text of a file after its fixes."""
        return mended(
            source.text,
            source.path,
            lambda text: self.linted(PolicyText(source.path, text)).found,
            unsafe=self.asked.unsafe,
        )

    def _meaning(self, path: str) -> Callable[[str], Policy | None]:
        return lambda text: load(text, path, find=self.shelf.find, settings=NOTHING).policy


def lint(asked: Asked) -> int:
    """Check every file: 0 when no finding is as grave as the fail level, 1 when one is, 3 when a file cannot
    be read.

    A name may be a file, a policy, a folder, a pattern such as `policies/*.yaml`, or `-` for standard input.
    """
    linter = Linter(asked)
    unreadable: list[str] = []
    files = tuple(_all(linter, tuple(_sources(asked.files, unreadable))))
    report = Report(files, tuple(unreadable), asked.fail_level)
    if asked.format in WHOLE:
        out.data(_document(report, asked.format))
    _close(report, linter)
    if unreadable:
        return ExitCode.CONFIG
    changes = asked.diff and linter.mended > 0
    return ExitCode.FINDINGS if (report.failed or changes) and not asked.exit_zero else ExitCode.OK


def _sources(names: Sequence[str], unreadable: list[str]) -> Iterator[PolicyText]:
    """Every file the names stand for; what cannot be read is noted."""
    for name in names:
        try:
            yield from policy_texts(name)
        except DnkitError as error:
            unreadable.append(f"{name}: {error}")
            out.say(f"error: {name}: {error}")


def _all(linter: Linter, sources: tuple[PolicyText, ...]) -> Iterator[Linted]:
    """Every file, checked and shown, with a word on how far it is where there are many."""
    for number, source in enumerate(sources, 1):
        out.progress(number, len(sources))
        yield _shown(linter, source, len(sources))
    out.progress_over(len(sources))


def _shown(linter: Linter, source: PolicyText, of: int) -> Linted:
    """Check a file, mend it where asked, and show its findings where the format shows file by file."""
    asked = linter.asked
    if asked.fix or asked.diff:
        source = _mended(linter, source)
    linted = linter.linted(source)
    if asked.prove:
        linted = linter.with_proof(source, linted)
    if asked.format in BY_FILE:
        told = tuple(one for one in linted.found if asked.with_infos or one.severity != INFO)
        if told:
            out.progress_over(of)
            show = import_module(f"dnkit.lint.formats.{asked.format}").show
            _tell(show(replace(linted, found=told)), asked, source)
    return linted


def _tell(text: str, asked: Asked, source: PolicyText) -> None:
    """Findings are data, unless the mended text of standard input is."""
    if source.path == STDIN and asked.fix and not asked.diff:
        out.say(text)
    elif asked.format == "text":
        out.findings(f"{text}\n")
    else:
        out.data(text)


def _mended(linter: Linter, source: PolicyText) -> PolicyText:
    """The file with its fixes put in, written back or shown as a difference."""
    new = linter.mend(source)
    linter.mended += new.count
    changed = PolicyText(source.path, new.text)
    if linter.asked.diff:
        out.data_raw(_difference(source, new.text))
        return source
    if source.path == STDIN:
        out.data_raw(new.text)
    elif new.count:
        write_policy(changed)
    return changed


def _difference(source: PolicyText, text: str) -> str:
    from difflib import unified_diff

    lines = (source.text.splitlines(keepends=True), text.splitlines(keepends=True))
    return "".join(unified_diff(*lines, source.path, source.path))


def _document(report: Report, format: str) -> str:
    if format == "json":
        from dnkit.lint.formats.rows import content

        ok = not report.failed and not report.unreadable
        return out.envelope_text("lint/1", content(report), ok=ok, warnings=report.unreadable)
    shown: str = import_module(f"dnkit.lint.formats.{format}").document(report)
    return shown


def _close(report: Report, linter: Linter) -> None:
    """The last line: how many files, findings and fixes."""
    infos = report.count(INFO)
    hint = f" (-v shows {'it' if infos == 1 else 'them'})" if infos and not linter.asked.with_infos else ""
    counts = (
        _counted(len(report.files), "file"),
        _counted(report.count(ERROR), "error"),
        _counted(report.count(WARNING), "warning"),
        f"{_counted(infos, 'info')}{hint}",
    )
    ignored = sum(len(file.silenced) for file in report.files)
    more = (f"{ignored} ignored with a reason" if ignored else "", _fix_words(report, linter))
    out.say(", ".join((*counts, *(text for text in more if text))))


def _fix_words(report: Report, linter: Linter) -> str:
    if linter.mended:
        done = "would be made" if linter.asked.diff else "made"
        return f"{_counted(linter.mended, 'fix')} {done}"
    fixes = [one.fix for one in report.found if one.fix is not None]
    safe = sum(fix.safe for fix in fixes)
    words = []
    if safe:
        words.append(f"{_counted(safe, 'safe fix')} with --fix")
    if len(fixes) > safe:
        words.append(f"{len(fixes) - safe} with --fix --unsafe-fixes")
    return ", ".join(words)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}{'es' if word.endswith('x') else 's'}"
