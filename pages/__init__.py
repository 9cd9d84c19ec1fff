"""One thin page per step; a folder of its name holds what it is made of, `shared` the rest."""
