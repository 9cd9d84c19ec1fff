"""The wheel is the product: far from the checkout everything is there."""

import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
#: Without what would lead back to the checkout.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


@pytest.fixture(scope="module")
def away(tmp_path_factory):
    """Give a function that runs a command of an environment with the wheel, and its folder."""
    folder = tmp_path_factory.mktemp("away")
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    wheel = ["wheel", "--no-deps", "-w", str(folder), str(ROOT)]
    if find_spec("hatchling"):
        wheel.insert(1, "--no-build-isolation")
    subprocess.run([*pip, *wheel], check=True)
    venv.create(folder / "env", symlinks=True)
    paths = {"base": str(folder / "env"), "platbase": str(folder / "env")}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    # What is installed here is seen there, but not what leads to the checkout: a .pth file is
    # read in an environment's own folder alone.
    (site / "here.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    )
    scripts = Path(sysconfig.get_path("scripts", "venv", vars=paths))
    install = ["--python", str(scripts / "python"), "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, *install, *map(str, folder.glob("*.whl"))], check=True)

    def run(*command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(scripts / command[0]), *command[1:]],
            cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    run.folder, run.scripts = folder, scripts
    return run


def test_it_is_the_installed_package_that_answers(away):
    code = "import strec, json; print(json.dumps([strec.__file__, strec.__version__]))"
    file, version = json.loads(away("python", "-c", code).stdout)
    assert Path(file).is_relative_to(away.folder)
    assert next(away.folder.glob("*.whl")).name.split("-")[:2] == ["strec_kit", version]


def test_a_sample_is_read(away):
    code = "import strec; print(len(strec.read_sample('social')))"
    assert int(away("python", "-c", code).stdout) == 40_000


def test_the_doctor_finds_nothing_missing(away):
    found = json.loads(away("strec", "doctor", "--quick", "--json").stdout)
    seen = {each["name"]: each for each in found}
    assert seen["samples"]["is_well"] and seen["store"]["is_well"]
    assert Path(seen["strec"]["seen"].split(" in ")[1]).is_relative_to(away.folder)


def test_the_benchmark_is_there(away):
    done = away("strec", "bench", "nyc", "--only", "main", str(away.folder))
    assert done.returncode == 1 and "foursquare_nyc" in done.stderr
    (away.folder / "foursquare_nyc").mkdir()
    done = away("strec", "bench", "nyc", "--only", "salt", str(away.folder))
    assert "main, baselines, regimes" in done.stderr


def test_the_app_answers(away):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["app", "--port", str(port), "--host", "127.0.0.1", "--no-browser"]
    process = subprocess.Popen(
        [str(away.scripts / "strec"), *command],
        cwd=away.folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        assert _get(f"http://127.0.0.1:{port}/_stcore/health") == "ok"
    finally:
        process.terminate()
        said = process.communicate(timeout=30)[0].decode()
    assert "usage statistics" not in said.lower(), "the app's own settings are not read"


def _get(address: str) -> str:
    for _ in range(240):
        try:
            return urllib.request.urlopen(address, timeout=2).read().decode()
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"no answer from {address} within two minutes")
