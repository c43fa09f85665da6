#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --signature, and the signature in the summary of JSON.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# dump_of TEXT...: an image whose log of OVMF has these lines
dump_of() {
	local line
	{
		printf 'ram 0 16M\novmf 0xf00000 size=128K\n'
		for line; do
			printf '  write "%s\\r\\n"\n' "$line"
		done
		printf 'end\nelf64\n'
	} >image.rec
	"$B/mkimage" image.rec image
}

@test "the key of every fixture" {
	cd "$root/fixtures" || return
	local f status
	for f in acrn/*.elf.zst damaged/*.zst saved/*.qevm.zst vmcores/*.zst; do
		case $f in
		*.debugcon.zst | *.log.zst | *.trace.zst | *.read.zst | \
			*.serial.zst | *.console.zst | *.ring.zst) continue ;;
		esac
		printf '%s: ' "${f%.zst}"
		status=0
		"$dump" -q -F all --signature "$f" 2>/dev/null || status=$?
		# the key says which of these it is
		case $status in
		0 | 1 | 4) ;;
		*) echo "exit $status" ;;
		esac
	done >"$BATS_TEST_TMPDIR/keys"
	[ -z "${GOLDEN_UPDATE:-}" ] ||
		cp "$BATS_TEST_TMPDIR/keys" "$BATS_TEST_DIRNAME/expect/signatures"
	same "$BATS_TEST_DIRNAME/expect/signatures" "$BATS_TEST_TMPDIR/keys"
}

@test "a guest that was dumped twice has one key" {
	local name key
	for name in memlog-virt-fault memlog-q35-shell memlog-reset-pei \
		ovmf-c01-elf64; do
		unpack "$name.elf"
		unpack "$name.kdump-zlib"
		key=$("$dump" -q --signature "$BATS_FILE_TMPDIR/$name.elf")
		[ -n "$key" ]
		[ "$("$dump" -q --signature "$BATS_FILE_TMPDIR/$name.kdump-zlib")" = "$key" ]
		"$dump" -q --extract=small --force "$BATS_FILE_TMPDIR/$name.elf"
		[ "$("$dump" -q --signature small)" = "$key" ]
	done
}

@test "a build in another directory has the same key" {
	local dir key="assert MdeModulePkg/Core/Dxe/Mem/Page.c:9 a != 0 (Not Found)"
	for dir in /home/a/edk2/ /b/1/ '' "C:\\\\\\\\w\\\\\\\\"; do
		dump_of "ASSERT_EFI_ERROR (Status = Not Found)" \
			"ASSERT [DxeCore] ${dir}MdeModulePkg/Core/Dxe/Mem/Page.c(9): a != 0"
		run -0 "$dump" -q --signature image
		[ "$output" = "$key" ] || { echo "$dir: $output"; false; }
	done
	# the firmware of a fixture, with another directory of the same length in it
	unpack memlog-q35-no-room.elf
	sed 's,/root/\.cache/memlog/edk2/,/home/you/build/of-edk2/,g' \
		"$unpacked" >other
	run ! cmp -s "$unpacked" other
	run -0 "$dump" -q --signature "$unpacked" other
	[ "${lines[0]#*: }" = "${lines[1]#*: }" ]
	[[ ${lines[1]} == 'other: assert MdeModulePkg/Core/DxeIplPeim/X64/VirtualMemory.c:814 BigPageAddress != 0' ]]
}

@test "text and JSON: one image, several, and which log it is from" {
	dump_of "ASSERT A.c(1): x"
	run -0 "$dump" --signature image
	[ "$output" = "assert A.c:1 x" ]
	run -3 --separate-stderr "$dump" -q --signature image nowhere
	[ "$output" = $'image: assert A.c:1 x\nnowhere: unreadable: input/output error' ]
	run -0 "$dump" --signature -J image
	[ "${#lines[@]}" = 1 ]
	jq -e '.type == "image" and .signature == {key: "assert A.c:1 x",
		kind: "assert", format: "ovmf", space: "phys", addr: "0xf00000",
		whole: true}' <<<"$output"
	# filters and -n choose what is printed, not what went wrong
	run -1 --separate-stderr "$dump" -J -g nowhere image
	jq -e '.signature.key == "assert A.c:1 x"' <<<"$output"
	"$dump" -J -n 1 image | tail -n 1 | jq -e '.signature.key == "assert A.c:1 x"'
	# not all was read
	dump_of one two three
	"$dump" -J -n +1 image | tail -n 1 | jq -e '.signature == null'
	"$dump" -J --list image | tail -n 1 | jq -e '.signature == null'
}

@test "the boot that was asked for" {
	unpack memlog-reset-kept.elf
	local now before
	now=$("$dump" -q --signature "$unpacked")
	before=$("$dump" -q --signature -b -1 "$unpacked")
	[[ $now == "phase boot loader" && $before == "phase PEI" ]]
	[ "$("$dump" -q -J -a "$unpacked" | tail -n 1 | jq -r .signature.key)" = "$now" ]
}

@test "images without a log, cut or unreadable" {
	printf 'ram 0 1M\nelf64\n' >none.rec
	"$B/mkimage" none.rec none
	run -1 --separate-stderr "$dump" --signature none
	[ "$output" = "no log" ]
	# a log that was not looked for
	printf 'ram 0 256M\novmf 0x2000000 size=128K\nwrite "text"\nend\nelf64\n' >far.rec
	"$B/mkimage" far.rec far
	run -0 --separate-stderr "$dump" --signature far
	[ "$output" = "log ovmf" ]
	run -1 --separate-stderr "$dump" --signature --scan=likely far
	[ "$output" = "no log: only likely places were searched" ]
	run -1 --separate-stderr "$dump" --signature --range=0+1M far
	[ "$output" = "no log: only a range was searched" ]
	run -1 --separate-stderr "$dump" -J --scan=likely far
	jq -e '.likely_only and .signature.kind == "no-log"' <<<"$output"
	"$dump" -J far | tail -n 1 >far.json
	jq -e '.likely_only == null' far.json
	printf 'ram 0 16M\novmf 0xf00000 size=128K\nend\nelf64\n' >empty.rec
	"$B/mkimage" empty.rec empty
	run -1 --separate-stderr "$dump" --signature empty
	[ "$output" = "no text" ]
	head -c 600000 none >short
	run -4 --separate-stderr "$dump" --signature short
	[ "$output" = "no log: the image is incomplete" ]
	echo text >text
	run -3 --separate-stderr "$dump" --signature text
	[ "$output" = "unreadable: not recognised" ]
	run -3 "$dump" -q -J --signature none short text
	grep '^{' <<<"$output" | jq -c '[.status, .signature]' >got
	printf '%s\n' '["none",{"key":"no log","kind":"no-log"}]' \
		'["incomplete",{"key":"no log: the image is incomplete","kind":"incomplete"}]' \
		'["unreadable",{"key":"unreadable: not recognised","kind":"unreadable"}]' >want
	same want got
}

@test "a ring that lost its beginning says so" {
	local i lines=()
	for i in {1..3000}; do
		lines+=("a line that takes the place of older ones, number $i")
	done
	dump_of "ASSERT A.c(1): x" "${lines[@]}" "ASSERT B.c(2): y"
	"$dump" -q -J --signature image |
		jq -e '.signature | .key == "assert B.c:2 y" and .whole == false'
}

@test "hostile text: one line that no terminal acts on" {
	dump_of 'ASSERT [\x1b[2J] /a\x9b31m/\xe2\x80\xaePkg/\x07A.c(1): \x1b]0;t\x07 \x00 \xff'
	run -0 "$dump" -q --signature image
	printf '%s\n' "$output" >out
	safe out
	[ "$(LC_ALL=C tr -d ' -~\n' <out | wc -c)" = 0 ]
	[ "${#lines[@]}" = 1 ]
	[[ $output == assert* ]]
}

@test "how many of each, and since when" {
	local day n
	for day in 03 01 02; do
		for n in 1 2; do
			dump_of "ASSERT A.c($n): x"
			mv image "guest-$n-2026-11-$day"
		done
	done
	rm guest-2-2026-11-01
	"$dump" -q -J --signature guest-* |
		jq -rs 'group_by(.signature.key) | sort_by(-length)[] |
		"\(length) \(.[0].signature.key) \(map(.image[-10:]) | min)"' >got
	printf '%s\n' '3 assert A.c:1 x 2026-11-01' '2 assert A.c:2 x 2026-11-02' >want
	same want got
}
