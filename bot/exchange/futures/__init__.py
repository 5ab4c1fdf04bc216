"""Binance futures: orders, account and its stream, of USDⓈ-M and COIN-M."""
