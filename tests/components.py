"""Real components that some tests need: skipped without them, except where they must be there."""

import ctypes.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = {
    "bash": "bash",
    "chromium": "chromium",
    "fish": "fish",
    "ghc": "ghc libghc-tidal-dev",
    "jackd": "jackd2",
    "logrotate": "logrotate",
    "node": "nodejs",
    "pd": "puredata-core",
    "portaudio": "libportaudio2",
    "ruby": "ruby",
    "scsynth": "supercollider-server",
    "sclang": "supercollider-language",
    "systemd-analyze": "systemd",
    "zsh": "zsh",
}

NODE = Path(__file__).resolve().parents[1] / "build/node"
"""Where npm installs; node finds it in ``node_modules`` there."""

CURES = {name: f"apt install {package}" for name, package in PACKAGES.items()}
CURES["oscquery"] = "npm install --prefix build/node oscquery@1.1.1"
CURES["strudel"] = (
    "npm install --prefix build/node @strudel/core@1.2.6 @strudel/mini@1.2.6 "
    "@strudel/transpiler@1.2.6 @strudel/osc@1.3.2"
)

VERSIONS = {
    "chromium": "--version",
    "ghc": "--numeric-version",
    "jackd": "--version",
    "logrotate": "--version",
    "node": "--version",
    "pd": "-version",
    "ruby": "--version",
    "scsynth": "-v",
    "sclang": "-v",
}
"""What a program is asked for its version with."""


def versions() -> list[str]:
    """Say of which version each program is that is there."""
    found = []
    for name, flag in VERSIONS.items():
        if shutil.which(name) is not None:
            said = subprocess.run(
                [name, flag], capture_output=True, text=True, check=False, timeout=20
            )
            number = re.search(r"\d+\.\d[\w.]*", said.stdout + said.stderr)
            found.append(f"{name} {number[0] if number else 'of unknown version'}")
    return found


def require(component: str) -> None:
    """Skip the calling test when `component`, a key of `CURES`, is missing.

    With IDIOLECT_REQUIRE_COMPONENTS=1 in the environment, as in CI, it fails instead.
    """
    if _present(component):
        return
    reason = f"{component} is missing; install it with: {CURES[component]}"
    if os.environ.get("IDIOLECT_REQUIRE_COMPONENTS") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _present(component: str) -> bool:
    if component == "jackd":
        return shutil.which("jackd") is not None and ctypes.util.find_library("jack") is not None
    if component == "portaudio":
        # Looked for, not loaded: loading it makes this process a client of whatever server runs.
        bundled = sys.platform in ("darwin", "win32")
        return bundled or ctypes.util.find_library("portaudio") is not None
    if component == "strudel":
        own = NODE / "node_modules/@strudel"
        return all((own / name).is_dir() for name in ("core", "mini", "transpiler", "osc"))
    if component == "oscquery":
        return shutil.which("node") is not None and _resolves(component)
    return shutil.which(component) is not None


def _resolves(module: str) -> bool:
    found = subprocess.run(
        ["node", "-e", f"require.resolve('{module}')"],
        env={**os.environ, "NODE_PATH": str(NODE / "node_modules")}, capture_output=True, check=False,
    )  # fmt: skip
    return found.returncode == 0
