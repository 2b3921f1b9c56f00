"""`dnkit doctor` at a local exchange, at nobody's address, and without keys."""

import json
from collections.abc import Iterator

import pytest

from tests.live.site import KEY, Site, local
from tests.recovery.processes import run


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with local(tmp_path_factory.mktemp("doctor")) as found:
        yield found


def test_a_healthy_venue_has_nothing_wrong(site: Site) -> None:
    done = run(("dnkit", "doctor", "--venue", "nado", "--endpoint", site.address, "--json"), site.home)
    assert done.returncode == 0, done.stdout + done.stderr
    checks = {one["check"]: one["standing"] for one in json.loads(done.stdout)["data"]["checks"]}
    assert set(checks) >= {"keys", "reach", "status", "clock", "position mode", "leverage", "ETH-PERP"}
    assert set(checks.values()) <= {"ok", "untold"}


def test_who_does_not_answer_is_told_with_the_code_of_venues(site: Site) -> None:
    words = ("dnkit", "doctor", "--venue", "nado", "--endpoint", "http://127.0.0.1:9", "--json")
    done = run(words, site.home)
    assert done.returncode == 5
    assert json.loads(done.stdout)["ok"] is False


def test_missing_keys_are_told_with_the_code_of_keys(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DNKIT_NADO_PRIVATE_KEY", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    done = run(("dnkit", "doctor", "--venue", "nado"), site.home)
    assert done.returncode == 4
    assert KEY not in done.stdout + done.stderr
