"""The wheel is the product, installed as the image does: far from the checkout all is there."""

import json
import os
import re
import shutil
import socket
import subprocess
import sysconfig
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
GIVEN = re.findall(r"^!(.+)$", (ROOT / "deploy" / "Dockerfile.dockerignore").read_text(), re.M)
#: Without what would lead back to the checkout.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


@pytest.fixture(scope="module")
def away(tmp_path_factory):
    """Give a function that runs a command of what the image's build steps made, and its folder."""
    folder = tmp_path_factory.mktemp("away")
    for name in GIVEN:
        copy = folder / "src" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy)
    here = os.pathsep.join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    # What is installed here is seen there, so that nothing is fetched twice.
    given = {"PYTHONPATH": here, "PIP_NO_DEPS": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if find_spec("hatchling"):
        # So pip calls it: 0 is no isolation.
        given |= {"PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
    (step,) = (line for line in DOCKERFILE.splitlines() if line.startswith("RUN sh "))
    step = step[4:].replace("/src", str(folder / "src")).replace("/opt/strec", str(folder / "env"))
    subprocess.run(step.split(), check=True, env=ENVIRONMENT | given, cwd=folder)
    paths = {"base": str(folder / "env"), "platbase": str(folder / "env")}
    site = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    # Not what leads to the checkout: a .pth file is read in an environment's own folder alone.
    (site / "here.pth").write_text(here.replace(os.pathsep, "\n"))
    scripts = Path(sysconfig.get_path("scripts", "venv", vars=paths))

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
    assert len(list(away.folder.rglob(f"strec_kit-{version}.dist-info"))) == 1


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


def test_the_command_of_the_image_serves_pages_and_its_check_finds_it_well(away):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    # As the Dockerfile says: nothing but its variables, its command, its check.
    *_, given = re.findall(r"^ENV (.*)$", DOCKERFILE, re.M)
    variables = dict(each.split("=", 1) for each in given.split())
    variables |= {"PATH": f"{away.scripts}:{os.environ['PATH']}", "HOME": str(away.folder)}
    for name, place in (("STREC_CACHE", "data"), ("TMPDIR", "work")):
        assert variables[name] == f"/{place}"
        (away.folder / place).mkdir(mode=0o777)
        variables[name] = str(away.folder / place)
    start, check = (
        json.loads(each.replace("\\\n", "").replace("8501", port))
        for each in re.findall(r"CMD (\[.*?\])$", DOCKERFILE, re.M | re.S)[::-1]
    )
    process = subprocess.Popen(
        start, cwd=away.folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        assert _get(f"http://127.0.0.1:{port}/_stcore/health") == "ok"
        assert "<html" in _get(f"http://127.0.0.1:{port}/time")
        subprocess.run(check, check=True, env=variables, timeout=30)
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
