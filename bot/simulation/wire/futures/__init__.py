"""The futures side of the wire: USDⓈ-M and COIN-M REST, streams and WebSocket API."""
