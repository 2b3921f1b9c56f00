"""A paper exchange that outlives its traders: accounts, orders, tape, behind sessions. It knows no socket."""
