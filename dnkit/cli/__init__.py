"""The command line: parse, wire, render, exit code."""
