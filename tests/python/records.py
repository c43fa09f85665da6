# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare what the module reads from images with memlog-dump -J.

And check that a function that returns MEMLOG_OK leaves no text of an error.

usage: records.py MEMLOG_DUMP IMAGE...
"""

import base64
import json
import subprocess
import sys

import memlog
from memlog import _abi

OLD = b"text of an earlier error"
left = set()


def watched(name, function):
    """A function of the library; left gets what it leaves in err."""
    def call(*args):
        err = args[-1]._obj
        err.text = OLD
        status = function(*args)
        if status == _abi.OK and err.text not in (b"", OLD):
            left.add("memlog_%s: %r" % (name, err.text))
        return status
    return call


def watch_errors():
    n = 0
    for name, (_, *arguments) in _abi.FUNCTIONS.items():
        if arguments and arguments[-1] is _abi._ERR:
            setattr(_abi.lib, name, watched(name, getattr(_abi.lib, name)))
            n += 1
    assert n > 10


def text(value):
    """A JSON member for bytes, as memlog-dump writes it."""
    try:
        return "", value.decode("utf-8")
    except UnicodeDecodeError:
        return "_b64", base64.b64encode(value).decode()


def put(obj, name, value, lines=False):
    suffix, value = text(value)
    if lines and not suffix:
        value = value.replace("\r\n", "\n")
    obj[name + suffix] = value


def object_of(name, log, record):
    """The JSON object of a record."""
    obj = {"type": "record", "image": name, "format": log.format}
    if log.extents:
        obj.update(space=log.space, addr=hex(log.address))
    if log.variant:
        obj["variant"] = log.variant
    for key in "boot", "seq", "level", "cpu":
        value = getattr(record, key)
        if value is not None:
            obj[key] = str(value) if key == "seq" else value
    if record.time is not None:
        obj.update(time=str(record.time), time_hz=str(record.time_hz))
    for key in "component", "phase":
        if getattr(record, key) is not None:
            obj[key] = getattr(record, key)
    put(obj, "text", record.text_bytes, True)
    if record.message_bytes is not None:
        put(obj, "message", record.message_bytes, True)
    if record.fields:
        obj["fields"] = fields = {}
        for key, value in record.fields.items():
            if isinstance(value, bytes):
                put(fields, key, value)
            else:
                fields[key] = value
    if record.flags & memlog.RecordFlag.LOST_BEFORE:
        obj["lost"] = str(record.lost)
    flags = [flag.name.lower().replace("_", "-")
             for flag in memlog.RecordFlag
             if flag in record.flags and flag.name != "VERBATIM"]
    if flags:
        obj["flags"] = flags
    return obj


def same(wanted, got):
    """Are they equal?  Numbers may be decimal or hexadecimal in JSON."""
    fields = wanted.get("fields", {})
    for key, value in got.get("fields", {}).items():
        if isinstance(value, int) and key in fields:
            fields[key] = int(fields[key], 0)
    return wanted == got


def read_ends(image):
    """Read at the beginning, over the end and after the end of each range."""
    for n, (start, end) in zip(range(1000), image.ranges()):
        for at in start, end - 1, end:
            try:
                image.read(at, 4096)
            except memlog.Error as e:
                assert e.status != memlog.Status.INVALID
        if n % 8 == 0:
            try:
                image.logs_at(start)
            except memlog.Error as e:
                assert e.status != memlog.Status.INVALID


def of_module(name, hz):
    """Records of an image."""
    objects = []
    with memlog.open(name) as image:
        read_ends(image)
        for log in image.logs(formats="all"):
            try:
                with log.records(tsc_hz=hz) as records:
                    for record in records:
                        objects.append(object_of(name, log, record))
            except memlog.Error as e:
                # it has no text, or is damaged: what came before counts
                if e.status == memlog.Status.INVALID:
                    raise
    return objects


def of_program(program, name):
    out = subprocess.run([program, "-qJ", "-F", "all", "-a", name],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    objects = [json.loads(line) for line in out.stdout.splitlines()]
    records = [o for o in objects if o["type"] == "record"]
    return records, out.returncode


def compare(program, name):
    """How many records are the same on both sides, None if some differ."""
    wanted, status = of_program(program, name)
    # memlog-dump takes the rate of a trace from the log of the same machine
    hz = [int(o["time_hz"]) for o in wanted
          if o["format"] == "acrn-trace" and "time_hz" in o]
    try:
        got = of_module(name, hz[0] if hz else 0)
    except memlog.Error:
        # neither can open it
        if status == 3:
            return 0
        raise
    where = ("format", "space", "addr")
    for side in wanted, got:
        side.sort(key=lambda o: [o.get(k, "") for k in where])
    for a, b in zip(wanted, got):
        if not same(a, b):
            print("%s: memlog-dump: %r" % (name, a))
            print("%s: Python:      %r" % (name, b))
            return None
    if len(wanted) != len(got):
        print("%s: %d records of memlog-dump, %d of Python"
              % (name, len(wanted), len(got)))
        return None
    return len(got)


def main():
    watch_errors()
    total = bad = 0
    for name in sys.argv[2:]:
        n = compare(sys.argv[1], name)
        bad += n is None
        total += n or 0
    print("%d images, %d records" % (len(sys.argv) - 2, total))
    for line in sorted(left):
        print("MEMLOG_OK, but " + line)
    sys.exit(bool(bad or left))


if __name__ == "__main__":
    main()
