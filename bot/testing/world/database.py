"""A disk with the real tables on it: rows are written and read back by the store's own code."""

from collections.abc import Sequence

from bot.domain.records import Record
from bot.ports import Recovery
from bot.storage.batch import Batch
from bot.storage.connection import normalise_url, reading, reading_engine, writing_engine
from bot.storage.recovery import recover
from bot.testing.world.disk import Disk

__all__ = ["DatabaseDisk"]


class DatabaseDisk(Disk):
    """A migrated database beside the store in memory; both must remember the same."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = normalise_url(url)
        self._engine = writing_engine(self._url)
        self._connection = self._engine.connect()
        self._environment = ""
        self.differences: list[str] = []
        """What the two remembered differently."""

    def write(self, groups: Sequence[Sequence[Record]]) -> None:
        super().write(groups)
        records = [record for group in groups for record in group]
        if not records:
            return
        batch = Batch(records, environment=self._environment)
        with self._connection.begin():
            batch.write(self._connection)
        self._environment = batch.environment

    def recover(self, environment: str) -> Recovery:
        engine = reading_engine(self._url)
        try:
            with reading(engine, self._url) as connection:
                found = recover(connection, environment)
        finally:
            engine.dispose()
        expected = super().recover(environment)
        for field in Recovery.__struct_fields__:
            ours, theirs = getattr(expected, field), getattr(found, field)
            if ours != theirs:
                self.differences.append(f"{field}: {theirs} in the database, {ours} in memory")
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        self._engine.dispose()
