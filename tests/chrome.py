#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Check a trace in Chrome's JSON against the rules of the Trace Event Format, and print
# it as tests/perfetto.py does: GROUP / TRACK begin|end|instant NS NAME ARG=VALUE...
import decimal
import json
import sys

trace = json.load(open(sys.argv[1], encoding="utf-8"), parse_float=decimal.Decimal)
assert set(trace) == {"displayTimeUnit", "otherData", "traceEvents"}
assert trace["displayTimeUnit"] in ("ms", "ns")
said = {}  # metadata: (name, pid, tid): value
base = {}
open_lines, slices = {}, {}


def value(v):
    return int(v, 16) if v.startswith("0x") else v.replace("\n", "\\x0a")


def ns(us):
    exact = decimal.Decimal(us) * 1000
    assert exact == int(exact)
    return int(exact)


for e in trace["traceEvents"]:
    ph = e["ph"]
    assert ph in "MXBEi"
    assert type(e["pid"]) is int and e["pid"] > 0
    if ph == "M":
        what = e["name"]
        key = {"process_name": "name", "process_sort_index": "sort_index",
               "process_labels": "labels", "thread_name": "name",
               "thread_sort_index": "sort_index"}[what]
        assert list(e["args"]) == [key]
        assert ("tid" in e) == what.startswith("thread")
        where = what, e["pid"], e.get("tid")
        assert where not in said
        said[where] = e["args"][key]
        if key == "labels":
            zero, unit = e["args"][key].removeprefix("0 is ").split()
            assert unit == "s"
            base[e["pid"]] = int(zero) * 10**9
        continue
    track = e["pid"], e["tid"]
    assert type(e["tid"]) is int and e["tid"] >= 0
    assert ("thread_sort_index", *track) in said
    assert ("process_sort_index", track[0], None) in said
    # a double has it to the nanosecond, unless a clock stepped by months
    assert abs(ns(e["ts"])) < 2**53 or "-s" in sys.argv[2:]
    time = ns(e["ts"]) + base.get(track[0] - (track[0] - 1) % 32, 0)
    words = [said["process_name", track[0], None], "/", said["thread_name", *track]]
    args = [f"{k}={value(v)}" for k, v in e.get("args", {}).items()]
    if ph == "E":
        assert open_lines.pop(track) <= time
        print(*words, "end", time)
        continue
    assert type(e["name"]) is str and e["cat"]
    if ph == "i":
        assert e["s"] == "t"
        print(*words, "instant", time, e["name"], *args)
    elif ph == "B":
        assert track not in open_lines
        open_lines[track] = time
        print(*words, "begin", time, e["name"], *args)
    else:
        end = time + ns(e["dur"])
        assert end >= time
        slices.setdefault(track, []).append((time, -end))
        last = [a for a in args if a.startswith(("exit_", "untimed="))]
        print(*words, "begin", time, e["name"], *[a for a in args if a not in last])
        print(*words, "end", end, *last)
assert not open_lines
# slices of a track are beside or inside each other
for track, those in slices.items():
    outer = []
    for begin, end in sorted(those):
        while outer and outer[-1] <= begin:
            outer.pop()
        assert not outer or -end <= outer[-1], (track, begin, -end)
        outer.append(-end)
