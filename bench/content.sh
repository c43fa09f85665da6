#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Write 20 MiB to stdout that resemble the memory of a busy machine: pieces of
# 64 KiB, of which in every twenty 6 are zeros, 6 machine code and its data, 5
# text, and 3 compressed data. Real dumps vary; this one shrinks to two fifths with
# zlib, as many of them do.
#
#	B=build bench/content.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
B=${B:-build}
piece=65536 rounds=16
tmp=$(mktemp -d "${TMPDIR:-/var/tmp}/memlog-bench.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C

# enough KIND PIECES: repeat stdin in a file until it has that size
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
