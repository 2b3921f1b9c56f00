"""A week of funding cycles in one process: memory and files stay bounded."""
