"""The LLM runtime: texts to vectors (`Encoder`), prompts to words (`Writer`), offline by default.

Two models come with the installation, a sentence encoder (MiniLM) and a small chat model
(SmolLM2); any local folder of a transformers model takes their place. docs/llm.md says which one
suits how much data and which machine.
"""

from strec.llm.embedded import MODELS, EmbeddedModel, check, device, locate
from strec.llm.encoder import Encoder
from strec.llm.remote import RemoteWriter
from strec.llm.texts import item_texts, item_vectors
from strec.llm.wish import Wish, read_wish
from strec.llm.writer import Writer

__all__ = [
    "MODELS",
    "EmbeddedModel",
    "Encoder",
    "RemoteWriter",
    "Wish",
    "Writer",
    "check",
    "device",
    "item_texts",
    "item_vectors",
    "locate",
    "read_wish",
]
