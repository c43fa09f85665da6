# SPDX-License-Identifier: LGPL-2.1-or-later
"""Find and decode the logs that firmware and hypervisors leave in memory.

Print every log of a dump:

    import memlog

    with memlog.open("vmcore") as image:
        for log in image.logs():
            print(log.title, log.space, hex(log.address), log.state)
            for record in log.records():
                print(record.seconds, record.level, record.text, end="")

An image is a file of any kind that memlog-dump reads, or the name of a running
guest: "pid:N", "domain:NAME", "qmp:SOCKET".  Image.from_reader() makes one of
any function that reads memory, such as that of a debugger:

    image = memlog.Image.from_reader(
        lambda address, size: prog.read(address, size, physical=True),
        ranges=[(0x40000000, 0x48000000)])

Text in a dump was written by its guest: use escape() before it goes to a
terminal.  Failures raise Error, whose status says what kind of failure it is.

This is a wrapper of libmemlog.so.0; memlog.h is the reference.
"""

from ._abi import lib as _lib
from ._follow import Follow
from ._image import Image, open
from ._logs import Log, Logs, Records, Symbols
from ._values import (
    Error,
    Extent,
    LogFlag,
    News,
    Note,
    Range,
    Record,
    RecordFlag,
    Stats,
    Status,
    escape,
    formats,
)

__version__ = _lib.version().decode()

__all__ = [
    "Error",
    "Extent",
    "Follow",
    "Image",
    "Log",
    "LogFlag",
    "Logs",
    "News",
    "Note",
    "Range",
    "Record",
    "RecordFlag",
    "Records",
    "Stats",
    "Status",
    "Symbols",
    "escape",
    "formats",
    "open",
]

# Where they are defined is nobody's concern: help() and tracebacks say memlog.
for _name in __all__:
    globals()[_name].__module__ = __name__
del _name
