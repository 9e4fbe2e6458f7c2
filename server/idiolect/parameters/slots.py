"""Where compiled code finds each parameter: columns of the planner's table and of the block's."""

from idiolect.parameters.table import PARAMETERS

__all__ = ["BLOCK_SLOTS", "PACE", "PLANNER_SLOTS"]

PACE = ("stretch", "duration", "freeze")
"""What the block acts on and the planner must know too: how fast a voice's time goes."""

PLANNER_SLOTS: dict[str, int] = {
    p.name: slot
    for slot, p in enumerate(
        p for p in PARAMETERS if (p.scope == "planner" or p.name in PACE) and p.per_voice
    )
}
"""Column of each parameter that the planner knows in its table (voices, slots)."""

BLOCK_SLOTS: dict[str, int] = {
    name: slot
    for slot, name in enumerate(dict.fromkeys(p.name for p in PARAMETERS if p.scope == "block"))
}
"""Column of each block parameter in the block's table; row 0 is the master."""
