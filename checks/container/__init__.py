"""What containers may do to their host and to each other."""
