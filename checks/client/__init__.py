"""How the accounts of a host talk to engines and registries."""
