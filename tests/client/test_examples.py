import re
import subprocess
import sys
from pathlib import Path

from idiolect.control.namespace import Namespace
from recording import RecordingPlayer

CLIENTS = Path(__file__).parents[2] / "clients"


def test_the_first_steps_in_python_run(daemon: int, player: RecordingPlayer) -> None:
    script = CLIENTS / "python" / "first_steps.py"
    run = subprocess.run(
        [sys.executable, str(script), str(daemon)], capture_output=True, text=True, check=True
    )
    assert run.stdout.startswith("4 voices")
    assert "refused: no scale" in run.stdout
    assert ("seed_random", 1) in player.calls
    assert player.values["run", 1] == 0


def test_the_first_steps_in_supercollider_name_addresses_there_are() -> None:
    namespace = Namespace(4)
    script = (CLIENTS / "supercollider" / "first_steps.scd").read_text()
    addresses = re.findall(r'sendMsg\("([^"]+)"', script)
    assert len(addresses) > 15
    for address in addresses:
        assert namespace.find(address)
