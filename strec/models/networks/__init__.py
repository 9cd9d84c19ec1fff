"""The torch networks of the neural models, apart from them so that torch loads only when used."""
