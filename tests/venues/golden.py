"""Wire vectors of real venues, made by their own clients, beside the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parent.parent.parent.parent / "shared" / "wire"
SECRET = "11" * 32


def golden(venue: str) -> Any:
    """The vectors of a venue; skips the test where they are absent."""
    file = FOLDER / f"golden_{venue}.json"
    if not file.is_file():
        pytest.skip("no wire vectors beside the repository (../shared/wire)")
    return json.loads(file.read_text())


def raw(text: str) -> bytes:
    """Bytes of 0x and hex digits."""
    return bytes.fromhex(text.removeprefix("0x"))
