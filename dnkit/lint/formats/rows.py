"""Findings as plain rows for JSON."""

from dnkit.lint.ignores import Silenced
from dnkit.lint.report import Report
from dnkit.policies.diagnostics import Diagnostic, Fix, Related, Span


def content(report: Report) -> dict[str, object]:
    """The whole report: number of files, findings, and what comments took."""
    return {
        "files": len(report.files),
        "findings": [row(one) for one in report.found],
        "ignored": [_ignored(one) for file in report.files for one in file.silenced],
    }


def row(one: Diagnostic) -> dict[str, object]:
    """One finding: place, code, words, help, related places, fix. Lines and columns count from 1, in
    characters; `end_col` is the column after the last one.
    """
    return {
        "file": one.span.path,
        **_place(one.span),
        "code": one.code,
        "name": one.name,
        "severity": one.severity,
        "message": one.message,
        "notes": list(one.notes),
        "help": one.advice,
        "related": [_related(other) for other in one.related],
        "fix": _fix(one.fix) if one.fix else None,
    }


def _place(span: Span) -> dict[str, int]:
    return {"line": span.line, "col": span.col, "end_line": span.end_line, "end_col": span.end_col}


def _related(one: Related) -> dict[str, object]:
    return {"file": one.span.path, **_place(one.span), "label": one.label}


def _fix(fix: Fix) -> dict[str, object]:
    edits = [{"file": edit.span.path, **_place(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _ignored(one: Silenced) -> dict[str, object]:
    return {
        "file": one.finding.span.path,
        "line": one.finding.span.line,
        "code": one.finding.code,
        "reason": one.reason,
    }
