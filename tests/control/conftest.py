from recording import daemon, player, quits, server, wire

__all__ = ["daemon", "player", "quits", "server", "wire"]
