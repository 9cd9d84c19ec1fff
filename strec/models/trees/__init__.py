"""Boosted trees over candidates: what somebody who knows LightGBM would write first."""

from strec.models.trees.model import Trees

__all__ = ["Trees"]
