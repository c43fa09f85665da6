#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""schema.py SCHEMA [TYPE...]: is each object on standard input valid?

JSON Lines or a JSON text sequence. Each object is compared with the definition
that its type names, which gives better errors than the schema's oneOf. All
the TYPEs must occur.
"""
import json
import sys

import fastjsonschema

# what every object begins with
HEAD = ["type", "image", "format", "space", "addr"]


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f)
    fastjsonschema.compile(schema)
    check = {
        name: fastjsonschema.compile({**schema, "oneOf": [ref]})
        for ref in schema["oneOf"]
        for name in [ref["$ref"].rsplit("/", 1)[1]]
    }
    seen = dict.fromkeys(check, 0)
    for number, line in enumerate(sys.stdin.buffer, 1):
        try:
            # a member twice is an error, not the second one's value
            pairs = json.loads(line.lstrip(b"\x1e"), object_pairs_hook=once)
            check[pairs["type"]](pairs)
            begins = [k.removesuffix("_b64") for k in pairs][:len(HEAD)]
            if begins != HEAD:
                raise ValueError("begins with " + ", ".join(begins))
            seen[pairs["type"]] += 1
        except (KeyError, ValueError) as e:
            sys.exit(f"line {number}: {e}: {line[:400]!r}")
    print(*(f"{n} {name}" for name, n in seen.items() if n), sep=", ")
    missing = [name for name in sys.argv[2:] if not seen.get(name)]
    if missing:
        sys.exit("none of type " + ", ".join(missing))


def once(pairs):
    if len({k for k, v in pairs}) < len(pairs):
        raise ValueError("a member twice")
    return dict(pairs)


main()
