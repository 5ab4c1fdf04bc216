"""The words of the trade: values, instruments, events, orders, fills, positions, commands."""
