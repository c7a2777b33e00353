"""How TLS is switched on."""
