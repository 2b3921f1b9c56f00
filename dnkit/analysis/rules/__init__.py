"""What is proved of a guard's rule table. Exact: no sampling, no floats."""
