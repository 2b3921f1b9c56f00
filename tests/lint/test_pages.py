"""The page of every rule tells the truth: its bad example has the finding, printed to the byte, and its good
one, which is nearly the same, has not."""

from difflib import ndiff

import pytest

from dnkit.policies.codes import CODES, ERROR, INFO
from tests.lint.pages import FOLDER, SECTIONS, Page, findings, generated, pages

PAGES = pages()
NEAR = 6  # lines taken out and put in
EXAMPLES = [(page, place) for page in PAGES for place in range(len(page.examples("bad")))]
GOOD = [(page, place) for page in PAGES for place in range(len(page.examples("good")))]


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert [page.code for page in PAGES] == sorted(CODES)
    assert sorted(one.name for one in FOLDER.iterdir()) == sorted(
        [*(f"{code}.md" for code in CODES), "README.md"]
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.code)
def test_a_page_has_its_parts_and_its_output_is_real(page: Page) -> None:
    assert [one for one in SECTIONS if one in page.text] == list(SECTIONS)
    assert page.examples("bad") and page.examples("good")
    assert page.text.count("```text output\n") == len(page.examples("bad"))
    assert generated(page) == page.text, "stale: python -m tests.lint.pages"


@pytest.mark.parametrize(("page", "place"), EXAMPLES, ids=lambda one: getattr(one, "code", str(one)))
def test_the_bad_example_has_this_finding_and_no_other_error(page: Page, place: int) -> None:
    block = page.examples("bad")[place]
    found = findings(page, block).found
    assert page.code in [one.code for one in found]
    others = {one.code for one in found if one.severity == ERROR and one.code != page.code}
    assert others == {one for one in block.value("also").split(",") if one}


@pytest.mark.parametrize(("page", "place"), GOOD, ids=lambda one: getattr(one, "code", str(one)))
def test_the_good_example_is_clean(page: Page, place: int) -> None:
    found = findings(page, page.examples("good")[place]).found
    assert page.code not in [one.code for one in found]
    assert [one for one in found if one.severity != INFO] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.code)
def test_the_good_example_is_a_near_miss(page: Page) -> None:
    """What makes the difference is a line or two: the page shows it, and the rule is tested at its edge."""
    bad, good = page.examples("bad")[0].body, page.examples("good")[0].body
    changed = [line for line in ndiff(bad.splitlines(), good.splitlines()) if line[:2] in ("- ", "+ ")]
    assert 1 <= len(changed) <= NEAR
