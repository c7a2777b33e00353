"""The configuration file: found or named, checked key by key, each value with its line."""

from dockeraudit.config.document import ConfigError
from dockeraudit.config.model import Configuration
from dockeraudit.config.reading import NONE, Loaded, load

__all__ = ["NONE", "ConfigError", "Configuration", "Loaded", "load"]
