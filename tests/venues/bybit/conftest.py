"""One local Bybit for the tests of a file."""

from collections.abc import Iterator

import pytest

from tests.recovery.processes import exchange
from tests.venues.bybit.stand import SYMBOL


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Each test has an account of its own there."""
    root = tmp_path_factory.mktemp("bybit")
    with exchange(root, speed="5", listed=[f"bybit:{SYMBOL}"], for_s=300, venue="bybit") as site:
        yield site.address
