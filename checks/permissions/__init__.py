"""Who may read and write the engine's files."""
