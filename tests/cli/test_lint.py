"""`dnkit lint` as users call it: what a name may be, what is printed, exit codes 0, 1 and 3."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import ROOT, Done, dnkit

GOOD = (ROOT / "policies" / "flatten.yaml").read_text()
BAD = GOOD.replace("ladder: [5bps", "laddr: [5bps")
IDLE = GOOD.replace("limits:\n", "limits:\n  liq_buffer: 25%\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("good", GOOD), ("idle", IDLE), ("bad", BAD)):
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "notes.txt").write_text("no policy")
    return tmp_path


def piped(text: bytes, *words: str) -> Done:
    """`lint` with a text on its standard input."""
    done = subprocess.run(
        [sys.executable, "-m", "dnkit", "lint", *words],
        cwd=ROOT,
        input=text,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize("name", ["{}", "{}/*.yaml", "{}/good.yaml {}/idle.yaml {}/bad.yaml"])
def test_a_folder_a_pattern_and_many_files_are_all_read(name: str, folder: Path) -> None:
    done = dnkit("lint", *name.format(*[folder] * 3).split())
    assert done.code == 1
    assert "3 files, 2 errors, 0 warnings, 1 info (-v shows it)" in done.err
    assert done.out.startswith(f"{folder}/bad.yaml:")
    assert "info" not in done.out


def test_infos_alone_are_no_finding_and_v_prints_them(folder: Path) -> None:
    quiet, told = (dnkit("lint", *more, str(folder / "idle.yaml")) for more in ((), ("-v",)))
    assert (quiet.code, quiet.out) == (0, "")
    assert told.code == 0
    assert "info DNK601: `limits.liq_buffer` acts on live venues only" in told.out
    assert "^^^" in told.out
    assert dnkit("lint", "--verbose", str(folder / "idle.yaml")).out == told.out


def test_json_holds_everything(folder: Path) -> None:
    found = dnkit("lint", "--json", str(folder))
    assert found.code == 1
    assert found.json["data"]["files"] == 3
    assert [one["severity"] for one in found.json["data"]["findings"]] == ["error", "error", "info"]


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (IDLE, 0), (BAD, 1), ("", 1), ("a: [", 1)])
def test_standard_input_is_a_file(text: str, code: int) -> None:
    done = piped(text.encode(), "-")
    assert done.code == code, done.err
    assert "1 file, " in done.err
    assert done.out == "" or done.out.startswith("<stdin>:")


def test_bytes_that_are_no_text_cannot_be_read() -> None:
    done = piped(b"policy: \xff", "-")
    assert done.code == 3
    assert "standard input is not UTF-8" in done.err


def test_what_is_not_there_is_3_and_the_rest_is_read(folder: Path) -> None:
    empty = folder / "empty"
    empty.mkdir()
    for name in (str(folder / "nowhere.yaml"), str(empty), f"{empty}/*.yaml"):
        done = dnkit("lint", name, str(folder / "good.yaml"))
        assert done.code == 3, done.err
        assert "1 file, 0 errors" in done.err
        assert "Traceback" not in done.err


def test_no_file_is_wrong_usage() -> None:
    assert dnkit("lint").code == 2
    assert dnkit("lint", "--nonsense", "policies").code == 2


def test_the_short_way_and_the_parser_agree(folder: Path) -> None:
    """`--` is the parser's business; both ways must print the same."""
    short, parsed = (dnkit("lint", "-v", *more, str(folder)) for more in ((), ("--",)))
    assert short == parsed


def test_explain_lists_what_does_not_act(folder: Path) -> None:
    done = dnkit("explain", str(folder / "idle.yaml"))
    assert "Not acted on\n  - `limits.liq_buffer` acts on live venues only" in done.out
    assert "Not acted on" not in dnkit("explain", str(folder / "good.yaml")).out
    assert len(dnkit("explain", "--json", str(folder / "idle.yaml")).json["data"]["not_acted_on"]) == 1
