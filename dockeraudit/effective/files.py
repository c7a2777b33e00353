"""A host's files behind one door: paths resolved as the kernel resolves them."""

from __future__ import annotations

from collections.abc import Mapping

from dockeraudit.effective.model import FileInput

MISSING = "no such file or directory"
NOT_A_DIRECTORY = "not a directory"
IS_A_DIRECTORY = "is a directory"
TOO_MANY_LINKS = "too many levels of symbolic links"
INVALID = "invalid argument"
_LINK_LIMIT = 40


class FileError(Exception):
    """A file can't be read; `missing` is Go's os.IsNotExist."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.missing = reason == MISSING


class Files:
    """The files of one input, and which of them were asked for."""

    def __init__(self, files: Mapping[str, FileInput], links: Mapping[str, str], cwd: str) -> None:
        self._files = files
        self._links = links
        self._cwd = cwd if cwd.startswith("/") else "/"
        self.consulted: dict[str, None] = {}

    def real(self, path: str) -> str:
        """The absolute path behind links, `.` and `..`; of a missing file, where it would be."""
        if "\0" in path:
            raise FileError(INVALID)
        if not path:
            raise FileError(MISSING)
        return self._walk(path if path.startswith("/") else f"{self._cwd}/{path}")

    def _walk(self, path: str) -> str:
        if path in self._files and path not in self._links and not self._links:
            return path
        todo = [part for part in reversed(path.split("/")) if part]
        done: list[str] = []
        followed = 0
        while todo:
            part = todo.pop()
            if part == ".":
                continue
            if part == "..":
                del done[-1:]
                continue
            here = "/" + "/".join([*done, part])
            target = self._links.get(here)
            if target is None:
                done.append(part)
                self._pass(here, more=bool(todo) or path.endswith("/"))
                continue
            followed += 1
            if followed > _LINK_LIMIT:
                raise FileError(TOO_MANY_LINKS)
            if target.startswith("/"):
                done.clear()
            todo.extend(piece for piece in reversed(target.split("/")) if piece)
        return "/" + "/".join(done)

    def _pass(self, here: str, *, more: bool) -> None:
        file = self._files.get(here)
        if more and file is not None and file.kind == "file":
            raise FileError(NOT_A_DIRECTORY)

    def read(self, path: str) -> FileInput:
        """What os.ReadFile of the path finds."""
        file = self.stat(path)
        if file.kind == "directory":
            raise FileError(IS_A_DIRECTORY)
        return file

    def stat(self, path: str) -> FileInput:
        """What os.Stat of the path finds."""
        self.consulted[path if path.startswith("/") else f"{self._cwd.rstrip('/')}/{path}"] = None
        real = self.real(path)
        if real == "/dev/null":
            return FileInput(content=b"")
        file = self._files.get(real)
        if file is not None:
            return file
        below = real.rstrip("/") + "/"
        if any(other.startswith(below) for other in self._files):
            return FileInput(kind="directory")
        raise FileError(MISSING)

    def is_directory(self, path: str) -> bool:
        """Whether the path is known to be a directory."""
        try:
            return self.stat(path).kind == "directory"
        except FileError:
            return False

    def is_file(self, path: str) -> bool:
        """Whether the path is known to be something other than a directory."""
        real = path
        try:
            real = self.real(path)
        except FileError as error:
            return not error.missing
        file = self._files.get(real)
        return file is not None and file.kind == "file"

    def is_executable(self, path: str) -> bool:
        """Whether the path is a file with an execute bit."""
        try:
            file = self.stat(path)
        except FileError:
            return False
        digits = (file.mode or "0")[-3:]
        return file.kind == "file" and digits.isdigit() and any(int(d) % 2 for d in digits)

    def exists(self, path: str) -> bool:
        """Whether os.Stat finds the path."""
        try:
            self.stat(path)
        except FileError:
            return False
        return True
