"""The shipped ways out beside the single IOC order that they replaced, on the same recorded books."""
