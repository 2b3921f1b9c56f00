"""The screens: a process of its own that reads the journal and passes an operator's wishes on."""
