#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The log of Linux: the format dmesg. NAME.log is what `dmesg -r` printed in the guest.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unpack dmesg-61.elf
	elf=$unpacked
}

# log NAME: what the guest printed
log() {
	zstd -qdc "$vmcores/$1.log.zst"
}

# no_notes FILE: no note of this name is in it, neither as a note nor in memory
no_notes() {
	perl -pe 's/VMCOREINFO\0/XMCOREINFO\0/g' "$1"
}

# at FILE ADDR: the offset in an ELF file of a physical address
at() {
	readelf -lW "$1" | perl -ane 'BEGIN { $a = hex(sprintf "%x", shift) }
		next if !/LOAD/;
		($o, $p, $n) = map { hex } @F[1, 3, 4];
		print $o + $a - $p if $a >= $p && $a < $p + $n' "$(($2))"
}

# poke FILE OFFSET BYTES
poke() {
	printf '%b' "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

@test "every line equals dmesg -r of the guest, byte for byte" {
	local name
	for name in dmesg-44 dmesg-54 dmesg-54-wrapped dmesg-510 dmesg-61 \
		dmesg-arm64; do
		unpack "$name.elf"
		"$dump" -F dmesg -r "$unpacked" | cmp - <(log "$name")
	done
}

@test "text is what dmesg prints, without the priority" {
	"$dump" -F dmesg "$elf" | cmp - <(log dmesg-61 | sed 's/^<[0-9]*>//')
	run -0 "$dump" -F dmesg -n +1 --time-format=none "$elf"
	[[ $output == "[    0.000000] Linux version 6.1.0"* ]]
}

@test "it is printed only if it is asked for, and listed in any case" {
	run -1 --separate-stderr "$dump" "$elf"
	[[ $stderr == *"no log found"* ]]
	run -1 "$dump" -a "$elf"
	"$dump" -F all -r "$elf" | cmp - <(log dmesg-61)
	"$dump" --at 0x2a622c0 -r "$elf" | cmp - <(log dmesg-61)
	run -0 "$dump" --list "$elf"
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[1]} == "dmesg   -        phys:0x2a622c0+"*"  131072  22488  no          0  current" ]]
	[ "${lines[2]}" = "        version Linux 6.1.0-56-cloud-amd64" ]
	unpack dmesg-54-wrapped.elf
	run -0 "$dump" --list "$unpacked"
	[[ ${lines[1]} == *"  yes         0  current" ]]
}

@test "with the firmware's log in one stream" {
	unpack memlog-q35-shell.elf
	"$dump" "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	"$dump" -F all "$unpacked" | cmp - "$BATS_TEST_TMPDIR/.want"
	run -0 "$dump" --color=never -F all "$unpacked" "$elf"
	[[ $output == *"==> "*": ovmf main phys:"*"==> "*": dmesg phys:0x2a622c0 (boot 0, current) <=="* ]]
}

@test "levels, times, callers, and what drivers add" {
	"$dump" -F dmesg -l err+ -r "$elf" | cmp - <(log dmesg-61 | grep '^<[0-3]>')
	"$dump" -F dmesg -l notice -r "$elf" | cmp - <(log dmesg-61 | grep -E '^<(5|13)>')
	run -0 "$dump" -F dmesg --since=1 --until=1.5 "$elf"
	[ "$(printf '%s\n' "${lines[@]}" | grep -vcE '^\[    1\.[0-4]')" -eq 0 ]
	run -0 "$dump" -F dmesg -c T0 -n +1 "$elf"
	[[ $output == *"Linux version"* ]]
	run -1 "$dump" -F dmesg -c T7777777 "$elf"
	"$dump" -F dmesg -J "$elf" | objects >json
	jq -j .message json | cmp - <(log dmesg-61 | sed 's/^<[0-9]*>\[ *[0-9.]*\] //')
	[ "$(jq -c 'select(.fields.device) | .fields' json | head_all -n 1)" = \
		'{"facility":"0","subsystem":"acpi","device":"+acpi:PNP0A08:00"}' ]
	[ "$(jq -c '[.seq, .time, .time_hz, .level, .component]' json | head_all -n 1)" = \
		'["0","0","1000000000",5,"T0"]' ]
	[ "$(jq -r .seq json | uniq | paste -sd,)" = "$(seq -s, 0 "$(jq -r .seq json | tail -n 1)")" ]
	unpack dmesg-44.elf
	[ "$("$dump" -F dmesg -J "$unpacked" | jq -c 'select(.fields.device) |
		.fields' | head_all -n 1)" = \
		'{"facility":"0","subsystem":"acpi","device":"+acpi:PNP0A08:00"}' ]
}

@test "lines of one record, and what a terminal must not get" {
	unpack dmesg-arm64.elf
	"$dump" -F dmesg "$unpacked" >text
	[ "$(grep -c 'of three' text)" -eq 3 ]
	safe text
	grep -q 'escape \\x1b\[31m, UTF-8 ä, bad byte \\xff' text
	"$dump" -F dmesg -J "$unpacked" | jq -c 'select(.text) |
		select(.text | contains("of three")) | [.seq, .level, .fields.facility]' >got
	[ "$(sort -u got | wc -l)" -eq 1 ]
}

@test "VMCOREINFO in the kernel's memory is enough, and an extract has it as a note" {
	unpack dmesg-arm64.elf
	no_notes "$unpacked" >plain
	run -0 "$dump" --info plain
	[[ $output != *OSRELEASE* ]]
	"$dump" -F dmesg -r plain | cmp - <(log dmesg-arm64)
	"$dump" -F dmesg -r - <plain | cmp - <(log dmesg-arm64)
	"$dump" -F dmesg --extract=small plain
	run -0 "$dump" --info small
	[[ $output == *OSRELEASE=6.1.0-*-cloud-arm64* ]]
	# an extract prints what was asked for when it was made
	"$dump" -r small | cmp - <(log dmesg-arm64)
	"$dump" -F dmesg -r small | cmp - <(log dmesg-arm64)
	# the first kernels had it anywhere
	unpack dmesg-44.elf
	no_notes "$unpacked" >plain
	run -1 --separate-stderr "$dump" -F dmesg plain
	[[ $stderr == *"--scan=exhaustive"* ]]
	"$dump" -F dmesg -r --scan=exhaustive plain | cmp - <(log dmesg-44)
}

@test "crash reads the extract" {
	command -v crash >/dev/null || skip "no crash"
	"$dump" -F dmesg --extract=small "$elf"
	[ "$(crash --osrelease small)" = 6.1.0-56-cloud-amd64 ]
	unpack dmesg-54.elf
	no_notes "$unpacked" >plain
	rm small
	"$dump" -F dmesg --extract=small plain
	[ "$(crash --osrelease small)" = 5.4.0-1009-kvm ]
}

@test "no VMCOREINFO, or one of another kernel: what is missing" {
	sed 's/VMCOREINFO/XMCOREINFO/' "$elf" >plain
	run -1 --separate-stderr "$dump" -F dmesg plain
	[ -z "$output" ]
	[[ $stderr == *"check: Linux's log is found by VMCOREINFO, in a note of the dump or in its memory"* ]]
	unpack dmesg-54.elf
	no_notes "$unpacked" | sed "s/OSRELEASE=5.4.0/OSRELEASE=5.4.1/" >other
	run -1 --separate-stderr "$dump" -F dmesg other
	[[ $stderr == *"no VMCOREINFO says where the kernel's log is"* ]]
	sed 's/SIZE(prb_desc)/SIZE(prb_xxxx)/' "$elf" >other
	run -1 --separate-stderr "$dump" -F dmesg other
	[[ $stderr == *"VMCOREINFO has no SIZE(prb_desc)"* ]]
	sed 's/OFFSET(printk_info.seq)=0/OFFSET(printk_info.seq)=9/
		s/SIZE(printk_info)=88/SIZE(printk_info)=13/' "$elf" >other
	run -1 --separate-stderr "$dump" -F dmesg other
	[[ $stderr == *"members of its records are not inside them"* ]]
}

# ring: pointer 0x2a622c0, struct at 0x2a622e0: count_bits, descs, infos, head, tail,
# ..., size_bits, data, head, tail; descs and infos are in the extents
desc() {
	at "$elf" $((0x2a622e0 + $1))
}

# word FILE OFFSET
word() {
	od -An -tu8 -N8 -j "$2" "$1" | tr -d ' '
}

@test "a record that is being written, and damaged ones, are left out and counted" {
	local descs d
	cp "$elf" bad
	chmod 644 bad
	# va 0xffffffff80000000 + x is at x - 0x800000
	descs=$(printf '%d' $(($(word bad "$(desc 8)") + 0x80000000 - 0x800000)))
	# record 10: its state to reserved; id 11 of descriptor 4096 * n + 11 - 1
	d=$(($(at bad $((descs + 24 * 10)))))
	poke bad $((d + 7)) '\x00'
	run -0 --separate-stderr "$dump" -F dmesg -r bad
	[[ $stderr == *"1 record was being written"* ]]
	[ "${#lines[@]}" -eq 337 ]
	run -0 "$dump" -q -F dmesg bad
	[ "$(printf '%s\n' "${lines[@]}" | grep -c '^\[\.\.\. 1 record lost\]')" -eq 1 ]
	# another one with an id that is not its own
	poke bad $((d + 24)) '\xff'
	run -0 --separate-stderr "$dump" -F dmesg bad
	[[ $stderr == *"24 bytes of it are damaged and left out"* ]]
	[ "$(printf '%s\n' "${lines[@]}" | grep -c '^\[\.\.\. 2 records lost\]')" -eq 1 ]
	run -4 "$dump" --strict -F dmesg bad
	# where its text is, is not where its text is
	poke bad $((d + 48 + 9)) '\x7f'
	run -0 "$dump" -q -F dmesg bad
	[ "$(printf '%s\n' "${lines[@]}" | grep -c '^\[\.\.\. 3 records lost\]')" -eq 1 ]
}

@test "no bit of the variables or of a descriptor is trusted" {
	local off bit n=0 status
	cp "$elf" bad
	chmod 644 bad
	for ((off = 0; off < 88; off += ${DAMAGE_EVERY:-1})); do
		for bit in 1 4 32 128; do
			n=$((n + 1))
			byte=$(od -An -tu1 -N1 -j $(($(desc "$off"))) "$elf")
			poke bad "$(desc "$off")" \
				"$(printf '\\x%02x' $((byte ^ bit)))"
			status=0
			timeout 20 "$dump" -q -F dmesg bad >out || status=$?
			case $status in 0 | 1 | 4) ;; *) echo "$off $bit: $status"; return 1 ;; esac
			poke bad "$(desc "$off")" "$(printf '\\x%02x' "$byte")"
		done
	done
	[ "$n" -ge $((352 / ${DAMAGE_EVERY:-1})) ]
	"$dump" -F dmesg -r bad | cmp - <(log dmesg-61)
}

@test "a dump that ends anywhere in the log: what is there is printed" {
	local len n=0 last=0 status
	"$dump" -F dmesg --extract=small "$elf"
	for ((len = 4096; len < $(stat -c %s small); len += 10007)); do
		head -c "$len" small >part
		status=0
		"$dump" -q -F dmesg -r part >out || status=$?
		[ "$status" -eq 0 ] || [ "$status" -eq 4 ]
		# each line is one of the log, or the start of one
		log dmesg-61 >all
		run -1 grep -vxFf all <(grep -a '^<' out | sed '$d')
		n=$(wc -l <out)
		[ "$n" -ge "$last" ]
		last=$n
	done
	# all but what is in the last bytes
	[ "$n" -gt 100 ]
}

@test "the older ring: a damaged record is skipped, and the next ones are printed" {
	local text
	unpack dmesg-54.elf
	cp "$unpacked" bad
	chmod 644 bad
	"$dump" --list -J bad | objects >list
	# the ring is the largest part
	text=$(jq -r '[.extents[] | select(.len == "131072")][0].addr' list)
	# the length of the 3rd record
	first=$(od -An -tu2 -N2 -j $(($(at bad "$text") + 8)) bad)
	poke bad $(($(at bad "$text") + first + 8)) '\x01\x01'
	run -0 --separate-stderr "$dump" -F dmesg -r bad
	[[ $stderr == *"bytes of it are damaged and left out"* ]]
	[ "$(printf '%s\n' "${lines[@]}" | tail -n +2)" = "$(log dmesg-54 | tail -n +3)" ]
	run -0 "$dump" -q -F dmesg bad
	[ "${lines[1]}" = "[... some of it is lost]" ]
}
