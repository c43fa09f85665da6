#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The console of coreboot: the format cbmem.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unpack coreboot-q35.raw
	raw=$unpacked
}

# What coreboot writes on its serial port for the bytes of the console
as_serial() {
	perl -pe 'BEGIN { @l = ("EMERG", "ALERT", "CRIT ", "ERROR", "WARN ",
			"NOTE ", "INFO ", "DEBUG", "SPEW ") }
		s/([\x10-\x18])/"[$l[ord($1) - 16]]  "/ge'
}

# ring FILE [MORE]: raw memory whose console has the text on stdin, and a cursor that is
# MORE bytes further on; bytes of the ring that
# are ~ in it are not in the file, which is then an ELF dump
ring() {
	perl -e '
		my ($file, $more) = @ARGV;
		my $text = do { local $/; <STDIN> };
		my $all = 0x100000 * (1 + int((8 + length $text) / 0x100000));
		my $size = $all - 8;
		my $ring = pack("VV", $size, $more + length $text) . $text;
		my $root = pack("V*", 254, 2, 0, 4096, 0, 0x3fc76b7e, 0, 4096,
			0xff4017ff, 0x3fc76b7e, -$all, $all, 0x434f4e53);
		my $mem = pack("a${all}a4088VV", $ring, $root, 0xc0389481,
			0xfffff008);
		my (@parts, $from);
		while ($text =~ /~+/g) {
			push @parts, [$from // 0, 8 + $-[0] - ($from // 0)];
			$from = 8 + $+[0];
		}
		push @parts, [$from // 0, length($mem) - ($from // 0)];
		my $at = 64 + 56 * @parts;
		my ($heads, $bytes) = ("", "");
		for (@parts) {
			$heads .= pack("V2Q<6", 1, 4, $at + length $bytes,
				0, 0x1000000 + $$_[0], $$_[1], $$_[1], 1);
			$bytes .= substr($mem, $$_[0], $$_[1]);
		}
		open my $f, ">", $file or die;
		print $f "\x7fELF\2\1\1", "\0" x 9,
			pack("vvVQ<3Vv6", 4, 62, 1, 0, 64, 0, 0, 64, 56,
				scalar @parts, 0, 0, 0), $heads, $bytes;
	' "$1" "${2:-0}"
}

# boots FIRST LAST: text of these boots
boots() {
	local n
	for ((n = $1; n <= $2; n++)); do
		printf 'coreboot-1 bootblock starting\nthis is boot %d\n' "$n"
	done
}

@test "both boots in the ring equal the serial port's output, byte for byte" {
	"$dump" -q -a -O raw "$raw" >bytes
	as_serial <bytes >text
	zstd -dqc "$vmcores/coreboot-q35.console.zst" >want
	cmp text want
}

@test "a pipe and a compressed file give the output of the file" {
	"$dump" "$raw" >want
	"$dump" - < <(zstd -qdc "$vmcores/coreboot-q35.raw.zst") >got
	cmp got want
	"$dump" -F cbmem - < <(zstd -qdc "$vmcores/coreboot-q35.raw.zst") >got
	cmp got want
	"$dump" "$vmcores/coreboot-q35.raw.zst" >got
	cmp got want
}

@test "each index leads to it, and it is found once" {
	run -0 "$dump" --list -F cbmem "$raw"
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == "cbmem   -        phys:0x3fde000  131064  24849  no          0  current"* ]]
	"$dump" "$raw" >want
	for at in 0x500 0x3e98000 0x3fff000 0x3fde000; do
		"$dump" --at "phys:$at" -F cbmem "$raw" >got
		cmp got want
	done
}

@test "the table alone is enough, and so is the root" {
	"$dump" "$raw" >want
	# up to the root; then without both tables
	head -c $((0x3fff000)) "$raw" >table
	"$dump" table >got
	cmp got want
	"$dump" - <table >got
	cmp got want
	cp "$raw" root
	dd if=/dev/zero of=root bs=4096 count=1 conv=notrunc status=none
	dd if=/dev/zero of=root bs=4096 seek=$((0x3e98)) count=8 conv=notrunc \
		status=none
	"$dump" root >got
	cmp got want
	"$dump" - <root >got
	cmp got want
}

@test "levels are printed, filtered, and in JSON" {
	run -0 "$dump" -q -a -l err+ "$raw"
	[ "${lines[0]}" = "==> cbmem phys:0x3fde000 (boot -1, stale) <==" ]
	[ "${lines[1]}" = "emerg  Payload not loaded." ]
	[[ $output != *"debug  "* ]]
	run -0 "$dump" -q -g 'bootblock starting' -n 1 -O json "$raw"
	[ "$(jq -r .level <<<"${lines[0]}")" = 5 ]
	[[ $(jq -r .text <<<"${lines[0]}") == "coreboot-coreboot-unknown"* ]]
}

@test "boots: the current one, another, all, the list, and the headings between them" {
	"$dump" -q -O raw -a "$raw" >both
	"$dump" -q -O raw -b -1 "$raw" >before
	"$dump" -q -O raw -b 0 "$raw" >now
	cat before now | cmp - both
	"$dump" -q -r "$raw" | cmp - now
	"$dump" -q -r --consumed "$raw" | cmp - now
	"$dump" -q -r --at phys:0x3fde000 "$raw" | cmp - now
	# how far the cursor was when the first boot was over
	[ "$(stat -c %s before)" -eq $((0x3085)) ]
	[ "$(head -n 3 now | grep -ac 'bootblock starting')" -eq 1 ]
	run -0 "$dump" --list-boots "$raw"
	[ "${lines[1]}" = "  -1  cbmem           1  phys:0x3fde000" ]
	[ "${lines[2]}" = "   0  cbmem           1  phys:0x3fde000" ]
	run -1 --separate-stderr "$dump" -b -2 "$raw"
	[[ $stderr == *"no log of boot -2; there are -1 (cbmem), 0 (cbmem)"* ]]
	"$dump" -a "$raw" >text
	[ "$(grep -n '^==> ' text)" = "1:==> cbmem phys:0x3fde000 (boot -1, stale) <==
283:==> cbmem phys:0x3fde000 (boot 0, current) <==" ]
	"$dump" -b -1 "$raw" >"$BATS_TEST_TMPDIR/.got"
	run ! grep '^==> ' "$BATS_TEST_TMPDIR/.got"
	"$dump" "$raw" >"$BATS_TEST_TMPDIR/.got"
	run ! grep '^==> ' "$BATS_TEST_TMPDIR/.got"
	"$dump" -q -a "$raw" "$raw" | grep '^==> ' >headings
	for _ in 1 2; do
		sed -n "s,^[0-9]*:==> ,==> $raw: ,p" <(grep -n '^==> ' text)
	done | cmp - headings
	"$dump" -q -O json "$raw" | objects >records
	[ "$(jq -c '[.boot, .flags]' records | sort -u)" = '[0,null]' ]
	"$dump" -r "$raw" | tr -d '\020-\030' >"$BATS_TEST_TMPDIR/.want"
	"$dump" -O json "$raw" | objects | jq -j .text |
		cmp - "$BATS_TEST_TMPDIR/.want"
	run -0 "$dump" -a -O json -n 1 "$raw"
	[ "$(jq -r .boot <<<"${lines[0]}")" = 0 ]
	run -0 "$dump" -a -O json -n +1 "$raw"
	[ "$(jq -c '[.boot, .flags]' <<<"${lines[0]}")" = '[-1,["stale"]]' ]
}

@test "boots that are not printed: a note says which, and with what option" {
	local not="memlog-dump: $raw: not shown: cbmem phys:0x3fde000, "
	run -0 --separate-stderr "$dump" "$raw"
	[ "$stderr" = "${not}boot -1; use -b -1 or --all" ]
	run -0 --separate-stderr "$dump" -r -n 3 "$raw"
	[ "$stderr" = "${not}boot -1; use -b -1 or --all" ]
	# a line that only the boot before has
	run -1 --separate-stderr "$dump" -g 'CBMEM: no console' "$raw"
	[[ $stderr == *"${not}boot -1; use -b -1 or --all"* ]]
	for how in -a "-b 0" "-b -1"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$dump" $how "$raw"
		[ -z "$stderr" ]
	done
	boots 1 4 | ring four
	run -0 --separate-stderr "$dump" four
	[ "$stderr" = "memlog-dump: four: not shown: cbmem phys:0x1000000, boots -3 to -1; use -b N or --all" ]
}

@test "headings say which boot it is" {
	boots 1 2 | ring two
	run -0 "$dump" -q -b -1 two two
	[ "${lines[0]}" = "==> two: cbmem phys:0x1000000 (boot -1, stale) <==" ]
	run -0 "$dump" -q two two
	[ "${lines[0]}" = "==> two: cbmem phys:0x1000000 (boot 0, current) <==" ]
	[ "${lines[2]}" = "this is boot 2" ]
}

@test "65, 100 and 1000 boots: each is found by its number" {
	local n k
	for n in 65 100 1000; do
		boots 1 "$n" | ring image
		for k in 0 1 63 64 $((n - 1)); do
			"$dump" -q -b "-$k" image |
				cmp - <(boots $((n - k)) $((n - k)))
		done
		"$dump" -q -r image | cmp - <(boots "$n" "$n")
		"$dump" -q -r -a image | cmp - <(boots 1 "$n")
		"$dump" --list-boots image | awk 'NR > 1 { print $1, $2, $3 }' |
			cmp - <(seq "$((1 - n))" 0 | sed 's/$/ cbmem 1/')
		run -1 --separate-stderr "$dump" -b "-$n" image
		[ "$stderr" = "memlog-dump: image: no log of boot -$n; there are -5 (cbmem), -4 (cbmem), -3 (cbmem), -2 (cbmem), -1 (cbmem), 0 (cbmem) and older ones; see --list-boots" ]
	done
}

@test "more boots than are listed: the oldest are left out" {
	perl -e 'print "coreboot- bootblock starting\n" x 70000' | ring image
	run -0 --separate-stderr "$dump" --list-boots image
	[[ $stderr == *"warning: too many boots to list: the oldest are left out" ]]
	[ "${#lines[@]}" -gt 32768 ]
	[ "${#lines[@]}" -le 65537 ]
	awk 'NR > 1 { print $1 }' <<<"$output" |
		cmp - <(seq $((2 - ${#lines[@]})) 0)
	run -0 --separate-stderr "$dump" -b -69999 image
	[ "$output" = "coreboot- bootblock starting" ]
	[ -z "$stderr" ]
}

@test "bytes are lost in the ring: no boot before them has a number" {
	{ boots 1 2; printf '~~~'; boots 3 4; } | ring image
	run -0 "$dump" -q image
	[ "$output" = "$(boots 4 4)" ]
	run -0 "$dump" -q -b -1 image
	[ "$output" = "[... 3 bytes lost]
$(boots 3 3)" ]
	run -4 --separate-stderr "$dump" -b -2 image
	[[ $stderr == *"no log of boot -2; there are -1 (cbmem), 0 (cbmem), and logs whose boot is unknown; see --list"* ]]
	run -0 --separate-stderr "$dump" image
	[[ $stderr == *"boot -1 and older ones; use -b -1 or --all"* ]]
	run -0 "$dump" -q -a image
	[ "$output" = "[... of an older boot]
$(boots 1 2)
[... 3 bytes lost]
==> cbmem phys:0x1000000 (boot -1, stale) <==
$(boots 3 3)
==> cbmem phys:0x1000000 (boot 0, current) <==
$(boots 4 4)" ]
	run -0 "$dump" --list-boots image
	[ "$(awk 'NR > 1 { print $1 }' <<<"$output" | tr '\n' ' ')" = "? -1 0 " ]
}

@test "bytes are lost in the newest boot: what comes before them may be of it" {
	{ boots 1 2; printf '~~~the end\n'; } | ring image
	run -0 --separate-stderr "$dump" image
	[ "$output" = "[... of the current boot or an older one]
$(boots 2 2)
[... 3 bytes lost]
==> cbmem phys:0x1000000 (boot 0, current) <==
the end" ]
	[[ $stderr == *"not shown: cbmem phys:0x1000000, older boots; use --all"* ]]
	run -0 "$dump" -q -b 0 image
	[ "$output" = "[... 3 bytes lost]
the end" ]
	run -0 "$dump" --list image
	[[ ${lines[1]} == *" 0  current" ]]
}

@test "the newest bytes are lost: no boot is the current one" {
	{ boots 1 2; printf 'and~~~'; } | ring image
	run -0 "$dump" --list image
	[[ ${lines[1]} == *" -  unknown" ]]
	[[ ${lines[*]} == *"newest text is missing:"*"may be of an older boot"* ]]
	run -0 --separate-stderr "$dump" image
	[ "$output" = "$(boots 2 2)
and" ]
	[[ $stderr == *"the newest text is missing: what is left may be of an older boot"* ]]
	run -4 --separate-stderr "$dump" -b 0 image
	[[ $stderr == *"no log of boot 0: the boot of no log is known; see --list"* ]]
	run -0 "$dump" -q -a image
	[ "$output" = "[... of an older boot]
$(boots 1 1)
[... of the current boot or an older one]
$(boots 2 2)
and" ]
	"$dump" -a -J image | objects >records
	[ "$(jq -c '[has("boot"), .flags]' records | uniq -c | awk '{ print $2 }')" = '[false,["stale"]]
[false,null]
[false,["partial-tail"]]' ]
}

@test "an extract has what leads to the console" {
	local at what
	"$dump" -a -q "$raw" >want
	while read -r at what; do
		rm -f small
		"$dump" --extract=small --at "$at" -F cbmem "$raw"
		[ "$(readelf -lW small | awk '$1 == "LOAD" { print $4, $5 }' |
			sed 's/0x0*//g; s/^ /0 /' | paste -sd,)" = "$what" ]
		# without the note that names the console
		sed 's/cbmem 0x3fde000/cbmem ?x3fde000/' small >unnamed
		run ! cmp -s small unnamed
		"$dump" -a -q unnamed | cmp - want
		"$dump" -a -q - <unnamed | cmp - want
	done <<-'EOF'
		0x500 0 1000,3e98000 1000,3fde000 20000
		0x3e98000 3e98000 1000,3fde000 20000
		0x3fff000 3fde000 20000,3fff000 1000
	EOF
}

@test "an extract names the console, and what it names is not believed" {
	local line
	"$dump" -a -q "$raw" >want
	"$dump" --extract=small --at 0x3fde000 "$raw"
	"$dump" -a -q small | cmp - want
	"$dump" -a -q - <small | cmp - want
	run -0 "$dump" --info small
	[[ $output == *"logs in this file"*"cbmem 0x3fde000"* ]]
	# only what is searched for
	run -1 "$dump" -F ovmf small
	run -1 "$dump" --range 0x3fdf000+0x1000 small
	for line in 'ovmf  0x3fde000' 'ovmfs 0x3fde000' 'cbmem 0x3fdf000' \
		'cbmem 3fde000  ' 'cbmem          ' '               ' \
		'cbmem0x3fde000x' 'xentr 0xfffffff' $'\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n'; do
		line=$line perl -pe 's/cbmem 0x3fde000/$ENV{line}/' small >other
		run -1 --separate-stderr "$dump" other
		[ -z "$output" ]
	done
}

@test "no log: what to check" {
	head -c 1M /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F cbmem zeros
	[[ $stderr == *"check: coreboot keeps a log only"* ]]
	[[ $stderr != *OVMF* ]]
}

@test "a dump that ends in the log: the list says how much is missing" {
	head -c $((0x3fde000 + 0x4000)) "$raw" >part
	run -0 "$dump" --map=none --list -F cbmem part
	[ "${lines[2]}" = "        incomplete: 8473 of the 24849 bytes of its text are not in the image;" ]
	"$dump" --map=none --list -F cbmem -J part >list
	[ "$(objects <list | jq -c .flags)" = '["incomplete"]' ]
	# text ends at 8 + 24849; what comes after it is not missing
	head -c $((0x3fde000 + 0x7000)) "$raw" >longer
	run -0 "$dump" --map=none --list -F cbmem longer
	[ "${#lines[@]}" -eq 2 ]
}

@test "the times of the last boot are those of the table, in order" {
	perl -e 'local $/; open my $f, "<", shift or die; my $m = <$f>;
		my ($base, $max, $mhz, $n) = unpack "Q<vvV", substr $m, 0x3fdd000, 16;
		my @t = map { [unpack "Vq<", substr $m, 0x3fdd010 + 12 * $_, 12] } 0 .. $n - 1;
		print $base + $$_[1], " $$_[0]\n" for sort { $$a[1] <=> $$b[1] } @t' \
		"$raw" >want
	[ "$(wc -l <want)" -eq 23 ]
	"$dump" -q -F cbmem-times -J "$raw" | objects |
		jq -r '"\(.fields.ticks) \(.fields.id)"' | cmp - want
	run -0 --separate-stderr "$dump" -F cbmem-times "$raw"
	[ -z "$stderr" ]
	[ "${lines[0]}" = "[     13479760782] bootblock starts (11)" ]
	# nothing says the rate of this machine'"'"'s counter
	run -0 --separate-stderr "$dump" -F cbmem-times --tsc-mhz 2000 --time-format=seconds -n +1 "$raw"
	[ "$output" = "[    6.739880] [     13479760782] bootblock starts (11) id=11 event=bootblock starts ticks=13479760782" ]
	[ -z "$stderr" ]
	run -0 "$dump" -q --stats boot --tsc-mhz 2000 "$raw"
	[[ $output == *"
PEI "*"romstage starts (1)"* ]]
	# either index leads there, and the console stays the log that is printed
	head -c $((0x3fff000)) "$raw" >table
	"$dump" -q -F cbmem-times "$raw" >"$BATS_TEST_TMPDIR/.want"
	"$dump" -q -F cbmem-times table | cmp - "$BATS_TEST_TMPDIR/.want"
	"$dump" -F cbmem "$raw" >"$BATS_TEST_TMPDIR/.want"
	"$dump" "$raw" | cmp - "$BATS_TEST_TMPDIR/.want"
}

@test "text that was lost: before there was memory, and in a console that is no ring" {
	{ printf 'coreboot-1 romstage starting\none\n\n*** Pre-CBMEM romstage console overflowed, log truncated!\n'
		printf 'two\n'; } | ring lost
	"$dump" -q -a -J lost | objects >records
	[ "$(jq -c 'select(.flags and (.flags | contains(["lost-before"]))) | .text[:13]' records)" = '"*** Pre-CBMEM"' ]
	# the cursor of an old one counts on
	endless 'a line' | head -c $((0x100000 - 9)) | ring old 78
	run -0 --separate-stderr "$dump" -r -o got old
	[[ $stderr == *"the newest 77 bytes did not fit, and are lost"* ]]
}
