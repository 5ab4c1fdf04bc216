"""Binance: the only importer of python-binance."""
