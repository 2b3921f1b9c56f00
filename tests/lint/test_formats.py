"""Six formats of the same findings: each is read back by what reads it, and none says less than another."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as Xml

import pytest

from dnkit.lint.formats import concise, github, junit, sarif, text
from dnkit.lint.formats.rows import content
from dnkit.lint.report import Linted, Report
from dnkit.policies.codes import CODES
from tests.lint.examples import GOOD, SAFETY, WARNED, checked, with_comment

ODD = "näme, 100%: x.yaml"


def linted(text: str, path: str = "p.yaml") -> Linted:
    done = checked(text)
    return Linted(path, done.diagnostics, done.silenced, done.texts)


@pytest.fixture(scope="module")
def report() -> Report:
    taken = with_comment(WARNED, "policy: 1", '# dnkit: ignore[DNK214] short, "really" <short>')
    broken = GOOD.replace("max_concession", "max_concesion").replace("short: ladder", "short: lader")
    files = (linted(SAFETY), linted(taken), linted(broken), linted(GOOD, "clean.yaml"))
    return Report(files, ("nowhere.yaml: no such file",), "warning")


def test_text_shows_excerpt_caret_help_and_rule(report: Report) -> None:
    shown = text.show(report.files[2])
    assert "error[DNK103]: there is no key `max_concesion`" in shown
    assert re.search(r"^ 11 \|   max_concesion: 20bps\n    \|   \^{13}$", shown, re.M)
    assert "= help: did you mean `max_concession`?" in shown
    assert "= fix: write `max_concession` (--fix --unsafe-fixes)" in shown
    assert "= rule: unknown-key" in shown


def test_concise_is_a_line_a_finding(report: Report) -> None:
    for file in report.files:
        lines = concise.show(file).splitlines()
        assert len(lines) == len(file.found)
        assert all(re.match(r"p\.yaml:\d+:\d+: (error|warning|info) DNK\d{3} ", line) for line in lines)


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub reads it."""
    found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
    assert found, line
    values = dict(one.split("=", 1) for one in found[2].split(","))
    return found[1], {name: unquote(value) for name, value in values.items()}, unquote(found[3])


def test_github_reads_every_annotation(report: Report) -> None:
    for file in report.files:
        commands = [read_command(line) for line in github.show(file).splitlines()]
        for (word, values, words), one in zip(commands, file.found, strict=True):
            assert word == {"error": "error", "warning": "warning", "info": "notice"}[one.severity]
            assert (values["file"], values["line"], values["col"]) == (
                one.span.path,
                str(one.span.line),
                str(one.span.col),
            )
            assert words.splitlines()[0] == one.message


def test_github_escapes_what_it_splits_at() -> None:
    (one, *_) = linted(SAFETY).found
    span = type(one.span)(ODD, *[getattr(one.span, name) for name in ("line", "col", "end_line", "end_col")])
    changed = type(one)(code=one.code, message="50%, a:b\r\nc", span=span)
    _, values, words = read_command(github.show(Linted(ODD, (changed,), (), {})))
    assert values["file"] == ODD
    assert "50%, a:b" in words


def test_junit_counts_what_is_in_it(report: Report) -> None:
    root = Xml.fromstring(junit.document(report))
    cases = root.findall(".//testcase")
    assert root.attrib["tests"] == str(len(cases))
    failures = root.findall(".//failure")
    assert root.attrib["failures"] == str(len(failures))
    assert len(failures) == sum(one.severity != "info" for one in report.found)
    assert [one.attrib["message"] for one in root.findall(".//error")] == ["nowhere.yaml: no such file"]
    assert root.find(".//testsuite[@name='clean.yaml']/testcase") is not None


def test_json_rows_hold_every_field(report: Report) -> None:
    rows: Any = json.loads(json.dumps(content(report)))
    assert rows["files"] == 4
    assert len(rows["findings"]) == len(report.found)
    assert rows["ignored"][0]["reason"] == 'short, "really" <short>'
    fixes = [one["fix"] for one in rows["findings"] if one["fix"]]
    assert {one["edits"][0]["text"] for one in fixes} >= {"max_concession", "ladder"}


@pytest.fixture(scope="module")
def log(report: Report) -> Any:
    return json.loads(sarif.document(report))


def test_sarif_has_the_required_properties(log: Any, report: Report) -> None:
    """What the 2.1.0 standard demands, object by object, of all that is used here."""
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "dnkit"
    assert [one["id"] for one in driver["rules"]] == sorted(CODES)
    assert len({one["id"] for one in driver["rules"]}) == len(driver["rules"])
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert all(isinstance(one["executionSuccessful"], bool) for one in run["invocations"])
    for one in driver["rules"]:
        assert one["shortDescription"]["text"] and one["help"]["text"]
        assert one["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    assert len(run["results"]) == len(report.found) + 1


def test_sarif_results_point_where_the_finding_is(log: Any) -> None:
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for one in run["results"]:
        assert rules[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] in ("none", "note", "warning", "error")
        assert one["message"]["text"]
        for location in (*one["locations"], *one.get("relatedLocations", ())):
            physical = location["physicalLocation"]
            assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", physical["artifactLocation"]["uri"])
            region = physical["region"]
            assert 1 <= region["startLine"] <= region["endLine"]
            assert region["startColumn"] >= 1 and region["endColumn"] >= 1
        for fix in one.get("fixes", ()):
            for change in fix["artifactChanges"]:
                assert all("deletedRegion" in each for each in change["replacements"])
    (taken,) = [one for one in run["results"] if "suppressions" in one]
    assert taken["suppressions"][0]["kind"] == "inSource"
    assert taken["ruleId"] == "DNK214"


def test_sarif_tells_what_could_not_be_read(log: Any) -> None:
    (invocation,) = log["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "nowhere.yaml" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_a_fingerprint_survives_lines_above(tmp_path: Path) -> None:
    def prints(text: str) -> list[str]:
        document: Any = json.loads(sarif.document(Report((linted(text),), (), "error")))
        return sorted(one["partialFingerprints"]["line/v1"] for one in document["runs"][0]["results"])

    assert prints(SAFETY) == prints(f"# a comment\n\n{SAFETY}")
