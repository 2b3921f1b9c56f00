"""Two families: ours (a bug in dnkit) and theirs (the user's file, the disk, the venue)."""


class DnkitError(Exception):
    """Something outside dnkit is wrong. The text is for the user; `exit_code` follows the table of exit
    codes."""

    exit_code = 3


class BugError(AssertionError):
    """An invariant of dnkit itself does not hold. Never caught below the supervisor."""
