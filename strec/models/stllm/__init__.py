"""ST-LLM, the model of strec: a pointer over the past and a generator that knows meaning."""

from strec.models.stllm.model import INGREDIENTS, STLLM

__all__ = ["INGREDIENTS", "STLLM"]
