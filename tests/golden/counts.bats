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
	said=$(sed -n 's/.*\(no log found: .*\)/\1/p' <<<"$stderr")
	[ -n "$said" ] || said=$(grep -o 'no log found in .*' <<<"$stderr")
	case $said in
	*": none of "*) [ "$searched" = 0 ] ;;
	*": all but "*)
		[ "$(grep -oE '[0-9]+ bytes' <<<"$said" | tr -dc '0-9 \n' |
			paste -sd' ' | awk '{print $2 - $1}')" = "$searched" ]
		;;
	*) [ "$(grep -oE '[0-9]+ bytes' <<<"$said" | head_all -n 1)" = "$searched bytes" ] ;;
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
			zstd -q --fast -c "$name" | head_all -c $((size / 5)) >"$name.zst"
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

@test "a flattened file that is cut: what --info says can be read, can be" {
	local present missing n
	printf '%s\n' "ram 0 32M" "fill 0 32M random=1" "kdump compress=none" \
		"flatten record=16K order=forward" | "$B/mkimage" - whole
	head -c 20000000 whole >cut.dump
	[ "$("$dump" --info -J whole | jq -r 'select(.type == "info") | .missing')" = 0 ]
	"$dump" --info -J cut.dump |
		jq -r 'select(.type == "info") | "\(.present) \(.missing)"' >of
	read -r present missing <of
	[ "$missing" -gt 0 ]
	[ $((present + missing)) = $((32 << 20)) ]
	# the same, whether it was searched or not
	run -4 --separate-stderr "$dump" -q -J cut.dump
	n=$(jq -r .missing <<<"$output")
	[ "$("$dump" -q -J --scan=likely cut.dump | jq -r .missing)" -le "$n" ]
	[ "$("$dump" -q -J --info cut.dump | jq -r 'select(.type == "image").missing')" = "$missing" ]
}

@test "a flattened file that ends in its header is truncated, not empty" {
	printf '%s\n' "ram 0 1M" "kdump compress=none" flatten | "$B/mkimage" - whole
	for n in 16 100 4096 4111; do
		head -c "$n" whole >cut.dump
		run -3 --separate-stderr "$dump" cut.dump
		[ "$stderr" = "memlog-dump: cut.dump: a flattened file that ends before its first record; copy it again" ]
	done
	# a record that is an end mark
	{ head -c 4096 whole; printf '%016d' 0 | tr 0 '\377'; } >none
	run -3 --separate-stderr "$dump" none
	[ "$stderr" = "memlog-dump: none: a flattened file without any record" ]
}
