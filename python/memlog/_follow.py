# SPDX-License-Identifier: LGPL-2.1-or-later
"""The log of a running guest, while it is written."""

import ctypes
import time
from ctypes import byref
from typing import Any, Optional

from . import _abi, _values
from ._abi import lib
from ._logs import Log
from ._values import News, Record


class Follow:
    """New records of a live log: an iterator, and a context manager.

    Iterating waits for records, and ends with the guest.  To wait in some
    other way, call look() and then next_record() until it returns None.
    """

    def __init__(self, core: Any, opts: Any, consumed: bool,
                 interval: float) -> None:
        self._core = core
        self._handle: Optional[int] = None
        self._opts = opts
        self._decode = _abi.sized(_abi.DecodeOpts, consumed=consumed,
                                  printer=lib.event_printer(),
                                  deflate=lib.codec_deflate())
        self._rec = ctypes.POINTER(_abi.Record)()
        self._interval = interval
        self._ended = False
        self.news: Optional[News] = None
        handle = ctypes.c_void_p()
        with core as image:
            status = lib.follow_open(image, byref(opts), byref(self._decode),
                                     byref(handle), byref(core.err))
            if not status and handle.value:
                self._handle = core.adopt(handle.value, lib.follow_close)
            failure = core.failure(status)
            if failure:
                raise failure

    def __iter__(self) -> "Follow":
        return self

    def __next__(self) -> Record:
        while True:
            rec = self.next_record()
            if rec is not None:
                return rec
            if self._ended:
                raise StopIteration
            if not self.look() and not self._ended:
                time.sleep(self._interval)

    def look(self) -> bool:
        """Look at the log; True if there is something new.  news then says
        what happened to the log, as a News.

        Once the guest has ended it is False, and ended is True.
        """
        news = _abi.sized(_abi.FollowNews)
        with self._core:
            status = lib.follow_look(self._open(), byref(news),
                                     byref(self._core.err))
            failure = self._core.failure(
                0 if status in (_abi.NO_DATA, _abi.IO) else status)
            if failure:
                raise failure
            self.news = News(news.started, news.reset, news.overrun,
                             news.lost)
            self._ended = status == _abi.IO
            return status == _abi.OK

    def next_record(self) -> Optional[Record]:
        """The next new record; None until the next look."""
        with self._core:
            status = lib.follow_next(self._open(), byref(self._rec),
                                     byref(self._core.err))
            failure = self._core.failure(
                0 if status == _abi.NO_DATA else status)
            if failure:
                raise failure
            if status:
                return None
            rec = self._rec.contents
            _abi.check_size(rec)
            return _values.record(rec)

    @property
    def ended(self) -> bool:
        """Has the guest ended?"""
        return self._ended

    @property
    def log(self) -> Optional[Log]:
        """The log that is followed; None before one was found."""
        with self._core:
            log = lib.follow_log(self._open())
            return Log(None, 0, log.contents) if log else None

    def _open(self) -> int:
        if self._handle is None:
            raise ValueError("following was closed")
        return self._handle

    def close(self) -> None:
        handle, self._handle = self._handle, None
        self._core.drop(handle)

    def __enter__(self) -> "Follow":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        self._core.bury(self._handle)
