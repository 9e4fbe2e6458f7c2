"""A real SuperCollider steers the daemon."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from idiolect.control import ControlServer

SCRIPT = Path(__file__).with_name("steer.scd")


@pytest.fixture
def sclang() -> str:
    found = shutil.which("sclang")
    if found is None:
        if os.environ.get("IDIOLECT_REQUIRE_COMPONENTS") == "1":
            pytest.fail("sclang is not there, and IDIOLECT_REQUIRE_COMPONENTS is set")
        pytest.skip("sclang is not there: install supercollider-language")
    return found


def steer(sclang: str, port: int, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script in an empty home, so that nobody's own start-up file takes part."""
    environment = os.environ | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "share"),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",  # or it does not start as root, as in CI
        "IDIOLECT_PORT": str(port),
        **more,
    }
    home.chmod(0o700)
    return subprocess.run(
        [sclang, str(SCRIPT)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("more", [{}, {"IDIOLECT_TCP": "1"}], ids=["UDP", "TCP"])
def test_supercollider_steers_the_daemon(
    sclang: str, server: ControlServer, tmp_path: Path, more: dict[str, str]
) -> None:
    run = steer(sclang, server.address[1], tmp_path, **more)
    assert server.counters.connections == len(more)
    lines = [line for line in run.stdout.splitlines() if line.startswith(("PASS ", "FAIL "))]
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(lines) == SCRIPT.read_text().count('check.("')
    assert not [line for line in lines if line.startswith("FAIL ")]
