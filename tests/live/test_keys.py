"""Where keys are found, and that they show nowhere."""

import os
from pathlib import Path

import pytest

from dnkit.live.keys import HIDDEN, Keys, account_of, read_keys
from dnkit.model.errors import DnkitError

KEY = "0x" + "a11ce0ff" * 8


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keys of whoever runs the tests, and no keyring."""
    for name in [one for one in os.environ if one.startswith("DNKIT_NADO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def keys_file(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    path = tmp_path / "keys.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keys_file(tmp_path, f"nado: {{private_key: '{'b' * 64}', subaccount: two}}")
    assert read_keys("nado", "main", path)["private_key"] == "b" * 64
    monkeypatch.setenv("DNKIT_NADO_PRIVATE_KEY", KEY)
    assert read_keys("nado", "main", path)["private_key"] == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = keys_file(tmp_path, f"nado: {{private_key: '{KEY}'}}", mode)
    with pytest.raises(DnkitError, match="chmod 600"):
        read_keys("nado", "main", path)


@pytest.mark.parametrize("text", [f"nado: [{KEY}", f"nado: '{KEY}'", f"- {KEY}", f"{KEY}: : x"])
def test_a_faulty_file_is_told_without_its_text(tmp_path: Path, text: str) -> None:
    with pytest.raises(DnkitError) as told:
        read_keys("nado", "main", keys_file(tmp_path, text))
    assert KEY not in str(told.value)
    assert told.value.__cause__ is None


def test_without_keys_it_says_where_they_go(tmp_path: Path) -> None:
    with pytest.raises(DnkitError, match="DNKIT_NADO_PRIVATE_KEY"):
        read_keys("nado", "main", tmp_path / "keys.yaml")


@pytest.mark.parametrize("form", [KEY, KEY[2:], KEY.upper(), KEY[2:].upper()])
def test_keys_show_nowhere_and_are_taken_out_of_texts(form: str) -> None:
    keys = Keys({"private_key": KEY, "account": "0x" + "12" * 20})
    assert KEY[2:] not in f"{keys!r} {keys}"
    assert form[2:] not in keys.hidden(f"bad signature by {form}!")
    assert HIDDEN in keys.hidden(form)
    assert "12" * 20 in keys.hidden("0x" + "12" * 20), "an account is no secret"


def test_an_account_has_one_name_whatever_its_key_looks_like() -> None:
    names = {account_of(Keys({"private_key": one})) for one in (KEY, KEY[2:])}
    assert len(names) == 1
    assert KEY[2:] not in names.pop()
    assert account_of(Keys({"private_key": KEY, "subaccount": "two"})).endswith("/two")
    secret = Keys({"api_key": "abcdefgh12345678", "api_secret": "s" * 20})
    assert "abcdefgh" not in account_of(secret)


def test_a_key_in_the_place_of_the_account_is_not_journalled() -> None:
    with pytest.raises(DnkitError) as told:
        account_of(Keys({"private_key": KEY, "account": KEY}))
    assert KEY[2:] not in str(told.value)


def test_where_the_signing_library_is_does_not_stop_a_rehearsal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DNKIT_LIGHTER_LIBRARY", "/opt/signer.so")
    keys = read_keys("lighter", "http://127.0.0.1:8765", tmp_path / "keys.yaml")
    assert (keys["library"], keys["account_index"], len(keys["private_key"])) == ("/opt/signer.so", "1", 80)
    assert account_of(keys) == "1"
    assert "/opt/signer.so" in keys.hidden("no such file: /opt/signer.so")
