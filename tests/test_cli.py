"""The border of the command line: exit codes, one line for every deliberate error."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import idiolect
import idiolect.cli
from idiolect.cli import COMMANDS, main
from idiolect.errors import BundleError

PROJECT = Path(__file__).resolve().parents[1]


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for name, summary in COMMANDS.items():
        assert f"  {name} " in said
        assert summary in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"Usage: idiolect {name}" in capsys.readouterr().out


def test_the_version_is_the_packages_and_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"idiolect {idiolect.__version__}\n"
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert project["version"] == idiolect.__version__


@pytest.mark.parametrize(
    "given",
    [
        ["serve", "nowhere.idiolect", "--audio", "null"],
        ["render", "nowhere.idiolect", "-o", "x.wav", "--seconds", "1"],
        ["inspect", "nowhere.idiolect"],
        ["learn", "nowhere"],
        ["serve", "nowhere.idiolect", "--audio", "speaker"],
        ["serve", "nowhere.idiolect", "--config", "nowhere.toml"],
        ["serve", "nowhere.idiolect", "--allow", "my network"],
        ["render", "nowhere.idiolect", "-o", "x.wav", "--seconds", "-1"],
        ["render", "nowhere.idiolect", "-o", "x.wav", "--seconds", "1", "--temperature", "nan"],
        ["render", "nowhere.idiolect", "-o", "x.wav", "--seconds", "1", "--seed", "4294967296"],
    ],
)
def test_a_users_mistake_is_one_line_and_exit_1(
    given: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(given) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("idiolect: ")
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "x", "--loudly"]) == 2
    assert "No such option" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (BundleError("it is broken"), 1, "idiolect: it is broken\n"),
        (ModuleNotFoundError("no", name="torch.nn"), 1, "pip install 'idiolect[learn]'"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_a_command_raises_becomes_an_exit_code(
    raised: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise raised

    monkeypatch.setattr("idiolect.cli.doctor.doctor", fail)
    assert main(["doctor"]) == code
    assert said in capsys.readouterr().err


def test_a_missing_module_of_our_own_is_no_users_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ModuleNotFoundError("no", name="idiolect.nothing")

    monkeypatch.setattr("idiolect.cli.doctor.doctor", fail)
    with pytest.raises(ModuleNotFoundError):
        main(["doctor"])


def test_it_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "idiolect.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"idiolect {idiolect.__version__}\n"
