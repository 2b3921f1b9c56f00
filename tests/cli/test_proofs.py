"""Proofs on the disk: found again, never taken for another's, and never in the way."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from dnkit.analysis.proof import Proof, Setting, Standing
from dnkit.cli.proving import decided, kept_proof
from dnkit.runtime import proofs
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.proofs import DECIDES, engine_digest, keep, key_of, proofs_folder, recall
from tests.cli.command import ROOT
from tests.cli.proof_values import BROKEN, a_proof, cut_short, keep_all
from tests.desk.floor import program

POLICY = program("flatten")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "proofs"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sources of an engine that can be edited."""
    for name in DECIDES:
        (source, copy) = (ROOT / "dnkit" / name, tmp_path / "dnkit" / name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        command = ["cp", "-r", str(source), str(copy)]
        subprocess.run(command, check=True)
    monkeypatch.setattr(proofs, "_PACKAGE", tmp_path / "dnkit")
    engine_digest.cache_clear()
    yield
    engine_digest.cache_clear()


def test_what_is_kept_is_found_as_it_was(place: Path) -> None:
    proof = a_proof(POLICY, BROKEN)
    keep_all(place, proof)
    assert kept_proof(POLICY, Setting(), place) == proof
    assert kept_proof(program("emergency_unwind"), Setting(), place) is None
    assert kept_proof(POLICY, Setting(faults=3), place) is None


def test_a_proof_that_was_cut_short_does_for_whoever_goes_no_further(place: Path) -> None:
    cut = cut_short(POLICY, Setting(states_max=1_000))
    keep_all(place, cut)
    assert kept_proof(POLICY, Setting(states_max=1_000), place) == cut
    assert kept_proof(POLICY, Setting(states_max=1_001), place) is None
    whole = replace(a_proof(POLICY), setting=Setting(states_max=1_000))
    keep_all(place, whole)
    assert kept_proof(POLICY, Setting(), place) == whole


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe", b"null", b'{"key": "x", "proof": {}}', b"[" * 100_000],
    ids=["empty", "cut", "bytes", "null", "foreign", "deep"],
)
def test_a_damaged_file_is_no_proof_and_is_written_anew(damage: bytes, place: Path) -> None:
    proof = a_proof(POLICY)
    keep_all(place, proof)
    (file,) = place.iterdir()
    file.write_bytes(damage)
    assert kept_proof(POLICY, Setting(), place) is None
    keep_all(place, proof)
    assert kept_proof(POLICY, Setting(), place) == proof


def test_a_file_under_another_name_is_no_proof(place: Path) -> None:
    keep_all(place, a_proof(POLICY))
    (file,) = place.iterdir()
    other = key_of("another program", Setting())
    file.rename(place / f"{other}.json")
    assert recall(place, other, Proof) is None


def test_a_folder_that_cannot_be_made_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert keep(place, "key", a_proof(POLICY)) is False
        assert recall(place, "key", Proof) is None
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_the_oldest_go(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "FILES_MAX", 3)
    for number in range(5):
        assert keep(place, f"key{number}", a_proof(POLICY))
    assert sorted(one.stem for one in place.iterdir()) == ["key2", "key3", "key4"]


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    "name", ["engine/step.py", "machine/orders.py", "analysis/proof.py", "model/events.py"]
)
def test_an_edited_engine_uses_no_old_proof(name: str, tmp_path: Path, place: Path) -> None:
    before = engine_digest()
    keep_all(place, a_proof(POLICY))
    with (tmp_path / "dnkit" / name).open("a") as file:
        file.write("\n")
    engine_digest.cache_clear()
    assert engine_digest() != before
    assert kept_proof(POLICY, Setting(), place) is None


@pytest.mark.usefixtures("elsewhere")
def test_the_digest_is_of_the_sources_wherever_they_lie() -> None:
    command = [sys.executable, "-c", "from dnkit.runtime.proofs import engine_digest; print(engine_digest())"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == engine_digest()


def test_all_that_the_prover_imports_is_in_the_digest() -> None:
    code = "import sys, dnkit.analysis.prove; print(*(n for n in sys.modules if n.startswith('dnkit.')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    files = (ROOT / f"{name.replace('.', '/')}.py" for name in done.stdout.split())
    own = [str(file.relative_to(ROOT / "dnkit")) for file in files if file.is_file()]
    assert len(own) > 20
    assert [name for name in own if not name.startswith(DECIDES)] == []


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = StateFolder(tmp_path)
    monkeypatch.setenv("DNKIT_PROOFS", str(tmp_path / "shared"))
    assert proofs_folder(home) == tmp_path / "shared"
    monkeypatch.delenv("DNKIT_PROOFS")
    assert proofs_folder(home) == tmp_path / "proofs"


def test_the_deepest_proof_there_is_decides(place: Path) -> None:
    """What `dnkit prove` left comes first; without it the first setting that decides does."""
    spot, calm = Setting(faults=1, states_max=1_000), Setting(faults=0, states_max=1_000)
    shallow = replace(a_proof(POLICY), setting=calm)
    keep_all(place, cut_short(POLICY, spot), shallow)
    assert decided(POLICY, (spot, calm), place, quiet=True) == (shallow, True)
    assert decided(POLICY, (spot,), place, quiet=True) == (cut_short(POLICY, spot), True)
    keep_all(place, a_proof(POLICY, BROKEN))
    assert decided(POLICY, (spot, calm), place, quiet=True) == (a_proof(POLICY, BROKEN), True)


def test_a_proof_that_may_not_take_long_is_cut_short_and_not_kept(place: Path) -> None:
    proof, kept = decided(program("close_two_phase"), (Setting(), Setting(faults=1)), place, within_s=1)
    assert (proof.standing, proof.complete, kept) == (Standing.OPEN, False, False)
    assert not place.exists(), "the next one, with more time, begins anew"
