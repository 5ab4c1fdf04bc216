"""Talking to a bot that runs, also when its event loop is stuck: status, halt, resume, flatten."""
