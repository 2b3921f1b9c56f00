"""What a policy text may not hold, and YAML's own complaints in plain words."""

import re
from collections.abc import Iterator

import yaml

from dnkit.policies.diagnostics import Diagnostic, Span

SIZE_MAX = 1 << 20
SHOWN_MAX = 20
DEPTH_MAX = 32
BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_SUSPECT = re.compile(f"[\t{BAD.pattern[1:]}")
_NOT_IN_FILES = re.compile(rf"\t|\r(?!\n|\Z)|(?!\r){BAD.pattern}")
_BOOLEAN = re.compile(r"(?i)yes|no|on|off|y|n")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_OCTAL = re.compile(r"[-+]?0[0-9_]+|[-+]?0o[0-7]+")
_ODD_NUMBER = re.compile(
    r"[-+]?(0x[0-9a-fA-F_]+|0b[01_]+|[0-9][0-9_.]*[eE][-+]?[0-9]+|[0-9][0-9.]*_[0-9_.]*|\.inf|\.nan)",
    re.IGNORECASE,
)
TRAP_STARTS = frozenset("yYnNoO+-.0123456789")
_WORDS = {
    "mapping values are not allowed in this context": (
        "a `key: value` is not allowed here",
        "check the indentation of this line; a text that holds `: ` needs quotes",
    ),
    "did not find expected key": (
        "a key was expected here",
        "check that this line is indented like its neighbours",
    ),
    "did not find expected ',' or ']'": (
        "a list `[` is not closed here",
        "write `,` between items and `]` at the end",
    ),
    "did not find expected ',' or '}'": (
        "a map `{` is not closed here",
        "write `,` between pairs and `}` at the end",
    ),
    "did not find expected '-' indicator": (
        "a list item `- ` was expected here",
        "indent the items of a list alike",
    ),
    "could not find expected ':'": ("this key has no `:`", "write `key: value`"),
    "found unexpected end of stream": ("this quote is not closed", "close the quote on the same line"),
    "found character that cannot start any token": (
        "a value cannot start with this character",
        "put the text in quotes",
    ),
    "found unknown escape character": ("unknown escape in a quoted text", "write `\\\\` for a backslash"),
}


def characters(text: str, path: str) -> Iterator[Diagnostic]:
    """Characters a policy may not hold, and a text that is too long; at most SHOWN_MAX findings."""
    if len(text) > SIZE_MAX:
        yield Diagnostic(
            code="DNK016",
            message=f"the file has {len(text)} characters; the limit is {SIZE_MAX}",
            span=Span(path, 1, 1, 1, 2),
        )
        return
    if _SUSPECT.search(text) is None:
        return
    line, start = 1, 0
    for _ in range(SHOWN_MAX):
        found = _NOT_IN_FILES.search(text, start)
        if found is None:
            return
        line += text.count("\n", start, found.start())
        col = found.start() - text.rfind("\n", 0, found.start())
        span = Span(path, line, col, line, col + 1)
        if found[0] == "\t":
            yield Diagnostic(code="DNK005", message="tab character", span=span, help="use spaces")
        else:
            message = f"control character U+{ord(found[0]):04X}"
            yield Diagnostic(code="DNK004", message=message, span=span, help="delete it")
        start = text.find("\n", found.start())  # one a line is enough
        if start < 0:
            return


def no_character(text: str, path: str, why: str) -> Diagnostic:
    """Finding for an escape in quotes that names no character (the YAML library only says so, not where)."""
    found = re.search(r"\\[xuU][0-9a-fA-F]+", text)
    start = found.start() if found else 0
    line = text.count("\n", 0, start) + 1
    col = start - (text.rfind("\n", 0, start) + 1) + 1
    message = "an escape in quotes names no character" if found else f"the text cannot be read: {why}"
    return Diagnostic(code="DNK004", message=message, span=Span(path, line, col, line, col + 1))


def syntax(error: yaml.YAMLError, text: str, path: str) -> Diagnostic:
    """A complaint of the YAML library as a finding, in words for the author."""
    problem = str(getattr(error, "problem", "") or getattr(error, "reason", "") or "not YAML")
    mark = getattr(error, "problem_mark", None)
    if problem == "found unexpected end of stream":
        mark = getattr(error, "context_mark", None) or mark
    line, col = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    line, col = _inside(text, line, col)
    if problem == "exceeded maximum nesting depth":  # the library's own limit; it looks ahead of us
        return Diagnostic(
            code="DNK017",
            message=f"nested more than {DEPTH_MAX} deep",
            span=Span(path, line, col, line, col + 1),
            help="write it flatter",
        )
    message, help_text = _WORDS.get(problem, (f"not YAML: {problem}", ""))
    return Diagnostic(
        code="DNK001", message=message, span=Span(path, line, col, line, col + 1), help=help_text
    )


def _inside(text: str, line: int, col: int) -> tuple[int, int]:
    """The place, or the end of the last line with text where the place lies past the end of the file."""
    lines = text.rstrip().split("\n")
    if line <= len(lines):
        return line, col
    return len(lines), len(lines[-1]) + 1


def traps_in(text: str) -> tuple[str, str, str] | None:
    """(code, message, help) for a plain text that a YAML 1.1 reader would silently turn into something
    else. All of them start with one of TRAP_STARTS."""
    if _BOOLEAN.fullmatch(text):
        return (
            "DNK012",
            f"`{text}` is a boolean to other YAML readers",
            f'write true or false, or quote it: "{text}"',
        )
    if _SEXAGESIMAL.fullmatch(text):
        return (
            "DNK011",
            f"`{text}` is a number in base 60 to other YAML readers",
            "a time has a unit: 90s, 5m, 1h",
        )
    if _OCTAL.fullmatch(text):
        digits = text.lstrip("+-0o_") or "0"
        return (
            "DNK013",
            f"`{text}` is an octal number to other YAML readers",
            f"write `{digits}`",
        )
    if _ODD_NUMBER.fullmatch(text):
        return "DNK014", f"`{text}` is not a plain decimal number", "write it out in digits"
    return None
