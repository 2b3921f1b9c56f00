"""One local OKX for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.recovery.processes import exchange
from tests.venues.okx.stand import SYMBOL, VENUE


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Each test has an account of its own there."""
    root = tmp_path_factory.mktemp("okx")
    with exchange(root, speed="20", listed=[f"{VENUE}:{SYMBOL}"], for_s=300, venue=VENUE) as site:
        yield site.address
