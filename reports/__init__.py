"""The report writers: a file a format."""
