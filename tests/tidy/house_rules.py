"""The rules of the house that the import graph cannot see. A rule maps a source to its findings."""

import ast
from collections.abc import Callable, Iterator

from tests.tidy.source_tree import Finding, Source, aliases, dotted, functions

Rule = Callable[[Source], Iterator[Finding]]

CORE = ("model", "machine", "engine", "policies")
BELOW_SHELL = (*CORE, "journal", "market", "venues", "readers", "desk")
SEEDED = ("market", "venues", "desk")
FUNCTION_LINES = 60
FILE_LINES = 400

CLOCKS = (
    "time.",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "os.times",
)
DICE = ("random.", "secrets.", "uuid.uuid", "os.urandom", "os.getrandom")


def clock_or_dice(source: Source) -> Iterator[Finding]:
    """No clock and no dice below the shell, by any alias; `random.Random(seed)` where markets are made."""
    if source.floor not in BELOW_SHELL:
        return
    names = aliases(source.tree)
    seeded = {id(node.func) for node in ast.walk(source.tree) if isinstance(node, ast.Call) and node.args}
    typed = _annotations(source.tree)
    for node in ast.walk(source.tree):
        name = dotted(node, names)
        if not name.startswith((*CLOCKS, *DICE)):
            continue
        allowed = source.floor in SEEDED and name == "random.Random" and id(node) in seeded | typed
        if not allowed:
            yield source.at(node, f"{name}: time and chance enter as arguments")


def _annotations(tree: ast.Module) -> set[int]:
    """Ids of all nodes inside annotations."""
    roots: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            roots.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            roots.append(node.returns)
    return {id(inner) for root in roots for inner in ast.walk(root)}


def floats(source: Source) -> Iterator[Finding]:
    """No float in the core: no literal, no conversion, no annotation, and no true division of integers."""
    if source.floor not in CORE:
        return
    integers = source.floor in ("engine", "machine")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield source.at(node, f"float literal {node.value}")
        elif isinstance(node, ast.Name) and node.id == "float":
            yield source.at(node, "float")
        elif integers and isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield source.at(node, "true division makes a float of integers")


def broad_except(source: Source) -> Iterator[Finding]:
    """No bare except, no `except Exception`: name what you expect. Tidying up and raising again is fine."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler) or _raises_again(node):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        for one in caught:
            if one is None or (isinstance(one, ast.Name) and one.id in ("Exception", "BaseException")):
                yield source.at(node, "catches everything")


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def set_order(source: Source) -> Iterator[Finding]:
    """The core never depends on the order of a set."""
    if source.floor not in CORE:
        return
    named = _set_names(source.tree)
    for node in ast.walk(source.tree):
        ordered: list[ast.expr] = []
        if isinstance(node, ast.For | ast.comprehension):
            ordered = [node.iter]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            ordered = node.args[:1] if node.func.id in ("list", "tuple", "iter", "enumerate", "next") else []
        for one in ordered:
            if _is_set(one, named):
                yield Finding(source.path, one.lineno, "order of a set: sort it first")


def _set_names(tree: ast.Module) -> set[str]:
    """Names bound to a set somewhere in the file."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_set(node.value, set()):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and node.value is not None and _is_set(node.value, set()):
            names.update({node.target.id} if isinstance(node.target, ast.Name) else set())
    return names


def _is_set(node: ast.expr, named: set[str]) -> bool:
    """Whether an expression is visibly a set."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    return isinstance(node, ast.Set | ast.SetComp) or (isinstance(node, ast.Name) and node.id in named)


def prints(source: Source) -> Iterator[Finding]:
    """Only the command line prints."""
    if source.floor == "cli" or source.path == "dnkit/__main__.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield source.at(node, "print outside the command line")


def long_functions(source: Source) -> Iterator[Finding]:
    """No function over 60 lines."""
    for node in functions(source):
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if length > FUNCTION_LINES:
            yield source.at(node, f"{node.name} has {length} lines, the limit is {FUNCTION_LINES}")


def long_files(source: Source) -> Iterator[Finding]:
    """No file over 400 lines."""
    if len(source.lines) > FILE_LINES:
        yield Finding(source.path, FILE_LINES + 1, f"{len(source.lines)} lines, the limit is {FILE_LINES}")


def silent_asserts(source: Source) -> Iterator[Finding]:
    """Every assert of the package says what is broken."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assert) and node.msg is None:
            yield source.at(node, "assert without a message")


def module_docstrings(source: Source) -> Iterator[Finding]:
    """Every module opens with what it is for."""
    if ast.get_docstring(source.tree) is None:
        yield Finding(source.path, 1, "no module docstring")


def public_docstrings(source: Source) -> Iterator[Finding]:
    """Public classes, functions and methods say what they do; for a one-statement method its name may do."""
    yield from _undocumented(source, source.tree.body, "")


def _undocumented(source: Source, body: list[ast.stmt], owner: str) -> Iterator[Finding]:
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_") or _decorated(node, "overload"):
            continue
        plain = bool(owner) and not isinstance(node, ast.ClassDef) and len(node.body) == 1
        if ast.get_docstring(node) is None and not plain:
            yield source.at(node, f"{owner}{node.name} has no docstring")
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(source, node.body, f"{node.name}.")


def _decorated(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name for one in node.decorator_list)


def dataclasses(source: Source) -> Iterator[Finding]:
    """Values are msgspec Structs: one way of having them."""
    for name in aliases(source.tree).values():
        if name.split(".")[0] == "dataclasses":
            yield Finding(source.path, 1, "dataclasses: use a frozen msgspec.Struct")


def thawed_structs(source: Source) -> Iterator[Finding]:
    """Every Struct of the core is frozen."""
    if source.floor not in CORE:
        return
    names = aliases(source.tree)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ClassDef):
            continue
        if not any(dotted(base, names) == "msgspec.Struct" for base in node.bases):
            continue
        frozen = [word.value for word in node.keywords if word.arg == "frozen"]
        if not any(isinstance(value, ast.Constant) and value.value is True for value in frozen):
            yield source.at(node, f"{node.name} can change: frozen=True")


RULES: tuple[Rule, ...] = (
    clock_or_dice,
    floats,
    broad_except,
    set_order,
    prints,
    long_functions,
    long_files,
    silent_asserts,
    module_docstrings,
    public_docstrings,
    dataclasses,
    thawed_structs,
)


def check(rule: Rule, source: Source) -> tuple[list[Finding], set[int]]:
    """Findings of a rule that no marker excuses, and the lines whose marker was needed."""
    markers = source.markers()
    found = list(rule(source))
    excused = {finding.line for finding in found if markers.get(finding.line)}
    return [finding for finding in found if finding.line not in excused], excused
