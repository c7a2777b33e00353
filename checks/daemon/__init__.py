"""How the daemon treats its containers: isolation, networks, storage and logs."""
