"""The check-in store: Parquet behind an Ibis engine, and every heavy aggregation."""

from strec.store.filters import Filters
from strec.store.store import Store

__all__ = ["Filters", "Store"]
