"""Venues translate and never decide: requests in, facts out. The paper venue stands beside the real ones."""
