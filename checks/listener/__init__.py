"""Where the API answers."""
