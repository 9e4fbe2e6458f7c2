"""How the addresses of parameters are written."""

__all__ = ["address_of"]


def address_of(name: str, voice: int) -> str:
    """Return a parameter's own address; voice 0 is the master."""
    return f"/voice/{voice}/{name}" if voice else f"/{name}"
