"""Words every floor shares: numbers, instruments, facts that happened, requests to make. Only arithmetic."""
