"""The simulated exchange on real sockets: Binance's REST, streams and WebSocket API."""
