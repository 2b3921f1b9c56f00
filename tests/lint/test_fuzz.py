"""No bytes make a traceback, a hang or a blow-up: findings come back, with places inside the file."""

import resource
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnkit.lint.formats import concise, github, junit, sarif, text
from dnkit.lint.report import Linted, Report
from dnkit.policies.source import read_bytes
from dnkit.policies.yaml_text import SIZE_MAX
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import Shelf, check
from tests.tidy.source_tree import ROOT

VENUES, SHELF = VenueFacts(), Shelf()
TEXTS = [file.read_bytes() for file in sorted((ROOT / "policies").glob("*.yaml"))]
LINES = sorted({line for one in TEXTS for line in one.splitlines(keepends=True)})
BITS = (
    b"{}[]:,#&*!|>'\"%@`?-$\n\t \\.0123456789eE+x",
    b"policy: 1\n",
    b"&a [*a, *a]",
    b"<<: *a",
    b"!!python/object:os.system",
    b"%YAML 1.1\n---\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"1:30",
    b"$passive_for",
    b"# dnkit: ignore[DNK301] x",
    b"99999999999999999999999999bps",
    b"larger of ",
    b"not not not unknown(",
)
CPU_SECONDS = 3.0  # of one file, on a busy machine; an ordinary one takes some thousandths


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A shipped policy with pieces cut out, put in, doubled and swapped."""
    data = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(
            st.sampled_from([b"", data[start:end] * 2, *BITS])
            | st.binary(max_size=8)
            | st.sampled_from(LINES)
        )
        data = data[:start] + piece + data[end:]
    return data


shuffled = st.lists(st.sampled_from(LINES), max_size=60).map(b"".join)
scraps = st.lists(st.sampled_from(BITS) | st.binary(max_size=4), max_size=40).map(b"".join)


def looked_at(data: bytes) -> Linted:
    """The bytes through the whole linter, and through every format."""
    shown, found = read_bytes(data, "p.yaml")
    if not found:
        done = check(PolicyText("p.yaml", shown), VENUES, shelf=SHELF)
        linted = Linted("p.yaml", done.diagnostics, done.silenced, done.texts)
    else:
        linted = Linted("p.yaml", found, (), {"p.yaml": data.decode("utf-8", "replace")})
    report = Report((linted,), (), "info")
    for shown in (text.show(linted), concise.show(linted), github.show(linted)):
        assert all(character.isprintable() or character == "\n" for character in shown)
    assert sarif.document(report) and junit.document(report)
    return linted


def is_inside(linted: Linted) -> None:
    """Every finding has a place in a file that was read."""
    for one in linted.found:
        lines = linted.texts.get(one.span.path, "").split("\n")
        assert 1 <= one.span.line <= one.span.end_line <= max(len(lines), 1), one
        assert 1 <= one.span.col <= len(lines[one.span.line - 1]) + 2, one


@pytest.mark.parametrize("strategy", [spoiled(), shuffled, scraps, st.binary(max_size=300)], ids=str)
def test_whatever_the_bytes_are_findings_come_back(strategy: st.SearchStrategy[bytes]) -> None:
    @settings(max_examples=250, deadline=None)
    @given(strategy)
    def run(data: bytes) -> None:
        start = time.process_time()
        is_inside(looked_at(data))
        assert time.process_time() - start < CPU_SECONDS

    run()


HUGE = {
    "anchors": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 108)),
    "nested lists": b"[" * SIZE_MAX,
    "nested maps": b"{a: " * (SIZE_MAX // 4),
    "nested blocks": b"".join(b" " * n + b"a:\n" for n in range(1400)),
    "one scalar": b"summary: " + b"x" * (SIZE_MAX - 20),
    "one word": b"x" * SIZE_MAX,
    "too long": b"x" * (SIZE_MAX + 1),
    "many keys": b"".join(b"k%d: 1\n" % n for n in range(90_000)),
    "the same key": b"a: 1\n" * 200_000,
    "a list": b"limits: {forbid: [" + b"a," * 500_000 + b"]}",
    "a ladder": TEXTS[0].replace(b"ladder: [0bps", b"ladder: [0bps," + b"5bps," * 200_000 + b"0bps"),
    "many phases": TEXTS[0] + b"".join(b"  p%d: {wait: 1s}\n" % n for n in range(50_000)),
    "negations": TEXTS[0].replace(b"reason is critical  ", b"not " * 200_000 + b"reason is critical  "),
    "brackets": TEXTS[0].replace(b"reason is critical  ", b"(" * 200_000 + b"reason is critical  "),
    "digits": TEXTS[0].replace(b"50bps", b"5" * 500_000 + b"bps"),
    "a long name": TEXTS[0].replace(b"max_concession", b"max_concession" + b"n" * 500_000),
    "quotes": b'"' * SIZE_MAX,
    "tabs": b"\t\n" * (SIZE_MAX // 2),
    "comments": b"# dnkit: ignore[DNK101] x\n" * 40_000,
    "references": TEXTS[0] + b"# \n" + b"reason: " + b"$passive_for" * 80_000,
}
MEMORY = 800 << 20


def _limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_file_is_refused_in_little_time_and_memory(name: str) -> None:
    """A real process with 800 MiB at most; its whole time on the processor is held, start-up included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "dnkit", "lint", "-"],
        cwd=ROOT,
        input=HUGE[name],
        capture_output=True,
        timeout=60,
        preexec_fn=_limited,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 1, done.stderr[-2000:]
    assert b"Traceback" not in done.stderr
    assert b"-->" in done.stdout
    assert after.ru_utime - before.ru_utime < CPU_SECONDS + 0.5
