"""`dnkit schema`: the JSON Schema of policies, for editors."""

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.policies.schema.document import schema_text


def schema() -> int:
    """Print the schema on standard output."""
    out.data(schema_text().rstrip("\n"))
    return ExitCode.OK
