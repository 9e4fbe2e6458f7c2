"""A real SuperCollider steers the daemon."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("steer.scd")


@pytest.fixture
def sclang() -> str:
    found = shutil.which("sclang")
    if found is None:
        if os.environ.get("IDIOLECT_REQUIRE_COMPONENTS") == "1":
            pytest.fail("sclang is not there, and IDIOLECT_REQUIRE_COMPONENTS is set")
        pytest.skip("sclang is not there: install supercollider-language")
    return found


def steer(sclang: str, port: int, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in an empty home, so that nobody's own start-up file takes part."""
    environment = os.environ | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "share"),
        "XDG_RUNTIME_DIR": str(home),
        "QT_QPA_PLATFORM": "offscreen",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",  # or it does not start as root, as in CI
        "IDIOLECT_PORT": str(port),
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


def test_supercollider_steers_the_daemon(sclang: str, daemon: int, tmp_path: Path) -> None:
    run = steer(sclang, daemon, tmp_path)
    lines = [line for line in run.stdout.splitlines() if line.startswith(("PASS ", "FAIL "))]
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(lines) == SCRIPT.read_text().count('check.("')
    assert not [line for line in lines if line.startswith("FAIL ")]
