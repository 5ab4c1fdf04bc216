"""What a plugin author sees: Strategy, StrategyParams, Context."""
