#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Boot times of UEFI firmware: the format fpdt.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unpack fpdt-shell.raw
	raw=$unpacked
}

# seed NAME: memory with a seed of the fuzz harness at 0x820000
seed() {
	{ head -c $((0x820000)) /dev/zero
	  cat "$root/fuzz/corpus/format_fpdt/$1"
	  head -c 4096 /dev/zero; } | head_all -c $((0x824000)) >"$1"
	truncate -s $((0x824000)) "$1"
}

@test "every record equals the reference" {
	"$dump" -F dmesg,fpdt -J "$raw" | objects >json
	# events: time, GUID, text and word
	jq -r 'select(.fields.guid) | .fields | [.recorded_ns, .guid,
		.name // "", (.word // "" | ltrimstr("0x"))] | join(" ")' json >got
	zstd -qdc "$vmcores/fpdt-shell.log.zst" | perl -ne '
		next if /^basic/;
		my ($ns) = /ns=(\d+)/;
		my ($guid) = /guid=(\S+)/;
		my ($word) = /qword=(\S*)/;
		my ($text) = /guid=\S+(?: qword=\S*)? ?(.*)$/;
		$guid = "unresolved-handle" if $guid =~ /^6c646e68/;
		printf "%s %s %s %s\n", $ns, $guid, $text, $word // ""' >want
	same want got
	[ "$(wc -l <got)" -eq 6875 ]
	[ "$(jq -r 'select(.fields.guid | not) | .fields |
		[.event, .recorded_ns] | join("=")' json | paste -sd' ')" = \
		"ResetEnd=0 OsLoaderLoadImageStart=4658885696 OsLoaderStartImageStart=4672320085 ExitBootServicesEntry=0 ExitBootServicesExit=0" ]
}

@test "how long each driver took" {
	"$dump" -F fpdt "$raw" >text
	[ "$(awk '/ entry end / { print $(NF - 1), $5 }' text | sort -rn |
		head_all -n 3)" = "178.193038 128fb770-5e79-4176-9e51-9bb268a17dd1,
50.793886 1a1e4886-9517-440e-9fde-3be44cee2136,
42.790913 222c386d-5abc-4fb4-b124-fbb82488acf4," ]
	# the difference of the times of both
	"$dump" -F fpdt -c 128fb770-5e79-4176-9e51-9bb268a17dd1 -g entry -J "$raw" | objects |
		jq -es 'length == 2 and .[0].fields.took_ns == null and (map(.fields) |
			(.[1].took_ns | tonumber) ==
				(.[1].recorded_ns | tonumber) - (.[0].recorded_ns | tonumber))'
	[ "$(grep -c ' entry begin ' text)" -eq "$(grep -c ' entry end .* ms$' text)" ]
	run -0 "$dump" -F fpdt -c 128fb770-5e79-4176-9e51-9bb268a17dd1 -g entry "$raw"
	[ "${#lines[@]}" -eq 2 ]
	run -0 "$dump" -q -F fpdt --since=4.65 "$raw"
	[ "$output" = "[    4.658885] OsLoaderLoadImageStart
[    4.672320] OsLoaderStartImageStart" ]
	[ "$(sed -n '1p;$p' text)" = "ResetEnd was not recorded
ExitBootServicesExit was not recorded" ]
}

@test "it is found once, printed on request, and templates of it are not found" {
	run -0 "$dump" --list "$raw"
	[ "${#lines[@]}" -eq 2 ]
	[ "$(grep -aoc 'FBPT' "$raw")" -gt 1 ]
	[[ ${lines[1]} == "fpdt    boot     phys:0x7724000  287965  287965  no          0  current" ]]
	run -1 "$dump" "$raw"
	"$dump" -F fpdt "$raw" >want
	"$dump" -F fpdt - <"$raw" | cmp - want
	"$dump" --at 0x7775000 "$raw" | cmp - want
	"$dump" -F fpdt --extract=small "$raw"
	"$dump" small | cmp - want
	run -1 --separate-stderr "$dump" -F fpdt "$(unpack memlog-off.elf && echo "$unpacked")"
	[[ $stderr == *"check: OVMF as it is built by default has no FPDT"* ]]
}

@test "a timer that starts over: its turns are added, and that is said" {
	seed wraps
	run -0 --separate-stderr "$dump" -F fpdt wraps
	[[ $stderr == *"its timer started over every 4.687 s, at least 2 times"* ]]
	[ "${lines[0]}" = "[    0.000000] ResetEnd" ]
	[ "${lines[9]}" = "[    5.686968] entry begin 03020100-0504-0706-0809-0a0b0c0d0e0f" ]
	[ "${lines[10]}" = "[    9.286968] entry end 03020100-0504-0706-0809-0a0b0c0d0e0f, 3600.000000 ms" ]
	[ "${lines[12]}" = "[    9.373938] OsLoaderLoadImageStart" ]
	[ "${lines[15]}" = "[    9.373938] ExitBootServicesExit" ]
	[ "$("$dump" -q -F fpdt -J wraps | objects | jq -r .fields.recorded_ns |
		tail -n 1)" = 600 ]
}

@test "FPDT leads to it, a resume, and a boot without drivers" {
	seed acpi
	run -0 "$dump" --list acpi
	[[ ${lines[1]} == "fpdt "*" phys:0x821000 "* ]]
	seed resume
	run -0 "$dump" -F fpdt resume
	[ "$output" = "[    0.300000] resume 2, the last one" ]
	[ "$("$dump" -F fpdt -J resume | jq -r 'select(.fields) | .fields.average_ns')" = 290000000 ]
	seed basic
	run -0 "$dump" -q -F fpdt basic
	[ "${#lines[@]}" -eq 5 ]
	# a handle is no GUID
	seed boot
	run -0 "$dump" -q -F fpdt boot
	[ "${lines[8]}" = "[    4.000000] mark unresolved-handle BDS" ]
}

@test "modules have names if the dump has the firmware's log" {
	unpack memlog-fpdt.elf
	"$dump" -F fpdt "$unpacked" >text
	# all that were loaded, by their lines in the log
	"$dump" -F ovmf "$unpacked" | perl -ne '
		$guid = lc $1 if /^Loading (?:PEIM|driver) ([0-9A-F]{8}-[-0-9A-F]{27})/;
		print "$guid $1\n" if /^Loading (?:PEIM|driver) at .* (\S+)\.efi/' |
		sort -u >named
	[ "$(wc -l <named)" -gt 80 ]
	awk '$3 == "entry" && $4 == "begin" || $2 == "entry" && $3 == "begin" {
		sub(/.* begin /, ""); print }' text | sort -u >entries
	[ "$(wc -l <entries)" -gt 80 ]
	run -1 grep -vxFf named entries
	run -0 "$dump" -F fpdt -c PcdPeim -n +1 "$unpacked"
	[[ $output == *"entry begin 9b3ada4f-ae56-4c24-8dea-f03b7558ae50 PcdPeim" ]]
	run -0 "$dump" -q -F fpdt -J -g 'entry end 9b3ada4f' -n +1 "$unpacked"
	[ "$(objects <<<"$output" | jq -c '[.component, .fields.guid, .fields.module]')" = \
		'["PcdPeim","9b3ada4f-ae56-4c24-8dea-f03b7558ae50","PcdPeim"]' ]
	# the log itself is printed only if it is asked for
	run -1 grep -q Loading text
	run -0 "$dump" -q -F fpdt -n +3 "$raw"
	[[ ${lines[1]} == *"mark 52c05b14-0b98-496c-bc3b-04b50211d680 SEC" ]]
}

@test "no byte of a table is trusted, and it may end anywhere" {
	local name n status
	for name in boot wraps acpi resume; do
		seed "$name"
		for ((n = 0; n < 200; n += ${DAMAGE_EVERY:-1})); do
			cp "$name" bad
			printf '\xff' | dd of=bad bs=1 seek=$((0x820000 + n)) \
				conv=notrunc status=none
			status=0
			timeout 20 "$dump" -q -F fpdt bad >/dev/null || status=$?
			[ "$status" -eq 0 ] || [ "$status" -eq 1 ]
		done
	done
	seed boot
	"$dump" -q --map=none -F fpdt boot >all
	for ((n = 8; n < 500; n += 7 * ${DAMAGE_EVERY:-1})); do
		head -c $((0x820000 + n)) boot >part
		status=0
		timeout 20 "$dump" -q --map=none -F fpdt part >out || status=$?
		[ "$status" -le 1 ] || [ "$status" -eq 4 ]
		# a record of which a part is missing is not one of zeros
		run -1 grep -vxFf all out
	done
	[ -s out ]
}
