"""What can be decided about a program or a guard: one table, P01 to P27."""

from enum import Enum

import msgspec


class By(str, Enum):
    """What it takes to decide a property."""

    STATES = "states"  # each state that can be reached, by itself
    HOPS = "hops"  # each step with what the engine asks for in it
    GRAPH = "graph"  # all states and steps together: what can be reached from where
    BOUNDS = "bounds"  # the longest paths: time, money, calls
    PAIR = "pair"  # two programs side by side
    RULES = "rules"  # the rule table of a guard; nothing is explored
    ODDS = "odds"  # frequencies on the graph; an estimate


class Property(msgspec.Struct, frozen=True):
    """One property: `says` is one plain sentence that is true where it holds."""

    id: str
    name: str
    says: str
    by: By


PROPERTIES = (
    Property("P01", "ends", "Every run ends, whatever happens.", By.GRAPH),
    Property("P02", "named end", "Every end is flat, hedged, protected, idle or halted.", By.STATES),
    Property(
        "P03",
        "true end",
        "What an end says is open, or is not, is true at the venues.",
        By.STATES,
    ),
    Property(
        "P04",
        "nothing rests",
        "No order of ours rests at an end that is not a halt, but for a stop that guards a position.",
        By.STATES,
    ),
    Property(
        "P05",
        "honest halt",
        "A halt told a human, and what may still rest is named or on a venue that is down.",
        By.STATES,
    ),
    Property(
        "P06",
        "no double hedge",
        "No leg goes beyond the clip, and no hedge beyond what it hedges.",
        By.STATES,
    ),
    Property("P07", "not through zero", "No leg is traded through zero.", By.STATES),
    Property(
        "P08", "allowed types", "No order is of a type that is forbidden or that no phase asks for.", By.HOPS
    ),
    Property(
        "P09",
        "reduce-only",
        "Every order that is to reduce is sent reduce-only where the venue takes the flag.",
        By.HOPS,
    ),
    Property(
        "P10", "sized by fills", "No order is larger than what the fills told so far leave to do.", By.HOPS
    ),
    Property("P11", "one order a leg", "No order is sent on a leg on which another one works.", By.HOPS),
    Property(
        "P12",
        "doubt before order",
        "No order is sent on a leg before the outcome of the one before is known.",
        By.HOPS,
    ),
    Property("P13", "deadline", "Every run ends within its deadline.", By.BOUNDS),
    Property("P14", "naked time", "What is naked is flat or hedged again within a bounded time.", By.BOUNDS),
    Property("P15", "concession", "No run pays more than the concession allowed, leg by leg.", By.BOUNDS),
    Property("P16", "unhedged", "Exposure above the limit ends within the time allowed.", By.BOUNDS),
    Property("P17", "goal", "The goal is certain within so many faults and so deep a book.", By.BOUNDS),
    Property("P18", "tolerance", "Every safety property holds with so many faults.", By.GRAPH),
    Property("P19", "crash-safe", "Every safety property holds when the process dies anywhere.", By.GRAPH),
    Property(
        "P20",
        "no trap",
        "From every state the goal can be reached without another fault.",
        By.GRAPH,
    ),
    Property("P21", "nothing dead", "Every phase and every outcome can occur.", By.GRAPH),
    Property("P22", "calls", "So many orders, cancels and reads are the most a run needs.", By.BOUNDS),
    Property("P23", "implies", "The second policy is never more aggressive than the first.", By.PAIR),
    Property("P24", "equivalent", "Both policies are the same machine but for names.", By.PAIR),
    Property("P25", "whole table", "Every case of a guard meets a rule, and every rule a case.", By.RULES),
    Property(
        "P26", "no haste", "No rule acts at first sight or on what is unknown, unless it says so.", By.RULES
    ),
    Property("P27", "odds", "The goal is reached in time so and so often.", By.ODDS),
)
SAFETY = tuple(one.id for one in PROPERTIES if "P02" <= one.id <= "P12")
