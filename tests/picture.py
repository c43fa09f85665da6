#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Check a picture, SVG or HTML: well-formed, without a script, a style attribute or a
# reference, all text and bars inside their image, and in HTML a policy that allows this
# very style only. Prints the text of its elements, one a line, titles marked with "# ".
import base64
import hashlib
import re
import sys
import xml.etree.ElementTree as tree

raw = open(sys.argv[1], "rb").read()
root = tree.fromstring(raw)
html = root.tag == "html"
assert html or root.tag == "{http://www.w3.org/2000/svg}svg"
assert len(raw) < 8 << 20


def name(e):
    return e.tag.rpartition("}")[2]


allowed = {"svg", "title", "style", "rect", "text", "path", "g"}
if html:
    allowed |= {"html", "head", "meta", "body", "h1", "h2", "p", "table", "thead",
                "tbody", "tr", "th", "td"}
styles = []
for e in root.iter():
    assert name(e) in allowed, e.tag
    for key, value in e.attrib.items():
        assert not key.startswith("on") and "href" not in key and key != "style"
        assert key not in ("src", "data", "action", "xlink")
        assert "url(" not in value and "://" not in value, value
    if name(e) == "style":
        styles.append(e.text)
assert len(styles) == 1
assert not re.search(r"@import|url\(|expression|://", styles[0])
if html:
    assert raw.startswith(b"<!DOCTYPE html>\n<html lang=\"en\">")
    metas = {e.get("http-equiv"): e.get("content") for e in root.iter("meta")}
    digest = hashlib.sha256(styles[0].encode()).digest()
    want = "sha256-" + base64.b64encode(digest).decode()
    policy = metas["Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src '{want}'; " \
        "base-uri 'none'; form-action 'none'", f"the style's sum is {want}"
    assert b"<script" not in raw


def inside(e, width, height):
    x, y = float(e.get("x")), float(e.get("y"))
    if name(e) == "rect":
        assert float(e.get("width")) > 0 and float(e.get("height")) > 0
        right, bottom = x + float(e.get("width")), y + float(e.get("height"))
        assert 0 <= x and right <= width + 1.01 and 0 <= y and bottom <= height, \
            (e.attrib, width, height)
    else:
        assert 0 <= x <= width and 0 < y <= height, (e.attrib, width, height)


for svg in root.iter():
    if name(svg) == "svg":
        left, top, width, height = map(float, svg.get("viewBox").split())
        assert left == top == 0
        for e in svg.iter():
            if name(e) in ("rect", "text"):
                inside(e, width, height)
for e in root.iter():
    if e.text and e.text.strip() and name(e) != "style":
        print(("# " if name(e) == "title" else "") + e.text)
