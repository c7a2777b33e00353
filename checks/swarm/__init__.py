"""How a swarm protects itself."""
