"""One program, proved: explore all it can get into, watch every step, read the bounds off the graph."""

from dnkit import __version__
from dnkit.analysis.bounds import bounds_of, limits_kept
from dnkit.analysis.courses import endless, never_entered, trapped
from dnkit.analysis.deadlines import add_late
from dnkit.analysis.explore import Graph, Told, TooMany
from dnkit.analysis.frontier import frontier
from dnkit.analysis.ground import lay_ground
from dnkit.analysis.proof import Proof, Setting, Verdict
from dnkit.analysis.story import story_of
from dnkit.analysis.watch import Watch
from dnkit.machine.program import Program
