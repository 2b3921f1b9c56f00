"""Ways to show what was found: for people and logs a file at once, for programs the whole."""
