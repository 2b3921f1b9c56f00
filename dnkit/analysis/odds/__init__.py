"""How likely, and how soon: counted frequencies on a graph of what can happen. An estimate, never a bound."""
