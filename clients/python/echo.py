"""A second voice says again what the first has said, a fifth higher, now and then.

Start a daemon first: ``idiolect serve NAME.idiolect``.  Then ``python echo.py [PORT] [SECONDS]``.
"""

import asyncio
import sys

from idiolect.client import AsyncClient

EVERY = 8  # units of the first voice


async def echo(idiolect: AsyncClient, seconds: float) -> None:
    """Begin the second voice where the first one is, again and again."""
    first, second = idiolect.voice(1), idiolect.voice(2)
    with idiolect.at(None):  # all of it at once
        first.run = second.run = True
        first.pan, second.pan = -0.6, 0.6
        second.rate = 700
    heard = 0
    async for grain in idiolect.grains(seconds):
        if grain.voice == 1:
            heard += 1
            if heard % EVERY == 0:
                await second.ask("seed/file", grain.source, grain.start, grain.seconds)
                print(f"echo of {grain.source} at {grain.start:.2f} s")


async def watch(idiolect: AsyncClient, seconds: float) -> None:
    """Say how loud both are, beside."""
    async for meters in idiolect.meters(rate=2, seconds=seconds):
        print(*(f"voice {number}: {level.peak:.2f}" for number, level in meters.voices.items()))


async def main(port: int, seconds: float) -> None:
    """Do both for so long, then let the voices rest."""
    async with AsyncClient(port=port) as idiolect:
        await asyncio.gather(echo(idiolect, seconds), watch(idiolect, seconds))
        idiolect["/run"] = 0


if __name__ == "__main__":
    given = sys.argv[1:]
    asyncio.run(main(*map(int, given[:1] or [57300]), *map(float, given[1:] or [20])))
