"""What a model of Binance's own SDK declares, against what an answer held."""

from collections.abc import Iterator

from pydantic import BaseModel

__all__ = ["absent", "undeclared"]


def absent(model: object, path: str = "") -> set[str]:
    """The declared keys that no value came for, as ``orders.symbol``; lists count once."""
    return {name for name, value in _walk(model, path) if value is None}


def undeclared(model: object, path: str = "") -> set[str]:
    """The keys that came and are declared nowhere."""
    found = set()
    for node, at in _models(model, path):
        extra = getattr(node, "additional_properties", None) or {}
        found |= {f"{at}{key}" for key in extra}
    return found


def _walk(model: object, path: str) -> Iterator[tuple[str, object]]:
    for node, at in _models(model, path):
        for name, field in type(node).model_fields.items():
            if name not in _OWN:
                yield f"{at}{field.alias or name}", getattr(node, name)


_OWN = {"additional_properties", "actual_instance", "one_of_schemas", "any_of_schemas"}


def _models(value: object, path: str) -> Iterator[tuple[BaseModel, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _models(item, path)
        return
    if not isinstance(value, BaseModel):
        return
    fields = type(value).model_fields
    if "actual_instance" in fields:
        yield from _models(value.actual_instance, path)
        return
    yield value, path
    for name, field in fields.items():
        if name not in _OWN:
            yield from _models(getattr(value, name), f"{path}{field.alias or name}.")
