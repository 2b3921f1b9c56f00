"""The documents say what the code does: generated tables are fresh, links and recipes exist."""

import re
from pathlib import Path

import pytest

from dnkit.machine.program import OUTCOMES, PhaseKind
from tests.tidy.docs_tables import LANGUAGE, TABLES, with_table
from tests.tidy.source_tree import PACKAGE, ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize(("file", "name"), TABLES, ids=lambda one: getattr(one, "name", one))
def test_the_table_is_fresh(file: Path, name: str) -> None:
    text = file.read_text()
    assert with_table(text, name, TABLES[file, name]()) == text, "stale: make docs"


def test_a_stale_table_is_noticed() -> None:
    text = "a\n<!-- table: x -->\nold\n<!-- end -->\nb\n"
    assert with_table(text, "x", "new\n") == "a\n<!-- table: x -->\nnew\n<!-- end -->\nb\n"
    with pytest.raises(ValueError, match="no place"):
        with_table(text, "y", "new\n")


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda one: one.name)
def test_links_lead_somewhere(file: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", file.read_text())
    assert [link for link in links if not (file.parent / link).exists()] == []


@pytest.mark.parametrize("kind", OUTCOMES, ids=lambda one: one.value)
def test_the_outcomes_of_a_phase_are_told(kind: PhaseKind) -> None:
    row = re.search(rf"^\| `{kind.value}` \|.*\| (.*) \|$", LANGUAGE.read_text(), re.M)
    assert row
    assert row.group(1) == " ".join(f"`{one.value}`" for one in OUTCOMES[kind])


def test_recipes_that_are_named_exist() -> None:
    recipes = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))
    named = {
        word
        for file in [*DOCUMENTS, ROOT / ".ci" / "run", ROOT / ".pre-commit-config.yaml"]
        for word in re.findall(r"(?:^\$ |`|entry: |^)make ([a-z]+)", file.read_text(), re.M)
    }
    assert {"demo", "test", "check"} <= named <= recipes


def test_the_two_commands_are_on_the_first_screen() -> None:
    first = (ROOT / "README.md").read_text().splitlines()[:24]
    assert any("make demo" in line for line in first)
    assert any("make test" in line for line in first)


def test_the_map_names_every_floor() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    floors = sorted(folder.name for folder in PACKAGE.iterdir() if (folder / "__init__.py").is_file())
    assert [floor for floor in floors if f"`{floor}`" not in text] == []


def test_the_policy_of_the_readme_is_sound() -> None:
    from dnkit.policies.codes import INFO
    from dnkit.runtime.library import PolicyText, VenueFacts
    from dnkit.runtime.prepare import check

    text = re.search(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert text
    checked = check(PolicyText("README.yaml", text.group(1)), VenueFacts())
    assert checked.program is not None
    assert [one for one in checked.diagnostics if one.severity != INFO] == []
