"""Play a plan through PortAudio into a JACK server, and compare what arrives there.

A program of its own: PortAudio looks for servers once, when it is loaded.
"""

import sys
from pathlib import Path

import numpy as np
import sounddevice

from eavesdrop import Eavesdropper
from idiolect.audio.file import render
from idiolect.audio.output import open_output, pick_rate
from idiolect.bundle.bundle import Bundle
from idiolect.engine.clock import CALLS, LATE
from planning import RATE, plan

FRAMES = 8000


def main(folder: Path) -> None:
    if not any(api["name"].startswith("JACK") for api in sounddevice.query_hostapis()):
        sys.exit("this PortAudio knows no JACK")
    bundle = Bundle.open(folder)
    assert pick_rate("device", 12_345, device="system") == RATE
    expected = np.concatenate(list(render(plan(bundle), FRAMES)))
    engine = plan(bundle)
    output = open_output("device", engine, device="SYST", block_size=256)
    assert output.name == "device system"
    assert output.alive
    listener = Eavesdropper("PortAudio", RATE, ("out_0", "out_1"))
    output.start()
    first = int(np.flatnonzero(expected.any(axis=1))[0])
    np.testing.assert_array_equal(listener.take(FRAMES - first), expected[first:])
    listener.close()
    assert engine.timing[CALLS] > 0
    output.stop()
    assert not output.alive
    print("the same", engine.timing[LATE])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
