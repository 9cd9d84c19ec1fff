"""The LLM runtime: texts to vectors (`Encoder`), prompts to words (`Writer`), offline by default.

Three models come with the installation: sentence encoders for English (MiniLM) and for a hundred
languages (E5), and a small chat model (SmolLM2); any local folder of a transformers model takes
their place. docs/llm.md says which one suits how much data and which machine.
"""

from strec.llm.encoder import Encoder, encoder_for
from strec.llm.remote import RemoteWriter
from strec.llm.texts import item_texts
from strec.llm.weights import MODELS, check, locate
from strec.llm.wish import Wish, read_wish
from strec.llm.writer import Writer

__all__ = [
    "MODELS",
    "Encoder",
    "RemoteWriter",
    "Wish",
    "Writer",
    "check",
    "encoder_for",
    "item_texts",
    "locate",
    "read_wish",
]
