"""Words every floor shares: numbers, instruments, facts that happened, requests to make. No behaviour beyond
arithmetic."""
