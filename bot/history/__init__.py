"""Recorded and downloaded market data: read, write, validate."""
