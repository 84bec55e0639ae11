"""What `make package` ships: built twice, in two places, for this machine's processor, and looked at file by file."""

import _imp
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from importlib.metadata import files
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra.local.deploy import read_template
from infra.local.stack import ROOT

FUNCTIONS = {
    name: Path(resource["Properties"]["CodeUri"]).name
    for name, resource in read_template(ROOT)["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
LAYER = "CoreLayer"
SHIPPED = ["Makefile", "template.yaml", "samconfig.toml", "requirements.txt", "requirements-sam.txt", "src", "functions", "infra"]
PLATFORM = f"manylinux2014_{platform.machine()}"
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}  # as Lambda and as Python call them
UNCHECKED_HASH = 0b01  # PEP 552's flags: by hash, and not compared with the source at each import

IMPORT = """
import sys
sys.path[:0] = {paths}
import app
assert callable(app.handler)
stray = [module.__file__ for module in sys.modules.values() if "{root}" in (getattr(module, "__file__", None) or "")]
assert not stray, stray
"""
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_LAMBDA_FUNCTION_NAME": "function",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """The zips of two builds, from two copies of the checkout."""
    places = [tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there") / "and" / "deeper"]
    with ThreadPoolExecutor() as threads:
        yield list(threads.map(package, places))


@pytest.fixture(scope="module")
def unpacked(builds: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first build's zips, each in a folder of its name."""
    target = tmp_path_factory.mktemp("unpacked")
    for path in builds[0].iterdir():
        with ZipFile(path) as archive:
            archive.extractall(target / path.stem)
    return target


def package(place: Path) -> Path:
    """Copy what a build needs to `place`, with leftovers no package may contain, and build there; returns the folder of zips."""
    sam = ROOT / ".venv-sam" / "bin"
    assert sam.exists(), "the SAM CLI is not installed: make package"
    for name in SHIPPED:
        source, target = ROOT / name, place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__")) if source.is_dir() else shutil.copy(source, target)
    for folder in ("functions/health", "src/missions_core"):
        (place / folder / "__pycache__").mkdir()
        (place / folder / "__pycache__" / "left_over.cpython-310.pyc").write_bytes(place.as_posix().encode())
    (place / ".venv-sam").mkdir()
    (place / ".venv-sam" / "bin").symlink_to(sam)
    (place / ".venv-sam" / ".ready").write_text(f"{place}\n")
    command = ["make", "package", f"PYTHON={sys.executable}", f"LAMBDA_PLATFORM={PLATFORM}"]
    done = subprocess.run(command, cwd=place, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "dist"


def clean_environment() -> dict[str, str]:
    """This environment without what an outer `make` or a test left in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "AWS_", "PYTEST"))}


def test_there_is_a_zip_of_every_function_and_of_the_layer(builds: list[Path]) -> None:
    assert {path.stem for path in builds[0].iterdir()} == {*FUNCTIONS, LAYER}


def test_two_builds_in_two_places_are_equal_byte_for_byte(builds: list[Path]) -> None:
    here, there = ({path.name: sha256(path.read_bytes()).hexdigest() for path in build.iterdir()} for build in builds)

    assert here == there


def test_every_source_ships_with_bytecode_that_is_valid_and_not_checked_again(unpacked: Path) -> None:
    sources = sorted(unpacked.rglob("*.py"))
    assert len(sources) > 500
    for source in sources:
        bytecode = Path(source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc").read_bytes()
        assert int.from_bytes(bytecode[4:8], "little") == UNCHECKED_HASH, source
        assert bytecode[8:16] == _imp.source_hash(int.from_bytes(bytecode[:4], "little"), source.read_bytes()), source


def test_bytecode_names_where_lambda_mounts_the_code_and_not_where_it_was_built(unpacked: Path, builds: list[Path]) -> None:
    for bytecode in unpacked.rglob("*.pyc"):
        content = bytecode.read_bytes()
        assert builds[0].parent.as_posix().encode() not in content, bytecode
        assert (b"/opt/python/" if bytecode.is_relative_to(unpacked / LAYER) else b"/var/task/app.py") in content, bytecode


def test_there_is_no_bytecode_without_its_source(unpacked: Path) -> None:
    for bytecode in unpacked.rglob("*.pyc"):
        module, tag, _ = bytecode.name.split(".")
        assert tag == sys.implementation.cache_tag
        assert (bytecode.parents[1] / f"{module}.py").exists(), bytecode


def test_the_layer_holds_the_locked_runtime_dependencies_the_core_and_nothing_else(unpacked: Path) -> None:
    layer = unpacked / LAYER / "python"
    locked = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    theirs = {file.parts[0] for pin in locked for file in files(pin.partition("==")[0]) or []}

    assert {path.stem.replace("-", "==") for path in layer.glob("*.dist-info")} == {pin.replace("-", "_") for pin in locked}
    assert {path.name for path in layer.iterdir()} - theirs == {"missions_core"}
    assert {path.name for path in (unpacked / LAYER).iterdir()} == {"python"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_zip_holds_its_own_folder_only(unpacked: Path, function: str) -> None:
    files = {path.relative_to(unpacked / function).as_posix() for path in (unpacked / function).rglob("*") if path.is_file()}

    assert {name for name in files if not name.endswith(".pyc")} == {"app.py"}
    assert (unpacked / function / "app.py").read_bytes() == (ROOT / "functions" / FUNCTIONS[function] / "app.py").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="the layer holds binaries for Linux")
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_packaged_handler_needs_nothing_but_its_zip_and_the_layer(unpacked: Path, function: str) -> None:
    variables = dict.fromkeys(read_template(ROOT)["Globals"]["Function"]["Environment"]["Variables"], "https://example.invalid/x")
    paths = [str(unpacked / function), str(unpacked / LAYER / "python")]
    code = IMPORT.format(paths=paths, root=ROOT)
    environment = variables | ENVIRONMENT | {"STAGE": "dev", "LOG_LEVEL": "INFO", "ERASURE_DELAY_SECONDS": "900"}
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_layer_is_built_for_the_processor_and_python_the_functions_run_on() -> None:
    command = ["make", "--dry-run", "build-CoreLayer", "ARTIFACTS_DIR=nowhere"]
    recipe = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True).stdout
    shared = read_template(ROOT)["Globals"]["Function"]

    assert re.findall(r"--platform \S+_(\w+?64)\b", recipe) == [MACHINES[machine] for machine in shared["Architectures"]]
    assert re.findall(r"--python-version (\S+)", recipe) == [shared["Runtime"].removeprefix("python")]
