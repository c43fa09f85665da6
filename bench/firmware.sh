#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The cost of logging in the firmware: cycles per message for each method, measured
# in a guest, and the boot time to the shell with each. Ratios within one run.
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
vm_new
vm_start "$out/x64-bench/OVMF.fd"
vm_quiet
printf '\none message:\n'
tr -d '\r' < "$vm/debugcon.log" | sed -n 's/^memory log bench: //p' |
awk '
{ cycles[$1] = $2; bytes = $(NF - 1); order[n++] = $1 }
END {
	for (i = 0; i < n; i++) {
		k = order[i]
		printf "  %-7s %10d cycles", k, cycles[k]
		if (k != "format" && k != "memory")
			printf ", %.0f times the ring", cycles[k] / cycles["memory"]
		print ""
	}
	printf "  (%d bytes of text)\n", bytes
	if (n < 4) exit 1
}'

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

median() {
	sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

off=(-fw_cfg 'name=opt/ovmf/MemDebugLogPages,string=0')
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
