"""The words of the trade: values, instruments, market events, orders, fills, positions, commands, errors."""
