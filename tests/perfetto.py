#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Print a Perfetto trace, a line a packet:
# GROUP / TRACK begin|end|instant NS NAME ARG=VALUE...
# Knows nothing of the writer but the numbers of Perfetto's schema. Fails if Perfetto's
# reader would drop a packet: one without a sequence, or before the first that says
# that nothing is missing before it, or of a track that is not known yet. The tracks of
# a group have an order, that of their ranks: fails if two have the same. With -r
# prints RANK GROUP / TRACK as well.
import sys


def fields(b):
    i = 0

    def varint():
        nonlocal i
        v = s = 0
        while True:
            c = b[i]
            i += 1
            v |= (c & 127) << s
            s += 7
            if c < 128:
                return v

    while i < len(b):
        t = varint()
        if t & 7 == 0:
            yield t >> 3, varint()
        else:
            assert t & 7 == 2
            n = varint()
            assert i + n <= len(b)
            yield t >> 3, b[i:i + n]
            i += n


def argument(b):
    d = dict(fields(b))
    value = d[6].decode() if 6 in d else next(d[k] for k in (3, 4, 7) if k in d)
    if 4 in d and value >= 1 << 63:
        value -= 1 << 64
    return f"{d[10].decode()}={value}"


tracks = {}
ranks = set()
cleared = 0
for number, packet in fields(open(sys.argv[1], "rb").read()):
    assert number == 1
    p = dict(fields(packet))
    assert p[10] == 1
    cleared |= p.get(13, 0) & 1
    assert cleared
    if 60 in p:
        d = dict(fields(p[60]))
        assert d[1] not in tracks
        if 5 not in d:
            assert d[11] == 3
            tracks[d[1]] = d[2].decode()
            continue
        assert (d[5], d[12]) not in ranks
        ranks.add((d[5], d[12]))
        tracks[d[1]] = f"{tracks[d[5]]} / {d[2].decode()}"
        if "-r" in sys.argv[2:]:
            print(d[12], tracks[d[1]])
        continue
    e = list(fields(p[11]))
    d = dict(e)
    words = [tracks[d[11]], {1: "begin", 2: "end", 3: "instant"}[d[9]], str(p[8])]
    if 23 in d:
        words.append(d[23].decode())
    print(*words, *[argument(v) for k, v in e if k == 4])
