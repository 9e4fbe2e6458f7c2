"""First steps with idiolect from Python.

Start a daemon first: ``idiolect serve NAME.idiolect``.  Then ``python first_steps.py [PORT]``.
Every address is in docs/osc.md, and ``idiolect osc`` prints it.
"""

# ruff: noqa: T201 (an example is there to print)
import math
import sys
import time

from idiolect.client import Client, RefusedError


def main(port: int) -> None:
    """Wake voice 1, turn it, seed it, and let it rest."""
    with Client(port=port) as idiolect:
        voices, *_ = idiolect.ask("/status").arguments
        print(f"{voices} voices")

        # Setting a parameter is not answered; reading it is.
        idiolect.send("/voice/1/run", 1)
        idiolect.send("/voice/1/temperature", 0.8)
        print(idiolect.ask("/voice/1/temperature"))

        # A seed is answered once it is known when it will be heard.
        _, voice, _, units, seconds = idiolect.ask("/voice/1/seed/random").arguments
        print(f"voice {voice} goes on from {units} other units in {seconds:.2f} s")

        # What cannot be done is said with its reason.
        try:
            idiolect.ask("/voice/1/scale", "no such scale")
        except RefusedError as reason:
            print(f"refused: {reason}")

        # A wave through the temperament of every voice, ten steps a second.
        for step in range(30):
            idiolect.send("/temperature", 1.0 + 0.6 * math.sin(step / 8))
            time.sleep(0.1)

        idiolect.send("/voice/1/run", 0)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 57300)
