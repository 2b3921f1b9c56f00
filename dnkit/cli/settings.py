"""`--set NAME=VALUE`."""

from collections.abc import Sequence

from dnkit.cli.exit_codes import ExitCode
from dnkit.model.errors import DnkitError


class BadSetting(DnkitError):
    """A setting that is not NAME=VALUE."""

    exit_code = ExitCode.USAGE


def parse_settings(texts: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping; BadSetting for anything else."""
    settings: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise BadSetting(f"--set {text}: write NAME=VALUE")
        settings[name.strip()] = value.strip()
    return settings
