"""Example plugins: each one file, importing `bot` only."""
