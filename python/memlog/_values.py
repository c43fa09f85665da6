# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the module returns: errors, flags, and plain values copied from C."""

import ctypes
import enum
from typing import Any, Dict, NamedTuple, Optional, Tuple, Union

from . import _abi
from ._abi import lib

SPACES = ("phys", "mach", "virt", "host", "file")
SCANS = ("pages", "likely", "exhaustive", "auto")
MAPS = ("none", "q35", "pc", "microvm", "virt")


class Status(enum.IntEnum):
    """Why a function failed."""

    NOT_MINE = 1  #: the bytes are something else
    NO_DATA = 2  #: nothing there: a hole, the end, no log
    CORRUPT = 3  #: the right kind of thing, but broken
    LIMIT = 4  #: a limit was reached
    UNSUPPORTED = 5  #: recognised, but not read by this build
    INVALID = 6  #: invalid argument
    NO_MEMORY = 7
    IO = 8  #: the operating system failed; see Error.errno
    STOP = 9  #: the progress callback asked to stop


class Error(Exception):
    """The library failed.

    status is a Status, errno an errno value or 0, address the address in
    the image or None.  logs has the logs that a search found before it
    failed, or is None.
    """

    def __init__(self, text: str, status: Status, errno: int = 0,
                 address: Optional[int] = None) -> None:
        super().__init__(text)
        self.status = status
        self.errno = errno
        self.address = address
        self.logs: Any = None


def error(status: int, err: _abi.Err) -> Exception:
    """The exception for a status, with the text that is in err."""
    if status == _abi.NO_MEMORY:
        return MemoryError(_abi.text(err.text))
    return Error(_abi.text(err.text or lib.status_name(status)),
                 Status(status), err.sys, err.addr if err.has_addr else None)


def index(name: Optional[str], names: Tuple[str, ...], what: str) -> int:
    """The number of a name in an enum of memlog.h."""
    if name not in names:
        raise ValueError("%s %r: must be one of %s"
                         % (what, name, ", ".join(names)))
    return names.index(name)


class LogFlag(enum.IntFlag):
    """What is special about a log."""

    WRAPPED = 1 << 0  #: the oldest text was overwritten
    LOST_HEAD = 1 << 1  #: its beginning was lost before it was written here
    LOCKED = 1 << 2  #: caught with the lock held
    RACED = 1 << 3  #: changed while it was read
    GUESSED = 1 << 4  #: found by shape, not by a magic
    DAMAGED = 1 << 5  #: the header is inconsistent
    EMPTY = 1 << 6  #: valid, nothing written yet
    NOT_A_LOG = 1 << 7  #: listed, but has no text
    INCOMPLETE = 1 << 8  #: parts are not in the image
    TELLS_ALL = 1 << 9  #: the text of a record has its time, CPU and the like
    CUT_OFF = 1 << 10  #: what follows its first pages is left out
    PLAIN = 1 << 11  #: text output has only the lines


class RecordFlag(enum.IntFlag):
    """What is special about a record."""

    TRUNCATED_HEAD = 1 << 0  #: its beginning is lost
    PARTIAL_TAIL = 1 << 1  #: its end is not written yet
    LOST_BEFORE = 1 << 2  #: records before it are missing
    GUESSED = 1 << 3  #: of a log found by shape
    RACED = 1 << 4  #: of a log that changed while it was read
    STALE = 1 << 5  #: of an older boot
    CONTINUES = 1 << 6  #: the next record is of the same line
    UNCOMMITTED = 1 << 7  #: copied, not yet counted
    CONSUMED = 1 << 8  #: already read by the log's own reader
    VERBATIM = 1 << 9  #: the text includes the time and the component
    DATE = 1 << 10  #: the time is since 1970-01-01 UTC
    CONTEXT = 1 << 11  #: matches no filter, but is near one that does


class Range(NamedTuple):
    """Addresses from start up to, but not including, end."""

    start: int
    end: int


class Extent(NamedTuple):
    """One run of bytes of a log.

    cpu is None if it belongs to no CPU.  alias is the space and address of
    the same byte in another space if that is certain, else None.
    """

    space: str
    address: int
    length: int
    cpu: Optional[int]
    role: int
    alias: Optional[Tuple[str, int]]


class Note(NamedTuple):
    """A note or fact that the image carries.

    text and desc may come from the guest.
    """

    owner: str
    type: int
    title: str
    text: str
    desc: bytes


class Stats(NamedTuple):
    """How far a search went, in bytes except the counts of candidates."""

    covered: int
    touched: int
    unreadable: int
    candidates: int
    rejected: int
    complete: bool
    likely_only: bool
    rejected_first: str
    exhaustive: bool


class News(NamedTuple):
    """What a look at a live log found, besides records.

    lost is how much was overwritten before it was seen, in bytes or
    records; 0 if that is unknown.
    """

    started: bool
    reset: bool
    overrun: bool
    lost: int


class Record(NamedTuple):
    """One line of text, message or event.

    Text comes from the guest: use escape() before it goes to a terminal.
    text and message are decoded as UTF-8, with backslash escapes for other
    bytes; text_bytes and message_bytes have the bytes.  message is text
    without the prefix (level, time, CPU) that the log itself puts before
    it, None if that is not known.  raw is what the log has in memory.

    time is in ticks of time_hz, which is 0 if the rate is unknown; seconds
    has it in seconds.  level is 0 (emergency) to 7 (debug).  lost counts
    what is missing directly before this record; with the flag LOST_BEFORE 0
    means an unknown number.  fields are the format's own, by name: numbers,
    and bytes for text.  What a record does not have is None.
    """

    text: str
    text_bytes: bytes
    message: Optional[str]
    message_bytes: Optional[bytes]
    raw: bytes
    seq: Optional[int]
    time: Optional[int]
    time_hz: int
    time_zero: int
    level: Optional[int]
    cpu: Optional[int]
    component: Optional[str]
    phase: Optional[str]
    boot: Optional[int]
    fields: Dict[str, Union[int, bytes]]
    lost: int
    flags: RecordFlag

    @property
    def seconds(self) -> Optional[float]:
        """time in seconds; None if there is none, or its rate is unknown."""
        if self.time is None or not self.time_hz:
            return None
        return self.time / self.time_hz


_FIELD_INT, _FIELD_TEXT = 1, 3


def _fields(rec: _abi.Record) -> Dict[str, Union[int, bytes]]:
    fields: Dict[str, Union[int, bytes]] = {}
    for f in rec.fields[:min(rec.n_fields, _abi.RECORD_FIELDS)]:
        name = _abi.text(f.name)
        if f.type == _FIELD_TEXT:
            fields[name] = _abi.data(f.text, f.text_len)
        else:
            fields[name] = f.i if f.type == _FIELD_INT else f.u
    return fields


def record(rec: _abi.Record) -> Record:
    """A copy of a record that is borrowed from a decoder."""
    data = _abi.data(rec.text, rec.text_len)
    message = (_abi.data(rec.message, rec.message_len)
               if rec.message is not None else None)
    return Record(
        text=_abi.text(data),
        text_bytes=data,
        message=None if message is None else _abi.text(message),
        message_bytes=message,
        raw=_abi.data(rec.raw, rec.raw_len),
        seq=rec.seq if rec.has_seq else None,
        time=rec.time if rec.has_time else None,
        time_hz=rec.time_hz,
        time_zero=rec.time_zero,
        level=rec.level if rec.has_level else None,
        cpu=rec.cpu if rec.cpu >= 0 else None,
        component=_text_or_none(rec.component),
        phase=_text_or_none(rec.phase),
        boot=rec.boot if rec.has_boot else None,
        fields=_fields(rec) if rec.n_fields else {},
        lost=rec.lost,
        flags=RecordFlag(rec.flags),
    )


def _text_or_none(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else _abi.text(value)


def extent(e: _abi.Extent) -> Extent:
    """A copy of an extent."""
    alias = (SPACES[e.alias_space], e.alias_addr) if e.has_alias else None
    return Extent(SPACES[e.space], e.addr, e.len,
                  e.cpu if e.cpu >= 0 else None, e.role, alias)


def stats(s: _abi.ScanStats) -> Stats:
    """A copy of the statistics of a search."""
    return Stats(s.covered, s.touched, s.unreadable, s.candidates, s.rejected,
                 s.complete, s.likely_only, _abi.text(s.rejected_first),
                 s.exhaustive)


def formats() -> Dict[str, str]:
    """The log formats that the library knows: titles by name."""
    found = {}
    name, title = ctypes.c_char_p(), ctypes.c_char_p()
    while lib.format_get(len(found), ctypes.byref(name), ctypes.byref(title)):
        found[_abi.text(name.value)] = _abi.text(title.value)
    return found


def escape(text: Union[str, bytes]) -> str:
    """Text of a guest, made safe for a terminal and a single line."""
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogateescape")
    parts = []
    for part in text.split(b"\0"):
        ret = ctypes.create_string_buffer(4 * len(part) + 1)
        lib.escape(part, ret, len(ret))
        parts.append(_abi.text(ret.value))
    return "\\x00".join(parts)
