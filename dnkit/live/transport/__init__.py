"""HTTP calls and WebSockets: what they saw go wrong is said as a trouble, nothing is ever sent twice."""
