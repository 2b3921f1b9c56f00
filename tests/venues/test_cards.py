"""Every adapter passes the cards that its capability file claims, and `dnkit venues` says so."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnkit.live.setup import speakable
from dnkit.runtime.library import VenueFacts
from tests.live.site import Site, local
from tests.venues.cards import CARDS, FILE, SPEED, VENUES, Card, asked

WRITTEN = json.loads(FILE.read_text())
PLAIN = [one for one in CARDS if not one.faults]
FAULTY = [one for one in CARDS if one.faults]


@pytest.fixture(scope="module", params=VENUES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with local(tmp_path_factory.mktemp("cards"), venue=request.param, speed=SPEED) as found:
        yield found


def known(card: Card, venue: str) -> bool:
    """Whether it is claimed; what is written of it must say the same."""
    claimed = card.claimed(VenueFacts()[venue])
    assert WRITTEN[venue][card.name] == ("passed" if claimed else "not claimed")
    return claimed


@pytest.mark.parametrize("card", PLAIN, ids=lambda card: card.name)
def test_a_card_is_passed(card: Card, site: Site, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    venue = request.node.callspec.params["site"]
    if known(card, venue):
        asyncio.run(asked(card, venue, site, tmp_path / "memory.db"))


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("card", FAULTY, ids=lambda card: card.name)
def test_a_card_is_passed_on_a_bad_wire(card: Card, venue: str, tmp_path: Path) -> None:
    assert known(card, venue)
    with local(tmp_path, venue=venue, faults=card.faults, speed=SPEED) as bad:
        asyncio.run(asked(card, venue, bad, tmp_path / "memory.db"))


def test_what_is_written_names_every_adapter_and_every_card() -> None:
    assert set(WRITTEN) == set(VENUES) == set(speakable())
    assert all(list(cards) == [one.name for one in CARDS] for cards in WRITTEN.values())
