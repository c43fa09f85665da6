#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Dumps that QEMU wrote of guests with OVMF: the output is what the guest wrote to
# its debug port, byte for byte.

bats_require_minimum_version 1.5.0
load ../lib

# each FUNCTION STATE: for every such row of the manifest
each() {
	local n=0 name form state gpa file_off off len sum
	while read -r name form state gpa file_off off len sum; do
		unpack "$name.$form"
		echo "$name.$form $gpa"
		"$1" </dev/null || return 1
		n=$((n + 1))
	done < <(rows "$2")
	[ "$n" -gt 0 ]
}

truth_has_sum() {
	truth "$name" "$off" "$len" | sha256sum | has "^$sum "
}

@test "the debug ports' output matches the manifest" {
	each truth_has_sum current
	each truth_has_sum stale
}

raw_is_truth() {
	"$dump" -O raw "$unpacked" >"$BATS_TEST_TMPDIR/raw" 2>"$BATS_TEST_TMPDIR/err" ||
		{ cat "$BATS_TEST_TMPDIR/err"; return 1; }
	sha256sum <"$BATS_TEST_TMPDIR/raw" | has "^$sum "
}

@test "-O raw equals the reference, for every form of every dump" {
	each raw_is_truth current
}

text_is_truth() {
	truth "$name" "$off" "$len" | sed 's/\r$//' >"$BATS_TEST_TMPDIR/want"
	"$dump" "$unpacked" >"$BATS_TEST_TMPDIR/text" 2>"$BATS_TEST_TMPDIR/err" ||
		{ cat "$BATS_TEST_TMPDIR/err"; return 1; }
	same "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/text"
}

@test "text equals the reference with LF line ends" {
	each text_is_truth current
}

json_is_truth() {
	# -j joins the lines' text, -r gives it without JSON's quotes
	"$dump" -J "$unpacked" 2>/dev/null | objects |
		jq -rj 'if has("text_b64") then .text_b64 | @base64d else .text end' \
		>"$BATS_TEST_TMPDIR/json"
	tr -d '\r\n' <"$BATS_TEST_TMPDIR/json" | sha256sum >"$BATS_TEST_TMPDIR/a"
	truth "$name" "$off" "$len" | tr -d '\r\n' | sha256sum >"$BATS_TEST_TMPDIR/b"
	same "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
}

@test "JSON holds the same text" {
	each json_is_truth current
}

list_has_log() {
	local line want=phys:$gpa
	[ "$file_off" = - ] || want=file:$file_off
	line=$("$dump" --list "$unpacked" 2>/dev/null |
		grep -E -A 3 "${want} ") || return 1
	echo "$line"
	[[ $line == ovmf*" $len "*" $state"$'\n        '* ]] || return 1
	# if no header covers it, the guest address follows
	[ "$file_off" = - ] || [[ $line == *"phys:$gpa"* ]]
}

@test "--list has address, size and state" {
	each list_has_log current
	each list_has_log stale
}

at_prints() {
	"$dump" -O raw --at "$gpa" "$unpacked" 2>/dev/null | sha256sum |
		has "^$sum "
}

@test "--at prints each log, the stale ones too" {
	local name form state gpa file_off off len sum n=0
	while read -r name form state gpa file_off off len sum; do
		[ "$file_off" = - ] || continue
		unpack "$name.$form"
		echo "$name.$form $gpa"
		at_prints </dev/null
		n=$((n + 1))
	done < <(rows current; rows stale)
	[ "$n" -gt 10 ]
}

@test "paging dump: --at takes the offset in the file" {
	local name form state gpa file_off off len sum n=0
	while read -r name form state gpa file_off off len sum; do
		[ "$file_off" != - ] || continue
		unpack "$name.$form"
		"$dump" -O raw --at "file:$file_off" "$unpacked" 2>/dev/null \
			</dev/null | sha256sum | has "^$sum "
		n=$((n + 1))
	done < <(rows current)
	[ "$n" -gt 0 ]
}

# The page with the header is followed by memory of the host.
@test "a guest's log in its host's vmcore: nothing of the host is shown" {
	local t=$BATS_TEST_TMPDIR rc=0 err
	unpack ovmf-c01-elf64.host-vmcore
	truth ovmf-c01-elf64 0 3904 >"$t/want"
	"$dump" --strict -r "$unpacked" >"$t/raw" 2>"$t/err" || rc=$?
	[ "$rc" -eq 4 ]
	same "$t/want" "$t/raw"
	err=$(<"$t/err")
	[[ $err == *"from phys:0x100a5d000 on is other memory"* ]]
	[[ $err == *dump-guest-memory*"virsh dump"*"core of its QEMU process"* ]]
	[[ $err == *"76888 bytes of it are in memory that is not its own"* ]]
	"$dump" -q -r - < <(dd if="$unpacked" status=none) | cmp "$t/want" -
	run -0 "$dump" --list "$unpacked"
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"cut-off: 76888 of the 80792 bytes of its text are in pages that are not its own, the first at phys:0x100a5d000"* ]]
	run -0 "$dump" --list -J "$unpacked"
	[ "$(objects <<<"$output" | jq -r '.flags | index("cut-off") != null')" = true ]
	# what is sent to support has that page of memory and no other
	run -4 --separate-stderr "$dump" --strict --extract "$t/x" "$unpacked"
	[[ $stderr == *"is other memory"* ]]
	[[ $stderr == *"76888 bytes of it are in memory that is not its own"* ]]
	run ! grep -q hunter2 "$t/x"
	[ "$(stat -c %s "$t/x")" -le 8192 ]
	"$dump" -q -r "$t/x" | cmp "$t/want" -
}

@test "4: --strict, and text of a log that is listed or extracted is missing" {
	local t=$BATS_TEST_TMPDIR how
	unpack ovmf-c01-elf64.host-vmcore
	for how in --list --list-boots; do
		run -4 --separate-stderr "$dump" --strict "$how" "$unpacked"
		[[ $stderr == *"incomplete: 76888 bytes are missing from the image" ]]
		"$dump" -q -J "$how" "$unpacked" | tail -n 1 |
			jq -e '.exit == 0 and .missing == "76888"'
	done
	# the log is at 0x3cb3000; nothing says that memory goes on after it
	unpack ovmf-c01-elf64.raw
	head -c $((0x3cb8000)) "$unpacked" >"$t/cut"
	for how in --list --list-boots "--extract=$t/x"; do
		run -4 "$dump" -q --map=none --strict "$how" "$t/cut"
		rm -f "$t/x"
		run -0 "$dump" -q --map=none --strict "$how" "$unpacked"
	done
}

@test "logging turned off: exit 1, nothing on stdout, and what to check" {
	unpack ovmf-c12-off.elf
	run --separate-stderr "$dump" "$unpacked"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[[ $stderr == *"no log"* ]]
	[[ $stderr == *DEBUG_TO_MEM* ]]
	[[ $stderr == *MemDebugLogPages* ]]
	[[ $stderr == *encrypted* ]]
	# QEMU wrote it, not the guest's kdump
	run ! grep kdump <<<"$stderr"
}

@test "a reset, dumped in PEI: the early log, and the previous boot's main log" {
	unpack ovmf-c13a-reset-pei.elf
	run --separate-stderr "$dump" "$unpacked"
	[ "$status" -eq 0 ]
	[[ $stderr == *"phys:0x3cb3000"*stale* ]]
	[ "$(printf '%s\n' "$output" | wc -l)" -lt 40 ]
	run "$dump" --list "$unpacked"
	[ "$status" -eq 0 ]
	[ "$(printf '%s\n' "$output" | grep -c ' current$')" -eq 1 ]
	[[ $(printf '%s\n' "$output" | grep ' current$') == *early* ]]
	# the stale one has a reason
	[[ $(printf '%s\n' "$output" | grep -A 1 ' stale$') == *$'\n        '*reset* ]]
}

@test "both logs of a reset, with headings, with --all" {
	unpack ovmf-c13a-reset-pei.elf
	"$dump" --all "$unpacked" >"$BATS_TEST_TMPDIR/all" 2>/dev/null
	{
		echo "==> ovmf main phys:0x3cb3000 (boot -1, stale) <=="
		truth ovmf-c13a-reset-pei 0 80792 | sed 's/\r$//'
		echo "==> ovmf early phys:0x820000 (boot 0, current) <=="
		truth ovmf-c13a-reset-pei 0 710 | sed 's/\r$//'
	} >"$BATS_TEST_TMPDIR/want"
	same "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/all"
}

@test "a single log in a dump: nothing on stderr" {
	unpack ovmf-c01-elf64.elf
	run --separate-stderr "$dump" "$unpacked"
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
}

@test "a wrapped ring: a note that its first line is cut" {
	unpack ovmf-c04b-wrap1-q11.elf
	run --separate-stderr "$dump" "$unpacked"
	[ "$status" -eq 0 ]
	[[ $stderr == *wrapped* ]]
}

@test "--info shows what QEMU wrote" {
	unpack ovmf-c01-elf64.elf
	run "$dump" --info "$unpacked"
	[ "$status" -eq 0 ]
	[[ $output == *x86_64* && $output == *CORE* && $output == *QEMU* ]]
	unpack ovmf-c08b-ia32x64-pei.elf
	run "$dump" --info "$unpacked"
	[ "$status" -eq 0 ]
	[[ $output == *i386* ]]
}

@test "a pipe gives the same" {
	unpack ovmf-c08b-ia32x64-pei.elf
	"$dump" "$unpacked" >"$BATS_TEST_TMPDIR/file"
	"$dump" - <"$unpacked" >"$BATS_TEST_TMPDIR/stdin"
	# shellcheck disable=SC2002 # a pipe is what is tested
	"$dump" - < <(cat "$unpacked") >"$BATS_TEST_TMPDIR/pipe"
	same "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/stdin"
	same "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/pipe"
	[ -s "$BATS_TEST_TMPDIR/file" ]
}

# ---- the index of the firmware in firmware/ ----

# lines OPTION...: what is printed of the recipe index
lines() {
	"$dump" -q "$@" "$BATS_TEST_TMPDIR/indexed"
}

@test "times, levels and modules: filters know them, text has them on demand" {
	cd "$BATS_TEST_TMPDIR"
	image index indexed truth 1
	same <(lines -l warn+) <(printf '%s\n' 'three lines, two messages' 'and a third')
	same <(lines -l err) <(echo 'and a third')
	same <(lines -c PcdPeim) <(lines -l warn+)
	same <(lines -c abcdef01) <(printf '%s\n' SMM 'after a resume')
	same <(lines --since 6ms --until 1s) <(echo 'no name for this module')
	same <(lines --since -1) <(echo SMM)
	same <(lines) <(tr -d '\r' <truth)
	same <(lines --time-format=none -l debug) <(printf '%s\n' \
		'debug  SMM abcdef01: SMM' 'debug  RT abcdef01: after a resume')
	same <(lines --time-format=seconds -c SecMain) <(echo \
		'[    0.000000] info   SEC SecMain: SecCoreStartupWithStack(0xFFFCC000, 0x820000)')
	run -0 lines --time-format=ticks -c d6a2cb7f
	[ "$output" = '[         6000000] info   DXE d6a2cb7f: no name for this module' ]
}

@test "the module in which an exception was is named" {
	cd "$BATS_TEST_TMPDIR"
	sed '/SMM.r.n/i\  as level=0x80000000\n  write "!!!! Find image based on IP(0x1) "\n  write "a/FaultDxe.dll"\n  write " (ImageBase=0) !!!!\\r\\n"' \
		"$recipes/index.rec" >crash.rec
	"$B/mkimage" crash.rec indexed
	same <(lines -l err -c FaultDxe) <(echo \
		'!!!! Find image based on IP(0x1) a/FaultDxe.dll (ImageBase=0) !!!!')
}

@test "an index that is damaged is ignored, with a warning, and the text stays" {
	cd "$BATS_TEST_TMPDIR"
	image index indexed truth 1
	sed 's/^elf64/u32 0x3cb0400+0x38 3\nelf64/' \
		"$recipes/index.rec" >bad.rec
	"$B/mkimage" bad.rec bad
	run -0 --separate-stderr "$dump" bad
	[[ $stderr == *"the index of the log at phys:0x3cb0000 is damaged: its lines have no time and no level"* ]]
	"$dump" -q -r bad >"$BATS_TEST_TMPDIR/.got"
	cmp "$BATS_TEST_TMPDIR/.got" truth
	run -1 --separate-stderr "$dump" -q -l err bad
	[ -z "$output" ]
}

@test "prefixes of lines are time and level, and part of the text" {
	local log=prefixed
	cd "$BATS_TEST_TMPDIR"
	image prefix "$log" truth 0
	"$dump" -q -r "$log" >"$BATS_TEST_TMPDIR/.got"
	cmp "$BATS_TEST_TMPDIR/.got" truth
	"$dump" -q "$log" >"$BATS_TEST_TMPDIR/.got"
	same "$BATS_TEST_TMPDIR/.got" <(printf '%s\n' \
		'info   SecCoreStartupWithStack' \
		'[    0.012345] debug  Loading PEIM ' \
		'[    1.500003] warn   no room' plain '[   12.000000] err    ASSERT')
	"$dump" -q --since 1s -l warn+ --time-format=none "$log" >"$BATS_TEST_TMPDIR/.got"
	same "$BATS_TEST_TMPDIR/.got" \
		<(printf '%s\n' 'warn   no room' 'err    ASSERT')
	"$dump" -q -J "$log" >json
	[ "$(objects <json | jq -r 'select(.level == 4) |
		.time + " " + .text + .message')" = \
		"$(printf '1500003 [    1.500003] W no room\nno room\n')" ]
}

# What it says of a real boot. Its modules are known by what only they print.
@test "a boot: each line has a time that does not go back, a level, a phase and a module" {
	local records=$BATS_TEST_TMPDIR/records
	unpack memlog-q35-index.elf
	"$dump" -q -J "$unpacked" | objects >"$records"
	# the clock ran at 2.1 GHz, and the guest's date was that of the host
	run -0 jq -s 'all(.time and .time_hz == "2095986341" and .level and .phase and
		.component) and (map(.time | tonumber) | . == sort) and
		.[0].time == "0" and .[0].fields.utc_us == "1795904272252203"' \
		"$records"
	[ "$output" = true ]
	run -0 jq -r '[.phase, .component, .level] | @tsv' "$records"
	same <(sort <<<"$output" | uniq -c) - <<-'X'
	      1 DXE	AtaAtapiPassThruDxe	6
	     53 DXE	BdsDxe	6
	      1 DXE	CpuDxe	4
	     10 DXE	CpuDxe	6
	     11 DXE	DxeCore	3
	    839 DXE	DxeCore	6
	      5 DXE	FaultTolerantWriteDxe	6
	     45 DXE	PciBusDxe	6
	     28 DXE	PciHostBridgeDxe	6
	     37 DXE	PciSioSerialDxe	6
	     15 DXE	QemuFwCfgAcpiPlatform	6
	      9 DXE	QemuKernelLoaderFsDxe	6
	      6 DXE	QemuRamfbDxe	6
	      7 DXE	S3SaveStateDxe	6
	      4 DXE	SataController	6
	     19 DXE	SmbiosDxe	6
	      7 DXE	SmbiosPlatformDxe	6
	      3 DXE	TerminalDxe	6
	      6 PEI	CpuMpPei	6
	      3 PEI	DxeIpl	6
	      9 PEI	MemLogPei	6
	     88 PEI	PeiCore	6
	     50 PEI	PlatformPei	6
	      2 RT	EmuVariableFvbRuntimeDxe	6
	      4 RT	FvbServicesRuntimeDxe	6
	      1 RT	PcRtc	6
	     10 RT	VariableRuntimeDxe	6
	      2 SEC	SecMain	6
	X
	# says COMPONENT REGEX: all lines that match are of the component
	says() {
		run -0 jq -r "select(.text | test(\"$2\")) | .component" "$records"
		[ "$(sort -u <<<"$output")" = "$1" ]
	}
	says SecMain '^SecCoreStartup|^TemporaryRamMigration'
	says PeiCore '^Loading PEIM|^(Install|Reinstall) PPI|FV start address'
	says PlatformPei '^Platform PEIM|^CMOS:|QemuInitializeRam|PublishPeiMemory'
	says MemLogPei '^memory log: at'
	says CpuMpPei 'any stored CPU BIST information'
	says DxeIpl '^Loading DXE CORE|^AddressBits='
	says DxeCore '^Loading driver|^InstallProtocolInterface|^HOBLIST|^Error: Image at'
	says BdsDxe '^\\[Bds\\]'
	says VariableRuntimeDxe '^Variable driver'
	run -0 "$dump" -q -l warn "$unpacked"
	[[ $output == 'Failed to update capability: '* ]]
}

@test "the early log of one guest is no copy of the main log of another" {
	cd "$BATS_TEST_TMPDIR"
	local size
	for size in 32K 128K; do
		printf '%s\n' 'ram 0x100000 16M' "ovmf 0x500000 size=$size" \
			'lines 200 "a line "' end 'ovmf 0x900000 size=128K' \
			'lines 900 "a line "' end elf64 | "$B/mkimage" - "$size"
	done
	# two guests
	run -0 "$dump" -q --list 32K
	[[ ${lines[2]} != *"the same text"* && ${lines[4]} != *"the same text"* ]]
	[ "$("$dump" -q 32K | grep -c '^a line ')" = 1100 ]
	# what is left of the main log of one
	run -0 "$dump" -q --list 128K
	[[ $output == *"copy"*"the same text is also at phys:0x900000"* ]]
	[ "$("$dump" -q 128K | grep -c '^a line ')" = 900 ]
}
