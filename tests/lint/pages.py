"""The pages of the rules: what they must hold, and their examples run for real.

`python -m tests.lint.pages [CODE...]` writes the generated parts: the line of facts and the output blocks.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from dnkit.cli.lint_proofs import proof_findings
from dnkit.cli.proving import ON_THE_SPOT
from dnkit.lint.fixes import proved
from dnkit.lint.formats import text
from dnkit.lint.report import Linted
from dnkit.policies.capability_file import read_capabilities
from dnkit.policies.codes import CODES, SAFETY
from dnkit.policies.diagnostics import Diagnostic, in_order
from dnkit.policies.load import Find, load
from dnkit.policies.policy import Policy
from dnkit.policies.source import read_bytes
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import PolicyText, VenueFacts, find_policy
from dnkit.runtime.prepare import Shelf, check
from dnkit.runtime.proofs import proofs_folder
from tests.tidy.source_tree import PACKAGE, ROOT

FOLDER = ROOT / "docs" / "rules"
SECTIONS = ("## Why it matters", "## Example", "## Instead")
BLOCK = re.compile(r"^```(\S+) (.*)\n((?:.*\n)*?)```$", re.M)


class Block(msgspec.Struct, frozen=True):
    """A fenced block: `words` are those after the language, `body` its text."""

    language: str
    words: tuple[str, ...]
    body: str

    def value(self, name: str) -> str:
        """`VALUE` of a word `NAME:VALUE`, "" where there is none."""
        return next((one.partition(":")[2] for one in self.words if one.startswith(f"{name}:")), "")


class Page(msgspec.Struct, frozen=True):
    """A page: `code` from its name, and its text."""

    code: str
    text: str

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Its fenced blocks, in order."""
        return tuple(Block(one[1], tuple(one[2].split()), one[3]) for one in BLOCK.finditer(self.text))

    def examples(self, kind: str) -> tuple[Block, ...]:
        """The bad or the good examples."""
        return tuple(one for one in self.blocks if kind in one.words)


def pages() -> list[Page]:
    """Every page there is."""
    return [Page(file.stem, file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("DNK*.md"))]


def findings(page: Page, block: Block) -> Linted:
    """What is found in an example, as `policy.yaml`.

    Words of the block: `set:NAME=VALUE`, `reason:WORD`, `facts` (the block is a venue's capability file),
    `bytes` (escapes such as `\\xff` stand for bytes), `pad:N` (blown up to N characters), `prove` (as with
    `--prove`; `states:N` ends each proof there). Other blocks of the page may be further files:
    `file:NAME.yaml` for policies, `venue:NAME` for capability files.
    """
    body = block.body
    if "facts" in block.words:
        return Linted(
            "venue.yaml", read_capabilities(body, "venue.yaml").diagnostics, (), {"venue.yaml": body}
        )
    if "bytes" in block.words:
        raw = body.encode().decode("unicode_escape").encode("latin-1")
        shown = raw.decode("utf-8", "replace")
        return Linted("policy.yaml", read_bytes(raw, "policy.yaml")[1], (), {"policy.yaml": shown})
    if size := block.value("pad"):
        body += "# " + "x" * (int(size) - len(body) - 3) + "\n"
    shelf = Shelf(_finder(page))
    source = PolicyText("policy.yaml", body)
    with TemporaryDirectory() as folder:
        venues = _venues(page, Path(folder))
        checked = check(source, venues, settings=_settings(block), reason=block.value("reason"), shelf=shelf)
        if "prove" in block.words:
            place, few = proofs_folder(StateFolder(Path(folder))), block.value("states")
            settings = [msgspec.structs.replace(ON_THE_SPOT[0], states_max=int(few))] if few else ON_THE_SPOT
            more = proof_findings(source, venues, shelf, settings, place)
            checked = msgspec.structs.replace(checked, diagnostics=in_order((*checked.diagnostics, *more)))

    def meaning(text: str) -> Policy | None:
        return load(text, "policy.yaml", find=shelf.find, settings=_settings(block)).policy

    found = proved(checked.diagnostics, body, "policy.yaml", meaning)
    return Linted("policy.yaml", found, checked.silenced, checked.texts)


def _settings(block: Block) -> dict[str, str]:
    """`set:NAME=VALUE` words of a block."""
    pairs = (one.removeprefix("set:").partition("=") for one in block.words if one.startswith("set:"))
    return {name: value for name, _, value in pairs}


def _finder(page: Page) -> Find:
    files = {one.value("file"): one.body for one in page.blocks if one.value("file")}

    def find(name: str) -> tuple[str, str] | None:
        file = f"{name.removesuffix('.yaml')}.yaml"
        return (file, files[file]) if file in files else find_policy(name)

    return find


def _venues(page: Page, folder: Path) -> VenueFacts:
    """The shipped facts, with those of the page beside them."""
    ours = {one.value("venue"): one.body for one in page.blocks if one.value("venue")}
    if not ours:
        return VenueFacts()
    for file in (PACKAGE / "venues" / "facts").glob("*.yaml"):
        (folder / file.name).write_bytes(file.read_bytes())
    for name, body in ours.items():
        (folder / f"{name}.yaml").write_text(body, encoding="utf-8")
    return VenueFacts(folder)


def output(page: Page, block: Block) -> str:
    """What `dnkit lint -v --select CODE policy.yaml` prints of the example."""
    linted = findings(page, block)
    return text.show(msgspec.structs.replace(linted, found=tuple(_own(page.code, linted.found)))) + "\n"


def _own(code: str, found: tuple[Diagnostic, ...]) -> Iterator[Diagnostic]:
    return (one for one in found if one.code == code)


def facts_line(code: str) -> str:
    """Severity, age, and whether a comment may ignore it."""
    entry = CODES[code]
    safety = "guards the hedge: no comment can ignore it" if code.startswith(SAFETY) else ""
    told = (entry.severity, f"since {entry.since}", safety, f"rule {entry.origin}" if entry.origin else "")
    return f"*{' · '.join(part for part in told if part)}*"


def generated(page: Page) -> str:
    """The page with its title, its facts and its output blocks as they must be."""
    code = page.code
    parts = page.text.split("\n\n", 2)
    body = parts[2] if len(parts) > 2 else ""
    examples = iter(page.examples("bad"))

    def fresh(found: re.Match[str]) -> str:
        return f"```text output\n{output(page, next(examples))}```"

    body = re.sub(r"^```text output\n(?:.*\n)*?```$", fresh, body, flags=re.M)
    return f"# {code} {CODES[code].name}\n\n{facts_line(code)}\n\n{body}"


def main(codes: list[str]) -> None:
    """Write the generated parts of all pages, or of those named."""
    for page in pages():
        if not codes or page.code in codes:
            (FOLDER / f"{page.code}.md").write_text(generated(page), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
