"""SARIF 2.1.0, the form code-scanning services read. Columns count characters, as everywhere here."""

import hashlib
from collections.abc import Iterator
from urllib.parse import quote

import msgspec

from dnkit import __version__
from dnkit.lint.report import Linted, Report
from dnkit.policies.codes import CODES, ERROR, INFO, SAFETY, WARNING, Code
from dnkit.policies.diagnostics import Diagnostic, Edit, Fix, Related, Span, printable

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {ERROR: "error", WARNING: "warning", INFO: "note"}
_INDEX = {code: place for place, code in enumerate(CODES)}


def document(report: Report) -> str:
    """One run with every rule there is, every finding, and those that comments took as suppressed ones."""
    results = [one for file in report.files for one in _results(file)]
    driver = {
        "name": "dnkit",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(code, entry) for code, entry in CODES.items()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": results,
    }
    content = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(content)).decode()


def _invocation(report: Report) -> dict[str, object]:
    told = [{"level": "error", "message": {"text": printable(text)}} for text in report.unreadable]
    return {"executionSuccessful": not report.unreadable, "toolExecutionNotifications": told}


def _rule(code: str, entry: Code) -> dict[str, object]:
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in entry.name.split("-")),
        "shortDescription": {"text": entry.name.replace("-", " ")},
        "help": {"text": f"dnkit lint --explain {code}"},
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
        "properties": {"since": entry.since, "tags": ["safety"] if code.startswith(SAFETY) else []},
    }


def _results(file: Linted) -> Iterator[dict[str, object]]:
    for one in file.found:
        yield _result(one, file)
    for taken in file.silenced:
        why = {"kind": "inSource", "justification": printable(taken.reason)}
        yield {**_result(taken.finding, file), "suppressions": [why]}


def _result(one: Diagnostic, file: Linted) -> dict[str, object]:
    words = "\n".join(printable(text) for text in (one.message, *one.notes, one.advice) if text)
    return {
        "ruleId": one.code,
        "ruleIndex": _INDEX[one.code],
        "level": _LEVELS[one.severity],
        "message": {"text": words},
        "locations": [{"physicalLocation": _physical(one.span)}],
        "partialFingerprints": {"line/v1": _fingerprint(one, file)},
        **({"relatedLocations": [_related(other) for other in one.related]} if one.related else {}),
        **({"fixes": [_fix(one.fix)]} if one.fix else {}),
    }


def _fingerprint(one: Diagnostic, file: Linted) -> str:
    """The code and the text of the line: the same finding after lines above it moved."""
    lines = file.texts.get(one.span.path, "").split("\n")
    line = lines[one.span.line - 1] if one.span.line <= len(lines) else ""
    return hashlib.blake2b(f"{one.code} {line.strip()}".encode(), digest_size=8).hexdigest()


def _physical(span: Span) -> dict[str, object]:
    return {"artifactLocation": {"uri": quote(span.path.replace("\\", "/"))}, "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.line,
        "startColumn": span.col,
        "endLine": span.end_line,
        "endColumn": span.end_col,
    }


def _related(one: Related) -> dict[str, object]:
    return {"physicalLocation": _physical(one.span), "message": {"text": printable(one.label)}}


def _fix(fix: Fix) -> dict[str, object]:
    changes = [_change(edit) for edit in fix.edits]
    return {"description": {"text": printable(fix.title)}, "artifactChanges": changes}


def _change(edit: Edit) -> dict[str, object]:
    replaced = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
    return {"artifactLocation": {"uri": quote(edit.span.path)}, "replacements": [replaced]}
