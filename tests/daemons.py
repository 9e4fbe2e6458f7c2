"""Daemons on the null output, most of them in processes of their own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Start = Callable[..., tuple["subprocess.Popen[str]", int]]
"""Starts one, with flags and an environment; gives its process and port."""


RESTING = {
    "audio.output": "null",
    "control.port": 0,
    "performance.voices": 4,
    "performance.autostart": 0,
}
"""Settings of one inside this process that waits to be woken."""


def idiolect(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "idiolect.cli", *map(str, arguments)]


@contextmanager
def daemons(bundle: Path, *always: str | Path) -> Iterator[Start]:
    """Give what starts a daemon on the null output, and returns its process and port."""
    started: list[subprocess.Popen[str]] = []

    def start(*flags: str, **environment: str) -> tuple["subprocess.Popen[str]", int]:
        process = subprocess.Popen(
            idiolect("serve", bundle, "--audio", "null", "--port", "0", *always, *flags),
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            found = re.search(r"osc\.udp://127\.0\.0\.1:(\d+)", line)
            if found:
                return process, int(found[1])
        raise AssertionError(process.communicate()[1])

    yield start
    for process in started:
        process.kill()
        process.communicate()
