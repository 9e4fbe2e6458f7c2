"""``idiolect doctor``: what this machine offers, one line each, with the cure for what is missing."""

import ctypes.util
import getpass
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from idiolect import __version__

__all__ = ["Finding", "doctor", "examine"]

NEEDED = ("numpy", "numba", "llvmlite", "soundfile", "sounddevice", "soxr", "safetensors")
LEARNING = ("torch", "scikit-learn", "librosa")
MEMLOCK_WANTED = 64  # MiB; the voices' arenas and rings, with room to spare
LIMITS = "put '@audio - rtprio 95' and '@audio - memlock unlimited' into /etc/security/limits.d/audio.conf, join the group audio, log in again"
BOOTED = Path("/run/systemd/system")
"""There where systemd runs the machine, as sd_booted(3) says."""

LINGERING = Path("/var/lib/systemd/linger")
"""Holds a file for each user whose units outlive the session."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    name: str
    ok: bool
    detail: str
    cure: str = ""  # what to do when it is not ok


def doctor() -> None:
    """Say what this machine offers; paste it into a bug report."""
    for finding in examine():
        print(f"{'ok' if finding.ok else 'missing':8}{finding.name:17}{finding.detail}")
        if not finding.ok and finding.cure:
            print(f"{'':8}{'':17}cure: {finding.cure}")


def examine() -> Iterator[Finding]:
    """Look at everything in turn; what breaks is a finding too, never the end of the report."""
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("versions", _versions),
        ("processor", _processor),
        ("portaudio", _portaudio),
        ("jack", _jack),
        ("kernel cache", _kernel_cache),
        ("realtime", _realtime),
        ("locked memory", _locked_memory),
        ("linger", _linger),
    )
    for name, check in checks:
        try:
            yield from check()
        except Exception as error:
            yield Finding(
                name, False, f"{type(error).__name__}: {error}", "please report this line"
            )


def _versions() -> Iterator[Finding]:
    where = Path(__file__).resolve().parents[1]
    yield Finding("idiolect", True, f"{__version__} in {where}")
    yield Finding("python", True, f"{platform.python_version()} in {sys.prefix}")
    yield Finding("system", True, platform.platform())
    for package in NEEDED:
        yield _version(package, "pip install --upgrade --force-reinstall idiolect")
    for package in LEARNING:
        yield _version(package, "only `learn` needs it: pip install 'idiolect[learn]'")


def _version(package: str, cure: str) -> Finding:
    try:
        return Finding(package, True, metadata.version(package))
    except metadata.PackageNotFoundError:
        return Finding(package, False, "not installed", cure)


def _processor() -> Iterator[Finding]:
    from llvmlite import binding

    model = binding.get_host_cpu_name()
    yield Finding("processor", True, f"{model}, {os.cpu_count()} cores, {platform.machine()}")


def _portaudio() -> Iterator[Finding]:
    try:
        import sounddevice
    except OSError as error:  # it looks for the library while it is imported
        cure = "sudo apt install libportaudio2 (without it: --audio jack, null or file:PATH)"
        yield Finding("portaudio", False, str(error), cure)
        return
    yield Finding("portaudio", True, sounddevice.get_portaudio_version()[1])
    outputs = [d for d in sounddevice.query_devices() if d["max_output_channels"] > 0]
    if not outputs:
        yield Finding("sound device", False, "none", "connect one, or use --audio jack or null")
    chosen = sounddevice.default.device[1]
    apis = [api["name"] for api in sounddevice.query_hostapis()]
    for device in outputs:
        mark = " (default)" if device["index"] == chosen else ""
        channels = f"{device['max_output_channels']} channels"
        name = f"{apis[device['hostapi']]}: {device['name']}"
        detail = f"{name}, {channels}, {device['default_samplerate']:.0f} Hz{mark}"
        yield Finding("sound device", True, detail)


def _jack() -> Iterator[Finding]:
    library = ctypes.util.find_library("jack")
    if library is None:
        yield Finding("jack library", False, "not found", "sudo apt install jackd2")
        return
    yield Finding("jack library", True, library)
    from idiolect.audio.output import pick_rate
    from idiolect.errors import AudioError

    try:
        yield Finding("jack server", True, f"running at {pick_rate('jack', 0)} Hz")
    except AudioError as error:
        yield Finding("jack server", False, str(error), "only --audio jack needs it")


def _kernel_cache() -> Iterator[Finding]:
    from idiolect.compiled import CACHE, is_warm
    from idiolect.daemon import app  # noqa: F401 - all that a start compiles

    files = [file for file in CACHE.rglob("*") if file.is_file()] if CACHE.is_dir() else []
    size = sum(file.stat().st_size for file in files) / 2**20
    warm = "warm" if is_warm() else "cold: the next start compiles"
    detail = f"{CACHE}, {size:.0f} MiB in {len(files)} files, {warm}"
    cure = "make it writable, or set NUMBA_CACHE_DIR to a folder that is"
    yield Finding("kernel cache", _writable(CACHE), detail, cure)


def _writable(folder: Path) -> bool:
    """Whether files can be made in `folder`, or it can be made."""
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def _realtime() -> Iterator[Finding]:
    if sys.platform != "linux":
        yield Finding("realtime", True, "granted by the system's audio threads")
        return
    kept, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        yield Finding("realtime", False, "not permitted", LIMITS)
        return
    os.sched_setscheduler(0, kept, priority)
    import resource  # not above: Windows has none

    highest, _ = resource.getrlimit(resource.RLIMIT_RTPRIO)
    yield Finding("realtime", True, f"permitted up to {highest}" if highest else "permitted")


def _locked_memory() -> Iterator[Finding]:
    if sys.platform == "win32":
        yield Finding("locked memory", True, "granted by the system as far as it goes")
        return
    import resource  # not above: Windows has none

    limit, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if limit == resource.RLIM_INFINITY:
        yield Finding("locked memory", True, "unlimited")
        return
    enough = limit >= MEMLOCK_WANTED * 2**20
    yield Finding("locked memory", enough, f"{limit / 2**20:.0f} MiB", LIMITS)


def _linger() -> Iterator[Finding]:
    if not BOOTED.is_dir():
        return
    user = getpass.getuser()
    lingers = (LINGERING / user).exists()
    detail = f"units of {user} {'outlive' if lingers else 'end with'} the session"
    cure = "only an installation as a unit of this user needs it: loginctl enable-linger"
    yield Finding("linger", lingers, detail, cure)
