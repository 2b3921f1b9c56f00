"""Order books, recordings and a synthetic market: what there is to trade on, never what to do about it."""
