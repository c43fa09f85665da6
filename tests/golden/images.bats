#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# One log in every kind of image: the output is what mkimage put in.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	recipes=fixtures/gen/recipes
	dump=$B/memlog-dump
	t=$BATS_TEST_TMPDIR
}

# make NAME: the image of a recipe, and its expected text
make_image() {
	"$B/mkimage" -t "$t/$1.truth" "$recipes/$1.rec" "$t/$1"
}

# same NAME IMAGE [OPTION...]: IMAGE has the log of recipe NAME, and --info
# calls it by FORMAT
same() {
	local name=$1 image=$2
	shift 2
	"$dump" -r "$@" "$image" >"$t/out" 2>"$t/err" ||
		{ cat "$t/err"; return 1; }
	cmp "$t/$name.truth" "$t/out"
}

info_says() {
	"$dump" --info "$1" | tee "$t/info" | has -E "^format +$2( |$)" ||
		{ cat "$t/info"; return 1; }
}

@test "kdump-compressed: zlib, lzo, snappy, zstd and all in one file" {
	for name in kdump-zlib kdump-lzo kdump-snappy kdump-zstd kdump-mixed; do
		make_image "$name"
		same "$name" "$t/$name"
		info_says "$t/$name" kdump
		[ ! -s "$t/err" ] || { cat "$t/err"; false; }
	done
}

@test "kdump-compressed: 32-bit headers, blocks of 64 KiB, flattened" {
	for name in kdump-32 kdump-64k kdump-flat; do
		make_image "$name"
		same "$name" "$t/$name"
		info_says "$t/$name" kdump
	done
}

# The other codecs have no checksum: tests/unit/image_codec.c.
@test "a damaged zlib page: the same text, or a message and a status" {
	local i rc told=0
	printf '%s\n' 'ram 0x820000 32K' 'ovmf 0x820000 size=32K' \
		'lines 1200 "a line of its own "' end 'kdump compress=zlib' |
		"$B/mkimage" - "$t/whole"
	"$dump" --strict "$t/whole" >"$t/want"
	for i in {1..120}; do
		# flip one bit of the pages, which are at the end of the file
		perl -e 'local $/; $_ = <STDIN>; my $n = 0x40c0;
			my $bit = 8 * $n + ($ARGV[0] * 7919) % (8 * (length() - $n));
			vec($_, $bit, 1) ^= 1; print' "$i" <"$t/whole" >"$t/bad"
		rc=0
		"$dump" --strict "$t/bad" >"$t/got" 2>"$t/err" || rc=$?
		cmp -s "$t/want" "$t/got" && continue
		[ "$rc" -ne 0 ]
		[ -s "$t/err" ]
		told=$((told + 1))
	done
	[ "$told" -gt 100 ]
}

@test "a split dump: its parts in any order; a warning for a single part" {
	make_image kdump-part1
	make_image kdump-part2
	same kdump-part1 "$t/kdump-part1,$t/kdump-part2"
	same kdump-part1 "$t/kdump-part2,$t/kdump-part1"
	run --separate-stderr "$dump" --list "$t/kdump-part1"
	[[ $stderr == *"one part of a split dump"* ]]
	gzip -q "$t/kdump-part1"
	same kdump-part1 "$t/kdump-part1.gz,$t/kdump-part2"
	# a part that is suspect makes the whole suspect
	{ head -c -8 "$t/kdump-part1.gz"; printf '\1\2\3\4'
	  tail -c 4 "$t/kdump-part1.gz"; } >"$t/sum.gz"
	run -4 --separate-stderr "$dump" -r --strict "$t/sum.gz,$t/kdump-part2"
	[[ $stderr == *"file is damaged (incorrect data check): "* ]]
}

# split_dump NAME ADDRESS...: the parts NAME.1, NAME.2, ... between these addresses
split_dump() {
	local name=$1 n
	shift
	for ((n = 1; $# > 1; n++)); do
		sed "s/^part .*/part $1 $2/" "$recipes/kdump-part1.rec" >"$t/part.rec"
		"$B/mkimage" "$t/part.rec" "$t/$name.$n"
		shift
	done
}

@test "a split dump: parts that are missing, and parts of another dump" {
	split_dump a 0 0x820000 0x830000 0xb00000
	"$dump" -q "$t/a.1,$t/a.2,$t/a.3" >"$t/want"
	run -0 --separate-stderr "$dump" -q "$t/a.3,$t/a.1,$t/a.2"
	[ -z "$stderr" ]
	[ "$output" = "$(cat "$t/want")" ]
	run --separate-stderr "$dump" --strict "$t/a.1,$t/a.3"
	[ "$status" -eq 4 ]
	[[ $stderr == *"a part of the split dump is missing, from 0x820000 to 0x830000"* ]]
	run --separate-stderr "$dump" --strict "$t/a.2,$t/a.3"
	[[ $stderr == *"a part of the split dump is missing, from 0x0 to 0x820000"* ]]
	run --separate-stderr "$dump" --strict "$t/a.1,$t/a.2"
	[ "$status" -eq 4 ]
	[[ $stderr == *"a part of the split dump is missing, from 0x830000 to 0xb00000"* ]]
	# another format, and another dump
	make_image small-c
	run -2 --separate-stderr "$dump" "$t/a.1,$t/small-c"
	[[ $stderr == *"/small-c does not belong to the other parts: it is of another format" ]]
	sed 's/^ram 0x800000 .*/ram 0x800000 4M/; s/^part .*/part 0 0x830000/' \
		"$recipes/kdump-part1.rec" >"$t/b.rec"
	"$B/mkimage" "$t/b.rec" "$t/b.1"
	run -2 --separate-stderr "$dump" "$t/a.2,$t/b.1"
	[[ $stderr == *"/b.1 does not belong to the other parts: it is of a dump of another size" ]]
}

# Which dump a byte is of would depend on the order of their names.
@test "several files: those that have the same memory are no parts of one dump" {
	local ab

	split_dump a 0 0x830000
	split_dump b 0x820000 0xb00000
	for ab in "a.1,$t/b.1" "b.1,$t/a.1"; do
		run -2 --separate-stderr "$dump" "$t/$ab"
		[[ $stderr == *" overlap at 0x820000; search them separately" ]]
	done
	# not split at all
	make_image kdump-zlib
	cp "$t/kdump-zlib" "$t/again"
	run -2 --separate-stderr "$dump" "$t/kdump-zlib,$t/again"
	[[ $stderr == *" overlap at 0x0; search them separately" ]]
	# plain memory has ranges, and a kdump of all memory none
	head -c 1M /dev/zero >"$t/plain"
	for ab in "kdump-zlib,$t/plain@8M" "plain@8M,$t/kdump-zlib"; do
		run -2 --separate-stderr "$dump" "$t/$ab"
		[[ $stderr == *" overlap at 0x800000"* ]]
	done
	# the ranges of other formats: between each other, and two that share the last page
	printf 'ram 0 16M\nelf64\nload %s 64K\nload %s 64K\n' \
		0x100000 0x300000 | "$B/mkimage" - "$t/x"
	printf 'ram 0 16M\novmf 0x200000 size=64K\nlines 3 "between "\nend\nelf64\nload %s 64K\nload %s 64K\n' \
		0x200000 0x400000 | "$B/mkimage" - "$t/y"
	printf 'ram 0 16M\nelf64\nload %s 4K\nload %s 64K\n' \
		0x500000 0x40f000 | "$B/mkimage" - "$t/z"
	run -0 --separate-stderr "$dump" "$t/x,$t/y"
	[ "${#lines[@]}" -eq 3 ]
	[ -z "$stderr" ]
	for ab in "y,$t/z" "z,$t/y" "x,$t/y,$t/z" "z,$t/x,$t/y"; do
		run -2 --separate-stderr "$dump" "$t/$ab"
		[[ $stderr == *" overlap at 0x40f000; search them separately" ]]
	done
}

@test "several files: memory of one that has no address is not searched" {
	printf 'ram 0 16M\novmf 0x830000 size=64K\nlines 3 "no header "\nend\nelf64\ndata 0x800000 4M\nload 0 64K\n' |
		"$B/mkimage" - "$t/x"
	printf 'ram 0 16M\nelf64\nload 0x400000 64K\n' | "$B/mkimage" - "$t/y"
	"$dump" --list "$t/x" | has file:0x
	run -4 --separate-stderr "$dump" "$t/x,$t/y"
	[ -z "$output" ]
	[[ $stderr == *"warning: 4194304 bytes of memory in $t/x have no phys address and are not searched; search that file separately"* ]]
	[[ $stderr != *"searched by file offset"* ]]
	[[ $stderr != *"all "*" was searched"* ]]
	[[ $stderr == *"memory that could not be searched: search each file separately"* ]]
}

@test "several files: what is missing from all of them is not counted down to nothing" {
	local i

	for i in 0 1; do
		printf 'ram 0 16M\nelf64\nload %s 4K filesz=0x8000000000001000 memsz=0x8000000000001000\n' "$i"M |
			"$B/mkimage" - "$t/m$i"
	done
	run -4 --separate-stderr "$dump" "$t/m0,$t/m1"
	[[ $stderr == *"18446744073709551615 bytes that are missing"* ]]
}

# QEMU delays compressed pages until a buffer is full. The upper 4 GiB of this
# guest are zeros, so the end of the log is at the end of the stream.
@test "a truncated flattened dump gives what it has, and a warning" {
	zstd -dcq fixtures/vmcores/memlog-q35-6g.kdump-zlib.zst >"$t/whole"
	"$dump" -r "$t/whole" >"$t/want"
	head -c $(($(stat -c %s "$t/whole") * 9 / 10)) "$t/whole" >"$t/cut"
	"$dump" -r "$t/cut" >"$t/got" 2>"$t/err"
	lost=$(($(stat -c %s "$t/want") - $(stat -c %s "$t/got")))
	[ "$(stat -c %s "$t/got")" -ge 32000 ]
	cmp <(head -c "$(stat -c %s "$t/got")" "$t/want") "$t/got"
	grep -q "flattened file is damaged, and the rest is missing" "$t/err"
	grep -q "bytes could not be read and were not searched" "$t/err"
	grep -q ": $lost bytes of it are not in the image" "$t/err"
	# truncated inside the descriptors
	head -c $(($(stat -c %s "$t/whole") * 3 / 10)) "$t/whole" >"$t/cut"
	run --separate-stderr "$dump" --info "$t/cut"
	[ "$status" = 0 ]
	[[ $output == *"missing "*"that the headers promise"* ]]
	[[ $(tr -s "\n " " " <<<"$output") == *" pages, "*" bytes, are missing"* ]]
}

@test "LiME and AVML" {
	for name in lime avml; do
		make_image "$name"
		same "$name" "$t/$name"
		info_says "$t/$name" lime
	done
}

# The memory of a real guest with headers of both word sizes: two runs with a hole
# between them, contiguous in the file.
@test "complete Windows crash dumps" {
	zstd -dcq --long=31 fixtures/vmcores/ovmf-c01-elf64.raw.zst >"$t/ram"
	"$dump" -r --map=none "$t/ram" >"$t/want"
	[ -s "$t/want" ]
	for bits in 64 32; do
		perl -e '
			my ($at, $word, $type, $size) = $ARGV[0] == 64 ?
				(0x88, "Q<", 0xf98, 0x2000) :
				(0x64, "L<", 0xf88, 0x1000);
			my $head = "PAGEDU" . ($ARGV[0] == 64 ? "64" : "MP");
			my $list = pack("$word*", 2, 0x3fa0,
					0, 0xa0, 0x100, 0x3f00);
			$head .= "\0" x ($size - length $head);
			substr($head, $at, length $list) = $list;
			substr($head, $type, 4) = pack("L<", 1);
			print $head;' $bits >"$t/dump"
		head -c $((0xa0000)) "$t/ram" >>"$t/dump"
		tail -c +$((0x100001)) "$t/ram" >>"$t/dump"
		"$dump" -r "$t/dump" >"$t/got" 2>"$t/err"
		cmp "$t/want" "$t/got"
		grep -q "has only memory that Windows uses" "$t/err"
		info_says "$t/dump" windows
		[ "$("$dump" --list "$t/dump" 2>/dev/null |
			awk '/^ovmf/ { print $3 }')" = phys:0x3cb3000 ]
	done
}

# bitmap TYPE BITS OFFSET: the header of a Windows dump with a bitmap, of the 64 MiB in ram
# without the pages from 0xa0000 to 0x100000
bitmap() {
	perl -e '
		my ($type, $bits, $first) = @ARGV;
		my $head = "PAGEDU64" . "\0" x 0x1ff8;
		substr($head, 0xf98, 4) = pack "L<", $type;
		$head .= "SDMPDUMP" . "\0" x 0x18 . pack("Q<3", $first, 0x3fa0, $bits);
		my $map = "\xff" x 0x14 . "\0" x 0xc . "\xff" x 0x7e0;
		print $head, $map, "\0" x ($first - length "$head$map");' "$@"
}

@test "Windows dumps with a bitmap of their pages, and those without memory" {
	zstd -dcq --long=31 fixtures/vmcores/ovmf-c01-elf64.raw.zst >"$t/ram"
	"$dump" -r --map=none "$t/ram" >"$t/want"
	head -c $((0xa0000)) "$t/ram" >"$t/pages"
	tail -c +$((0x100001)) "$t/ram" >>"$t/pages"
	for type in 5 6 7; do
		{ bitmap "$type" $((0x4000)) $((0x4000)); cat "$t/pages"; } >"$t/dump"
		"$dump" -r "$t/dump" >"$t/got" 2>"$t/err"
		cmp "$t/want" "$t/got"
		run -0 "$dump" --info "$t/dump"
		[[ $output == *"0x0000000000000000-0x00000000000a0000"*"0x0000000000100000-0x0000000004000000"*"  2 ranges, 66715648 bytes"* ]]
	done
	# shellcheck disable=SC2002 # a pipe
	"$dump" -q -r - < <(cat "$t/dump") | cmp - "$t/want"
	# a bit less: all pages are at other addresses
	cp "$t/dump" "$t/bad"
	printf '\376' | dd of="$t/bad" bs=1 seek=$((0x2038)) conv=notrunc status=none
	run --separate-stderr "$dump" --strict "$t/bad"
	[ "$status" -eq 4 ]
	[[ $stderr == *"the Windows dump is damaged: it has 16288 pages and lists 16287, so that memory may be at wrong addresses"* ]]
	truncate -s -1M "$t/dump"
	run -4 --separate-stderr "$dump" --strict -o "$t/got2" "$t/dump"
	[[ $stderr == *"incomplete"* ]]
	# the first page before the end of the bitmap, more bits than the file, none
	for bad in "$((0x4000)) $((0x2800))" "$((1 << 35)) $((0x4000))" "0 $((0x4000))" \
		"$((0x20000)) $((0x4000))"; do
		# shellcheck disable=SC2086 # two numbers
		bitmap 5 $bad >"$t/dump"
		run -3 --separate-stderr "$dump" "$t/dump"
		[[ $stderr == *"the Windows dump"*"bitmap"* || $stderr == *"bitmap of pages in the Windows dump is invalid"* ]]
	done
	for want in "2:a kernel dump of Windows, which has none of the firmware's memory; " \
		"3:a minidump of Windows, " "4:a minidump of Windows, which has stacks" \
		"9:a Windows dump of type 9 is not supported; "; do
		bitmap "${want%%:*}" $((0x4000)) $((0x4000)) >"$t/dump"
		run -3 --separate-stderr "$dump" "$t/dump"
		[[ $stderr == *": ${want#*:}"*"QEMU's dump-guest-memory FILE" ]]
	done
}

@test "saved guests" {
	for name in qevm qevm-mapped; do
		make_image "$name"
		same "$name" "$t/$name"
		[ ! -s "$t/err" ] || { cat "$t/err"; false; }
		info_says "$t/$name" qevm
		dd if="$t/$name" status=none | same "$name" -
	done
	"$dump" --info "$t/qevm" | has web-3
	# without its end it may mix two moments
	sed 's/ again=3//' "$recipes/qevm.rec" >"$t/once.rec"
	"$B/mkimage" -t "$t/once.truth" "$t/once.rec" "$t/once"
	same once "$t/once"
	[ ! -s "$t/err" ]
	truncate -s -60 "$t/once"
	same once "$t/once"
	grep -q incomplete "$t/err"
}

@test "all of them compressed as a whole, from a file and through a pipe" {
	for name in small-c kdump-flat lime qevm; do
		make_image "$name"
		for tool in gzip bzip2 xz zstd lz4 lzop; do
			command -v "$tool" >/dev/null || continue
			"$tool" -qc "$t/$name" >"$t/packed.$tool"
			same "$name" "$t/packed.$tool"
			same "$name" - <"$t/packed.$tool"
			dd if="$t/packed.$tool" status=none | same "$name" -
		done
	done
}

@test "unpacking leaves no file, and reports a full disk" {
	make_image small-c
	mkdir "$t/tmp"
	gzip -qc "$t/small-c" >"$t/small.gz"
	TMPDIR=$t/tmp same small-c "$t/small.gz"
	[ -z "$(ls -A "$t/tmp")" ]
	TMPDIR=$t/none run --separate-stderr "$dump" "$t/small.gz"
	[ "$status" -eq 3 ]
	[[ $stderr == *TMPDIR* ]]
}

@test "a truncated compressed file gives what is left, and a warning" {
	make_image kdump-zlib
	gzip -qc "$t/kdump-zlib" >"$t/whole.gz"
	head -c $(($(stat -c %s "$t/whole.gz") - 20)) "$t/whole.gz" >"$t/cut.gz"
	run --separate-stderr "$dump" -r "$t/cut.gz"
	[[ $stderr == *"compressed file is damaged"* ]]
}

# gzip has its checksum at the end, where all has been unpacked.
@test "damaged gzip: the same text, or a word and a status" {
	local i rc told=0
	make_image small-c
	gzip -9c "$t/small-c" >"$t/whole.gz"
	"$dump" --strict "$t/small-c" >"$t/want"
	for i in {1..60}; do
		perl -e 'local $/; $_ = <STDIN>;
			vec($_, ($ARGV[0] * 7919) % (8 * length()), 1) ^= 1;
			print' "$i" <"$t/whole.gz" >"$t/bad.gz"
		rc=0
		"$dump" --strict "$t/bad.gz" >"$t/got" 2>"$t/err" || rc=$?
		[ "$rc" -eq 0 ] && cmp "$t/want" "$t/got" && continue
		[ -s "$t/err" ]
		told=$((told + 1))
	done
	[ "$told" -gt 30 ]
	# only the checksum is wrong: the log is printed, with a warning
	{ head -c -8 "$t/whole.gz"; printf '\1\2\3\4'; tail -c 4 "$t/whole.gz"
	} >"$t/sum.gz"
	run -4 --separate-stderr "$dump" --strict "$t/sum.gz"
	[ "$output" = "$(cat "$t/want")" ]
	[[ $stderr == *"file is damaged (incorrect data check): "*"any of them may be wrong"* ]]
	# JSON tells without it
	"$dump" -q -J "$t/sum.gz" | tail -n 1 |
		jq -e '.exit == 0 and .missing == "0" and .damaged'
	"$dump" -q -J "$t/whole.gz" | tail -n 1 | jq -e '.damaged == false'
	run -4 "$dump" --strict --extract "$t/x" "$t/sum.gz"
	# a warning for other data after the gzip stream, but not for zeros
	{ cat "$t/whole.gz"; echo more; } >"$t/more.gz"
	run -4 "$dump" --strict "$t/more.gz"
	{ cat "$t/whole.gz"; head -c 70000 /dev/zero; } >"$t/zeros.gz"
	run -0 --separate-stderr "$dump" --strict "$t/zeros.gz"
	[ -z "$stderr" ]
	[ "$output" = "$(cat "$t/want")" ]
	# several members are one file
	{ head -c 100000 "$t/small-c" | gzip; tail -c +100001 "$t/small-c" |
		gzip; } >"$t/two.gz"
	run -0 --separate-stderr "$dump" --strict "$t/two.gz"
	[ "$output" = "$(cat "$t/want")" ]
}

@test "what takes more memory to unpack than allowed: the reason, and the option" {
	local name need
	make_image small-c
	zstd -q --long=31 -c <"$t/small-c" >"$t/window.zst"
	xz -c --lzma2=preset=0,dict=192MiB <"$t/small-c" >"$t/window.xz"
	# after one that takes little
	cat <(zstd -q -c <"$t/small-c") "$t/window.zst" >"$t/late.zst"
	cat <(xz -c <"$t/small-c") "$t/window.xz" >"$t/late.xz"
	"$dump" "$t/small-c" >"$t/small-c.want"
	for name in window.zst late.zst window.xz late.xz; do
		need=192M
		[[ $name == *.xz ]] || need=2048M
		run --separate-stderr "$dump" "$t/$name"
		[ "$status" -eq 3 ]
		[[ $stderr == *"takes more memory than the limit of 128 MiB; --limit window=$need allows it" ]]
		run -3 --separate-stderr "$dump" - < <(cat "$t/$name")
		[[ $stderr == *"--limit window=$need allows it" ]]
		"$dump" --limit "window=$need" "$t/$name" >"$t/got"
		cmp "$t/got" "$t/small-c.want"
	done
	run -3 --separate-stderr "$dump" --limit window=1M "$t/window.zst"
	[[ $stderr == *"the limit of 1 MiB; "* ]]
	run -3 --separate-stderr "$dump" --limit window=191M "$t/window.xz"
	[[ $stderr == *"the limit of 191 MiB; "* ]]
}

@test "a bomb of zeros becomes a hole" {
	make_image small-c
	{ cat "$t/small-c"; head -c 3G /dev/zero; } | zstd -q -1 >"$t/bomb.zst"
	[ "$(stat -c %s "$t/bomb.zst")" -lt 1000000 ]
	same small-c "$t/bomb.zst"
}

@test "sparse files: holes are zeros and cost nothing" {
	make_image kdump-zlib
	make_image small-c
	cp --sparse=always "$t/kdump-zlib" "$t/sparse"
	same kdump-zlib "$t/sparse"
	cp "$t/small-c" "$t/big"
	truncate -s 64G "$t/big"
	same small-c "$t/big"
	truncate -s 64G "$t/nothing"
	run --separate-stderr timeout 20 "$dump" "$t/nothing"
	[ "$status" -eq 1 ]
}

@test "raw memory: the logs and boots of the ELF file, each once" {
	local name mode file
	for name in memlog-reset-pei ovmf-c13a-reset-pei memlog-q35-shell; do
		zstd -dqf --long=31 "fixtures/vmcores/$name.elf.zst" -o "$t/elf"
		python3 - "$t/elf" "$t/raw" <<-'EOF'
		import struct, sys
		d = open(sys.argv[1], "rb").read()
		phoff, = struct.unpack_from("<Q", d, 32)
		size, n = struct.unpack_from("<HH", d, 54)
		out = open(sys.argv[2], "wb")
		# not the flash memory below 4 GiB
		for i in range(n):
		    type, _, off, _, addr, len = struct.unpack_from("<IIQQQQ", d, phoff + i * size)
		    if type == 1 and addr < 512 << 20:
		        out.seek(addr)
		        out.write(d[off:off + len])
		EOF
		for mode in auto pages likely exhaustive; do
			for file in elf raw; do
				"$dump" -q --scan="$mode" --list -J "$t/$file" |
					jq -c 'select(.type == "log") | del(.image)' >"$t/logs.$file"
			done
			[ -s "$t/logs.elf" ]
			cmp "$t/logs.elf" "$t/logs.raw"
			jq -e -s 'map(.extents[0].addr) | length == (unique | length)' "$t/logs.elf"
		done
	done
}

@test "raw memory: --map gives it the layout of the machine" {
	printf 'ram 0xbfff0000 64K\nram 0x100000000 64K\n%s\n' \
		'ovmf 0x100000000 size=32K
	lines 20 "above the hole "
end
raw base=0xbfff0000' >"$t/rec"
	"$B/mkimage" -t "$t/pc.truth" "$t/rec" "$t/raw"
	# 3 GiB below the hole and 1 GiB above
	truncate -s 4G "$t/pc"
	dd if="$t/raw" of="$t/pc" bs=64K iflag=skip_bytes oflag=seek_bytes \
		skip=$((0x40010000)) seek=3G conv=notrunc status=none
	same pc "$t/pc" --map pc
	"$dump" --list --map pc "$t/pc" | has 'phys:0x100000000'
}

@test "a file of nothing known: every 8 bytes before there is no log" {
	printf '%s\n' 'ram 0 64K' 'ovmf 0x8000 size=16K' 'lines 99 "raw "' end raw |
		"$B/mkimage" -t "$t/want" - "$t/ram"
	{ printf 'some header%013d' 0; cat "$t/ram"; } >"$t/odd"
	truncate -s %4096 "$t/odd"
	"$dump" -r "$t/odd" | cmp - "$t/want"
	# shellcheck disable=SC2002 # a pipe
	"$dump" -r - < <(cat "$t/odd") | cmp - "$t/want"
	run -0 "$dump" --list "$t/odd"
	[[ ${lines[1]} == "ovmf "*" file:0x"* ]]
	"$dump" -q -r --at="$(awk '/^ovmf/ { print $3 }' <<<"$output")" "$t/odd" | cmp - "$t/want"
	"$dump" -q --extract="$t/small" "$t/odd"
	"$dump" -r "$t/small" | cmp - "$t/want"
	# said to be memory, it has pages
	run -1 --separate-stderr "$dump" --map=none "$t/odd"
	[[ $stderr == *"no log found: all "*" of phys memory, 1 range, was searched"* ]]
	head -c 64K /dev/zero >"$t/none"
	run -1 --separate-stderr "$dump" "$t/none"
	[[ $stderr == *"no log found: all 64.0 KiB of the file was searched, at every 8 bytes"* ]]
	truncate -s 5G "$t/none"
	run -1 --separate-stderr "$dump" "$t/none"
	[[ $stderr == *"only page starts were searched; "*"--scan=exhaustive finds these"* ]]
}

@test "raw memory in several files: each at its address" {
	printf '%s\n' 'ram 0 2M' 'ovmf 0x180000 size=64K' \
		'lines 20 "on the second node "' end raw >"$t/rec"
	"$B/mkimage" -t "$t/nodes.truth" "$t/rec" "$t/ram"
	cd "$t"
	head -c 1M ram >node0
	tail -c 1M ram >node1
	same nodes node0@0,node1@1M
	same nodes node1@0x100000,node0@0
	same nodes node1@1M
	"$dump" --list node1@1M | has phys:0x180000
	run -2 --separate-stderr "$dump" node0,node1
	[ -z "$output" ]
	[[ $stderr == *": plain memory in several files: say where each one starts, as in node0@0,node1@1M" ]]
	# node1 is missing, and nothing says how large it was
	cp node1 node2
	run -2 --separate-stderr "$dump" node0,node2
	[[ $stderr == *"say where each one starts, as in FILE@0,FILE@2G" ]]
	run -2 --separate-stderr "$dump" node0@0,node1
	[[ $stderr == *"say where"* ]]
	run -2 --separate-stderr "$dump" --map pc node0,node1
	[[ $stderr == *"say where"* ]]
	run -2 --separate-stderr "$dump" node0@0,node1@512K
	[[ $stderr == *"node0 and node1 overlap at 0x80000" ]]
	run -2 --separate-stderr "$dump" node0@0,node1@0x100001
	[[ $stderr == *"node1: 0x100001 is not a multiple of 4096" ]]
	run -3 --separate-stderr "$dump" node0@x
	[[ $stderr == *"node0@x: No such file"* ]]
	run -2 --separate-stderr "$dump" node0@0,./node0@1M
	[[ $stderr == *": ./node0: the same file as node0: name each part once" ]]
	# a part that is no plain memory
	zstd -q node0
	run -2 --separate-stderr "$dump" node0.zst@0,node1@1M
	[[ $stderr == *": node0.zst: compressed with zstd, and @0 is for plain memory; unzstd it first" ]]
	printf '\177ELF\2\1\1%9s\4\0\76\0' '' | cat - node0 >core
	run -2 --separate-stderr "$dump" core@0x0
	[[ $stderr == *": core: an ELF dump, which says itself where it belongs: leave out @0x0" ]]
	# a program in memory is part of it
	printf '\177ELF\2\1\1%9s\2\0\76\0' '' |
		dd of=node0 conv=notrunc status=none
	"$dump" --list node0@0,node1@1M | has phys:0x180000
	# a file of this name
	cp node1 node0@0
	same nodes node0@0 --map 0x100000
}

# pieces PREFIX: the list of them
pieces() {
	local files=("$1"*)
	local IFS=,
	echo "${files[*]}"
}

@test "a file that split(1) cut into pieces" {
	for name in small-c lime kdump-flat qevm; do
		make_image "$name"
		zstd -qf "$t/$name" -o "$t/packed"
		tar -C "$t" -cf "$t/tar" "$name"
		for what in "$name" packed tar; do
			rm -f "$t"/piece.*
			split -a 3 -d -b "$(($(stat -c %s "$t/$what") / 7))" "$t/$what" "$t/piece."
			same "$name" "$(pieces "$t/piece.")"
		done
	done
	run -0 "$dump" --info "$(pieces "$t/piece.")"
	[[ $output == *"one file in pieces"*"of 8 files, joined"* ]]
	# without the first one nothing says what it is; without the last one it is cut
	make_image lime
	split -a 3 -d -b 1000k "$t/lime" "$t/cut."
	run --separate-stderr "$dump" "$(pieces "$t/cut.00[1-9]")"
	[[ $status == [23] ]]
	rm "$t/cut.005"
	run --separate-stderr "$dump" --info "$(pieces "$t/cut.")"
	[[ $output == *missing* ]]
	# another order is not one file
	run --separate-stderr "$dump" "$t/cut.001,$t/cut.000"
	[[ $status == [23] ]]
	# or may be one
	run --separate-stderr "$dump" "$t/cut.000,$t/cut.002,$t/cut.001"
	[[ $stderr == *"warning: the pieces of the file are joined as they are named, which is not the order of their names"* ]]
	run --separate-stderr "$dump" "$t/cut.000,$t/cut.001"
	[[ $stderr != *order* ]]
	run -2 --separate-stderr "$dump" "$t/cut.000,$t/cut.001,$t/cut.001"
	[[ $stderr == *": $t/cut.001: a piece is named twice" ]]
	# one is missing, and the log is before it
	make_image kdump-flat
	for args in "-a 3 -d" "-a 2" "-a 2 -x"; do
		rm -f "$t"/gap.*
		# shellcheck disable=SC2086 # options
		split $args -b "$(($(stat -c %s "$t/kdump-flat") / 12))" "$t/kdump-flat" "$t/gap."
		run --separate-stderr "$dump" --info "$(pieces "$t/gap.")"
		[[ $stderr$output != *"pieces of the file are missing"* ]]
		lost=$(find "$t" -name 'gap.*' | sort | sed -n 11p)
		near="$(find "$t" -name 'gap.*' | sort | sed -n 10p) and $(find "$t" -name 'gap.*' | sort | sed -n 12p)"
		rm "$lost"
		run --separate-stderr "$dump" "$(pieces "$t/gap.")"
		[[ $stderr == *"warning: going by the names, pieces of the file are missing between $near"* ]] ||
			{ echo "$stderr"; false; }
	done
	# one is cut
	make_image lime
	split -a 2 -b 1000k "$t/lime" "$t/short."
	truncate -s 500k "$t/short.ab"
	run -2 --separate-stderr "$dump" "$(pieces "$t/short.")"
	[[ $stderr == *": $t/short.ab is shorter than the pieces before it: copy it again" ]]
	split -a 2 -b 1000k "$t/lime" "$t/short."
	truncate -s 500k "$t/short.aa"
	run -2 --separate-stderr "$dump" "$(pieces "$t/short.")"
	[[ $stderr == *": $t/short.aa is shorter than the pieces after it: copy it again" ]]
	# a whole dump, and something else
	for name in qevm kdump-flat lime; do
		make_image "$name"
		head -c 8192 /dev/zero >"$t/zeros"
		run -2 --separate-stderr "$dump" "$t/$name,$t/zeros"
		[[ $stderr == *"/$name has all of its memory: the others are not pieces of it" ]]
	done
}

@test "a file compressed twice is refused, with what to do" {
	make_image lime
	gzip -c "$t/lime" | zstd -q >"$t/twice"
	run -3 --separate-stderr "$dump" "$t/twice"
	[[ $stderr == *": compressed twice, and gzip is left: unpack it once" ]]
}

@test "a zlib stream, as LiME writes it with compress=1" {
	command -v python3 >/dev/null || skip "no python3 to make one"
	make_image lime
	python3 - "$t/lime" "$t/z" <<-'EOF'
	import sys, zlib
	open(sys.argv[2], "wb").write(zlib.compress(open(sys.argv[1], "rb").read()))
	EOF
	same lime "$t/z"
	dd if="$t/z" status=none | same lime -
	"$dump" --info "$t/z" | has "zlib, unpacked to a temporary file"
	# its checksum is at the end
	head -c -4 "$t/z" >"$t/damaged"
	printf '\0\0\0\0' >>"$t/damaged"
	run -0 --separate-stderr "$dump" "$t/damaged"
	[[ $stderr == *"the compressed file is damaged ("* ]]
	# memory that begins like one
	printf '\170\234%04094d' 0 >"$t/z"
	run -3 --separate-stderr "$dump" "$t/z"
	[[ $stderr == *"begins like a zlib stream, and cannot be unpacked"*"give --map=q35, pc, ... or none" ]]
	run -1 --separate-stderr "$dump" --map none "$t/z"
	[[ $stderr == *"no log found"* ]]
}

@test "damaged lzop: the blocks before, and a warning" {
	local at size
	make_image lime
	lzop -qc "$t/lime" >"$t/good"
	size=$(stat -c %s "$t/good")
	for ((at = 40; at < size; at += size / 40)); do
		cp "$t/good" "$t/bad"
		printf '\252' | dd of="$t/bad" bs=1 seek="$at" conv=notrunc status=none
		! cmp -s "$t/good" "$t/bad" || continue
		run --separate-stderr "$dump" "$t/bad"
		[[ $status == [034] ]]
		[[ $stderr == *"damaged"* || $stderr == *"cannot unpack it"* ]]
	done
	# one bit of the length of the first block, which ends the file
	at=$((38 + $(od -An -tu1 -j33 -N1 "$t/good")))
	[ "$(od -An -tx1 -j$at -N4 "$t/good")" = " 00 04 00 00" ]
	cp "$t/good" "$t/bad"
	printf '\0' | dd of="$t/bad" bs=1 seek=$((at + 1)) conv=notrunc status=none
	run -3 --separate-stderr "$dump" "$t/bad"
	[[ $stderr == *"cannot unpack it: it has more after its end"* ]]
	# zeros, as on tapes
	{ cat "$t/good"; head -c 10000 /dev/zero; } >"$t/bad"
	same lime "$t/bad"
	# two files in one, as lzop writes them
	split -n 2 "$t/lime" "$t/half."
	lzop -qc "$t/half.aa" "$t/half.ab" >"$t/both"
	same lime "$t/both"
}

@test "a truncated xl dump-core: pages by their numbers, or by file offset" {
	zstd -dq --long=31 fixtures/vmcores/xen-domu-pv.core.zst -o "$t/core"
	"$dump" -q -r -F ovmf "$t/core" >"$t/want"
	[ -s "$t/want" ]
	# the names of its sections, and a part of its table
	head -c -300 "$t/core" >"$t/cut"
	run -0 --separate-stderr "$dump" -r -F ovmf -o "$t/got" "$t/cut"
	cmp "$t/got" "$t/want"
	[[ $stderr == *"the file ends within its table of pages: 15 of 24576 are missing"* ]]
	[[ $stderr == *"pages whose addresses the file has lost have addresses in the file"* ]]
	[ "$("$dump" -q --list -F ovmf "$t/cut" | awk '/^ovmf/ { print $3 }')" = phys:0x28ec000 ]
	# all of its table, and pages
	head -c 60000000 "$t/core" >"$t/cut"
	run -0 --separate-stderr "$dump" --force -r -F ovmf -o "$t/got" "$t/cut"
	cmp "$t/got" "$t/want"
	[[ $stderr == *"the file is truncated: its pages should end at offset 0x6003000"* ]]
	[ "$("$dump" -q --list -F ovmf "$t/cut" | awk '/^ovmf/ { print $3 }')" = file:0x28ef000 ]
	# the headers of its sections
	head -c 200 "$t/core" >"$t/cut"
	run -3 --separate-stderr "$dump" "$t/cut"
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *": the file is truncated: it has 200 of "*" bytes; copy it again, or repeat xl dump-core" ]]
}

@test "a truncated xl dump-core whose pages are in no order: the text without what lies between" {
	local page

	command -v python3 >/dev/null || skip "no python3 to make one"
	"$B/mkimage" - "$t/raw" <<-'EOF'
	ram 0 1M
	ovmf 0x80000 size=64K
	lines 700 "a line of the log "
	end
	raw
	EOF
	"$dump" -q -r --map=none "$t/raw" >"$t/want"
	[ "$(wc -c <"$t/want")" -gt 12288 ]
	# the pages of the log with two others after the second, and no table of pages
	python3 - "$t/raw" "$t/cut" <<-'EOF'
	import struct, sys
	d = open(sys.argv[1], 'rb').read()
	page = [d[i:i + 4096] for i in range(0x80000, 0x80000 + 0x10000, 4096)]
	other = [bytes(4096), bytes(range(256)) * 16]
	pages = b''.join(page[:2] + other + page[2:])
	sections = [(0, 0, 0, 0), (1, 4096, len(pages), 4096),
	            (1, 4096 + len(pages), len(pages) // 4096 * 8, 8),
	            (3, 4096 + len(pages) // 4096 * 4104, 64, 0)]
	e = b'\x7fELF\2\1\1'.ljust(16, b'\0') + struct.pack(
	    '<HHIQQQIHHHHHH', 4, 62, 1, 0, 0, 64, 0, 64, 0, 0, 64, 4, 3)
	for kind, off, size, each in sections:
	    e += struct.pack('<IIQQQQIIQQ', 0, kind, 0, 0, off, size, 0, 0, 1, each)
	open(sys.argv[2], 'wb').write(e.ljust(4096, b'\0') + pages[:-100])
	EOF
	"$dump" -q -r -o "$t/got" "$t/cut"
	cmp "$t/got" "$t/want"
	run -0 "$dump" -q --list "$t/cut"
	[[ $output == *" file:0x1000+1 "* ]]
	[[ $output == *"guessed: 8192 bytes between its pages are not its own; "* ]]
	# one that was overwritten in its place ends the log
	page=$((4096 + 5 * 4096))
	dd if=/dev/zero of="$t/cut" bs=4096 seek=$((page / 4096)) count=1 conv=notrunc status=none
	run -4 "$dump" -q --strict -r -o "$t/got" --force "$t/cut"
	[ "$(wc -c <"$t/got")" -lt 12288 ]
	cmp -n "$(wc -c <"$t/got")" "$t/got" "$t/want"
}

@test "memory of a saved guest without an address has addresses in the file" {
	command -v python3 >/dev/null || skip "no python3 to make one"
	"$B/mkimage" - "$t/saved" <<-'EOF'
	ram 0 1M
	ovmf 0x80000 size=64K
	lines 20 "on the second node "
	end
	qevm machine=pc-q35-7.2
	EOF
	# the block "pc.ram" gets a name that nothing is known of, and another
	# block of that size comes before it
	python3 - "$t/saved" <<-'EOF'
	import struct, sys
	p = open(sys.argv[1], "rb").read()
	size = 1 << 20
	at = p.index(b"\x06pc.ram" + struct.pack(">Q", size))
	p = p[:at].replace(struct.pack(">Q", size | 4), struct.pack(">Q", 2 * size | 4)) + \
		b"\x06first." + struct.pack(">Q", size) + p[at:]
	open(sys.argv[1], "wb").write(p.replace(b"\x06pc.ram", b"\x06second"))
	EOF
	run -0 --separate-stderr "$dump" --strict "$t/saved"
	[ "${#lines[@]}" -eq 20 ]
	[[ ${lines[19]} == "on the second node "* ]]
	[[ $stderr == *"nothing says at which address 1048576 bytes of memory are (second); they have the addresses file:0x100000 to file:0x200000"* ]]
	run -0 "$dump" -q --list "$t/saved"
	[[ ${lines[1]} == "ovmf "*" file:0x180000 "* ]]
	"$dump" -q --extract="$t/small" "$t/saved"
	[ "$("$dump" -q "$t/small" | wc -l)" -eq 20 ]
	# in the extract, too, and in an extract of that
	"$dump" -q --extract="$t/smaller" "$t/small"
	for name in small smaller; do
		run -0 "$dump" -q --list "$t/$name"
		[[ ${lines[1]} == "ovmf "*" file:0x180000 "* ]]
		run -0 "$dump" -q --list --at file:0x180000 "$t/$name"
		run -0 --separate-stderr "$dump" --info "$t/$name"
		[[ $output != *phys* && $output != *warning* ]]
	done
}

# zero_core VADDR1 VADDR2 OFFSET: stdin in a core with a note of Linux and two PT_LOADs, with
# p_paddr 0 and these p_vaddr: a page of zeros at OFFSET of the file, and stdin
zero_core() {
	perl -e 'my ($v1, $v2, $off) = map { eval } @ARGV;
		my ($n, $ram) = ("OSRELEASE=6.1.0\nPAGESIZE=4096\n\0\0", do { local $/; <STDIN> });
		$n = pack("LLL", 11, 30, 0) . "VMCOREINFO\0\0" . $n;
		sub ph { pack("LLQQQQQQ", $_[0], 6, @_[1 .. 3], $_[4], $_[4], 0) }
		my $head = pack("A4C3x9SSLQQQLSSSSSS", "\x7fELF", 2, 1, 1, 4, 62, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0) .
			ph(4, 232, 0, 0, length $n) . ph(1, $off, $v1, 0, 4096) .
			ph(1, $off + 4096, $v2, 0, length $ram) . $n;
		print $head, "\0" x ($off + 4096 - length $head), $ram;' "$@"
}

@test "segments that cannot all be at physical address 0" {
	"$B/mkimage" - "$t/ram" <<-'EOF'
	ram 0 256K
	ovmf 0x10000 size=64K
	lines 20 "in the second segment "
	end
	raw
	EOF
	zero_core 0xffff888000001000 0xffff888000200000 0x1000 <"$t/ram" >"$t/virt"
	zero_core 0 0 0x1238 <"$t/ram" >"$t/file"
	for what in "virt:0xffff888000210000 the virtual ones of the headers" \
		"file:0x12238 offsets in the file"; do
		name=${what%%:*}
		run -0 --separate-stderr "$dump" "$t/$name"
		[ "${#lines[@]}" -eq 20 ]
		[[ ${lines[19]} == "in the second segment "* ]]
		[[ $stderr == *"warning: all program headers have the physical address 0, which cannot be right: addresses are ${what#* }" ]]
		# shellcheck disable=SC2002 # a pipe
		[ "$("$dump" -q - < <(cat "$t/$name"))" = "$output" ]
		"$dump" -q --extract="$t/small" --force "$t/$name"
		"$dump" -q --extract="$t/smaller" --force "$t/small"
		for name in "$name" small smaller; do
			run -0 "$dump" -q --list "$t/$name"
			[[ ${lines[1]} == "ovmf "*" ${what%% *} "* ]] || { echo "$output"; false; }
		done
		run -0 --separate-stderr "$dump" "$t/smaller"
		[ "${#lines[@]}" -eq 20 ]
		[[ $stderr != *"cannot be"* ]]
	done
}

# known NAME WANT OFFSET BYTES: a file with these bytes there is refused, with that; and only
# what begins so
known() {
	truncate -s 64K "$t/$1"
	printf '%b' "$4" | dd of="$t/$1" bs=1 seek="$3" conv=notrunc status=none
	run -3 --separate-stderr "$dump" "$t/$1"
	[[ $stderr == "memlog-dump: $t/$1: $2 is not supported; "?* ]] || { echo "$stderr"; false; }
	[ "${#stderr_lines[@]}" -eq 1 ]
	rm "$t/$1"
}

@test "files of other tools are named, with what to do" {
	known lkcd-be "an LKCD dump of a big-endian machine" 0 '\xa8\x19\x01\x73\x61\x8f\x23\xed'
	known lkcd-be-live "a live LKCD dump of a big-endian machine" 0 '\xa8\x19\x01\x73\x61\x8f\x23\xcd'
	known lkcd "an LKCD dump" 0 '\xed\x23\x8f\x61\x73\x01\x19\xa8'
	known s390 "an s390 dump" 0 '\xa8\x19\x01\x73\x61\x8f\x23\xfd'
	known sadump "a sadump dump" 0 'sadump\0\0'
	known sadump-medium "a sadump medium" 4096 'sadump\0\0\1'
	known sadump-512 "a sadump medium" 512 'sadump\0\0\1'
	known lime "a LiME dump of an unknown version" 0 'EMiL\2\0\0\0'
	known avml "an AVML dump of an unknown version" 0 'AVML\3\0\0\0'
	for magic in '\xd2\xbe' '\xd1\xba' '\xd0\xbe' '\xd3\xbe'; do
		known vmss "a VMware snapshot" 0 "$magic$magic"
	done
	known vmrs "a saved state (.vmrs) or configuration (.vmcx) of Hyper-V" 0 '\x14\x20\x28\x01'
	known xm "a saved guest of xm" 0 'LinuxGuestRecord'
	known xl "a guest saved by xl save" 0 'Xen saved domain, xl format\n \0 \r'
	known libvirt-xen "a guest of Xen saved by libvirt" 0 'libvirt-xml\n \0 \r'
	known libxl "a migration stream of libxl" 0 'LibxlFmt'
	known libxc "a migration stream of Xen" 0 '\xff\xff\xff\xff\xff\xff\xff\xffXENF'
	known qcow2 "a qcow2 disk" 0 'QFI\xfb\0\0\0\3'
	known vhdx "a VHDX disk" 0 'vhdxfile'
	known vhd "a VHD disk" 0 'conectix'
	known vmdk "a VMDK disk" 0 'KDMV\1'
	known vmdk-text "the description of a VMDK disk" 0 '# Disk DescriptorFile\n'
	known vdi "a VDI disk" 64 '\x7f\x10\xda\xbe'
	known vbox "a saved state of VirtualBox" 0 '\x7fVirtualBox SavedState V2.0\n'
	for magic in hibr HIBR wake WAKE RSTR; do
		known hiberfil "a hibernation file of Windows" 0 "$magic"
	done
	known mdmp "a minidump of a Windows program" 0 'MDMP\x93\xa7'
	known freebsd "a minidump of FreeBSD" 0 'minidump FreeBSD/amd64'
	known encase "an EnCase image" 0 'EVF\x09\x0d\x0a\xff\0'
	known hpak "an HPAK dump" 0 'HPAK'
	known rar "a rar archive" 0 'Rar!\x1a\x07\1'
	known lz4 "a legacy lz4 file" 0 '\x02\x21\x4c\x18'
	# machines
	for machine in s390-ccw-virtio-7.2 riscv-virt sbsa-ref $'v\e[2J'; do
		"$B/mkimage" - "$t/saved" <<-EOF
			ram 0 64K
			qevm machine=m
		EOF
		perl -e 'undef $/; open F, "<", $ARGV[0]; $_ = <F>;
			s/\x00\x00\x00\x01m/pack("N", length $ARGV[1]) . $ARGV[1]/e; print' \
			"$t/saved" "$machine" >"$t/saved2"
		run -3 --separate-stderr "$dump" "$t/saved2"
		[[ $stderr == *": a saved guest of an unknown machine type, "[srv]*"; use QEMU's dump-guest-memory FILE" ]]
		[[ $stderr != *$'\e'* ]]
	done
}

@test "a VMware snapshot: the .vmem beside it is named" {
	local name
	for name in v.vmss v.VMSN v; do
		printf '\xd2\xbe\xd2\xbe%04092d' 0 >"$t/$name"
		run -3 --separate-stderr "$dump" "$t/$name"
		[[ $stderr == *": a VMware snapshot is not supported; read the .vmem that belongs beside it, or if there never was one, convert it with vmss2core" ]]
	done
	printf '%s\n' 'ram 0 1M' 'ovmf 0x80000 size=64K' 'lines 20 "of the guest "' \
		end raw | "$B/mkimage" - "$t/v.vmem"
	for name in v.vmss v.VMSN; do
		cd "$t"
		run -3 --separate-stderr "$dump" "$name"
		[[ $stderr == *"; its memory is beside it: memlog-dump v.vmem" ]] ||
			{ echo "$stderr"; false; }
	done
	run -0 "$dump" -q "${stderr##*memlog-dump }"
	[ "${#lines[@]}" -eq 20 ]
}

@test "a saved state of Hyper-V that has no magic is named if no log is found" {
	truncate -s 64K "$t/g.bin" "$t/h.bin" "$t/h.vsv" "$t/k.VSV"
	for name in h.bin h.vsv k.VSV; do
		run -1 --separate-stderr "$dump" "$t/$name"
		[[ $stderr == *"check: by its name this is a saved state of Hyper-V"*"vm2dmp "* ]]
	done
	# a name that anything may have
	run -1 --separate-stderr "$dump" "$t/g.bin"
	[[ $stderr != *Hyper-V* ]]
	# the user says that it is memory
	run -1 --separate-stderr "$dump" --map=none "$t/h.bin"
	[[ $stderr != *Hyper-V* ]]
}

@test "text of a log is a log: of a debug port, or of Linux" {
	zstd -qdc fixtures/vmcores/ovmf-c01-elf64.debugcon.zst >"$t/text"
	"$dump" -r "$t/text" | cmp - "$t/text"
	tr -d '\r' <"$t/text" >"$t/lines"
	"$dump" "$t/text" | cmp - "$t/lines"
	# shellcheck disable=SC2002 # a pipe
	"$dump" - < <(cat "$t/text") | cmp - "$t/lines"
	gzip -c "$t/text" >"$t/text.gz"
	"$dump" "$t/text.gz" | cmp - "$t/lines"
	[ "$("$dump" -g 'BdsDxe.efi' "$t/text")" = "$(grep 'BdsDxe.efi' "$t/lines")" ]
	[ "$("$dump" -n 3 "$t/text")" = "$(tail -n 3 "$t/lines")" ]
	run -0 "$dump" --info "$t/text"
	[[ $output == *"format      log-text (text of a log of OVMF)"* ]]
	# what comes before is text, too
	{ echo "BIOS starts"; cat "$t/text"; } >"$t/more"
	"$dump" -r "$t/more" | cmp - "$t/more"
	# others are not
	printf 'dear reader\n' >"$t/other"
	run -3 "$dump" "$t/other"
	{ printf 'a\0\n'; cat "$t/text"; } >"$t/other"
	run -3 "$dump" "$t/other"
	endless "$(cat "$t/text")" | head -c 5M >"$t/long"
	run -3 --separate-stderr "$dump" "$t/long"
	[[ $stderr == *": text of OVMF, and more than 4 MiB of it; split it" ]]
}

@test "for unsupported formats the message says what to do" {
	printf 'QEVM\0\0\0\003%04096d' 0 >"$t/stream"
	printf 'DISKDUMP%04096d' 0 >"$t/old"
	echo "dear reader" >"$t/text"
	: >"$t/empty"
	for want in \
		"stream:dump-guest-memory" "old:makedumpfile" "text:--map" \
		"empty:empty"; do
		run --separate-stderr "$dump" "$t/${want%%:*}"
		[ "$status" -eq 3 ]
		[[ $stderr == *"${want#*:}"* ]] || { echo "$stderr"; false; }
		[[ $stderr == *"$t/${want%%:*}"* ]]
	done
	run --separate-stderr "$dump" /bin/true
	[ "$status" -eq 3 ]
	[[ $stderr == *program* ]]
}
