"""Where batches of check-ins go: into memory or into a Parquet file."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import polars as pl


class Memory:
    """Keeps batches of check-ins."""

    def __init__(self):
        self.pieces: list[pl.DataFrame] = []

    def take(self, checkins: pl.DataFrame) -> None:
        """Keep a batch."""
        self.pieces.append(checkins)

    def close(self) -> None:
        """Nothing to do in memory."""

    def finish(self) -> None:
        """Nothing to do in memory."""


class ParquetFile:
    """Writes batches of check-ins one behind the other, while the next one is converted."""

    def __init__(self, folder: Path):
        self.path = folder / f"{len(list(folder.iterdir()))}.parquet"
        self.writer = None
        self.thread = ThreadPoolExecutor(1)
        self.last: Future | None = None

    def take(self, checkins: pl.DataFrame) -> None:
        """Begin to write a batch, once the one before is written."""
        if self.last is not None:
            self.last.result()
        self.last = self.thread.submit(self._write, checkins)

    def close(self) -> None:
        """Complete the file; also after an error."""
        self.thread.shutdown(wait=True)
        if self.writer is not None:
            self.writer.close()

    def finish(self) -> None:
        """Raise what the last write raised."""
        if self.last is not None:
            self.last.result()

    def _write(self, checkins: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        table = checkins.to_arrow(compat_level=pl.CompatLevel.oldest())
        self.writer = self.writer or pq.ParquetWriter(self.path, table.schema, compression="snappy")
        self.writer.write_table(table)
