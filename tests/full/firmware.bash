# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced by the tests of the firmware. In a pipe, each command must succeed, so `has`
# is there instead of grep -q.
#
#	build GUEST VARIANT...	for setup_file: build variants of firmware/build.sh, get
#				a QEMU for x86_64 or aarch64 that reads the log itself
#	start VARIANT [ARG...]	start a guest
#	use_new_qemu		with that QEMU
#	has ARG...		grep -q, which reads all of its input
#	debugcon_size		bytes of debugcon.log
#	bytes FROM TO [FILE]	that part of debugcon.log, or of FILE
#	same FROM FORMAT...	memlog-dump prints debugcon.log from there on, and
#				so does query-firmware-log of a new QEMU
#	qemu_text FILE		what query-firmware-log has, and its answer
#	fault_guest		set up a guest for x64-smm-fault, with fault_flags
#	fault_quiet		wait until neither port gets more text

build() {
	local guest=$1
	shift

	export top=$BATS_TEST_DIRNAME/../..
	export out=${B:-$top/build}
	export dump=$out/memlog-dump
	export new_qemu
	# tests/check uses JOBS for the number of test files
	JOBS=$(nproc) "$top/firmware/build.sh" "$@" >&3 2>&3
	new_qemu=$("$top/firmware/newqemu.sh" "$guest" 2>&3)
}

setup() {
	set -o pipefail
	# shellcheck source=firmware/vm.sh
	. "$top/firmware/vm.sh"
	[ -x "$dump" ]
	vm_new
}

# What a test started besides QEMU has its process number in $vm.
teardown() {
	local pid

	for pid in "$vm"/*.pid "$vm"/*/*.pid; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || :
	done
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

has() {
	grep "$@" > /dev/null
}

debugcon_size() {
	stat -c %s "$vm/debugcon.log"
}

bytes() {
	dd if="${3:-$vm/debugcon.log}" iflag=skip_bytes,count_bytes skip="$1" \
		count="$(($2 - $1))" bs=64K status=none
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

# 64-bit PEI cannot resume with SMM and refuses to boot if S3 is available.
fault_guest() {
	vm_machine=q35,smm=on
	vm_memory=128
	fault_flags=(-global 'driver=cfi.pflash01,property=secure,value=on'
		-global ICH9-LPC.disable_s3=1)
}

fault_quiet() {
	vm_still 1 debugcon.log serial.log
}
