# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logs that a search found, and the records in them."""

import collections.abc
import contextlib
import ctypes
import threading
from ctypes import byref
from typing import Any, Iterator, Optional, Tuple, Union, overload

from . import _abi, _values
from ._abi import lib
from ._core import path
from ._values import Extent, LogFlag, Record, Stats


class Symbols:
    """Names and types from an ELF file such as vmlinux or xen-syms.

    Pass it to Image.logs() and Log.records().
    """

    def __init__(self, file: Any) -> None:
        self._handle: Optional[int] = None
        handle, err = ctypes.c_void_p(), _abi.Err()
        status = lib.symbols_open(path(file), None, byref(handle), byref(err))
        if status:
            raise _values.error(status, err)
        self._handle = handle.value
        # several images may use it, in threads of their own
        self._lock = threading.RLock()

    def __del__(self) -> None:
        if self._handle:
            lib.symbols_close(self._handle)


def symbols_of(symbols: Optional[Symbols]) -> Tuple[Optional[int], Any]:
    """The handle of symbols, which may be None, and what guards its use."""
    if symbols is None:
        return None, contextlib.nullcontext()
    return symbols._handle, symbols._lock


class Logs(collections.abc.Sequence):
    """The logs that a search found, in the order in which it did.

    stats says how far the search went; it is None for Image.logs_at().
    """

    def __init__(self, core: Any, handle: int, stats: Optional[Stats],
                 symbols: Optional[Symbols] = None) -> None:
        # called with the core in use
        self._core = core
        self._handle: Optional[int] = core.adopt(handle, lib.logs_destroy)
        self._symbols = symbols
        self._names: Optional[int] = None
        self.stats = stats
        self._logs = [Log(self, i, lib.logs_get(handle, i).contents)
                      for i in range(lib.logs_count(handle))]

    @overload
    def __getitem__(self, index: int) -> "Log": ...

    @overload
    def __getitem__(self, index: slice) -> "list[Log]": ...

    def __getitem__(self, index: Any) -> Any:
        return self._logs[index]

    def __len__(self) -> int:
        return len(self._logs)

    def __repr__(self) -> str:
        return "<memlog.Logs %r>" % (self._logs,)

    def __del__(self) -> None:
        self._core.bury(self._names)
        self._core.bury(self._handle)

    def _load_names(self, image: int) -> Optional[int]:
        """Names of modules, which one log may have for another; with the core
        in use."""
        if self._names is None and len({i.format for i in self._logs}) > 1:
            names = ctypes.c_void_p()
            status = lib.names_load(image, self._handle, byref(names),
                                    byref(self._core.err))
            if not status and names.value:
                self._names = self._core.adopt(names.value, lib.names_free)
            failure = self._core.failure(status)
            if failure:
                raise failure
        return self._names


class Log:
    """A log that was found.

    id            its index in the list
    group         the same number for logs that belong together
    format        "ovmf"; see formats()
    title         the same in words
    variant       "main", "early", ... or ""
    version       what its writer calls itself, or ""; from the guest
    extents       where it is, a tuple of Extent
    space, address  of its first byte
    size          bytes of its extents
    capacity      bytes of text that fit
    used          bytes of text in it
    flags         a LogFlag
    state         "current", "stale" (of an earlier boot), "copy", "unknown"
    reason        why that state, or what is wrong with it; escape it
    boot          0 for the current boot, -1 for the one before; None if
                  that is unknown
    """

    __slots__ = ("id", "group", "format", "title", "variant", "version",
                 "extents", "capacity", "used", "flags", "state", "reason",
                 "boot", "_logs")

    def __init__(self, logs: Any, index: int, log: Any) -> None:
        _abi.check_size(log)
        self._logs = logs
        self.id: int = index
        self.group: int = log.group
        self.format = _abi.text(log.format)
        self.title = _abi.text(log.title)
        self.variant = _abi.text(log.variant)
        self.version = _abi.text(log.version)
        self.extents: Tuple[Extent, ...] = tuple(
            _values.extent(log.extents[i]) for i in range(log.n_extents))
        self.capacity: int = log.capacity
        self.used: int = log.used
        self.flags = LogFlag(log.flags)
        self.state = _abi.text(lib.state_name(log.state))
        self.reason = _abi.text(log.reason)
        self.boot: Optional[int] = log.boot if log.has_boot else None

    @property
    def space(self) -> Optional[str]:
        return self.extents[0].space if self.extents else None

    @property
    def address(self) -> Optional[int]:
        return self.extents[0].address if self.extents else None

    @property
    def size(self) -> int:
        return sum(e.length for e in self.extents)

    def __repr__(self) -> str:
        where = ("%s:%#x" % (self.space, self.address) if self.extents
                 else "no address")
        return "<memlog.Log %s %s %s>" % (self.format, where, self.state)

    def __iter__(self) -> Iterator[Record]:
        return self.records()

    def records(self, *, uncommitted: bool = False, consumed: bool = False,
                merge: bool = False, tsc_hz: int = 0,
                rules: Union[str, bytes, None] = None,
                symbols: Optional[Symbols] = None) -> "Records":
        """The records of the log, oldest first.

        uncommitted: also text that was copied, but not yet counted
        consumed: also what the log's own reader has already read
        merge: merge the events of all CPUs of a trace by time
        tsc_hz: the rate of times in cycles, if it is known
        rules: the text of a file that says how to format events
        symbols: names of functions, for traces of a kernel; those of
            Image.logs() are the default

        Raises Error; with the status UNSUPPORTED if the log has no text.
        """
        if self._logs is None:
            raise ValueError("this copy of a log is not part of a list")
        if isinstance(rules, str):
            rules = rules.encode()
        opts = _abi.sized(_abi.DecodeOpts, uncommitted=uncommitted,
                          consumed=consumed, tsc_hz=tsc_hz, merge=merge,
                          printer=lib.event_printer(),
                          deflate=lib.codec_deflate())
        if rules is not None:
            buffer = ctypes.create_string_buffer(rules, len(rules) or 1)
            opts.rules = ctypes.addressof(buffer)
            opts.rules_len = len(rules)
            opts.keep = buffer
        return Records(self, opts, symbols or self._logs._symbols)


class Records:
    """The records of one log: an iterator, and a context manager.

    A record is a copy, and stays valid.  What is wrong in the middle of a log
    raises Error, and nothing follows; the records before it are correct.
    """

    def __init__(self, log: Log, opts: Any,
                 symbols: Optional[Symbols]) -> None:
        logs = log._logs
        self._logs = logs
        self._core = core = logs._core
        self._handle: Optional[int] = None
        self._opts = opts  # it and what it points to outlive the decoder
        self._symbols = symbols
        self._rec = ctypes.POINTER(_abi.Record)()
        opts.symbols, self._lock = symbols_of(symbols)
        handle = ctypes.c_void_p()
        with self._lock, core as image:
            opts.names = logs._load_names(image)
            status = lib.decoder_open(
                image, lib.logs_get(logs._handle, log.id), byref(opts),
                byref(handle), byref(core.err))
            if not status and handle.value:
                self._handle = core.adopt(handle.value, lib.decoder_close,
                                          logs._handle, logs._names)
            failure = core.failure(status)
            if failure:
                raise failure
            self._log = Log(None, log.id,
                            lib.decoder_log(handle.value).contents)

    def __iter__(self) -> "Records":
        return self

    def __next__(self) -> Record:
        with self._lock, self._core:
            status = lib.decoder_next(self._open(), byref(self._rec),
                                      byref(self._core.err))
            failure = self._core.failure(
                0 if status == _abi.NO_DATA else status)
            if failure:
                raise failure
            if status:
                raise StopIteration
            rec = self._rec.contents
            _abi.check_size(rec)
            return _values.record(rec)

    def _open(self) -> int:
        if self._handle is None:
            raise ValueError("the records are closed")
        return self._handle

    @property
    def log(self) -> Log:
        """The log as it is being decoded; on a live image it may be newer than
        the one in the list."""
        return self._log

    @property
    def missing(self) -> int:
        """Bytes of the log that are not in the image, as far as it was
        read."""
        with self._core:
            return lib.decoder_missing(self._open())

    @property
    def damaged(self) -> int:
        """Bytes that are not what they should be, and were left out so far."""
        with self._core:
            return lib.decoder_damaged(self._open())

    @property
    def note(self) -> str:
        """What is not certain about the records, or ""."""
        with self._core:
            return _abi.text(lib.decoder_note(self._open()))

    def close(self) -> None:
        handle, self._handle = self._handle, None
        self._core.drop(handle)

    def __enter__(self) -> "Records":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __del__(self) -> None:
        self._core.bury(self._handle)
