"""Recordings, on real files: rows as in the manifest, no crossed book, the seam, clear refusals."""

import json
import shutil
import sys
from itertools import islice
from pathlib import Path

import pytest

from dnkit.market.book import Book
from dnkit.market.feed import Bbo, Message, Seam, apply
from dnkit.market.packed import Packed, PackedError, pack
from dnkit.market.parquet import RecordingError
from dnkit.market.recording import Recording, instruments, open_recording
from dnkit.model.terms import Side
from tests.market.grids import DATA, WINDOW, needs_recordings

USDM, SPOT, COINM = "binance_usdm:ETHUSDT", "binance_spot:ETHUSDT", "binance_coinm:ETHUSD_PERP"
ALTS = DATA / "C_binance_alts_20210722"
CTK = "binance_usdm:CTKUSDT"

pytestmark = needs_recordings


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the module: packing a large file takes a second."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def eth(cache: Path) -> Recording:
    return open_recording(WINDOW, [USDM, SPOT], cache)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A recording of one thin coin that a test may damage."""
    folder = tmp_path / "recording"
    folder.mkdir()
    manifest = json.loads((DATA / "manifest.json").read_text())
    entry = next(one for one in manifest["files"] if one["instrument"] == CTK)
    shutil.copyfile(DATA / entry["file"], folder / "ctk.parquet")
    (folder / "manifest.json").write_text(json.dumps({"files": [{**entry, "file": "ctk.parquet"}]}))
    return folder


def test_messages_are_as_many_as_the_manifest_says(eth: Recording, cache: Path) -> None:
    wanted = {
        one["sha256"]: one["messages_by_kind"]
        for one in json.loads((DATA / "manifest.json").read_text())["files"]
    }
    packed = {one.name.partition(".")[0]: Packed(one) for one in cache.iterdir()}
    assert len(packed) == len(eth.grids)
    for sha256, one in packed.items():
        assert one.summary.messages == wanted[sha256]


def test_rows_are_as_many_as_the_manifest_says(eth: Recording, cache: Path) -> None:
    wanted = {
        one["sha256"]: one["rows_by_kind"]
        for one in json.loads((DATA / "manifest.json").read_text())["files"]
    }
    for path in cache.iterdir():
        rows: dict[str, int] = {}
        for batch in Packed(path).batches():
            for one in batch:
                kind = type(one).__name__.lower()
                levels = len(one.bids) + len(one.asks) if hasattr(one, "bids") else 1
                rows[kind] = rows.get(kind, 0) + (2 if isinstance(one, Bbo) else levels)
        assert rows == wanted[path.name.partition(".")[0]]


def test_two_real_legs_play_in_order_and_never_cross(eth: Recording) -> None:
    books, last, count = [Book(), Book()], 0, 0
    for count, message in enumerate(eth.messages()):
        assert message.at_ns >= last
        last = message.at_ns
        book = books[message.leg]
        apply(book, message)
        assert book.bid < book.ask or book.ask == 0
        if count % 500 == 0 and message.at_ns > eth.start_ns:
            shown = [next(book.levels(side)) for side in Side]
            assert shown == [(book.ask, book.ask_size), (book.bid, book.bid_size)]
            asks, bids = ([price for price, _ in book.levels(side)] for side in Side)
            assert asks == sorted(asks)
            assert bids == sorted(bids, reverse=True)
            assert len(asks) > 100 < len(bids)
    assert count > 100_000
    assert last == eth.end_ns


def test_books_are_whole_at_the_start(eth: Recording) -> None:
    books = [Book(), Book()]
    for message in eth.messages():
        apply(books[message.leg], message)
        if message.at_ns >= eth.start_ns:
            break
    assert all(len(list(book.levels(side))) > 900 for book in books for side in Side)


def test_a_second_look_tells_the_same(eth: Recording) -> None:
    def first() -> list[Message]:
        return list(islice(eth.messages(), 5_000))

    assert first() == first()


def test_a_loop_goes_on_in_time_and_marks_the_seam(cache: Path) -> None:
    once = list(open_recording(ALTS, [CTK], cache).messages())
    endless = open_recording(ALTS, [CTK], cache, loop=True)
    assert endless.end_ns is None
    twice = list(islice(endless.messages(), 2 * len(once) + 2))
    assert [one.at_ns for one in twice] == sorted(one.at_ns for one in twice)
    seams = [at for at, one in enumerate(twice) if isinstance(one, Seam)]
    assert seams == [len(once), 2 * len(once) + 1]
    shift = once[-1].at_ns - once[0].at_ns
    again = twice[len(once) + 1 : -1]
    assert [one.at_ns - shift for one in again] == [one.at_ns for one in once]
    for one in again:
        one.at_ns -= shift
    assert again == once


def test_contracts_are_known_by_their_face_value() -> None:
    known = {one.name: one for one in instruments(WINDOW)}
    assert len(known) == 6
    eth, btc = known[COINM], known["binance_coinm:BTCUSD_PERP"]
    assert (eth.base, eth.grid.inverse, eth.grid.lot, btc.grid.lot) == ("ETH", True, 10, 100)
    assert (known[USDM].base, known[USDM].grid.inverse) == ("ETH", False)


def test_the_same_book_may_serve_two_legs(cache: Path) -> None:
    messages = list(open_recording(ALTS, [CTK, CTK], cache).messages())
    assert sum(one.leg for one in messages) * 2 == len(messages)


def test_a_manifest_inside_the_folder_is_found(copy: Path, tmp_path: Path) -> None:
    assert [one.name for one in instruments(copy)] == [CTK]
    assert open_recording(copy, [CTK], tmp_path / "cache").end_ns


def test_a_misspelt_instrument_is_answered_with_a_guess(tmp_path: Path) -> None:
    with pytest.raises(
        RecordingError, match=r"has no binance_usdm:ETHUSD: did you mean binance_usdm:ETHUSDT\?"
    ):
        open_recording(WINDOW, ["binance_usdm:ETHUSD"], tmp_path)


def test_no_folder_and_no_manifest_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such folder"):
        instruments(tmp_path / "nowhere")
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(RecordingError, match="no manifest"):
        instruments(tmp_path / "a" / "b")


def test_a_broken_manifest_is_named(copy: Path) -> None:
    (copy / "manifest.json").write_text('{"files": [{"file": 3}]}')
    with pytest.raises(RecordingError, match=r"manifest\.json is no manifest"):
        instruments(copy)


def test_another_file_than_the_manifest_tells_of_is_refused(copy: Path, tmp_path: Path) -> None:
    with (copy / "ctk.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(RecordingError, match="is not the file the manifest tells of"):
        open_recording(copy, [CTK], tmp_path / "cache")


def test_a_missing_file_is_named(copy: Path, tmp_path: Path) -> None:
    (copy / "ctk.parquet").unlink()
    with pytest.raises(RecordingError, match="not on the disk"):
        open_recording(copy, [CTK], tmp_path / "cache")


def test_a_damaged_copy_is_made_anew(copy: Path, tmp_path: Path) -> None:
    before = list(open_recording(copy, [CTK], tmp_path / "cache").messages())
    packed = next((tmp_path / "cache").iterdir())
    packed.write_bytes(packed.read_bytes()[:-100])
    assert list(open_recording(copy, [CTK], tmp_path / "cache").messages()) == before
    assert [one.suffix for one in (tmp_path / "cache").iterdir()] == [".stream"]


def test_a_copy_damaged_in_the_middle_is_noticed(copy: Path, tmp_path: Path) -> None:
    recording = open_recording(copy, [CTK], tmp_path / "cache")
    packed = next((tmp_path / "cache").iterdir())
    content = bytearray(packed.read_bytes())
    content[200] ^= 1
    packed.write_bytes(bytes(content))
    with pytest.raises(PackedError, match="damaged"):
        list(recording.messages())


def test_a_copy_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> list[Message]:
        raise RecordingError("the disk is gone")

    with pytest.raises(RecordingError):
        pack(tmp_path / "x.stream", (one for one in [1] for _ in broken()))
    assert list(tmp_path.iterdir()) == []


def test_without_pyarrow_the_way_out_is_told(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(RecordingError, match=r"pip install 'dnkit\[recorded\]'"):
        open_recording(copy, [CTK], tmp_path / "cache")
