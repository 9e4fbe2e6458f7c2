"""First steps with idiolect from Python.

Start a daemon first: ``idiolect serve NAME.idiolect``.  Then ``python first_steps.py [PORT]``.
Every address is in docs/osc.md, and ``idiolect osc`` prints it.
"""

import math
import sys
import time

from idiolect.client import Client, RefusedError


def main(port: int) -> None:
    """Wake voice 1, turn it, seed it, and let it rest."""
    with Client(port=port) as idiolect:
        print(f"{idiolect.status()['voices']} voices")

        # A parameter of a voice is an attribute; everything else goes by its address.
        voice = idiolect.voice(1)
        voice.run = True
        voice.temperature = 0.8
        idiolect["/gain"] = -3
        print(voice.temperature)

        # A seed is answered once it is known when it will be heard.
        _, number, _, units, seconds, *_ = voice.ask("seed/random").arguments
        print(f"voice {number} goes on from {units} other units in {seconds:.2f} s")

        # What cannot be done is said with its reason.
        try:
            voice.ask("scale", "no such scale")
        except RefusedError as reason:
            print(f"refused: {reason}")

        # Two changes that belong together, a fifth of a second from now.
        with idiolect.at(time.time() + 0.2):
            voice.pan = -0.5
            voice.rate = 700

        # A wave through the temperament of every voice, ten steps a second.
        for step in range(30):
            idiolect["/temperature"] = 1.0 + 0.6 * math.sin(step / 8)
            time.sleep(0.1)

        voice.run = False


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 57300)
