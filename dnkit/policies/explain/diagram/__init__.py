"""Diagrams of a policy: one graph (`graph`), one geometry (`sheet`), and the forms they are drawn in."""
