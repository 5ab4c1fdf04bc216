"""WebSocket frames of a server as bytes, so that one encoding serves every receiver.

Source: RFC 6455, section 5.2. A server's frames are not masked.
"""

import orjson

__all__ = ["close", "encoded", "ping", "pong", "text"]

_FIN_TEXT = 0x81
_FIN_CLOSE = 0x88
_FIN_PING = 0x89
_FIN_PONG = 0x8A
_SHORT = 126
_MEDIUM = 1 << 16


def encoded(document: object) -> bytes:
    """The document as compact JSON in UTF-8."""
    return orjson.dumps(document)


def text(payload: bytes) -> bytes:
    """A text frame."""
    return _frame(_FIN_TEXT, payload)


def ping(payload: bytes) -> bytes:
    """A ping frame; at most 125 bytes."""
    return _frame(_FIN_PING, payload)


def pong(payload: bytes) -> bytes:
    """A pong frame; at most 125 bytes."""
    return _frame(_FIN_PONG, payload)


def close(code: int, reason: str) -> bytes:
    """A close frame; the reason takes at most 123 bytes."""
    return _frame(_FIN_CLOSE, code.to_bytes(2, "big") + reason.encode())


def _frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < _SHORT:
        return bytes((opcode, size)) + payload
    if size < _MEDIUM:
        return bytes((opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((opcode, 127)) + size.to_bytes(8, "big") + payload
