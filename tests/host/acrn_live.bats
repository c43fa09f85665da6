#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# acrn: with stand-ins for the devices: FIFOs that return slots, files that are
# mapped.

bats_require_minimum_version 1.5.0
load ../lib

# slot TEXT: a slot of 80 bytes
slot() {
	printf '%s' "$1"
	head -c $((80 - ${#1})) /dev/zero
}

setup() {
	T=$BATS_TEST_TMPDIR
	D=$T/dev
	mkdir "$D"
}

# fifo NAME FILE. Both ends stay open, so that a read never finds the end.
fifo() {
	mkfifo "$D/$1"
	exec {fd}<>"$D/$1"
	cat "$2" >&"$fd"
}

@test "the log of the devices, merged" {
	{ slot '[10us][cpu=0][vm0:vcpu0][sev=3][seq=7]:first'
	  slot '[30us][cpu=0][vm0:vcpu0][sev=5][seq=9]:third'; } \
		>"$T/0"
	{ slot '[20us][cpu=1][idle1][sev=5][seq=8]:second'
	  head -c 100 /dev/zero | tr '\0' a | sed 's/^.*$/[40us][cpu=1][idle1][sev=5][seq=12]:&/' |
		head_all -c 80; slot 'end'; } >"$T/1"
	slot '[9us][cpu=0][vm0:vcpu0][sev=1][seq=99]:before' >"$T/2"
	fifo acrn_hvlog_cur_0 "$T/0"
	fifo acrn_hvlog_cur_1 "$T/1"
	fifo acrn_hvlog_last_0 "$T/2"
	: >"$D/acrn_hvlog_nonsense" ; : >"$D/null"
	run -0 --separate-stderr "$dump" -F acrn-log "acrn:$D"
	[ "${lines[0]}" = '[10us][cpu=0][vm0:vcpu0][sev=3][seq=7]:first' ]
	[ "${lines[1]}" = '[20us][cpu=1][idle1][sev=5][seq=8]:second' ]
	[ "${lines[2]}" = '[30us][cpu=0][vm0:vcpu0][sev=5][seq=9]:third' ]
	[[ ${lines[3]} == *"2 "*lost* ]]
	[[ ${lines[4]} == '[40us][cpu=1][idle1][sev=5][seq=12]:aaa'*aend ]]
	[ "${#lines[@]}" -eq 5 ]
}

# $open: a directory that all users may enter, unlike those of bats
teardown() {
	[ -z "${open:-}" ] || rm -r "$open"
}

@test "no permission: what to do; any other failure is not about that" {
	[ "$(id -u)" = 0 ] || skip "needs root, to switch to another user"
	open=$(mktemp -d /tmp/memlog-test-XXXXXX)
	chmod 755 "$open"
	install -m 755 "$dump" "$open/"
	mkdir -m 755 "$open/dev"
	mkfifo -m 600 "$open/dev/acrn_hvlog_cur_0"
	cd /
	run -3 --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$open/memlog-dump" "acrn:$open/dev"
	[[ $stderr == *"no device in $open/dev can be opened (try as root (sudo))"* ]]
	rm "$open/dev/acrn_hvlog_cur_0"
	ln -s /no/such "$open/dev/acrn_hvlog_cur_0"
	run -3 --separate-stderr "$dump" "acrn:$open/dev"
	[[ $stderr == *"no device in $open/dev can be opened"* ]]
	[[ $stderr != *root* ]]
}

@test "the previous boot, on request" {
	slot '[10us][cpu=0][vm0:vcpu0][sev=3][seq=7]:now' >"$T/0"
	slot '[9us][cpu=0][vm0:vcpu0][sev=1][seq=99]:before' >"$T/1"
	fifo acrn_hvlog_cur_0 "$T/0"
	fifo acrn_hvlog_last_0 "$T/1"
	"$dump" -O acrnlog -o "$BATS_TEST_TMPDIR/out" "acrn:$D"
	grep -q before "$BATS_TEST_TMPDIR/out/acrnlog_last.0"
	grep -q now "$BATS_TEST_TMPDIR/out/acrnlog_cur.0"
}

@test "the trace is mapped, and not consumed" {
	local elf n off size at ring=$((4 << 20))
	zstd -q -d -c "$root/fixtures/acrn/trace-v10-2cpu.elf.zst" >"$T/real"
	"$B/mkacrn" trace "$T/model" cpus=2 exits=500
	for elf in "$T/real" "$T/model"; do
		"$dump" -F acrn-trace "$elf" >"$T/want"
		[ "$(wc -l <"$T/want")" -gt 1000 ]
		# one after another in one segment, or each in its own
		n=0
		while read -r off size; do
			for ((at = off; at + ring <= off + size; at += ring)); do
				dd if="$elf" of="$D/acrn_trace_$n" status=none \
					iflag=skip_bytes,count_bytes skip=$at \
					count=$ring
				n=$((n + 1))
			done
		done < <(readelf -lW "$elf" | awk '$1 == "LOAD" { print $2, $5 }')
		[ "$n" -eq 2 ]
		for _ in 1 2; do
			"$dump" -F acrn-trace "acrn:$D" >"$T/got"
			same "$T/want" "$T/got"
		done
	done
}

@test "the rate of the trace's clock from the hypervisor's log" {
	slot '[10us][cpu=0][idle0][sev=2][seq=7]:calibrate_tsc, tsc_hz=2112000000' \
		>"$T/0"
	fifo acrn_hvlog_cur_0 "$T/0"
	"$B/mkacrn" trace "$T/model.elf" cpus=1 exits=50
	tail -c +$((64 + 3 * 56 + 1)) "$T/model.elf" | head_all -c 4194304 \
		>"$D/acrn_trace_0"
	run -0 --separate-stderr "$dump" -F acrn-trace -J -n 1 "acrn:$D"
	[[ $output == *'"time_hz":"2112000000"'* ]]
	[[ $stderr == *"2112000000 Hz"* ]]
	# an explicit rate takes precedence, and the log is not printed
	fifo acrn_hvlog_cur_1 "$T/0"
	run -0 "$dump" -F acrn-trace -J -n 1 --tsc-mhz 100 "acrn:$D"
	[[ $output == *'"time_hz":"100000000"'* ]]
	[[ $output != *acrn-log* ]]
}

@test "without devices: a message about what is missing" {
	run -3 --separate-stderr "$dump" "acrn:$D"
	[[ $stderr == *"no acrn_hvlog_"* ]]
	run -3 --separate-stderr "$dump" "acrn:$D/nowhere"
	[[ $stderr == *"cannot read $D/nowhere"* ]]
	: >"$D/acrn_trace_0"
	run -3 --separate-stderr "$dump" "acrn:$D"
	[[ $stderr == *"acrn_trace_0 cannot be opened"* || $stderr == *"no device"* ]]
}
