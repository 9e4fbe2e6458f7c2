"""Real components that some tests need: skipped without them, except where they must be there."""

import ctypes.util
import os
import shutil
import sys
from pathlib import Path

import pytest

PACKAGES = {
    "chromium": "chromium",
    "ghc": "ghc libghc-tidal-dev",
    "jackd": "jackd2",
    "node": "nodejs",
    "pd": "puredata-core",
    "portaudio": "libportaudio2",
    "ruby": "ruby",
    "scsynth": "supercollider-server",
    "sclang": "supercollider-language",
}

STRUDEL = os.environ.get("IDIOLECT_STRUDEL", "/opt/strudel")
"""The folder that has Strudel in its ``node_modules``."""


def require(component: str) -> None:
    """Skip the calling test when `component`, a key of `PACKAGES` or `strudel`, is missing.

    With IDIOLECT_REQUIRE_COMPONENTS=1 in the environment, as in CI, it fails instead.
    """
    if _present(component):
        return
    if component == "strudel":
        cure = f"npm install --prefix {STRUDEL} @strudel/core @strudel/mini @strudel/transpiler"
    else:
        cure = f"apt install {PACKAGES[component]}"
    reason = f"{component} is missing; install it with: {cure}"
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
        return (Path(STRUDEL) / "node_modules/@strudel/core").is_dir()
    return shutil.which(component) is not None
