"""An hour of what `tests.soak.week` does for a week: files and memory stay bounded, every pair is closed."""

from itertools import islice

from dnkit.model.numbers import NS_PER_S
from dnkit.runtime.folder import StateFolder, state_folder
from tests.soak.week import GROWTH, file_growth, growth, week

KEPT = 30
LOOKS = 16


def test_an_hour_of_cycles_fits_a_bounded_file() -> None:
    folder = StateFolder(state_folder().root)
    looks = list(islice(week(folder, hold_ns=10 * NS_PER_S, kept_runs=KEPT, look_ns=150 * NS_PER_S), LOOKS))
    last = looks[-1]
    assert last.events > 4_500
    assert last.runs > 6 * KEPT, "far more than the journal may keep"
    assert set(last.ends) <= {"hedged", "flat", "idle"}
    assert growth(looks) <= GROWTH
    assert file_growth(looks) <= 1.25, "a file this small grows by steps"
