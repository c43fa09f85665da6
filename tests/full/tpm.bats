#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The event log of a real boot: Debian's OVMF with a TPM, whose log in memory is compared
# with tpm2_eventlog, and with what the firmware has to have measured.

bats_require_minimum_version 1.5.0
load ../wait

setup() {
	set -o pipefail
	export top=$BATS_TEST_DIRNAME/../..
	export dump=${B:-$top/build}/memlog-dump
	# shellcheck source=firmware/vm.sh
	. "$top/firmware/vm.sh"
	vm_new
	cd "$vm" || return
}

teardown() {
	[ ! -s "$vm/swtpm.pid" ] || kill "$(cat "$vm/swtpm.pid")" 2>/dev/null || :
	vm_end
}

# digests TYPE: SHA-256 and description of the events of that type, one a line
digests() {
	jq -r --arg type "$1" 'select(.fields.type == $type) |
		"\(.fields.sha256) \(.fields.description)"' records
}

# sha256: of stdin
sha256() {
	sha256sum | cut -d' ' -f1
}

@test "OVMF with a TPM: each event, and what must be there" {
	local pcr
	cp /usr/share/OVMF/OVMF_VARS_4M.fd vars
	mkdir tpm
	swtpm socket --tpm2 --tpmstate "dir=$vm/tpm" --terminate \
		--flags startup-clear --pid "file=$vm/swtpm.pid" \
		--ctrl "type=unixio,path=$vm/tpm/ctrl" 3>&- &
	until_ok test -S tpm/ctrl
	# shellcheck disable=SC2034 # of firmware/vm.sh
	vm_memory=128
	vm_launch -nodefaults -vga none \
		-drive "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd" \
		-drive "if=pflash,format=raw,file=$vm/vars" \
		-chardev "file,id=serial,path=$vm/serial.log" \
		-chardev "socket,id=tpm,path=$vm/tpm/ctrl" \
		-tpmdev emulator,id=tpm,chardev=tpm -device tpm-crb,tpmdev=tpm
	vm_wait serial.log 'Shell>'
	vm_qmp stop
	"$dump" --list ram | grep -q '^tpm-log  agile .* current$'
	"$dump" -q -F tpm-log -J ram | tr -d '\036' |
		jq -c 'select(.type == "record")' >records
	# another reader of the same bytes
	"$dump" -q -F tpm-log -O raw ram >log
	tpm2_eventlog log >yaml
	sed -n 's/^  EventType: //p' yaml >want
	jq -r .fields.type records | cmp - want
	sed -n 's/^ *Digest: "\(.*\)"/\1/p' yaml >want
	jq -r '.fields | .sha1, .sha256, .sha384, .sha512 | select(.)' records | cmp - want
	# all PCRs of the firmware end with a separator, whose digest is known
	for pcr in 0 1 2 3 4 5 6 7; do
		jq -e -s --arg pcr "$pcr" 'any(.[]; .fields.type == "EV_SEPARATOR" and
			.fields.pcr == $pcr)' records
	done
	digests EV_SEPARATOR | sort -u |
		cmp - <(echo "$(printf '\0\0\0\0' | sha256) 0x00000000")
	digests EV_EFI_ACTION | cmp - <(echo "$(printf \
		'Calling EFI Application from Boot Option' | sha256)" \
		'Calling EFI Application from Boot Option')
	[ "$(digests EV_EFI_VARIABLE_DRIVER_CONFIG | cut -d' ' -f2 | paste -sd' ')" = \
		'SecureBoot PK KEK db dbx' ]
	# the shell that is in the firmware
	[ "$(digests EV_EFI_BOOT_SERVICES_APPLICATION | cut -d' ' -f2)" = \
		7c04a583-9e3e-4f1c-ad65-e05268d0b4d1 ]
	# of a saved guest, and of an extract
	"$dump" -q -F tpm-log ram >want
	"$dump" -q -F tpm-log --extract=small ram
	"$dump" -q small | cmp - want
	vm_dump elf elf
	"$dump" -q -F tpm-log elf | cmp - want
}
