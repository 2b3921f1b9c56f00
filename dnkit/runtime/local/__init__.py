"""The paper exchange as a process: a clock, a socket on the loopback, an end."""
