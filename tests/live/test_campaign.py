"""One cycle of the campaign: a pair unwound while the wire breaks in every way."""

from pathlib import Path

import pytest

from tests.live.campaign import FAULTS, campaign
from tests.live.site import local


def test_a_pair_is_unwound_on_a_bad_wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNKIT_NADO_PRIVATE_KEY", "")  # put back when the campaign is over
    with local(tmp_path, faults=FAULTS) as site:
        for story in campaign(site, 1):
            assert story.faults == (), story.said
            assert story.end != "none"
