"""What the trade database has to say: positions, PnL, statistics, reports."""
