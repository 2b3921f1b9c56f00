"""`dnkit init`: a commented policy to start from, its schema for editors, and a CI file that lints it.

Templates are sound policies of the package; only their name and their venues are replaced.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.model.errors import DnkitError
from dnkit.policies.codes import ERROR
from dnkit.policies.diagnostics import did_you_mean
from dnkit.policies.scalars import name as checked_name
from dnkit.policies.schema.document import schema_text
from dnkit.policies.units import TextError
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import check

TEMPLATES = ("open", "close", "unwind", "guard", "single")
CI_KINDS = ("github", "none")
SCHEMA_NAME = "policy.schema.json"
POLICIES = Path("policies")
WORKFLOW = Path(".github") / "workflows" / "policies.yml"
_HERE = Path(__file__).resolve().parent / "templates"
_NAME = re.compile(r"^name: \w+ +", re.MULTILINE)  # with the blanks, so that the comments stay in line
_VENUE = re.compile(r"(?<=venue: )\w+")


class BadUse(DnkitError):
    """A flag or a name that cannot be meant so."""

    exit_code = ExitCode.USAGE


class Exists(DnkitError):
    """The policy is there already."""

    exit_code = ExitCode.NEEDS_CONFIRM


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for; `name` and `venues` may be empty, `folder` is the project's."""

    name: str
    template: str
    venues: str
    ci: str
    folder: Path
    force: bool


class File(msgspec.Struct, frozen=True):
    """A file to write: its path and its text."""

    path: Path
    text: str


def init(asked: Asked) -> int:
    """Write what is not there yet. A policy that is there is refused (8), schema and CI file are kept."""
    _one_of("--template", asked.template, TEMPLATES)
    _one_of("--ci", asked.ci, CI_KINDS)
    name = _name(asked.name or f"my_{asked.template}")
    policy = File(asked.folder / POLICIES / f"{name}.yaml", policy_text(asked.template, name, asked.venues))
    if _is_there(policy.path) and not asked.force:
        raise Exists(f"{policy.path} exists; --force overwrites it. Nothing was written")
    try:
        for file in (policy, *_beside(asked)):
            _write(file, asked.force)
    except OSError as error:
        raise DnkitError(f"cannot write {error.filename}: {error.strerror}") from error
    _say_next(policy.path, asked.template)
    return ExitCode.OK


def policy_text(template: str, name: str, venues: str) -> str:
    """The template with this name and these venues: `A,B`, or "" for its own; BadUse where one cannot be."""
    text = (_HERE / f"{template}.yaml").read_text(encoding="utf-8")
    wanted = [one.strip() for one in venues.split(",")] if venues else _VENUE.findall(text)
    _check_venues(template, wanted, len(_VENUE.findall(text)))
    each: Iterator[str] = iter(wanted)
    text = _NAME.sub(lambda was: f"name: {name} ".ljust(len(was[0])), text, count=1)
    text = _VENUE.sub(lambda _: next(each), text)
    _check_fits(template, text, wanted)
    return text


def _one_of(flag: str, word: str, words: Sequence[str]) -> None:
    if word not in words:
        raise BadUse(f"{flag} `{word}` is not known; {did_you_mean(word, words)}")


def _name(text: str) -> str:
    try:
        return checked_name(text)
    except TextError as error:
        raise BadUse(f"{error.message}: {error.help}") from error


def _check_venues(template: str, venues: Sequence[str], legs: int) -> None:
    facts = VenueFacts()
    for one in venues:
        if one not in facts:
            raise BadUse(f"no facts are known of venue `{one}`; {did_you_mean(one, facts)}")
    if len(venues) != legs:
        wanted = "two venues: --venues A,B" if legs > 1 else "one venue: --venues A"
        raise BadUse(f"the template `{template}` wants {wanted}")
    if len({*venues}) != legs:
        raise BadUse(f"both legs on `{venues[0]}` would be the same position; name two venues")


def _check_fits(template: str, text: str, venues: Sequence[str]) -> None:
    """A venue may lack what the template needs; the findings say what."""
    checked = check(PolicyText(f"{template}.yaml", text), VenueFacts())
    errors = [one.message for one in checked.diagnostics if one.severity == ERROR]
    if errors:
        raise BadUse(f"the template `{template}` does not fit {' and '.join(venues)}: {'; '.join(errors)}")


def _beside(asked: Asked) -> Iterator[File]:
    """What goes with a policy: the schema that its first line names, and the CI file."""
    yield File(asked.folder / POLICIES / SCHEMA_NAME, schema_text())
    if asked.ci == "github":
        text = (_HERE / WORKFLOW.name).read_text(encoding="utf-8")
        yield File(asked.folder / WORKFLOW, text)


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _write(file: File, force: bool) -> None:
    if _is_there(file.path) and not force:
        same = file.path.is_file() and file.path.read_bytes() == file.text.encode()
        out.say(f"kept    {file.path}{'' if same else ' (differs; --force writes it anew)'}")
        return
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_text(file.text, encoding="utf-8", newline="\n")
    out.say(f"wrote   {file.path}")


def _say_next(path: Path, template: str) -> None:
    trade = () if template == "guard" else (f"dnkit trade --policy {path}",)
    out.say("next:")
    for command in (f"dnkit lint {path}", f"dnkit explain {path}", *trade):
        out.say(f"  {command}")
