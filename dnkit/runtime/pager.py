"""Where the alerts of a command go: to a human first, then into the journal."""

from collections.abc import Callable
from contextlib import suppress

from dnkit.journal.errors import JournalError
from dnkit.journal.writer import Journal
from dnkit.model.alerts import Alert


class Pager:
    """`say` tells a human, `now` is the clock of the runs. `run_id` is the run that began last: what concerns
    a venue as a whole is noted there.
    """

    def __init__(self, journal: Journal, say: Callable[[Alert], None], now: Callable[[], int]) -> None:
        self.run_id = ""
        self._journal = journal
        self._say = say
        self._now = now

    def raise_alert(self, alert: Alert, run_id: str = "") -> None:
        """An alert of that run, or of a venue. A journal that takes no line keeps it from nobody."""
        self._say(alert)
        with suppress(JournalError):
            self._journal.note_alert(run_id or self.run_id, self._now(), alert)
