#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Print the logs in memory that drgn reads: drgn-logs.py CORE START-END...
# The addresses are physical, in hexadecimal. END is the first after the range,
# one more than in /proc/iomem.
import sys

import drgn
import memlog

prog = drgn.Program()
prog.set_core_dump(sys.argv[1])
ranges = [[int(a, 16) for a in r.split("-")] for r in sys.argv[2:]]
with memlog.Image.from_reader(
        lambda address, size: prog.read(address, size, physical=True),
        ranges, missing=drgn.FaultError) as image:
    for log in image.logs():
        for record in log.records():
            print(memlog.escape(record.text_bytes.rstrip(b"\r\n")))
