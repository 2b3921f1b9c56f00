"""Tables made from the code."""

from dnkit.cli import out
from dnkit.cli.exit_codes import MEANING, ExitCode
from dnkit.model.errors import DnkitError


class UnknownTopic(DnkitError):
    """There is no such table."""

    exit_code = ExitCode.USAGE


def topic_text(topic: str) -> int:
    """Print one table on standard output."""
    if topic != "exit-codes":
        raise UnknownTopic(f"there is no topic `{topic}`; known: exit-codes")
    out.data(out.table(("code", "meaning"), [(str(code.value), MEANING[code]) for code in ExitCode]))
    return ExitCode.OK
