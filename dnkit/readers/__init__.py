"""Views of the journal: facts of a run, its costs, the report over cycles, the story. They never write."""
