"""``idiolect doctor`` says what is there, and never breaks over what is not."""

import builtins
import getpass
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from idiolect.cli import main
from idiolect.cli.doctor import _linger, _realtime, examine


def test_it_names_versions_devices_cache_and_permissions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    for name in ("idiolect", "python", "numba", "torch", "portaudio", "jack", "kernel cache",
                 "realtime", "locked memory"):  # fmt: skip
        assert name in said


def test_without_portaudio_it_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **keywords: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *rest, **keywords)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    found = {finding.name: finding for finding in examine()}
    assert not found["portaudio"].ok
    assert "apt install libportaudio2" in found["portaudio"].cure
    assert "locked memory" in found


def test_a_check_that_breaks_is_a_line_of_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("a strange machine")

    monkeypatch.setattr("idiolect.cli.doctor._processor", broken)
    found = {finding.name: finding for finding in examine()}
    assert found["processor"].detail == "ValueError: a strange machine"
    assert "realtime" in found


def test_whose_units_end_with_the_session_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("idiolect.cli.doctor.BOOTED", tmp_path / "none")
    assert list(_linger()) == []
    monkeypatch.setattr("idiolect.cli.doctor.BOOTED", tmp_path)
    monkeypatch.setattr("idiolect.cli.doctor.LINGERING", tmp_path)
    (found,) = _linger()
    assert not found.ok
    assert "loginctl enable-linger" in found.cure
    (tmp_path / getpass.getuser()).touch()
    (found,) = _linger()
    assert found.ok


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these limits")
def test_realtime_that_is_not_permitted_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    (found,) = _realtime()
    assert not found.ok
    assert "rtprio 95" in found.cure
