"""idiolect learns the language of any sound corpus and speaks it live."""

__version__ = "0.1.0"
