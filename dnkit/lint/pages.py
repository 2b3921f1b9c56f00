"""A rule's page: Markdown with fixed parts. The first paragraph after the facts says in one sentence what it
finds.
"""


def summary_of(page: str) -> str:
    """The sentence, "" where the page has none."""
    parts = [one for one in page.split("\n\n") if one.strip()]
    return " ".join(parts[2].split()) if len(parts) > 2 else ""
