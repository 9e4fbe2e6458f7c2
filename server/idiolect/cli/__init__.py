"""The command line: one module per command, each imported only when it is asked for.

Clock: offline, except that `serve` and `demo` start the daemon.  This is the one place that prints.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from idiolect import __version__
from idiolect.errors import IdiolectError

__all__ = ["main"]

COMMANDS = {
    "learn": "Learn folders of audio and write a bundle.",
    "serve": "Play a bundle and listen for OSC.",
    "render": "Write what a bundle says to a sound file, faster than real time.",
    "replay": "Render a session again as it was played.",
    "inspect": "Say what is in a bundle.",
    "evaluate": "Say what a bundle foresees, and what it says.",
    "osc": "Send one OSC message and print what comes back.",
    "monitor": "Watch what a running daemon plays, and how it is.",
    "demo": "Learn a small corpus, hear it speak, and watch it being steered.",
    "doctor": "Say what this machine offers; paste it into a bug report.",
    "bench": "Measure this machine.",
}

_COMPLETE = "_IDIOLECT_COMPLETE"
"""What a shell sets in the environment to ask how a command line goes on; the name is Typer's."""

LEARN_EXTRA = {"joblib", "librosa", "scipy", "sklearn", "threadpoolctl", "torch"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    arguments
        What follows ``idiolect`` on the command line; None takes it from there.

    Notes
    -----
    The border where every deliberate error becomes one line on standard error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _application(next((word for word in _typed(given) if not word.startswith("-")), ""))(
            args=given, prog_name="idiolect"
        )
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except KeyboardInterrupt:
        return 130
    except IdiolectError as error:
        return _complain(str(error))
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in LEARN_EXTRA:
            raise
        return _complain(f"this needs {package}; install it with: pip install 'idiolect[learn]'")
    return 0


def _typed(given: Sequence[str]) -> Sequence[str]:
    """Return the words of the command line, also where a shell asks how it goes on.

    Typer's scripts hand them over in the environment: bash with a line for each word, the others
    as they stand on the line.
    """
    line = os.environ.get("COMP_WORDS", os.environ.get("_TYPER_COMPLETE_ARGS", ""))
    return line.split()[1:] if _COMPLETE in os.environ else given


def _complain(message: str) -> int:
    print(f"idiolect: {message}", file=sys.stderr)
    return 1


def _application(wanted: str) -> typer.Typer:
    """Make the program with the one command that is wanted; the others are names for `--help`.

    So `--help` is quick, and a command whose libraries are broken does not break the others.
    """
    program = typer.Typer(
        name="idiolect",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # the decorated help takes three times as long to appear
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_options)
    for name, summary in COMMANDS.items():
        if name == wanted:
            module = import_module(f"idiolect.cli.{name}")
            found = getattr(module, name)
            if isinstance(found, typer.Typer):
                program.add_typer(found, name=name)
            else:
                program.command(name, context_settings=getattr(module, "SETTINGS", None))(found)
        else:
            program.command(name, help=summary)(_elsewhere)
    return program


def _elsewhere() -> None:
    """Stand for a command in `--help`."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"idiolect {__version__}")
        raise typer.Exit


def _options(
    version: bool = typer.Option(
        False, "--version", help="Print the version.", callback=_version, is_eager=True
    ),
) -> None:
    """Learn the language of a sound corpus and speak it, live, over OSC."""
