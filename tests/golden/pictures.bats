#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pictures of boots and traces, in SVG and HTML. What they look like in a browser is
# tested in tests/full.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	zstd -q -d --long=31 -o fpdt.elf "$root"/fixtures/vmcores/memlog-fpdt.elf.zst
	zstd -q -d --long=31 -o hyp.elf "$root"/fixtures/vmcores/hyp-pkvm.elf.zst
	"$B/mkacrn" trace vms.elf cpus=3 exits=5000
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
	command -v python3 >/dev/null || skip "no python3"
}

# draw SVG|HTML [OPTION...] IMAGE...: $T/picture, and its text in $T/text
draw() {
	"$dump" -q -O "$1" -o "$T/picture" --force "${@:2}"
	python3 "$root/tests/picture.py" "$T/picture" >"$T/text"
}

@test "a boot: its phases, as --stats has them, silences, modules and logs" {
	local how
	"$dump" -q --stats boot -J fpdt.elf >"$T/json"
	for how in svg html; do
		draw $how fpdt.elf
		for word in SEC PEI DXE BDS Silences Drivers PeiCore \
			"Logs and their clocks"; do
			grep -qF "$word" "$T/text"
		done
		# as many phases and silences as there are
		[ "$(grep -c 'Starts with: ' "$T/text")" -eq 5 ]
		[ "$(grep -c 'without a message, after: ' "$T/text")" -eq 10 ]
		grep -qE '^# SEC: 1\.26[0-9] s, 20\.[0-9] %' "$T/text"
	done
}

@test "a trace: a row for each CPU, and for each VM the CPUs that it had" {
	local how
	for how in svg html; do
		draw $how --tsc-mhz 1000 vms.elf
		[ "$(grep -cE '^# ACRN hypervisor trace, CPU [012]: ' "$T/text")" -eq 3 ]
		grep -qE '^# VM 3, CPU 1: [0-9]+ slices, ' "$T/text"
		grep -qx VMEXIT_CPUID "$T/text"
		draw $how hyp.elf
		grep -qE '^# .*, CPU 0: ' "$T/text"
		grep -qx hvc "$T/text"
	done
	run -0 --separate-stderr "$dump" -O svg -o "$T/cycles" vms.elf
	[[ $stderr == *"its CPUs are not drawn: its times are in cycles of unknown rate; give --tsc-mhz=N"* ]]
}

@test "text of a guest is only text" {
	local how
	{
		printf 'SecCoreStartupWithStack(0x1, 0x2)\n'
		printf '<script>alert(1)</script> ]]> & "\x27\n'
		printf 'Loading PEIM at 0x1 EntryPoint=0x2 <b\x01\x1b[2J>\xff.efi\n'
		printf '\xef\xbf\xbe\xef\xbf\xbf \xe2\x80\xae\xc2\x85 end\n'
	} >"$T/guest"
	"$B/mkimage" - "$T/hostile" <<-EOT
	ram 0x800000 1M
	ovmf 0x820000
	from $T/guest
	end
	raw base=0x800000
	EOT
	for how in svg html; do
		draw $how --map=0x800000 "$T/hostile"
		run ! grep -q '<script' "$T/picture"
		run ! grep -qP '[\x00-\x08\x0b-\x1f]' "$T/picture"
	done
}
