"""How the daemon starts and what runs it."""
