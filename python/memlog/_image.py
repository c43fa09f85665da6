# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images: whatever holds the memory of a machine."""

import ctypes
from ctypes import byref
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple, Type, Union

from . import _abi, _core, _values
from ._abi import lib
from ._core import Core, Progress, Read
from ._follow import Follow
from ._logs import Logs, Symbols, symbols_of
from ._values import MAPS, SCANS, SPACES, Note, Range

Ranges = Iterable[Tuple[int, int]]


class Image:
    """The memory of a machine: a dump, a guest, anything that can be read.

    Image(name) opens it by name, as memlog-dump does: a file, the files
    "A,B,C" of a split dump, "pid:N", "domain:NAME", "qmp:SOCKET", "acrn:",
    "port:PATH", "/dev/mem".

    map: the layout of a raw file: "none", "q35", "pc", "microvm" or "virt"
    raw_base: added to every address of a raw file
    force_raw: treat the file as plain memory
    no_mmap: read with pread, for files that may shrink
    tmpdir: for unlinked temporary files; None for /var/tmp
    via_qemu: with qmp:, let QEMU 10.2 and later locate the log
    window: bytes of memory that unpacking a compressed file may take for what
        the file refers back to, 0 for 128 MiB
    progress: called now and then with the bytes done and the total, 0 if
        that is unknown; a true result stops, and raises Error

    Ctrl-C stops a search and raises KeyboardInterrupt.  Close an image, or use
    it in a with statement; what came from it raises ValueError afterwards.
    Threads that use one image take turns; different images are independent.
    """

    def __init__(self, name: Any, *, map: Optional[str] = None,
                 raw_base: int = 0, force_raw: bool = False,
                 no_mmap: bool = False, tmpdir: Any = None,
                 via_qemu: bool = False, window: int = 0,
                 progress: Optional[Progress] = None) -> None:
        self._core = core = Core()
        core.calls.set_progress(progress)
        opts = _abi.sized(
            _abi.OpenOpts, no_mmap=no_mmap, force_raw=force_raw,
            map=_values.index(map or "none", MAPS, "map"), raw_base=raw_base,
            progress=core.calls.on_progress,
            tmpdir=None if tmpdir is None else _core.path(tmpdir),
            via_qemu=via_qemu, window=window)
        file = _core.path(name)
        core.open(lambda handle, err: lib.image_open(
            file, byref(opts), handle, err))

    @classmethod
    def from_reader(cls, read: Read, ranges: Ranges, *, space: str = "phys",
                    name: str = "reader", page_size: int = 0,
                    live: bool = False, slow: bool = False,
                    missing: Union[Type[BaseException],
                                   Tuple[Type[BaseException], ...]] = (),
                    ) -> "Image":
        """An image over a function that reads memory.

        read(address, size) returns up to size bytes; fewer if a hole or the
        end follows, none if the first byte is missing.  Other exceptions than
        those in missing, which mean the same, end what is being done and reach
        the caller.

        ranges: (start, end) of memory; bytes inside may still be missing
        space: of its addresses: "phys", "mach", "virt", "host" or "file"
        live: the bytes change while they are read
        slow: read as little as possible
        """
        if isinstance(missing, type):
            missing = (missing,)
        array = _core.ranges(ranges)
        image = cls.__new__(cls)
        image._core = core = Core()
        reader = _core.Reader(core.calls, read,
                              [(r.start, r.end) for r in array], missing)
        core.keep = reader
        ops = _abi.sized(
            _abi.ReaderOps, read=reader.on_read, page_size=page_size,
            flags=(_abi.READER_LIVE if live else 0)
            | (_abi.READER_SLOW if slow else 0))
        number = _values.index(space, SPACES, "space")
        label = _core.path(name)
        core.open(lambda handle, err: lib.image_wrap(
            byref(ops), None, number, label, None, handle, err))
        with core as handle:
            failure = core.failure(lib.image_set_ranges(
                handle, array, len(array), byref(core.err)))
        if failure:
            core.close()
            raise failure
        return image

    def close(self) -> None:
        """Close the image and the records that are being read from it."""
        self._core.close()

    @property
    def closed(self) -> bool:
        return self._core.handle is None

    def __enter__(self) -> "Image":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.closed:
            return "<memlog.Image closed>"
        return "<memlog.Image %s %r>" % (self.format, self.name)

    # ---- what it is --------------------------------------------------------

    def _info(self) -> Dict[str, Any]:
        info = _abi.sized(_abi.ImageInfo)
        with self._core as image:
            failure = self._core.failure(lib.image_info(
                image, byref(info), byref(self._core.err)))
            if failure:
                raise failure
            # strings are the image's: copy them while it is open
            return {k: getattr(info, k) for k, _ in info._fields_}

    @property
    def name(self) -> str:
        """The name as it was opened, without passwords."""
        return _abi.text(self._info()["name"])

    @property
    def format(self) -> str:
        """What it is, in one word: "elf", "kdump", "process", "reader"."""
        return _abi.text(self._info()["format"])

    @property
    def title(self) -> str:
        """What it is, in words."""
        return _abi.text(self._info()["title"])

    @property
    def machine(self) -> str:
        """ "x86_64", "aarch64", ..., or "" if that is unknown."""
        return _abi.text(self._info()["machine"])

    @property
    def space(self) -> str:
        """The primary address space, for addresses without one."""
        return SPACES[self._info()["space"]]

    @property
    def live(self) -> bool:
        """Does it change while it is read?"""
        return bool(self._info()["flags"] & _abi.READER_LIVE)

    @property
    def present(self) -> int:
        """Bytes of memory in the primary space."""
        return self._info()["present"]

    @property
    def missing(self) -> int:
        """Bytes that the headers describe, but the file does not have."""
        return self._info()["missing"]

    @property
    def file_size(self) -> int:
        """Bytes of the file, unpacked; 0 if it is not a file."""
        return self._info()["file_size"]

    def has_space(self, space: str) -> bool:
        """Does the image have this address space?"""
        number = _values.index(space, SPACES, "space")
        with self._core as image:
            return lib.image_has_space(image, number)

    def ranges(self, space: Optional[str] = None) -> Iterator[Range]:
        """Where the image has memory, in ascending order."""
        number = self._space(space)
        end = 0
        while True:
            r = _abi.Range()
            with self._core as image:
                status = lib.image_next_range(image, number, end, byref(r),
                                              byref(self._core.err))
                failure = self._core.failure(
                    0 if status == _abi.NO_DATA else status)
            if failure:
                raise failure
            if status:
                return
            end = r.end
            yield Range(r.start, r.end)

    @property
    def notes(self) -> Tuple[Note, ...]:
        """Notes and facts that the image carries."""
        notes = []
        note = _abi.sized(_abi.Note)
        with self._core as image:
            while not lib.image_note(image, len(notes), byref(note)):
                notes.append(Note(_abi.text(note.owner), note.type,
                                  _abi.text(note.title),
                                  _abi.text(note.text),
                                  _abi.data(note.desc, note.desc_len)))
        return tuple(notes)

    @property
    def warnings(self) -> Tuple[str, ...]:
        """What the user of the image should know; a search can add more."""
        warnings = []
        with self._core as image:
            while True:
                line = lib.image_warning(image, len(warnings))
                if line is None:
                    return tuple(warnings)
                warnings.append(_abi.text(line))

    def _space(self, space: Optional[str]) -> int:
        if space is None:
            return self._info()["space"]
        return _values.index(space, SPACES, "space")

    # ---- what is in it -----------------------------------------------------

    def read(self, address: int, size: int,
             space: Optional[str] = None) -> bytes:
        """Up to size bytes of memory; fewer if a hole or the end follows.

        Raises Error with the status NO_DATA if the first byte is missing.
        """
        number = self._space(space)
        if size < 0 or not 0 <= address < 1 << 64:
            raise ValueError("not an address and a size: %#x, %d"
                             % (address, size))
        buffer = ctypes.create_string_buffer(size)
        done = ctypes.c_size_t()
        with self._core as image:
            failure = self._core.failure(lib.image_read(
                image, number, address, buffer, size, byref(done),
                byref(self._core.err)))
        if failure:
            raise failure
        return buffer.raw[:done.value]

    def logs(self, *, formats: Union[str, Iterable[str], None] = None,
             scan: str = "auto", ranges: Optional[Ranges] = None,
             space: Optional[str] = None, threads: int = 0, max_logs: int = 0,
             symbols: Optional[Symbols] = None,
             progress: Optional[Progress] = None) -> Logs:
        """Search for logs.

        formats: names from formats(), "all", or None for all but those that
            have to be asked for
        scan: "pages", "likely" (only where firmware puts its logs),
            "exhaustive", or "auto": pages, but on a slow image only if no
            current log is in the likely places
        ranges: (start, end) of the addresses to search, in space; None for
            all
        threads: how many search, 0 for two
        max_logs: how many logs to keep, 0 for the library's limit
        symbols: may give the addresses of logs that have no magic
        progress: as for Image

        Raises Error; its logs are those that were found until then.
        """
        stats = _abi.sized(_abi.ScanStats)
        opts, kept = self._scan_opts(formats, scan, ranges, space, threads,
                                     max_logs)
        opts.symbols, lock = symbols_of(symbols)
        handle = ctypes.c_void_p()
        core = self._core
        with lock, core as image:
            before = core.calls.progress
            core.calls.set_progress(progress)
            try:
                status = lib.scan(image, byref(opts), byref(handle),
                                  byref(stats), byref(core.err))
            finally:
                core.calls.progress = before
            del kept
            return self._found(status, handle, _values.stats(stats), symbols)

    def logs_at(self, address: int, space: Optional[str] = None, *,
                formats: Union[str, Iterable[str], None] = None) -> Logs:
        """The log that starts at an address, and those that belong to it.

        Raises Error with the status NOT_MINE if there is none.
        """
        number = self._space(space)
        if not 0 <= address < 1 << 64:
            raise ValueError("not an address: %#x" % address)
        opts, _ = self._scan_opts(formats, "auto", None, None, 0, 0)
        handle = ctypes.c_void_p()
        with self._core as image:
            status = lib.scan_at(image, number, address, byref(opts),
                                 byref(handle), byref(self._core.err))
            return self._found(status, handle, None, None)

    def _scan_opts(self, formats: Union[str, Iterable[str], None], scan: str,
                   ranges: Optional[Ranges], space: Optional[str],
                   threads: int, max_logs: int) -> Tuple[Any, Any]:
        """Options of a search, and what they point to."""
        known = dict(_values.formats(), all="")
        if isinstance(formats, str):
            formats = formats.split(",")
        names = None if formats is None else list(formats)
        for name in names or ():
            _values.index(name, tuple(known), "format")
        array = _core.ranges(ranges) if ranges is not None else None
        opts = _abi.sized(
            _abi.ScanOpts, mode=_values.index(scan, SCANS, "scan"),
            formats=None if names is None else ",".join(names).encode(),
            threads=threads, max_logs=max_logs,
            progress=self._core.calls.on_progress)
        if array is not None:
            if not array:
                # the library takes that for all of memory
                raise ValueError("ranges are empty")
            opts.ranges = array
            opts.n_ranges = len(array)
            opts.ranges_in_space = space is not None
            opts.ranges_space = _values.index(space or "phys", SPACES,
                                              "space")
        return opts, array

    def _found(self, status: int, handle: ctypes.c_void_p,
               stats: Optional[_values.Stats],
               symbols: Optional[Symbols]) -> Logs:
        """The list of a search, with the core in use."""
        logs = None
        if handle.value:
            logs = Logs(self._core, handle.value, stats, symbols)
        failure = self._core.failure(status)
        if failure:
            if isinstance(failure, _values.Error):
                failure.logs = logs
            raise failure
        assert logs is not None
        return logs

    def follow(self, *, formats: Union[str, Iterable[str], None] = None,
               scan: str = "auto", consumed: bool = False,
               interval: float = 0.2) -> Follow:
        """Follow the current log of a live image: an iterator of records.

        It waits for new records, looks for them every interval seconds, and
        ends with the guest.  Raises Error with the status INVALID if the image
        is not live.
        """
        opts, _ = self._scan_opts(formats, scan, None, None, 0, 0)
        return Follow(self._core, opts, consumed, interval)


def open(name: Any, **options: Any) -> Image:
    """Open an image by name; the options are those of Image."""
    return Image(name, **options)
