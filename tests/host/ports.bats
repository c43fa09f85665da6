#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Debug ports of a real guest: what memlog-dump captures of three chardevs is what the
# firmware and a script in its shell write to them, and what it sees in memory arrives
# with the same times.

bats_require_minimum_version 1.5.0
load ../lib
load ../wait

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export dump=${B:-$top/build}/memlog-dump

	zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-x64.fd.zst" \
		-o "$BATS_FILE_TMPDIR/x64.fd"
}

setup() {
	[ -x "$dump" ] || { echo "memlog-dump is not built" >&2; return 1; }
	. "$top/firmware/vm.sh"
	vm_new
	pids=()
}

teardown() {
	vm_end
	[ ${#pids[@]} = 0 ] || kill -9 "${pids[@]}" || :
}

# chardev ID PORT CHARDEV: the arguments of QEMU for one port
chardev() {
	printf '%s\n' -chardev "$3,id=$1" -device "isa-debugcon,iobase=$2,chardev=$1"
}

# A guest that waits until all ports are read. The shell runs the script by itself.
launch() {
	local args
	mapfile -t args < <(
		chardev a 0x80 "socket,path=$vm/a,server=on,wait=off"
		chardev b 0xe9 "socket,path=$vm/b,server=off,reconnect=1"
		chardev c 0x402 \
			"socket,path=$vm/c,server=on,wait=off,logfile=$vm/debugcon.log"
	)
	vm_port=off vm_start "$BATS_FILE_TMPDIR/x64.fd" -S "${args[@]}" \
		-drive "if=virtio,format=raw,readonly=on,file=fat:$vm/disk" \
		-qmp "unix:$vm/qmp2,server=on,wait=off"
	until_ok opened "$1"
	vm_qmp cont
}

# opened N: all ports were opened N times
opened() {
	[ "$(grep -c ': opened$' "$vm/said")" = $((3 * $1)) ]
}

# text PORT FILE: what came from it, as it was written. A line that took long to write is
# in pieces, those after the first with a "+".
text() {
	awk -v port="$1" '
		{ sub(/^.[ 0-9.]*. /, "") }
		index($0, port ": ") == 1 {
			printf "%s%s", line++ ? "\n" : "", substr($0, length(port) + 3)
		}
		index($0, port "+: ") == 1 { printf "%s", substr($0, length(port) + 4) }
		END { if (line) print "" }' "$2"
}

# times FILE: of its lines
times() {
	sed 's/^.\([ 0-9.]*\).*/\1/' "$1"
}

# both: the log in memory arrived as far as that of its port
both() {
	cmp -s <(text 0x402 "$vm/capture") <(text text "$vm/arrived")
}

# start OUTPUT MESSAGES ARG...: memlog-dump -w, until stop ends it
start() {
	"$dump" -w -o "$1" "${@:3}" 2>"$2" &
	pids+=($!)
}

# stop STATUS...: of all that were started
stop() {
	local want status pid

	kill "${pids[@]}"
	for want; do
		status=0
		pid=${pids[0]}
		pids=("${pids[@]:1}")
		reap "$pid" || status=$?
		[ "$status" = "$want" ] || { echo "status $status"; return 1; }
	done
}

@test "three debug ports of a guest, which is started again, and its log in memory" {
	mkdir "$vm/disk"
	printf 'mm %s -w 1 -io -n\r\n' '80 21' 'e9 48' 'e9 0a' '80 a5' \
		>"$vm/disk/startup.nsh"
	start "$vm/capture" "$vm/said" "port:$vm/a,kind=post" \
		"port:$vm/b,port=0xe9,listen" "port:$vm/c,port=0x402"
	until_ok test -S "$vm/b"
	launch 1
	start "$vm/arrived" "$vm/seen" --time-format=arrival "qmp:$vm/qmp2"
	until_ok grep -q '0x80 = 0xa5 custom' "$vm/capture"
	vm_still 0.3 debugcon.log capture
	sed -n 's/^.[ 0-9.]*. 0x80 = //p' "$vm/capture" >"$vm/got"
	printf '%s\n' '0x21 bootloader' '0xa5 custom' | cmp - "$vm/got"
	[ "$(text 0xe9 "$vm/capture")" = H ]
	# text is the port's, by its log and by that in memory
	until_ok both
	vm_dump elf "$vm/dump"
	"$dump" -q "$vm/dump" >"$vm/logged"
	[ "$(wc -l <"$vm/logged")" -gt 500 ]
	text 0x402 "$vm/capture" | cmp - "$vm/logged"
	tr -d '\r' <"$vm/debugcon.log" | cmp - "$vm/logged"
	# times of arrival do not go back
	times "$vm/capture" | sort -c -n
	times "$vm/arrived" | sort -c -n
	"$dump" -q --stats boot -J "$vm/capture" "$vm/arrived" >"$vm/boot"
	jq -s -e 'map(select(.type == "boot_times"))[0] |
		(.logs | all(.aligned)) and
		([.phases[].phase] | contains(["DXE", "BDS", "boot loader"]))' \
		"$vm/boot"

	vm_stop
	until_ok grep -q 'a: closed' "$vm/said"
	rm -f "$vm/a" "$vm/c" "$vm/debugcon.log"
	launch 2
	until_ok grep -q SecCoreStartup "$vm/debugcon.log"
	stop 0 0
	grep -q ' lines of 3 ports in .* s, 1 restart, ' "$vm/said"
	[ ! -e "$vm/b" ]

	# saved, it is an image with two boots, of which each has its marks
	[ "$(grep -c 'capture: restart of the guest$' "$vm/capture")" = 1 ]
	run -0 --separate-stderr "$dump" --list-boots "$vm/capture"
	[ "${#lines[@]}" = 3 ]
	"$dump" -q -b -1 -c custom -J "$vm/capture" | jq -e -s 'map(select(.type ==
		"record")) | length == 1 and .[0].fields.code == "0xa5" and
		.[0].fields.port == "0x80" and .[0].time_hz == "1000000000"'
	"$dump" -q "$vm/capture" | has SecCoreStartup
}
