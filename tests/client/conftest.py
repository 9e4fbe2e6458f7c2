from recording import daemon, player, quits, server, tape, wire

__all__ = ["daemon", "player", "quits", "server", "tape", "wire"]
