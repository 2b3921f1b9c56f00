"""The package as syntax trees, and the names its code means after imports and aliases are resolved."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "dnkit"
MARKER = re.compile(r"#\s*house-ok:(.*)$")


class Finding(NamedTuple):
    """One broken rule at one line of one file."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class Source(NamedTuple):
    """One file: path in the repository, floor (folder below dnkit, "" at the top), lines, syntax tree."""

    path: str
    floor: str
    lines: tuple[str, ...]
    tree: ast.Module

    def at(self, node: ast.AST, what: str) -> Finding:
        """Finding at a node."""
        return Finding(self.path, getattr(node, "lineno", 1), what)

    def markers(self) -> dict[int, str]:
        """Line number -> reason of each `# house-ok: reason`."""
        found = ((number, MARKER.search(line)) for number, line in enumerate(self.lines, start=1))
        return {number: match.group(1).strip() for number, match in found if match}


def parse(text: str, path: str) -> Source:
    """Source of a text that claims to lie at `path`."""
    parts = Path(path).parts
    floor = parts[1] if len(parts) > 2 else ""
    return Source(path, floor, tuple(text.splitlines()), ast.parse(text))


@cache
def package() -> tuple[Source, ...]:
    """All Python files of the package, sorted by path."""
    files = sorted(PACKAGE.rglob("*.py"))
    return tuple(parse(file.read_text(), str(file.relative_to(ROOT))) for file in files)


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones included."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def own_length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def aliases(tree: ast.Module) -> dict[str, str]:
    """Local name -> dotted name it was imported as."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                names[one.asname or one.name.split(".")[0]] = (
                    one.name if one.asname else one.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                names[one.asname or one.name] = f"{node.module}.{one.name}"
    return names


def dotted(node: ast.AST, names: dict[str, str]) -> str:
    """Dotted name a Name or Attribute chain stands for, "" where it is something else or was not imported."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in names:
        return ""
    return ".".join([names[node.id], *reversed(parts)])
