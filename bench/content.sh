#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 20 MiB like the memory of a machine that does something, to stdout: pieces of
# 64 KiB, in every twenty of them 6 of zeros, 6 of machine code and its data, 5
# of text, 3 that are compressed already. What a real dump holds varies; this
# packs to two fifths with zlib, as many of them do.
#
#	B=build bench/content.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
B=${B:-build}
piece=65536 rounds=16
tmp=$(mktemp -d "${TMPDIR:-/var/tmp}/memlog-bench.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C

# enough KIND PIECES: what comes in, over and over, to a file of that size
enough() {
	cat >"$tmp/once"
	while [ "$(stat -c %s "$tmp/$1" 2>/dev/null || echo 0)" -lt \
		$((rounds * $2 * piece)) ]; do
		cat "$tmp/once" >>"$tmp/$1"
	done
}
cat "$B/memlog-dump" "$B/mkimage" "$B/libmemlog.so" "$BASH" | enough code 6
find "$here/.." -maxdepth 3 \( -name '*.[ch]' -o -name '*.md' \) \
	-not -path '*/build*' -print0 | sort -z | xargs -0 cat | enough text 5
gzip -c <"$tmp/code" | enough packed 3
exec 3<"$tmp/code" 4<"$tmp/text" 5<"$tmp/packed" 6</dev/zero

for ((i = 0; i < rounds; i++)); do
	for fd in 3 6 4 3 6 4 5 3 6 4 3 \
		6 5 4 3 6 4 3 6 5; do
		head -c $piece <&$fd
	done
done
