"""How networks carry their traffic."""
