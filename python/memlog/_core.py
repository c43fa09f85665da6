# SPDX-License-Identifier: LGPL-2.1-or-later
"""One open image: its lock, its callbacks, and what was made from it."""

import collections
import ctypes
import operator
import os
import sys
import threading
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from . import _abi, _values
from ._abi import lib

Progress = Callable[[int, int], Any]
Read = Callable[[int, int], Any]
PAGE = 4096


class Calls:
    """The callbacks of an image.

    An exception cannot pass through C.  It is kept, the library is asked to
    stop, and Core.failure() returns it.
    """

    def __init__(self) -> None:
        self.pending: Optional[BaseException] = None
        self.progress: Optional[Progress] = None
        self.functions: List[Callable[..., int]] = []
        self.on_progress = self.callback(_abi.PROGRESS_FN, self._progress)
        self._previous: Any = None

    def callback(self, kind: Any, function: Callable[..., int]) -> Any:
        """A pointer to a method of this class or of Reader."""
        self.functions.append(function)
        return kind(function)

    def set_progress(self, progress: Optional[Progress]) -> None:
        """Use this function from now on; checked here, as it may never be
        called."""
        if progress is not None and not callable(progress):
            raise TypeError("progress must be a function or None, not %s"
                            % type(progress).__name__)
        self.progress = progress

    def _progress(self, _arg: Any, done: int, total: int) -> int:
        # The search calls this often, and Python runs signal handlers here.
        try:
            if self.pending is not None:
                return 1
            if self.progress is None:
                return 0
            return 1 if self.progress(done, total) else 0
        except BaseException as e:
            self.pending = e
            return 1

    # A signal that arrives during a call is handled when a callback begins,
    # before its first statement.  What the handler raises there, such as
    # KeyboardInterrupt, ctypes passes to sys.unraisablehook.

    def watch(self) -> None:
        """Begin to look for such exceptions; signals are handled in the main
        thread only."""
        if threading.get_ident() == threading.main_thread().ident:
            self._previous = sys.unraisablehook
            sys.unraisablehook = self._unraisable

    def unwatch(self) -> None:
        if self._previous is not None:
            sys.unraisablehook, self._previous = self._previous, None

    def _unraisable(self, lost: Any) -> None:
        for function in self.functions:
            # Python 3.13 has it only in the message
            if (lost.object is function
                    or lost.err_msg and repr(function) in lost.err_msg):
                self.pending = self.pending or lost.exc_value
                return
        self._previous(lost)


class Reader:
    """The read callback of an image over a Python callable."""

    def __init__(self, calls: Calls, read: Read,
                 pairs: Iterable[Tuple[int, int]],
                 missing: Tuple[type, ...]) -> None:
        self._calls = calls
        self._read = read
        self._missing = missing
        self._ranges = sorted(pairs)
        self.on_read = calls.callback(_abi.READ_FN, self._on_read)

    def _on_read(self, _self: Any, address: int, buffer: int, length: int,
                 ret: Any, _err: Any) -> int:
        try:
            ret[0] = 0
            if self._calls.pending is not None:
                return _abi.IO
            if not length:
                return _abi.OK
            length = self._inside(address, length)
            if not length:
                return _abi.NO_DATA
            with memoryview(self._get(address, length)).cast("B") as data:
                if len(data) > length:
                    raise ValueError("read() returned %d bytes, not %d"
                                     % (len(data), length))
                ctypes.memmove(buffer, bytes(data), len(data))
                ret[0] = len(data)
                return _abi.OK if len(data) else _abi.NO_DATA
        except BaseException as e:
            self._calls.pending = e
            return _abi.IO

    def _inside(self, address: int, length: int) -> int:
        """How many of these bytes are in the ranges: a log may point
        anywhere."""
        end = address
        for start, stop in self._ranges:
            if start <= end < stop:
                end = stop
        return min(length, end - address)

    def _get(self, address: int, length: int) -> Any:
        """As many bytes as are there."""
        try:
            return self._read(address, length) or b""
        except self._missing:
            return self._get_pages(address, length)

    def _get_pages(self, address: int, length: int) -> bytes:
        """The pages before the first one that is missing."""
        data = bytearray()
        while len(data) < length:
            at = address + len(data)
            size = min(length - len(data), PAGE - at % PAGE)
            if size == length:
                break
            try:
                part = self._read(at, size) or b""
            except self._missing:
                break
            data += part
            if len(part) < size:
                break
        return bytes(data)


class Core:
    """The handle of an image, and those of what was made from it.

    `with core:` is around every call of the library.  It keeps other threads
    out and refuses calls from the image's own callbacks.
    """

    def __init__(self) -> None:
        self.handle: Optional[int] = None
        self.calls = Calls()
        self.err = _abi.Err()
        self.keep: Any = None
        self._lock = threading.RLock()
        self._busy = False
        # What must be closed before the image, in the order of its creation:
        # how, and the handles that it uses.
        self._children: Dict[int, Tuple[Callable[[int], None],
                                        Tuple[int, ...]]] = {}
        self._dead: "collections.deque[int]" = collections.deque()

    def __enter__(self) -> int:
        self._lock.acquire()
        if self._busy or self.handle is None:
            busy = self._busy
            self._lock.release()
            if busy:
                raise RuntimeError("an image cannot be used by its callbacks")
            raise ValueError("the image is closed")
        self._busy = True
        self.calls.watch()
        try:
            if self._dead:
                self._bury()
        except BaseException:
            self.__exit__()
            raise
        return self.handle

    def __exit__(self, *_: Any) -> None:
        self.calls.unwatch()
        self._busy = False
        self._lock.release()

    def open(self, function: Callable[[Any, Any], int]) -> None:
        """Open the image with a function of the library."""
        handle = ctypes.c_void_p()
        self.calls.watch()
        try:
            status = function(ctypes.byref(handle), ctypes.byref(self.err))
        finally:
            self.calls.unwatch()
        self.handle = None if status else handle.value
        failure = self.failure(status)
        if failure:
            self.close()
            raise failure

    def failure(self, status: int) -> Optional[BaseException]:
        """The exception to raise after a call, None if it succeeded."""
        pending, self.calls.pending = self.calls.pending, None
        if pending is not None:
            return pending
        return _values.error(status, self.err) if status else None

    def adopt(self, handle: int, close: Callable[[int], None],
              *uses: Optional[int]) -> int:
        """Close handle before those that it uses, and before the image."""
        self._children[handle] = (close, tuple(u for u in uses if u))
        return handle

    def drop(self, handle: Optional[int]) -> None:
        """Close a handle now; nothing may use it."""
        with self._lock:
            if self._busy:
                raise RuntimeError("an image cannot be used by its callbacks")
            child = self._children.pop(handle or 0, None)
            if child:
                child[0](handle or 0)

    def bury(self, handle: Optional[int]) -> None:
        """Close a handle at the next call: for __del__, which may run during
        any other call."""
        if handle:
            self._dead.append(handle)

    def _bury(self) -> None:
        doomed = set()
        while self._dead:
            doomed.add(self._dead.popleft())
        # the newest first: it uses the older ones
        for handle in reversed(list(self._children)):
            if handle not in doomed:
                continue
            if any(handle in uses for _, uses in self._children.values()):
                self._dead.append(handle)
                continue
            self._children.pop(handle)[0](handle)

    def close(self) -> None:
        """Close the image and all that was made from it."""
        with self._lock:
            if self._busy:
                raise RuntimeError("an image cannot be used by its callbacks")
            handle, self.handle = self.handle, None
            for child in reversed(list(self._children)):
                self._children.pop(child)[0](child)
            if handle is not None:
                lib.image_close(handle)
            self.keep = None

    def __del__(self) -> None:
        self.close()


def path(name: Any) -> bytes:
    """A name for C, which ends it at a NUL."""
    name = os.fsencode(name)
    if b"\0" in name:
        raise ValueError("embedded null byte")
    return name


def ranges(pairs: Iterable[Tuple[int, int]]) -> Any:
    """An array of struct memlog_range."""
    pairs = [(operator.index(start), operator.index(end))
             for start, end in pairs]
    for start, end in pairs:
        if not 0 <= start < end < 1 << 64:
            raise ValueError("not a range of addresses: (%#x, %#x)"
                             % (start, end))
    return (_abi.Range * len(pairs))(*pairs)
