"""One cycle of the campaign: a pair unwound while the wire breaks in every way."""

from pathlib import Path

from tests.live.campaign import FAULTS, campaign
from tests.live.stories import PAIR, ground


def test_a_pair_is_unwound_on_a_bad_wire(tmp_path: Path) -> None:
    with ground(tmp_path, PAIR, faults=FAULTS, for_s=300) as here:
        for story in campaign(PAIR, here, [0]):
            assert story.wrong == (), story.said
            assert story.end != "none"
