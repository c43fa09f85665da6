#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The cost of logging in the firmware: cycles per message for each method, measured
# in a guest, the instructions of a boot, and the time to the shell. Ratios within
# one run.
#	bench/firmware.sh [RUNS]
# Use ACCEL=kvm if possible: tcg says little about real VM exits.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
out=${B:-$top/build}/firmware
runs=${1:-5}

"$top/firmware/build.sh" x64 x64-serial x64-bench
# shellcheck source=firmware/vm.sh
. "$top/firmware/vm.sh"
trap vm_end EXIT

vm_accel=${ACCEL:-tcg}
printf 'QEMU %s, %s\n' \
	"$("$vm_qemu" --version | sed -n '1s/.*version \([0-9.]*\).*/\1/p')" \
	"$vm_accel"

# ---- one message -------------------------------------------------------------
median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

work=$(mktemp -d)
# measure FILE [ARG...]: lines of name and cycles
measure() {
	vm_new
	vm_start "$out/x64-bench/OVMF.fd" "${@:2}"
	vm_wait debugcon.log 'memory log bench: serial'
	vm_quiet
	tr -d '\r' < "$vm/debugcon.log" |
		sed -n 's/^memory log bench: //p' > "$1"
	[ "$(wc -l < "$1")" -eq 7 ]
}

# With -icount the counter has one tick for each instruction, and for each
# nanosecond in which the processor waits.
icount=(-icount 'shift=0,sleep=off')
measure "$work/instructions" "${icount[@]}"
for ((run = 0; run < runs; run++)); do
	measure "$work/lines"
	while read -r name cycles _; do
		printf '%s\n' "$cycles" >> "$work/$name"
	done < "$work/lines"
done
printf '\none of 10,000 messages of %s bytes: instructions, and cycles, median of %s:\n' \
	"$(awk 'END { print $(NF - 1) }' "$work/lines")" "$runs"
shipped=$(median < "$work/index")
print_message() {
	awk -v cycles="$(median < "$work/$1")" -v shipped="$shipped" -v name="$2" \
		-v key="$1" '$1 == key {
			printf "  %-34s %6d, %8d, %.2f\n", name, $2, cycles,
				cycles / shipped }' "$work/instructions"
}
print_message format 'formatting it'
print_message text 'memory, neither index nor prefix'
print_message index 'memory, index'
print_message prefix 'memory, prefix'
print_message both 'memory, index and prefix'
print_message port 'debug port'
print_message serial 'serial port'
rm -rf "$work"

# ---- a boot in instructions ----------------------------------------------------
# With -icount the counter has one tick for each instruction, and for each
# nanosecond in which the processor waits.
off=(-fw_cfg 'name=opt/ovmf/MemDebugLogPages,string=0')
prefix=(-fw_cfg 'name=opt/ovmf/MemDebugLogPrefix,string=1')
printf '\ninstructions from reset to the boot loader:\n'
print_instructions() {
	local n

	vm_port=$2
	vm_new
	vm_start "$out/x64-bench/OVMF.fd" "${icount[@]}" "${@:3}"
	vm_wait serial.log 'memory log bench: boot'
	vm_wait serial.log ' cycles'
	vm_port=
	n=$(tr -d '\r' < "$vm/serial.log" |
		sed -n 's/.*memory log bench: boot \([0-9]*\) cycles.*/\1/p')
	base=${base:-$n}
	awk -v n="$n" -v base="$base" -v name="$1" 'BEGIN {
		printf "  %-34s %13d, %.4f\n", name, n, n / base }'
}
base=
print_instructions 'no log' off "${off[@]}"
print_instructions 'memory' off
print_instructions 'memory, prefixes' off "${prefix[@]}"
print_instructions 'debug port' on "${off[@]}"
print_instructions 'memory and debug port' on

# ---- a whole boot ------------------------------------------------------------
now() {
	date +%s%N
}

# boot IMAGE [ARG...]: milliseconds from power-on to the shell
boot() {
	local image=$1 begin
	shift

	vm_new
	vm_start "$image" -S "$@"
	begin=$(now)
	vm_qmp cont > /dev/null
	until grep -aqF startup.nsh "$vm/serial.log" 2>/dev/null; do
		sleep 0.01
	done
	printf '%s\n' $((($(now) - begin) / 1000000))
}

names=('no log' 'memory' 'memory and debug port' 'memory and serial port')
times=$(mktemp -d)
# interleaved, so that a slow moment of the machine affects all of them
for ((run = 0; run < runs; run++)); do
	vm_port=off boot "$out/x64/OVMF.fd" "${off[@]}" >> "$times/0"
	vm_port=off boot "$out/x64/OVMF.fd" >> "$times/1"
	boot "$out/x64/OVMF.fd" >> "$times/2"
	vm_port=off boot "$out/x64-serial/OVMF.fd" >> "$times/3"
done
printf '\ntime to the shell, median of %s:\n' "$runs"
base=$(median < "$times/0")
for i in 0 1 2 3; do
	ms=$(median < "$times/$i")
	awk -v ms="$ms" -v base="$base" -v name="${names[i]}" 'BEGIN {
		printf "  %-23s %6d ms, %.2f\n", name, ms, ms / base }'
done
rm -rf "$times"
