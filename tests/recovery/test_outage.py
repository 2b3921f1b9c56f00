"""One venue falls silent and is then gone with a leg open, over real sockets: who is told, what is tried,
what still works, and what happens once it is back. And how long a broken connection takes to be made anew.
"""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from dnkit.journal.reader import Reader
from dnkit.journal.records import AlertLine, Line
from dnkit.journal.verify import verify
from dnkit.model.alerts import Alert
from dnkit.model.events import OrderFilled
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.runtime.endpoint.world import EndpointWorld
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from tests.recovery.campaign import ASTER, LIGHTER
from tests.recovery.processes import ROOT, Site, exchange, run
from tests.recovery.proxy import Wire, wire_to
from tests.recovery.relay import Health, Relay, relay_to
from tests.recovery.test_endpoint import CLOSE, lines_of, trader, words
from tests.recovery.truth import truth_of

SPEED = 15
SILENT_S = 30  # of market
CALLS_MAX = 30  # to a venue that is gone, until the run gives up
CUTS = 8


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    listed = [":".join(one) for one in (ASTER, LIGHTER)]
    with exchange(tmp_path_factory.mktemp("outage"), speed=str(SPEED), listed=listed, for_s=200) as found:
        yield found


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A close that quotes far away for 40 s before it takes, so that both legs are open for that long."""
    text = (ROOT / "policies" / f"{CLOSE}.yaml").read_text()
    for shipped, slow in (
        ("at: 1bp inside touch", "at: 100bps inside mid"),
        ("default: 15s, range: 5s..30s", "default: 40s, range: 5s..60s"),
    ):
        assert shipped in text
        text = text.replace(shipped, slow)
    path = tmp_path_factory.mktemp("policy") / "patient.yaml"
    path.write_text(text)
    return path


def test_a_venue_that_is_silent_and_then_gone_with_a_leg_open(site: Site, patient: Path) -> None:
    with relay_to(site.address, LIGHTER[0]) as relay:
        with trader(words(str(patient), relay.address, "outage"), site.home) as process:
            run_id = lines_of(site.home, "outage", 8)
            relay.health = Health.SILENT
            time.sleep(SILENT_S / SPEED)
            relay.health = Health.DOWN
            told, said = process.communicate(timeout=60)
        assert process.returncode in (22, 23), said
        assert json.loads(told)["data"]["cycles"][0]["run_id"] == run_id
        with Reader(StateFolder(site.home).journal) as reader:
            alerts, lines = reader.alerts(run_id), list(reader.lines(run_id))
            assert verify(reader, run_id).ok
        assert_told_in_time(alerts, lines)
        assert 0 < len(relay.lost) <= CALLS_MAX
        held = truth_of(site.folder, "outage").positions
        assert held[ASTER] == 0, "the leg at the other venue is brought home"
        assert held[LIGHTER] != 0
        assert any(isinstance(one.fact(), OrderFilled) for one in lines)
        assert_it_recovers(site, relay)


def assert_told_in_time(alerts: list[AlertLine], lines: list[Line]) -> None:
    """A human hears of the silence after 30 s, of the calls that fail, and of the halt at once."""
    by_code = {one.alert.code: one for one in alerts}
    assert {"STREAM_DOWN", "ENTRIES_STOPPED", "UNKNOWN_POSITION", "FLATTEN_FAILED"} <= set(by_code)
    assert LIGHTER[0] in by_code["STREAM_DOWN"].alert.text
    silent_s = (by_code["STREAM_DOWN"].at_ns - lines[7].at_ns) / NS_PER_S
    assert SILENT_S - 2 < silent_s < SILENT_S + 5
    halting = next(one.at_ns for one in lines if "SendAlert" in one.commands)
    assert by_code["STREAM_DOWN"].at_ns < by_code["ENTRIES_STOPPED"].at_ns < halting
    assert halting < lines[-1].at_ns, "the page does not wait for the end"


def assert_it_recovers(site: Site, relay: Relay) -> None:
    """The venue is back: the next run sweeps what was left there and closes the rest."""
    relay.health = Health.GOOD
    done = run(words(CLOSE, relay.address, "outage"), site.home)
    assert done.returncode == 0, done.stderr
    truth = truth_of(site.folder, "outage")
    assert not truth.live
    assert set(truth.positions.values()) == {Decimal(0)}


def test_a_silence_alone_costs_nothing_but_a_warning(site: Site, patient: Path) -> None:
    """Calls are answered, so the run goes on by them, and ends flat."""
    with (
        relay_to(site.address, LIGHTER[0]) as relay,
        trader(words(str(patient), relay.address, "silence"), site.home) as process,
    ):
        run_id = lines_of(site.home, "silence", 8)
        relay.health = Health.SILENT
        told, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert json.loads(told)["data"]["verified"]
    assert not any(truth_of(site.folder, "silence").positions.values())
    with Reader(StateFolder(site.home).journal) as reader:
        assert {one.alert.code for one in reader.alerts(run_id)} >= {"STREAM_DOWN"}


def test_a_broken_connection_is_made_anew_within_seconds(site: Site) -> None:
    """Breaks in quick succession, each until the books are told again. The first is mended at once, those
    after it wait longer, at most 2 s.
    """
    venues = VenueFacts()
    found = (venues[venue].instrument(symbol) for venue, symbol in (ASTER, LIGHTER))
    instruments = tuple(one for one in found if one is not None)
    raised: list[Alert] = []
    with wire_to(site.address) as wire, closing(EndpointWorld(f"{wire.address}/cut", instruments)) as world:
        world.guard(raised.append)
        times = [_cut(wire, world) for _ in range(CUTS)]
    print(f"reconnected after {', '.join(f'{one:.2f}' for one in times)} s")
    assert wire.broken >= CUTS
    assert times[0] < 1
    assert max(times) < 5
    assert raised == []


def _cut(wire: Wire, world: EndpointWorld) -> float:
    """Seconds from a break until the books are told again."""
    broken = wire.broken
    began = time.monotonic()
    wire.cut()
    while wire.broken == broken:
        _settle(world)
    seen = world.messages + 1  # one may be on its way
    while world.messages <= seen:
        _settle(world)
    return time.monotonic() - began


def _settle(world: EndpointWorld) -> None:
    world.settle(5 * NS_PER_MS * SPEED)
