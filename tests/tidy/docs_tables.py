"""What is made from the code: tables of the documents, and the schema beside the shipped policies.

`python -m tests.tidy.docs_tables` writes them.
"""

import re
from collections.abc import Callable
from pathlib import Path

import yaml

from dnkit.analysis.properties import PROPERTIES
from dnkit.cli.exit_codes import table_markdown
from dnkit.model.alerts import catalogue_markdown
from dnkit.policies.reference import catalogue_table_markdown, codes_table_markdown, keys_table_markdown
from dnkit.policies.schema.document import schema_text
from tests.analysis.mutants import table
from tests.sim import reliability
from tests.sim.measures.table import goals_markdown, measures_markdown
from tests.tidy.source_tree import ROOT

LANGUAGE = ROOT / "docs" / "LANGUAGE.md"
README = ROOT / "README.md"
PROOFS = ROOT / "docs" / "PROOFS.md"
RELIABILITY = ROOT / "docs" / "RELIABILITY.md"
RULES = ROOT / "docs" / "rules" / "README.md"
SCHEMA = ROOT / "policies" / "policy.schema.json"
OPENING = "<!-- table: {} -->\n"
CLOSING = "<!-- end -->"


def policies_markdown() -> str:
    """One row per shipped policy: name, intent, summary."""
    made = []
    for file in sorted((ROOT / "policies").glob("*.yaml")):
        policy = yaml.safe_load(file.read_text())
        made.append(
            f"| [{policy['name']}](policies/{file.name}) | {policy['intent']} | {policy['summary']} |"
        )
    return "\n".join(("| policy | intent | what it does |", "|---|---|---|", *made, ""))


def properties_markdown() -> str:
    """One row per property: what it says."""
    rows = (f"| {one.id} | {one.name} | {one.says} |" for one in PROPERTIES)
    return "\n".join(("| id | property | what it says |", "|---|---|---|", *rows, ""))


TABLES: dict[tuple[Path, str], Callable[[], str]] = {
    (README, "policies"): policies_markdown,
    (README, "exit codes"): table_markdown,
    (LANGUAGE, "keys"): keys_table_markdown,
    (PROOFS, "properties"): properties_markdown,
    (PROOFS, "mutants"): table,
    (RELIABILITY, "alerts"): catalogue_markdown,
    (RELIABILITY, "failures"): reliability.failures_markdown,
    (RELIABILITY, "faults"): reliability.faults_markdown,
    (RELIABILITY, "checked"): reliability.rules_markdown,
    (RELIABILITY, "open"): reliability.open_markdown,
    (RELIABILITY, "goals"): goals_markdown,
    (RELIABILITY, "measures"): measures_markdown,
    (RULES, "codes"): codes_table_markdown,
    (RULES, "catalogue"): catalogue_table_markdown,
}


def with_table(text: str, name: str, table: str) -> str:
    """The document with the named table in place; ValueError when it has no place for it."""
    opening = OPENING.format(name)
    place = re.compile(f"{re.escape(opening)}.*?{re.escape(CLOSING)}", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"no place for the table of {name}")
    return place.sub(lambda _: f"{opening}{table}{CLOSING}", text, count=1)


def main() -> None:
    """Write all tables and the schema."""
    SCHEMA.write_text(schema_text())
    for (file, name), make in TABLES.items():
        file.write_text(with_table(file.read_text(), name, make()))


if __name__ == "__main__":
    main()
