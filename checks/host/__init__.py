"""What the host under the engine lacks."""
