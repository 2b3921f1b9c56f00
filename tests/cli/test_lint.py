"""`dnkit lint` as users call it: what a name may be, what is printed, exit codes 0, 1 and 3."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnkit.policies.codes import CODES
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
    assert "3 files, 2 errors, 0 warnings, " in done.err
    assert f"--> {folder}/bad.yaml:" in done.out
    assert "info[" not in done.out


def test_infos_alone_are_no_finding_and_v_prints_them(folder: Path) -> None:
    quiet, told = (dnkit("lint", *more, str(folder / "idle.yaml")) for more in ((), ("-v",)))
    assert (quiet.code, quiet.out) == (0, "")
    assert told.code == 0
    assert "info[DNK601]: `limits.liq_buffer` acts on live venues only" in told.out
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
    assert ("--> <stdin>:" in done.out) == bool(code)


def test_bytes_that_are_no_text_cannot_be_read() -> None:
    done = piped(b"policy: \xff", "-")
    assert done.code == 3
    assert "error[DNK003]: byte 0xff is not UTF-8\n  --> standard input:1:9" in done.err


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


SAFE = GOOD.replace("forbid: [market]", "forbid: [market, market]")


@pytest.mark.parametrize("format", ["text", "concise", "github", "json", "sarif", "junit"])
def test_every_format_ends_with_the_same_code(format: str, folder: Path) -> None:
    codes = [
        dnkit("lint", "-f", format, str(folder / f"{name}.yaml")).code for name in ("good", "bad", "none")
    ]
    assert codes == [0, 1, 3]


@pytest.mark.parametrize("level", ["error", "warning", "info"])
def test_the_fail_level_decides(level: str, folder: Path) -> None:
    (folder / "warned.yaml").write_text(SAFE)
    codes = [
        dnkit("lint", "--fail-level", level, str(folder / f"{name}.yaml")).code
        for name in ("bad", "warned", "idle")
    ]
    assert codes == [1, int(level != "error"), int(level == "info")]


def test_exit_zero_is_for_steps_that_only_upload(folder: Path) -> None:
    done = dnkit("lint", "--exit-zero", "-f", "sarif", str(folder))
    assert done.code == 0
    assert '"ruleId": "DNK103"' in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-f", "xml"], "--format xml"),
        (["--fail-level", "never"], "--fail-level never"),
        (["--select", "E501"], "no code begins so"),
        (["--unsafe-fixes"], "goes with --fix"),
        (["--explain", "DNK9999"], "there is no rule"),
        (["--fix", "-f", "json", "-"], "cannot hold both"),
    ],
)
def test_wrong_flags_are_2(words: list[str], said: str) -> None:
    done = dnkit("lint", *words, "policies/flatten.yaml")
    assert done.code == 2
    assert said in done.err


def test_select_and_ignore_choose(folder: Path) -> None:
    bad = str(folder / "bad.yaml")
    assert dnkit("lint", "--select", "DNK416", "-f", "concise", bad).out.count("DNK") == 1
    assert dnkit("lint", "--ignore", "DNK103,DNK416", bad).code == 0


def test_diff_shows_and_fix_writes(folder: Path) -> None:
    file = folder / "safe.yaml"
    file.write_text(SAFE)
    file.chmod(0o640)
    shown = dnkit("lint", "--diff", str(file))
    assert shown.code == 1
    assert "+  forbid: [market]" in shown.out
    assert "1 fix would be made" in shown.err
    assert file.read_text() == SAFE
    done = dnkit("lint", "--fix", str(file))
    assert (done.code, file.read_text()) == (0, GOOD)
    assert "1 fix made" in done.err
    assert file.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in folder.iterdir() if one.name.startswith(".")] == []
    again = dnkit("lint", "--diff", str(file))
    assert (again.code, again.out) == (0, "")


def test_a_fix_that_changes_the_meaning_wants_to_be_asked_for(folder: Path) -> None:
    bad = folder / "bad.yaml"
    assert dnkit("lint", "--fix", str(bad)).code == 1
    assert bad.read_text() == BAD
    assert dnkit("lint", "--fix", "--unsafe-fixes", str(bad)).code == 0
    assert bad.read_text() == GOOD


def test_standard_input_is_mended_to_standard_output() -> None:
    done = piped(SAFE.encode(), "--fix", "-")
    assert (done.code, done.out) == (0, GOOD)
    assert "1 fix made" in done.err


def test_a_file_that_cannot_be_written_stays_whole(folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    file = folder / "safe.yaml"
    file.write_text(SAFE)
    folder.chmod(0o500)
    try:
        done = dnkit("lint", "--fix", str(file))
    finally:
        folder.chmod(0o700)
    assert done.code == 3
    assert file.read_text() == SAFE


def test_explain_prints_the_page_byte_for_byte() -> None:
    page = (ROOT / "docs" / "rules" / "DNK413.md").read_text()
    assert dnkit("lint", "--explain", "DNK413").out == page
    assert dnkit("lint", "--explain", "ladder-not-growing").out == page


def test_every_rule_is_listed() -> None:
    lines = dnkit("lint", "--list-rules").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == sorted(CODES)
    rows = dnkit("lint", "--list-rules", "--json").json["data"]
    assert [one["code"] for one in rows] == sorted(CODES)
    assert all(one["summary"].endswith(".") for one in rows)


def test_findings_of_a_file_come_before_the_next_file(folder: Path) -> None:
    (folder / "also_bad.yaml").write_text(BAD)
    places = [line.split(":")[0] for line in dnkit("lint", "-f", "concise", str(folder)).out.splitlines()]
    assert places == sorted(places)
    assert len({*places}) == 2


def test_what_a_comment_ignores_is_counted(folder: Path) -> None:
    file = folder / "ignored.yaml"
    file.write_text(SAFE.replace("market]", "market]  # dnkit: ignore[DNK125] said twice to be sure"))
    done = dnkit("lint", "--fail-level", "warning", str(file))
    assert done.code == 0
    assert "1 ignored with a reason" in done.err


def test_trade_hears_the_same_comments(folder: Path) -> None:
    """What lint tells as an error stops a trade; a warning is named and does not."""
    file = folder / "warned.yaml"
    file.write_text(SAFE)
    done = dnkit("trade", "--policy", str(file), "--no-report")
    assert done.code == 0
    assert "1 warning" in done.err
