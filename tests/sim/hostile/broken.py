"""`dnkit`, but its engine never says reduce-only: `python -m tests.sim.hostile.broken WORDS...`."""

from dnkit.__main__ import main
from tests.analysis.variants import NO_REDUCE_ONLY, without

if __name__ == "__main__":
    with without(NO_REDUCE_ONLY):
        main()
