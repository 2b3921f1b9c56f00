"""`dnkit init` and `dnkit schema` as users call them: sound policies, nothing overwritten, clear refusals."""

import json
import subprocess
import sys
from itertools import permutations
from pathlib import Path

import pytest

from dnkit.cli.init import TEMPLATES, BadUse, policy_text
from dnkit.policies.codes import INFO
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.schema.document import schema_text
from dnkit.policies.source import MAP, Node, read
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import check
from tests.cli.command import ROOT, Done, dnkit
from tests.policies.editor import complaints

VENUES = tuple(VenueFacts())
PAIRED = ("open", "close", "guard")
MODELINE = "# yaml-language-server: $schema=policy.schema.json\n"
WRITTEN = (".github/workflows/policies.yml", "policies/my_open.yaml", "policies/policy.schema.json")


def init(folder: Path, *words: str) -> Done:
    return dnkit("init", *words, cwd=folder)


def files(folder: Path) -> dict[str, str]:
    return {str(one.relative_to(folder)): one.read_text() for one in folder.rglob("*") if one.is_file()}


def findings(text: str) -> list[Diagnostic]:
    checked = check(PolicyText("new.yaml", text), VenueFacts())
    return [one for one in checked.diagnostics if one.severity != INFO]


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_fits_every_venue_or_says_why_not(template: str) -> None:
    """Every pair of venues, or every venue where there is one leg: no error and no warning."""
    refused = []
    for chosen in permutations(VENUES, 2 if template in PAIRED else 1):
        try:
            text = policy_text(template, "mine", ",".join(chosen))
        except BadUse as error:
            refused.append((chosen, str(error)))
            continue
        assert findings(text) == [], chosen
        assert complaints(text) == []
        assert "\nname: mine " in text
        assert all(f"{{venue: {venue}}}" in text for venue in chosen)
    told = "the template `single` does not fit nado: nado has no order type stop_limit: "
    assert [(one, text.startswith(told)) for one, text in refused] == (
        [(("nado",), True)] if template == "single" else []
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_commented(template: str) -> None:
    """The modeline first, and every key of the language has a word of why beside it or above it."""
    text = policy_text(template, "mine", "")
    assert text.startswith(MODELINE)
    assert max(len(line) for line in text.splitlines()) <= 130
    lines = text.splitlines()
    root, _ = read(text, "mine.yaml")
    assert root is not None
    for key in _keys(root):
        here = key.span.line - 1
        assert "#" in lines[here] or "#" in lines[here - 1], lines[here]


def _keys(root: Node) -> list[Node]:
    """Keys at the top that hold a value, and those of `limits` and `data`: what a user changes first."""
    maps = [entry for entry in root.entries if entry.value.kind == MAP]
    below = [entry.value for entry in maps if entry.key.text in ("limits", "data")]
    plain = [entry.key for entry in root.entries if entry not in maps and entry.key.text != "summary"]
    return [*plain, *(entry.key for node in below for entry in node.entries)]


def test_policy_schema_and_ci_file_are_written(tmp_path: Path) -> None:
    done = init(tmp_path)
    assert done.code == 0, done.err
    got = files(tmp_path)
    assert tuple(sorted(got)) == WRITTEN
    assert got["policies/policy.schema.json"] == schema_text()
    assert done.out == ""
    assert "wrote   policies/my_open.yaml" in done.err
    commands = [line.split() for line in done.err.splitlines() if line.startswith("  dnkit ")]
    assert [words[1] for words in commands] == ["lint", "explain", "trade"]
    for words in commands:
        assert dnkit(*words[1:], cwd=tmp_path).code == 0, words


@pytest.mark.parametrize("template", ["open", "close", "unwind", "single"])
def test_a_new_policy_trades_to_a_verified_end(template: str, tmp_path: Path) -> None:
    assert init(tmp_path, "mine", "--template", template).code == 0
    done = dnkit("trade", "--policy", "mine", "--cycles", "4", "--market", "synthetic:hard", cwd=tmp_path)
    assert done.code == 0, done.err


def test_a_guard_is_not_offered_to_trade(tmp_path: Path) -> None:
    done = init(tmp_path, "--template", "guard", "--venues", "aster,lighter")
    assert done.code == 0
    assert "dnkit trade" not in done.err


def test_a_policy_that_is_there_is_left_alone(tmp_path: Path) -> None:
    assert init(tmp_path, "mine").code == 0
    (tmp_path / "policies" / "mine.yaml").write_text("mine\n")
    before = files(tmp_path)
    done = init(tmp_path, "mine", "--template", "close")
    assert done.code == 8
    assert "policies/mine.yaml exists; --force overwrites it. Nothing was written" in done.err
    assert files(tmp_path) == before
    assert init(tmp_path, "mine", "--template", "close", "--force").code == 0
    assert "intent: close" in files(tmp_path)["policies/mine.yaml"]


def test_what_lies_beside_is_kept_and_said(tmp_path: Path) -> None:
    assert init(tmp_path, "one").code == 0
    workflow = tmp_path / WRITTEN[0]
    workflow.write_text("mine\n")
    done = init(tmp_path, "two", "--template", "unwind", "--venues", "lighter")
    assert done.code == 0
    assert "kept    policies/policy.schema.json\n" in done.err
    assert f"kept    {WRITTEN[0]} (differs; --force writes it anew)" in done.err
    assert workflow.read_text() == "mine\n"
    assert init(tmp_path, "two", "--force").code == 0
    assert "dnkit lint" in workflow.read_text()


def test_a_link_that_leads_nowhere_is_there_too(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "mine.yaml").symlink_to(tmp_path / "elsewhere")
    assert init(tmp_path, "mine").code == 8
    assert not (tmp_path / "elsewhere").exists()


def test_another_folder_and_no_ci_file(tmp_path: Path) -> None:
    done = init(tmp_path, "mine", "--dir", "sub/project", "--ci", "none")
    assert done.code == 0, done.err
    assert sorted(files(tmp_path)) == [
        f"sub/project/policies/{one}" for one in ("mine.yaml", "policy.schema.json")
    ]


def test_a_folder_that_cannot_be_made_is_3(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = init(tmp_path, "mine", "--dir", "file")
    assert done.code == 3
    assert "error: cannot write" in done.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["Mine"], "`Mine` is no name: write small letters, digits and `_`: `mine`"),
        (["../mine"], "is no name"),
        (["a" * 41], "is no name"),
        (["--template", "opn"], "--template `opn` is not known; did you mean `open`?"),
        (["--ci", "gitlab"], "--ci `gitlab` is not known"),
        (["--venues", "backpak,grvt"], "`backpak`; did you mean `backpack`?"),
        (["--venues", "grvt"], "wants two venues: --venues A,B"),
        (["--venues", "grvt,"], "no facts are known of venue ``"),
        (["--template", "unwind", "--venues", "grvt,aster"], "wants one venue: --venues A"),
        (["--venues", "grvt,grvt"], "would be the same position"),
        (["--template", "single", "--venues", "nado"], "nado has no order type stop_limit"),
    ],
)
def test_what_cannot_be_meant_is_2_and_writes_nothing(words: list[str], told: str, tmp_path: Path) -> None:
    done = init(tmp_path, *words)
    assert done.code == 2, done.err
    assert told in done.err
    assert files(tmp_path) == {}


def test_the_schema_is_printed() -> None:
    done = dnkit("schema")
    assert (done.code, done.err) == (0, "")
    assert done.out == schema_text()
    assert json.loads(done.out)["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m dnkit schema | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"{", b"")
