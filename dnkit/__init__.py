"""dnkit executes delta-neutral two-leg trades from YAML policies."""

__version__ = "0.2.0"
