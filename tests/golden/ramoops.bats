#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What Linux keeps over a reset: the format ramoops.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unpack ramoops-61.raw
	raw=$unpacked
}

# the file in pstore
file() {
	zstd -qdc "$vmcores/ramoops-61.log.zst" | head_all -c -1
}

# region FILE [WINDOW]: 1 MiB with three records, the second compressed and the newest, and
# text in the zones after them
region() {
	perl -MCompress::Raw::Zlib -e '
		my ($out, $mem) = ("", "\0" x 0x100000);
		my ($file, $window) = (@ARGV, -15);
		sub zone {
			my ($at, $sig, $data) = @_;
			substr($mem, $at, 12 + length $data) =
				pack("V3", $sig, (length $data) x 2) . $data;
		}
		my $text = join("", map { "<6>[    $_.000000] line $_\n" } 1 .. 500);
		my $d = Compress::Raw::Zlib::Deflate->new(-WindowBits => $window);
		my $more;
		$d->deflate($text, $out);
		$d->flush($more);
		zone(0, 0x43474244, "====1790000000.000001-D\nPanic#1 Part1\n<4>[    1.500000] old\n");
		zone(9999, 0x43474244, "====1800000000.000001-C\n$out$more");
		zone(2 * 9999, 0x43474244, "====1795000000.000001-D\nthe middle\n");
		zone(3 * 9999, 0x43474244, "[    1.000000] a\n[    2.000000] b\n");
		zone(3 * 9999 + 4096, 0x43474244 ^ 0x060c00,
			pack("Q<3", 0xffffffff81000010, 0xffffffff81000020, 1500000000 << 8 | 1));
		zone(3 * 9999 + 8192, 0x43474244, "hello\n");
		open my $f, ">", $file or die;
		print $f $mem;' "$@"
}

@test "the record equals the file in pstore, byte for byte" {
	local how
	for how in "" "-F ramoops" "-F all" -r "--at 0"; do
		# shellcheck disable=SC2086
		"$dump" $how "$raw" | cmp - <(file)
	done
	"$dump" - <"$raw" | cmp - <(file)
	"$dump" "$vmcores/ramoops-61.raw.zst" | cmp - <(file)
	run -0 "$dump" --list "$raw"
	[ "${#lines[@]}" -eq 3 ]
	[ "${lines[1]}" = "ramoops  dmesg    phys:0x0  69934  9625  no          -  unknown" ]
	[ "${lines[2]}" = "        written 2026-11-28 01:11:13.896700" ]
}

@test "it is found wherever it is, also among other memory" {
	{ head -c 12288 /dev/zero; cat "$raw"; head -c 1M "$raw" | tr '\0-\377' '\1-\377\0'; } >moved
	"$dump" moved | cmp - <(file)
	run -0 "$dump" --list moved
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[1]} == "ramoops  dmesg    phys:0x3000 "* ]]
}

@test "levels and times" {
	"$dump" -l err+ "$raw" | cmp - <(file | grep '^<[0-3]>')
	"$dump" --since=21.6 "$raw" | cmp - <(file | perl -ne \
		'print if /^<\d+>\[ *([\d.]+)\]/ && $1 >= 21.6')
	run -0 "$dump" -q -J -n 1 "$raw"
	[ "$(objects <<<"$output" | jq -c '[.variant, .level, .time, .message, .fields]')" = \
		'["dmesg",0,"21623598000","Kernel Offset: disabled\n",{"facility":"0"}]' ]
}

@test "several records: the newest crash, all with -a, each kind with its name" {
	region mem
	"$dump" --list -J mem | objects | jq -r 'select(.type == "log") |
		[.variant, .addr, .state] | join(" ")' >list
	same list - <<-'EOF'
		dmesg 0x0 stale
		dmesg 0x4e1e stale
		dmesg 0x270f unknown
		console 0x752d unknown
		ftrace 0x852d unknown
		pmsg 0x952d unknown
	EOF
	run -0 --separate-stderr "$dump" --color=never mem
	[ "${lines[0]}" = "==> ramoops dmesg phys:0x270f (unknown) <==" ]
	[ "$(sed -n '2,501p' <<<"$output")" = "$(seq -f '<6>[    %g.000000] line ' 500 | perl -pe 's/\n/$.\n/')" ]
	[ "$(tail -n +502 <<<"$output")" = "==> ramoops console phys:0x752d (unknown) <==
[    1.000000] a
[    2.000000] b
==> ramoops ftrace phys:0x852d (unknown) <==
#1500000000 CPU 1: 0xffffffff81000010 from 0xffffffff81000020
==> ramoops pmsg phys:0x952d (unknown) <==
hello" ]
	[[ $stderr == *"not shown: ramoops phys:0x0, stale: written 2026-09-21 14:13:20.000001; a newer record is here; use --at phys:0x0 or --all"* ]]
	run -0 "$dump" -q --at phys:0x0 mem
	[ "$output" = "Panic#1 Part1
<4>[    1.500000] old" ]
	run -0 "$dump" -q --at phys:0x952d mem
	[ "$output" = hello ]
	run -0 "$dump" -a -q mem
	[[ $output == *"<4>[    1.500000] old"*"the middle"*"line 500"* ]]
	[[ $output == *"#1500000000 CPU 1: 0xffffffff81000010 from 0xffffffff81000020"* ]]
	[ "${lines[-1]}" = hello ]
}

@test "a record of an old kernel, which compresses with zlib" {
	region new
	region old 12
	run -1 cmp -s old new
	"$dump" -q new >want
	"$dump" -q old >got
	same want got
}

@test "an extract gives the same text" {
	region mem
	for image in mem "$raw"; do
		rm -f small
		"$dump" -q -a --extract=small "$image"
		"$dump" -a -q "$image" >"$BATS_TEST_TMPDIR/.want"
		"$dump" -a -q small | cmp - "$BATS_TEST_TMPDIR/.want"
		"$dump" -q "$image" >"$BATS_TEST_TMPDIR/.want"
		"$dump" -q small | cmp - "$BATS_TEST_TMPDIR/.want"
		"$dump" -q "$image" >"$BATS_TEST_TMPDIR/.want"
		"$dump" -q - <small | cmp - "$BATS_TEST_TMPDIR/.want"
	done
}

@test "compressed text that is damaged, cut off, or not deflate" {
	local n status
	file >want
	for n in 25 26 40 100 1000 5000 9000; do
		cp "$raw" bad
		printf '\xff' | dd of=bad bs=1 seek=$((12 + n)) conv=notrunc status=none
		status=0
		timeout 20 "$dump" bad >out 2>err || status=$?
		[ "$status" -le 1 ] || [ "$status" -eq 4 ]
		# what was expanded before that
		head -c $((n / 3)) want >start
		[ "$n" -lt 1000 ] || cmp -n $((n / 3)) out start
	done
	head -c 5000 "$raw" >part
	run -0 --separate-stderr "$dump" --map=none part
	[[ $stderr == *"its compressed text ends where bytes are missing"* ]]
	printf '%s\n' "$output" >out
	cmp -n 10000 out want
	{ printf 'DBGC\x30\0\0\0\x30\0\0\0====1800000000.000001-C\n\x28\xb5\x2f\xfd'
	  head -c 8192 /dev/zero; } >zstd
	run -0 --separate-stderr "$dump" --map=none zstd
	[ "$output" = "====1800000000.000001-C" ]
	[[ $stderr == *"it is compressed with zstd, which is not expanded"* ]]
	{ printf 'DBGC\x30\0\0\0\x30\0\0\0====1800000000.000001-C\n\x07\xb5\x2f\xfd'
	  head -c 8192 /dev/zero; } >other
	run -0 --separate-stderr "$dump" --map=none other
	[ "$output" = "====1800000000.000001-C" ]
	[[ $stderr == *"it is compressed with lzo, lz4 or 842, or damaged"* ]]
}

@test "text of more than is expanded ends with a message" {
	perl -MCompress::Raw::Zlib -e '
		my ($out, $more) = ("", "");
		my $d = Compress::Raw::Zlib::Deflate->new(-WindowBits => -15);
		for (1 .. 300) { $d->deflate("a line of text\n" x 4096, $more); $out .= $more; $more = "" }
		$d->flush($more);
		$out = "====1800000000.000001-C\n$out$more";
		print pack("V3", 0x43474244, (length $out) x 2), $out, "\0" x 65536' >bomb
	run -0 --separate-stderr timeout 20 "$dump" -n 1 --map=none bomb
	[[ $stderr == *"its text is too long: the rest is left out"* ]]
}

@test "no region: what to check" {
	head -c 1M /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F ramoops zeros
	[[ $stderr == *"check: Linux keeps a log over a reset only with ramoops"* ]]
}
