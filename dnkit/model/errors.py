"""Two families: ours (a bug in dnkit) and theirs (the user's file, the disk, the venue)."""


class DnkitError(Exception):
    """Something outside dnkit is wrong, in words for the user; `exit_code` is what the command ends with."""

    exit_code = 3


class BugError(AssertionError):
    """An invariant of dnkit itself does not hold. Never caught below the supervisor."""
