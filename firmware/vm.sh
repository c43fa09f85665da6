# SPDX-License-Identifier: BSD-2-Clause-Patent
# shellcheck shell=bash
# Sourced: run guests in QEMU for tests, fixtures and benchmarks, one at a time.
# The guest's files are in the directory $vm: debugcon.log is the output of the
# debug port, serial.log that of the serial port.
#
#	vm_new			end the old guest, create an empty directory
#	vm_start IMAGE [ARG...]	start a q35 with 64 MiB and IMAGE in its flash; an Arm
#				guest without debug port if vm_machine is virt
#	vm_launch ARG...	start a guest without flash and debug port; the
#				serial port is the chardev "serial" of ARGs
#	vm_again IMAGE [ARG...]	start another QEMU with the memory of this one
#	vm_wait FILE TEXT	wait for TEXT in debugcon.log or serial.log
#	vm_suspended		wait until the guest is suspended
#	vm_still SECONDS FILE...
#				wait until these files of $vm have not grown for
#				that long
#	vm_quiet		wait for the shell and until debugcon.log is still,
#				serial.log with virt
#	vm_ring MARK		print the address in $vm/ram of the ring whose second
#				magic ends so
#	vm_copy FROM TO		copy the first 128 KiB of a ring in $vm/ram
#	vm_magic ADDRESS	print what is where a ring there has its two magics
#	vm_note ADDRESS		write the firmware's note, which survives a reset, in
#				$vm/ram: the last log is at ADDRESS
#	vm_reset		reset the guest and empty serial.log
#	vm_qmp COMMAND [JSON]	send a QMP command, print the reply
#	vm_dump FORMAT FILE	stop the guest and dump it: elf elf-paging
#				kdump-zlib raw ..., or qevm, a migration
#				stream, after which no other dump is possible
#	vm_migrate FILE		the same as qevm, without stopping the guest
#	vm_same FROM FORMAT...	stop the guest; a dump in each format has the output
#				of the debug port from that offset on, by the
#				memlog-dump at $dump; leaves it in $vm/text
#	vm_end			end the guest
#	vm_type TEXT		type that and Return, with vm_console=on
#
# Set vm_machine, vm_memory (MiB), vm_accel, vm_backend, vm_ram, vm_qemu or vm_qemu_arm
# before vm_start to change the guest, vm_port=off to omit the debug port, vm_console=on for a
# serial port with input. A virt needs 128 MiB; vm_machine=virt,virtualization=on
# starts it at EL2.

vm=
vm_pid=
vm_qemu=${QEMU:-qemu-system-x86_64}
vm_qemu_arm=${QEMU_AARCH64:-qemu-system-aarch64}
vm_machine=q35
vm_memory=64
vm_accel=tcg
vm_backend=	# default: a shared file
vm_ram=()	# arguments of QEMU instead of all that is about memory
vm_console=off
vm_seconds=180	# timeout of each wait, enough for a busy machine

vm_fail() {
	printf 'vm: %s\n' "$*" >&2
	[ -z "$vm" ] || tail -n 5 "$vm/qemu.log" "$vm/debugcon.log" >&2 || :
	return 1
}

vm_new() {
	vm_end
	vm=$(mktemp -d "${TMPDIR:-/tmp}/memlog-vm.XXXXXX")
}

# Guest memory is a file, so that a test can read or change it while the guest is
# stopped. UEFI variables that the guest writes are discarded.
vm_start() {
	local image=$1
	local port=(-debugcon "file:$vm/debugcon.log"
		-global isa-debugcon.iobase=0x402)
	local vm_qemu=$vm_qemu flash=(-vga none
		-drive "if=pflash,format=raw,file=$image,snapshot=on")
	local serial="file,id=serial,path=$vm/serial.log,append=on"
	shift

	[ "${vm_port:-on}" = on ] || port=()
	if [ "$vm_console" = on ]; then
		serial="socket,id=serial,path=$vm/console,server=on,wait=off"
		serial+=",logfile=$vm/serial.log,logappend=on"
	fi
	case $vm_machine in
	virt*)
		vm_qemu=$vm_qemu_arm
		flash=(-cpu cortex-a72 -bios "$image")
		port=() ;;
	esac
	vm_launch -nodefaults "${flash[@]}" \
		-chardev "$serial" \
		"${port[@]}" "$@"
}

vm_again() {
	vm_stop
	: > "$vm/serial.log"
	vm_start "$@"
}

vm_launch() {
	local ram=(-M "$vm_machine,memory-backend=ram0" -m "${vm_memory}M" -object
		"${vm_backend:-memory-backend-file,mem-path=$vm/ram,share=on},id=ram0,size=${vm_memory}M")
	[ ${#vm_ram[@]} = 0 ] || ram=(-M "$vm_machine" "${vm_ram[@]}")
	"$vm_qemu" "${ram[@]}" -accel "$vm_accel" -display none -net none \
		-serial chardev:serial \
		-qmp "unix:$vm/qmp,server=on,wait=off" "$@" \
		> "$vm/qemu.log" 2>&1 &
	vm_pid=$!
	local tries=0
	until [ -S "$vm/qmp" ]; do
		sleep 0.05
		if ! kill -0 "$vm_pid" 2>/dev/null ||
			[ $((tries += 1)) -ge 600 ]; then
			vm_fail 'QEMU did not start'
			return 1
		fi
	done
	coproc vm_socket { exec socat - "UNIX-CONNECT:$vm/qmp,retry=100,interval=0.1" \
		2>/dev/null; }
	vm_in=${vm_socket[0]}
	vm_out=${vm_socket[1]}
	vm_socket_pid=$!
	vm_qmp qmp_capabilities > /dev/null
}

# Events that arrive before the reply are skipped.
vm_qmp() {
	local line arguments=${2:-}

	printf '{"execute":"%s"%s}\n' "$1" \
		"${arguments:+,\"arguments\":$arguments}" >&"$vm_out" ||
		{ vm_fail "$1: QEMU has exited"; return 1; }
	while IFS= read -r -t "$vm_seconds" line <&"$vm_in"; do
		case $line in
		'{"return":'*)
			printf '%s\n' "$line"
			return 0 ;;
		'{"error":'*)
			vm_fail "$1: $line"
			return 1 ;;
		esac
	done
	vm_fail "$1: no reply"
}

vm_wait() {
	local file=$vm/$1 text=$2 tries=0

	until grep -aqF -- "$text" "$file" 2>/dev/null; do
		kill -0 "$vm_pid" 2>/dev/null ||
			{ vm_fail "QEMU exited before '$text'"; return 1; }
		[ $((tries += 1)) -lt $((vm_seconds * 10)) ] ||
			{ vm_fail "no '$text' in $1"; return 1; }
		sleep 0.1
	done
}

vm_type() {
	printf '%s\r' "$1" |
		socat -t 1 - "UNIX-CONNECT:$vm/console" > /dev/null
}

# The guest is stopped while serial.log is emptied: otherwise the shell's
# countdown could add a line, which would look like the shell of the next boot.
vm_reset() {
	vm_qmp stop > /dev/null && vm_qmp system_reset > /dev/null &&
		: > "$vm/serial.log" && vm_qmp cont > /dev/null
}

vm_suspended() {
	local tries=0

	until [[ $(vm_qmp query-status) == *suspended* ]]; do
		[ $((tries += 1)) -lt $((vm_seconds * 5)) ] ||
			{ vm_fail 'the guest did not suspend'; return 1; }
		sleep 0.2
	done
}

vm_still() {
	local seconds=$1 size=-1 before=-2 tries=0
	shift

	while [ "$size" != "$before" ]; do
		[ $((tries += 1)) -lt $((vm_seconds * 3)) ] ||
			{ vm_fail "$* keeps growing"; return 1; }
		before=$size
		sleep "$seconds"
		size=$(cd "$vm" && cat "$@" | wc -c)
	done
}

vm_quiet() {
	local log=debugcon.log

	vm_wait serial.log startup.nsh || return 1
	[[ $vm_machine != virt* ]] || log=serial.log
	vm_still 0.3 $log
}

vm_ring() {
	LC_ALL=C grep -abo "ovmfmdg1ovmfmdg$1" "$vm/ram" | cut -d: -f1
}

vm_copy() {
	dd if="$vm/ram" of="$vm/ram" bs=4096 skip=$(($1 >> 12)) \
		seek=$(($2 >> 12)) count=32 conv=notrunc status=none
}

vm_magic() {
	dd if="$vm/ram" bs=4096 skip=$(($1 >> 12)) count=1 status=none |
		head -c 16 | tr -d '\0'
}

vm_note() {
	perl -e '$t = 0x65746f6e676f6c6d; $a = hex shift;
		print pack("Q<3", $t, $a, ~($t ^ $a))' "$1" |
		dd of="$vm/ram" bs=4096 seek=$((0x82f)) conv=notrunc status=none
}

vm_dump() {
	local format=$1 file=$2 paging=false base=0

	vm_qmp stop > /dev/null || return 1
	case $format in
	qevm)
		vm_migrate "$file"
		;;
	raw)
		[[ $vm_machine != virt* ]] || base=$((0x40000000))
		vm_qmp pmemsave "{\"val\":$base,\"size\":$((vm_memory << 20)),\"filename\":\"$file\"}"
		;;
	*)
		[ "$format" != elf-paging ] || paging=true
		vm_qmp dump-guest-memory "{\"paging\":$paging,\"protocol\":\"file:$file\",\"format\":\"${format%-paging}\"}"
		;;
	esac > /dev/null
}

vm_same() {
	local from=$1 format
	shift

	vm_qmp stop > /dev/null || return 1
	tail -c "+$((from + 1))" "$vm/debugcon.log" > "$vm/expected"
	[ -s "$vm/expected" ] || return 1
	for format; do
		vm_dump "$format" "$vm/dump" || return 1
		# shellcheck disable=SC2154 # the caller's
		"$dump" -O raw "$vm/dump" > "$vm/text" || return 1
		cmp "$vm/expected" "$vm/text" || return 1
		rm -f "$vm/dump"
	done
}

vm_migrate() {
	local state

	vm_qmp migrate "{\"uri\":\"exec:cat > $1\"}" || return 1
	while state=$(vm_qmp query-migrate); do
		case $state in
		*'"status": "completed"'*) return 0 ;;
		*'"status": "failed"'*)
			vm_fail "migrate: $state"
			return 1 ;;
		esac
		sleep 0.1
	done
	return 1
}

vm_end() {
	vm_stop
	[ -z "$vm" ] || rm -rf "$vm"
	vm=
}

vm_stop() {
	local tries=0

	if [ -n "$vm_pid" ]; then
		kill "$vm_pid" 2>/dev/null || :
		while kill -0 "$vm_pid" 2>/dev/null; do
			[ $((tries += 1)) -lt 100 ] || kill -9 "$vm_pid"
			sleep 0.1
		done
		wait "$vm_pid" 2>/dev/null || :
		kill "$vm_socket_pid" 2>/dev/null || :
		wait "$vm_socket_pid" 2>/dev/null || :
		vm_pid=
		rm -f "$vm/qmp"
	fi
}
