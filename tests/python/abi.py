# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare the structs, numbers and functions of memlog/_abi.py with memlog.h.

usage: abi.py HEADER CC...
"""

import ctypes
import re
import subprocess
import sys
import tempfile

from memlog import LogFlag, RecordFlag, Status, _abi, _values

KINDS = {
    ctypes.c_int: "int",
    ctypes.c_bool: "bool",
    ctypes.c_uint: "unsigned int",
    ctypes.c_size_t: "size_t",
    # on 64-bit machines ctypes has one type for both
    ctypes.c_uint64: "uint64_t",
    None: "void",
}


def values():
    """Numbers by the C expression that they are equal to."""
    for tag, struct in _abi.STRUCTS.items():
        yield "sizeof(struct %s)" % tag, ctypes.sizeof(struct)
        for name, _ in struct._fields_:
            where = "offsetof(struct %s, %s)"
            member = "((struct %s *)0)->%s"
            if (struct, name) == (_abi.Field, "value"):
                continue
            yield where % (tag, name), getattr(struct, name).offset
            yield ("sizeof(%s)" % (member % (tag, name)),
                   getattr(struct, name).size)
    for name in "u", "i":
        yield ("offsetof(struct memlog_field, %s)" % name,
               _abi.Field.value.offset)
    yield "MEMLOG_RECORD_FIELDS", _abi.RECORD_FIELDS
    yield "MEMLOG_OK", _abi.OK
    for name in Status.__members__:
        yield "MEMLOG_" + name, Status[name]
        yield "MEMLOG_" + name, getattr(_abi, name)
    for name in "LIVE", "SLOW":
        yield "MEMLOG_READER_" + name, getattr(_abi, "READER_" + name)
    for flags, prefix in (LogFlag, "LOG_"), (RecordFlag, "REC_"):
        for name in flags.__members__:
            yield "MEMLOG_" + prefix + name, flags[name]
    for names, prefix in ((_values.SPACES, ""), (_values.SCANS, "SCAN_"),
                          (_values.MAPS, "MAP_")):
        for i, name in enumerate(names):
            yield "MEMLOG_" + prefix + name.upper(), i
    yield "MEMLOG_SPACES", len(_values.SPACES)
    yield "MEMLOG_FIELD_INT", _values._FIELD_INT
    yield "MEMLOG_FIELD_TEXT", _values._FIELD_TEXT


def compare_values(cc):
    wanted = list(values())
    with tempfile.TemporaryDirectory() as tmp:
        source, program = tmp + "/abi.c", tmp + "/abi"
        with open(source, "w") as f:
            f.write("#include <memlog.h>\n#include <stdio.h>\n"
                    "int main(void)\n{\n")
            for expression, _ in wanted:
                f.write('\tprintf("%%lld\\n", (long long)(%s));\n'
                        % expression)
            f.write("}\n")
        subprocess.run(cc + ["-o", program, source], check=True)
        out = subprocess.run([program], check=True, stdout=subprocess.PIPE)
    found = [int(line) for line in out.stdout.split()]
    assert len(found) == len(wanted)
    return ["%s is %d in C and %d in Python" % (expression, c, python)
            for (expression, python), c in zip(wanted, found) if c != python]


def kind_of_c(text):
    if "*" in text:
        return "pointer"
    text = re.sub(r"\bconst\b", "", text).split()
    if text[0] == "enum":
        return "int"
    if text[:2] == ["unsigned", "int"]:
        return "unsigned int"
    if text[0] == "size_t" and ctypes.c_size_t is ctypes.c_uint64:
        return "uint64_t"
    return text[0]


def kind_of_python(kind):
    if kind in KINDS:
        return KINDS[kind]
    return "pointer"


def compare_functions(header):
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    declared = {}
    for m in re.finditer(r"MEMLOG_API\s+([^;()]*?)\bmemlog_(\w+)\(([^;]*)\);",
                         text):
        result, name, arguments = m.groups()
        if arguments.strip() == "void":
            arguments = ""
        declared[name] = [kind_of_c(result)] + [
            kind_of_c(a) for a in arguments.split(",") if a.strip()]
    assert len(declared) > 40
    for name, types in _abi.FUNCTIONS.items():
        python = [kind_of_python(t) for t in types]
        if declared.get(name) != python:
            yield "memlog_%s is %s in C and %s in Python" % (
                name, declared.get(name), python)


def flags_missing(header):
    """Flags of the header that the module does not have."""
    for prefix, flags in ("LOG", LogFlag), ("REC", RecordFlag):
        for name in re.findall(r"#define MEMLOG_%s_(\w+)" % prefix, header):
            if name not in flags.__members__:
                yield "MEMLOG_%s_%s is not in Python" % (prefix, name)


def main():
    with open(sys.argv[1]) as f:
        header = f.read()
    bad = compare_values(sys.argv[2:])
    bad += compare_functions(header)
    bad += flags_missing(header)
    for line in bad:
        print(line)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
