"""A simulated Binance, sans-I/O: matching, accounts, markets, faults."""
