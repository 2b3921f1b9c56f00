"""The shell around a desk: real files, real clocks, signals; and the paper world that stands in for the
venues.
"""
