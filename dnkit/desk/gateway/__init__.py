"""Between the desk and a venue: what may leave now, what is tried again, and what a failure means."""
