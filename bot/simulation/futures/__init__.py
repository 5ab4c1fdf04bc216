"""The simulated futures exchange: USDⓈ-M whole, COIN-M in its common part. Sans-I/O."""
