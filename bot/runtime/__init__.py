"""The shell round the engine: settings, composition, pump, sender, scheduler, plugins, logs."""
