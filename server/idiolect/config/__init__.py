"""The settings, one frozen dataclass per part, with their defaults.

A flag beats the file, the file beats the default; there is nothing else that changes them, no
environment variable and no global, but for the token: a command line can be read by everyone, so
`serve` takes it from the environment.  ``configs/default.toml`` shows every key.

Clock: offline and control; read once, at the start.
"""
