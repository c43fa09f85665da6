#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Time to find a log in a running guest, compared with reading all of the guest's
# memory through /proc/PID/mem. Both in one run, on a guest with all pages present;
# the last column is the result.
#
#	B=build bench/live.sh [MIB]	guest memory, 4096 by default
#
# RUNS: runs of each command; the median is used.
set -eu
B=${B:-build}
B=$(cd "$B" && pwd)
RUNS=${RUNS:-5}
mib=${1:-4096}
dump=$B/memlog-dump
holder=$B/tests/host/holder
tmp=$(mktemp -d "${TMPDIR:-/var/tmp}/memlog-bench.XXXXXX")
holder_pid=
trap '[ -z "$holder_pid" ] || kill "$holder_pid"; rm -rf "$tmp"' EXIT
export LC_ALL=C

median() {
	local i t0 t1 list=()
	for ((i = 0; i < RUNS; i++)); do
		t0=${EPOCHREALTIME/./}
		"$@" > "$tmp/out" 2> "$tmp/err" || {
			cat "$tmp/err" >&2
			return 1
		}
		t1=${EPOCHREALTIME/./}
		list+=($((t1 - t0)))
	done
	printf '%s\n' "${list[@]}" | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.4f", v[int((NR + 1) / 2)] / 1e6 }'
}

read_all() {
	dd if="/proc/$holder_pid/mem" of=/dev/null bs=1M count="$mib" \
		skip=$((addr >> 20)) iflag=fullblock
}

row() {
	awk -v n="$1" -v s="$2" -v b="$base" -v m="$mib" 'BEGIN {
		printf "  %-34s %9.4f s %8.1f GiB/s %8.1f x\n", n, s,
		       m / 1024 / s, b / s }'
}

# kind of memory, as for holder
guest() {
	local kind=$1 line first
	coproc hold { exec "$holder"; }
	holder_pid=$!
	tell() { echo "$*" >&"${hold[1]}" && read -r line <&"${hold[0]}"; }
	tell map "$kind" $((mib << 20))
	addr=$((${line#* }))
	addr=$(((addr + (1 << 20) - 1) >> 20 << 20))
	# write to every page, but not zeros
	tell fill 0 0 $((mib << 20))
	# the log is where OVMF puts it: below the end of low memory
	tell ring 0 $(((mib < 2048 ? mib : 2048) - 20 << 20)) 131072
	tell say 0 $(((mib < 2048 ? mib : 2048) - 20 << 20)) found
	echo "$kind, $mib MiB, all present"
	base=$(median read_all)
	row 'dd of /proc/PID/mem' "$base"
	first=$(median "$dump" "pid:$holder_pid")
	row 'first log (memlog-dump)' "$first"
	[ "$(cat "$tmp/out")" = found ]
	row 'whole search (--scan=pages)' \
		"$(median "$dump" --scan=pages "pid:$holder_pid")"
	[ "$(cat "$tmp/out")" = found ]
	awk -v k="$kind" -v b="$base" -v f="$first" 'BEGIN {
		printf "first log beside a read of all, %s memory: %.3g times,"\
		       " target at least 20: %s\n", k, b / f,
		       (b / f >= 20 ? "met" : "MISSED") }'
	kill "$holder_pid"
	wait "$holder_pid" 2>/dev/null || :
	holder_pid=
}

guest huge
guest anon
guest memfd
