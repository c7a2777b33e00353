"""Lets an uninstalled checkout find its checks and writers, and programs be interrupted."""

import importlib.util
import signal
from pathlib import Path

import dockeraudit

if importlib.util.find_spec("dockeraudit.checks") is None:
    dockeraudit.__path__.append(str(Path(__file__).resolve().parents[1]))

# A shell starts what runs in the background with ^C ignored, and programs inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
