# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by the tests of the firmware. setup_file of each sets top and dump, out,
# the build directory, and new_qemu.
#
#	start VARIANT [ARG...]	start a guest
#	use_new_qemu		with the QEMU that reads the log itself
#	debugcon_size		bytes of debugcon.log
#	bytes FROM TO		that part of debugcon.log
#	same FROM FORMAT...	memlog-dump prints debugcon.log from there on, and
#				so does query-firmware-log of a new QEMU
#	qemu_text FILE		what query-firmware-log has, and its answer
#	ring_at MARK		address of the ring whose second magic ends so
#	fault_guest		set up a guest for x64-smm-fault, with fault_flags
#	fault_quiet		wait until neither port gets more text

setup() {
	# shellcheck source=firmware/vm.sh
	. "$top/firmware/vm.sh"
	[ -x "$dump" ]
	vm_new
}

teardown() {
	vm_end
}

start() {
	local variant=$1
	shift
	vm_start "$out/firmware/$variant/OVMF.fd" "$@"
}

use_new_qemu() {
	vm_qemu=$new_qemu
}

debugcon_size() {
	stat -c %s "$vm/debugcon.log"
}

bytes() {
	tail -c "+$(($1 + 1))" "$vm/debugcon.log" | head -c "$(($2 - $1))"
}

same() {
	vm_same "$@"
	[ "$vm_qemu" = "$new_qemu" ] || return 0
	qemu_text "$vm/theirs"
	cmp "$vm/text" "$vm/theirs"
	[[ $(jq -r .return.version "$vm/answer") == 'edk2 '* ]]
}

qemu_text() {
	vm_qmp query-firmware-log > "$vm/answer"
	jq -r .return.log "$vm/answer" | base64 -d > "$1"
}

ring_at() {
	LC_ALL=C grep -abo "ovmfmdg1ovmfmdg$1" "$vm/ram" | cut -d: -f1
}

# 64-bit PEI cannot resume with SMM and refuses to boot if S3 is available.
fault_guest() {
	vm_machine=q35,smm=on
	vm_memory=128
	fault_flags=(-global 'driver=cfi.pflash01,property=secure,value=on'
		-global ICH9-LPC.disable_s3=1)
}

fault_quiet() {
	local size=-1 before=-2 tries=0

	while [ "$size" != "$before" ]; do
		[ $((tries += 1)) -lt 300 ]
		before=$size
		sleep 1
		size=$(cat "$vm/debugcon.log" "$vm/serial.log" | wc -c)
	done
}
