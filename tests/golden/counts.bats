#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# How much was searched and how much is missing: the same in messages and in JSON,
# and each byte once, whatever searches overlap.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
}

# counts MODE FILE: no log is there; sets searched and missing
counts() {
	local object said
	run --separate-stderr "$dump" -J "--scan=$1" "$2"
	[ "$status" -eq 1 ] || [ "$status" -eq 4 ]
	object=$(grep '"type":"image"' <<<"$output")
	searched=$(jq -r .searched <<<"$object")
	missing=$(jq -r .missing <<<"$object")
	said=$(grep -o 'no log found: .*' <<<"$stderr" || true)
	[ -n "$said" ] || said=$(grep -o 'no log found in .*' <<<"$stderr")
	case $said in
	*": none of "*) [ "$searched" = 0 ] ;;
	*": all but "*)
		[ "$(grep -oE '[0-9]+ bytes' <<<"$said" | tr -dc '0-9 \n' |
			paste -sd' ' | awk '{print $2 - $1}')" = "$searched" ]
		;;
	*) [ "$(grep -oE '[0-9]+ bytes' <<<"$said" | head -n 1)" = "$searched bytes" ] ;;
	esac || { echo "$1 $2: $searched; $said"; return 1; }
}

@test "a file that is cut: what was searched, and what is missing, once" {
	local form name size mode cuts
	# text, then 18 MiB that the file leaves out, then text
	printf '%s\n' "ram 0 32M" "fill 0 6M random=1" "fill 24M 6M random=2" >memory
	for form in elf64 lime qevm "qevm mapped=1" "kdump compress=zlib" \
		"kdump compress=none,flatten"; do
		name=${form//[ ,]/-}
		{ cat memory; tr , '\n' <<<"$form"; } | "$B/mkimage" - "$name"
		size=$(stat -c %s "$name")
		head -c $((size * 2 / 3)) "$name" >"$name.cut"
		cuts=$name.cut
		if [ "$form" = elf64 ]; then
			head -c $((size / 3)) "$name" | gzip -1 >"$name.gz"
			zstd -q --fast -c "$name" | head -c $((size / 5)) >"$name.zst"
			cuts+=" $name.gz $name.zst"
		fi
		for cut in $cuts; do
			for mode in likely pages; do
				counts "$mode" "$cut"
				# which pages of these are zeros, only the end tells
				[ "$form" = "qevm mapped=1" ] ||
					[ $((searched + missing)) -le $((32 << 20)) ] ||
					{ echo "$mode $cut: $searched $missing"; return 1; }
			done
		done
	done
}

@test "zeros that a file leaves out are searched, ranges that overlap once" {
	printf '%s\n' "ram 0 32M" "fill 1M 1M random=1" elf64 | "$B/mkimage" - image
	[ "$("$dump" -q -J image | jq -r .searched)" = $((32 << 20)) ]
	[ "$("$dump" -q -J --range 0-24M --range 16M-32M image |
		jq -r .searched)" = $((32 << 20)) ]
	run -1 --separate-stderr "$dump" --range 8M+4M image
	[[ $stderr == *"no log found in the 4.0 MiB that the image has in --range"* ]]
}
