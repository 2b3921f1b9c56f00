"""JUnit XML: a suite a file, a case a finding. What is below the fail level is told, and fails nothing."""

from xml.etree import ElementTree as Xml

from dnkit.lint.formats.concise import line
from dnkit.lint.report import Linted, Report, fails
from dnkit.policies.diagnostics import Diagnostic, printable


def document(report: Report) -> str:
    """All suites; a file without findings has one case, which passes."""
    failures = sum(fails(one, report.fail_level) for one in report.found)
    cases = sum(max(1, len(file.found)) for file in report.files)
    counts = {
        "tests": str(cases + len(report.unreadable)),
        "failures": str(failures),
        "errors": str(len(report.unreadable)),
    }
    root = Xml.Element("testsuites", {"name": "dnkit lint", **counts})
    for file in report.files:
        root.append(_suite(file, report.fail_level))
    for text in report.unreadable:
        root.append(_unreadable(text))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True)


def _suite(file: Linted, fail_level: str) -> Xml.Element:
    failures = sum(fails(one, fail_level) for one in file.found)
    counts = {"tests": str(max(1, len(file.found))), "failures": str(failures), "errors": "0"}
    suite = Xml.Element("testsuite", {"name": printable(file.path), **counts})
    if not file.found:
        Xml.SubElement(suite, "testcase", {"classname": printable(file.path), "name": "no finding"})
    for one in file.found:
        suite.append(_case(one, file.path, fail_level))
    return suite


def _case(one: Diagnostic, path: str, fail_level: str) -> Xml.Element:
    place = {"file": printable(one.span.path), "line": str(one.span.line)}
    name = f"{one.code} {one.name} {one.span.line}:{one.span.col}"
    case = Xml.Element("testcase", {"classname": printable(path), "name": name, **place})
    if fails(one, fail_level):
        told = {"type": one.severity, "message": printable(one.message)}
        Xml.SubElement(case, "failure", told).text = line(one)
    else:
        Xml.SubElement(case, "system-out").text = line(one)
    return case


def _unreadable(text: str) -> Xml.Element:
    name = printable(text.split(":", 1)[0])
    suite = Xml.Element("testsuite", {"name": name, "tests": "1", "failures": "0", "errors": "1"})
    case = Xml.SubElement(suite, "testcase", {"classname": name, "name": "read"})
    Xml.SubElement(case, "error", {"type": "unreadable", "message": printable(text)})
    return suite
