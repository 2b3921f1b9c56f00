"""The hostile world: the same desk, engine and journal lines as a real run, on a clock of its own, against
venues that misbehave from a seed; and checkers that judge by what the venues truly hold.
"""
