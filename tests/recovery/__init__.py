"""Real processes that die: kills at every line of the journal, judged by what the exchange holds."""
