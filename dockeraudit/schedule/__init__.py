"""A scan that runs by itself: a systemd timer, or a line of cron where there is no systemd.

`job` is what is to run and when; `units` and `crontab` are its text, pure; `owned` writes such
files and never touches anybody else's; `manage` installs, shows and removes; `run` is what the
timer starts: the scan under a lock, with a note of how it ended.
"""

from dockeraudit.schedule.job import Job, Places, ScheduleError

__all__ = ["Job", "Places", "ScheduleError"]
