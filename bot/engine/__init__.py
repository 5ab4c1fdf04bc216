"""The sans-I/O middle: `feed(event)`, then `take()`."""
