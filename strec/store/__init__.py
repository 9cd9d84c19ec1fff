"""The check-in store: Parquet behind an Ibis engine, and every heavy aggregation."""

from strec.store.filters import Filters
from strec.store.of import Frame, HasStore, frame_of, need_store, store_of
from strec.store.store import Store
from strec.store.warehouse import Warehouse

__all__ = [
    "Filters", "Frame", "HasStore", "Store", "Warehouse", "frame_of", "need_store", "store_of",
]  # fmt: skip
