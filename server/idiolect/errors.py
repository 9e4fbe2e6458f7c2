"""Every error a user can meet, in one tree.

::

    IdiolectError
    ├── ConfigError        a setting or an option is wrong
    ├── CorpusError        no usable audio, or a folder that cannot be read
    ├── BundleError        a bundle that is missing, damaged or of another format
    ├── AudioError         the way out (device, JACK, file) cannot be opened
    │   └── RestartNeeded  only a new process can open it
    ├── ScoreError         a score or a session that cannot be read, written or played again
    └── ControlError       an OSC message that cannot be obeyed
        └── PacketError    bytes that are not OSC

A message says what was wrong, the value, and the cure.
"""

__all__ = [
    "AudioError",
    "BundleError",
    "ConfigError",
    "ControlError",
    "CorpusError",
    "IdiolectError",
    "PacketError",
    "RestartNeeded",
    "ScoreError",
]


class IdiolectError(Exception):
    """Root of the tree: catching it catches everything raised on purpose."""


class ConfigError(IdiolectError):
    """A setting or a command-line option has a value that cannot work."""


class CorpusError(IdiolectError):
    """The given folders hold nothing that can be learned."""


class BundleError(IdiolectError):
    """A bundle is missing, damaged, or written in another format version."""


class AudioError(IdiolectError):
    """Sound cannot leave the machine the way that was asked for."""


class RestartNeeded(AudioError):
    """Sound can leave the machine again, but not out of this process as it is."""


class ScoreError(IdiolectError):
    """A score, or the record of a session, cannot be read, written or played again."""


class ControlError(IdiolectError):
    """A message names an unknown address or carries arguments that do not fit it."""


class PacketError(ControlError):
    """Bytes that are not well-formed OSC.

    Parameters
    ----------
    text : str
    address : str
        Of the message they are in, where it could be read.
    """

    def __init__(self, text: str, address: str = "/") -> None:
        super().__init__(text)
        self.address = address
