"""Settings for all tests: deterministic Hypothesis, a state folder each, one folder of proofs for all, where
recorded markets lie.
"""

import signal
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "house", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so it is in the background of a script
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else whoever we start could not be interrupted


@pytest.fixture(scope="session")
def proofs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of proofs that all tests share, and the next session too: a proof is looked up by what it is
    of, so that each machine is proved once.
    """
    cache = getattr(request.config, "cache", None)  # absent with `-p no:cacheprovider`
    return cache.mkdir("proofs") if cache is not None else tmp_path_factory.mktemp("proofs")


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, proofs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test alone: no test reads or writes the user's own."""
    folder = tmp_path / "dnkit-home"
    monkeypatch.setenv("DNKIT_HOME", str(folder))
    monkeypatch.setenv("DNKIT_PROOFS", str(proofs))
    # A journal's fallback file goes to the temporary folder: this test's own, so that none is left behind.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return folder


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded order books beside the repository; skips where it is absent."""
    folder = ROOT.parent / "shared" / "data" / "A_binance_20240808"
    if not folder.is_dir():
        pytest.skip("no recorded order books beside the repository (../shared/data)")
    return folder
