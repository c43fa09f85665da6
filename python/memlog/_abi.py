# SPDX-License-Identifier: LGPL-2.1-or-later
"""The structs and functions of libmemlog.so.0, as memlog.h declares them.

Every struct here has all members of its declaration, in the same order;
python.bats compares sizes, offsets and values with the header.
"""

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    Union,
    c_bool,
    c_char,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any, Type

SONAME = "libmemlog.so.0"

# enum memlog_status
OK = 0
NOT_MINE = 1
NO_DATA = 2
CORRUPT = 3
LIMIT = 4
UNSUPPORTED = 5
INVALID = 6
NO_MEMORY = 7
IO = 8
STOP = 9

READER_LIVE = 1 << 0
READER_SLOW = 1 << 1

# The size of a struct that the library fills in or reads comes first.
SIZE = ("size", c_size_t)


class Err(Structure):
    _fields_ = [
        ("status", c_int),
        ("sys", c_int),
        ("has_addr", c_bool),
        ("addr", c_uint64),
        ("text", c_char * 240),
    ]


class Range(Structure):
    _fields_ = [("start", c_uint64), ("end", c_uint64)]


READ_FN = CFUNCTYPE(c_int, c_void_p, c_uint64, c_void_p, c_size_t,
                    POINTER(c_size_t), POINTER(Err))
PROGRESS_FN = CFUNCTYPE(c_int, c_void_p, c_uint64, c_uint64)


class ReaderOps(Structure):
    _fields_ = [
        SIZE,
        ("flags", c_uint),
        ("page_size", c_uint32),
        ("read", READ_FN),
        ("next_range", c_void_p),
        ("map", c_void_p),
        ("peek", c_void_p),
        ("alias", c_void_p),
        ("close", c_void_p),
        ("next_data", c_void_p),
    ]


class OpenOpts(Structure):
    _fields_ = [
        SIZE,
        ("no_mmap", c_bool),
        ("force_raw", c_bool),
        ("map", c_int),
        ("raw_base", c_uint64),
        ("allocator", c_void_p),
        ("progress", PROGRESS_FN),
        ("progress_arg", c_void_p),
        ("tmpdir", c_char_p),
        ("codecs", c_void_p),
        ("n_codecs", c_size_t),
        ("via_qemu", c_bool),
        ("name", c_char_p),
        ("keep", c_uint64),
        ("attached", c_void_p),
        ("attached_arg", c_void_p),
        ("window", c_uint64),
    ]


class ImageInfo(Structure):
    _fields_ = [
        SIZE,
        ("name", c_char_p),
        ("format", c_char_p),
        ("title", c_char_p),
        ("machine", c_char_p),
        ("space", c_int),
        ("flags", c_uint),
        ("page_size", c_uint32),
        ("file_size", c_uint64),
        ("present", c_uint64),
        ("missing", c_uint64),
        ("n_ranges", c_size_t),
        ("n_notes", c_size_t),
        ("n_warnings", c_size_t),
        ("traits", c_uint),
    ]


class Note(Structure):
    _fields_ = [
        SIZE,
        ("owner", c_char_p),
        ("type", c_uint32),
        ("title", c_char_p),
        ("text", c_char_p),
        ("desc", c_void_p),
        ("desc_len", c_size_t),
    ]


class Extent(Structure):
    _fields_ = [
        ("space", c_int),
        ("addr", c_uint64),
        ("len", c_uint64),
        ("cpu", c_int32),
        ("role", c_uint32),
        ("has_alias", c_bool),
        ("alias_space", c_int),
        ("alias_addr", c_uint64),
    ]


class Log(Structure):
    _fields_ = [
        SIZE,
        ("id", c_uint32),
        ("group", c_uint32),
        ("format", c_char_p),
        ("title", c_char_p),
        ("variant", c_char * 32),
        ("version", c_char * 128),
        ("extents", POINTER(Extent)),
        ("n_extents", c_size_t),
        ("capacity", c_uint64),
        ("used", c_uint64),
        ("flags", c_uint32),
        ("state", c_int),
        ("reason", c_char * 160),
        ("boot", c_int32),
        ("has_boot", c_bool),
    ]


class ScanOpts(Structure):
    _fields_ = [
        SIZE,
        ("mode", c_int),
        ("formats", c_char_p),
        ("ranges", POINTER(Range)),
        ("n_ranges", c_size_t),
        ("ranges_space", c_int),
        ("ranges_in_space", c_bool),
        ("threads", c_uint),
        ("max_logs", c_uint64),
        ("symbols", c_void_p),
        ("progress", PROGRESS_FN),
        ("progress_arg", c_void_p),
    ]


class ScanStats(Structure):
    _fields_ = [
        SIZE,
        ("covered", c_uint64),
        ("touched", c_uint64),
        ("unreadable", c_uint64),
        ("candidates", c_uint64),
        ("rejected", c_uint64),
        ("complete", c_bool),
        ("likely_only", c_bool),
        ("rejected_first", c_char * 160),
        ("exhaustive", c_bool),
    ]


class FieldValue(Union):
    _fields_ = [("u", c_uint64), ("i", c_int64)]


class Field(Structure):
    _anonymous_ = ("value",)
    _fields_ = [
        ("name", c_char_p),
        ("type", c_int),
        ("value", FieldValue),
        ("text", c_void_p),
        ("text_len", c_size_t),
    ]


RECORD_FIELDS = 24


class Record(Structure):
    _fields_ = [
        SIZE,
        ("log", POINTER(Log)),
        ("seq", c_uint64),
        ("time", c_uint64),
        ("time_hz", c_uint64),
        ("has_seq", c_bool),
        ("has_time", c_bool),
        ("has_level", c_bool),
        ("level", c_uint32),
        ("cpu", c_int32),
        ("component", c_char_p),
        ("phase", c_char_p),
        ("text", c_void_p),
        ("text_len", c_size_t),
        ("raw", c_void_p),
        ("raw_len", c_size_t),
        ("fields", Field * RECORD_FIELDS),
        ("n_fields", c_uint),
        ("lost", c_uint64),
        ("flags", c_uint32),
        ("message", c_void_p),
        ("message_len", c_size_t),
        ("boot", c_int32),
        ("has_boot", c_bool),
        ("time_zero", c_uint64),
        ("system", c_char_p),
        ("kernel_format", c_char_p),
        ("event", c_void_p),
        ("event_len", c_size_t),
    ]


class DecodeOpts(Structure):
    _fields_ = [
        SIZE,
        ("uncommitted", c_bool),
        ("consumed", c_bool),
        ("tsc_hz", c_uint64),
        ("rules", c_void_p),
        ("rules_len", c_size_t),
        ("symbols", c_void_p),
        ("printer", c_void_p),
        ("merge", c_bool),
        ("names", c_void_p),
        ("deflate", c_void_p),
    ]


class FollowNews(Structure):
    _fields_ = [
        SIZE,
        ("started", c_bool),
        ("reset", c_bool),
        ("overrun", c_bool),
        ("lost", c_uint64),
    ]


# The structs by their names in memlog.h.
STRUCTS = {
    "memlog_err": Err,
    "memlog_range": Range,
    "memlog_reader_ops": ReaderOps,
    "memlog_open_opts": OpenOpts,
    "memlog_image_info": ImageInfo,
    "memlog_note": Note,
    "memlog_extent": Extent,
    "memlog_log": Log,
    "memlog_scan_opts": ScanOpts,
    "memlog_scan_stats": ScanStats,
    "memlog_field": Field,
    "memlog_record": Record,
    "memlog_decode_opts": DecodeOpts,
    "memlog_follow_news": FollowNews,
}

_ERR = POINTER(Err)
_HANDLE = POINTER(c_void_p)
_LOG = POINTER(Log)

# Result and arguments of each function, by its name without "memlog_".
FUNCTIONS = {
    "version": (c_char_p,),
    "status_name": (c_char_p, c_int),
    "space_name": (c_char_p, c_int),
    "state_name": (c_char_p, c_int),
    "format_get": (c_bool, c_size_t, POINTER(c_char_p), POINTER(c_char_p)),
    "escape": (c_void_p, c_char_p, c_void_p, c_size_t),
    "event_printer": (c_void_p,),
    "codec_deflate": (c_void_p,),
    "symbols_open": (c_int, c_char_p, c_void_p, _HANDLE, _ERR),
    "symbols_close": (None, c_void_p),
    "image_open": (c_int, c_char_p, POINTER(OpenOpts), _HANDLE, _ERR),
    "image_wrap": (c_int, POINTER(ReaderOps), c_void_p, c_int, c_char_p,
                   c_void_p, _HANDLE, _ERR),
    "image_set_ranges": (c_int, c_void_p, POINTER(Range), c_size_t, _ERR),
    "image_close": (None, c_void_p),
    "image_read": (c_int, c_void_p, c_int, c_uint64, c_void_p, c_size_t,
                   POINTER(c_size_t), _ERR),
    "image_next_range": (c_int, c_void_p, c_int, c_uint64, POINTER(Range),
                         _ERR),
    "image_has_space": (c_bool, c_void_p, c_int),
    "image_info": (c_int, c_void_p, POINTER(ImageInfo), _ERR),
    "image_note": (c_int, c_void_p, c_size_t, POINTER(Note)),
    "image_warning": (c_char_p, c_void_p, c_size_t),
    "scan": (c_int, c_void_p, POINTER(ScanOpts), _HANDLE, POINTER(ScanStats),
             _ERR),
    "scan_at": (c_int, c_void_p, c_int, c_uint64, POINTER(ScanOpts), _HANDLE,
                _ERR),
    "logs_count": (c_size_t, c_void_p),
    "logs_get": (_LOG, c_void_p, c_size_t),
    "logs_destroy": (None, c_void_p),
    "names_load": (c_int, c_void_p, c_void_p, _HANDLE, _ERR),
    "names_free": (None, c_void_p),
    "decoder_open": (c_int, c_void_p, _LOG, POINTER(DecodeOpts), _HANDLE,
                     _ERR),
    "decoder_next": (c_int, c_void_p, POINTER(POINTER(Record)), _ERR),
    "decoder_log": (_LOG, c_void_p),
    "decoder_missing": (c_uint64, c_void_p),
    "decoder_damaged": (c_uint64, c_void_p),
    "decoder_note": (c_char_p, c_void_p),
    "decoder_close": (None, c_void_p),
    "follow_open": (c_int, c_void_p, POINTER(ScanOpts), POINTER(DecodeOpts),
                    _HANDLE, _ERR),
    "follow_look": (c_int, c_void_p, POINTER(FollowNews), _ERR),
    "follow_next": (c_int, c_void_p, POINTER(POINTER(Record)), _ERR),
    "follow_log": (_LOG, c_void_p),
    "follow_close": (None, c_void_p),
}


def _load() -> Any:
    try:
        library = ctypes.CDLL(SONAME)
    except OSError as e:
        raise ImportError("memlog needs the library %s: %s" % (SONAME, e))
    for name, (result, *arguments) in FUNCTIONS.items():
        try:
            function = getattr(library, "memlog_" + name)
        except AttributeError:
            raise ImportError("%s is too old: it has no memlog_%s()"
                              % (SONAME, name)) from None
        function.restype = result
        function.argtypes = arguments
        setattr(library, name, function)
    return library


lib = _load()


def sized(struct: Type[Structure], **members: Any) -> Any:
    """A struct with its size set and all else zero but members.

    ctypes cuts numbers that do not fit; they are refused here.
    """
    ret = struct(size=ctypes.sizeof(struct), **members)
    for name, value in members.items():
        if isinstance(value, int) and getattr(ret, name) != value:
            raise ValueError("%s is out of range: %d" % (name, value))
    return ret


def check_size(struct: Structure) -> None:
    """Refuse a struct of an older library that lacks members."""
    if struct.size < ctypes.sizeof(struct):
        raise ImportError(
            "%s %s is older than this module: its struct %s has %d bytes, not "
            "%d" % (SONAME, lib.version().decode(), type(struct).__name__,
                    struct.size, ctypes.sizeof(struct)))


def data(address: Any, length: int) -> bytes:
    """A copy of length bytes of C memory; address may be None."""
    return ctypes.string_at(address, length) if address and length else b""


def text(value: Any) -> str:
    """bytes as text; what is not UTF-8 becomes escapes."""
    return (value or b"").decode("utf-8", "backslashreplace")
