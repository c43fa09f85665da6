#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The event log of the TPM: the format tpm-log. tpm-ovmf.log is what tpm2_eventlog printed.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unpack tpm-ovmf.raw
	raw=$unpacked
}

# of what tpm2_eventlog prints: PCR, type and digests of each event, one a line
reference() {
	perl -ne '
		print "\n" if /^- EventNum: [^0]/;
		last if /^pcrs:/;
		print $1 if /^  PCRIndex: (\d+)/;
		print " $1" if /^  EventType: (\S+)/;
		$a = $1 if /AlgorithmId: (\S+)/;
		print " ", $a // "sha1", "=$1" if /^ +Digest: "(\w+)"/;
		END { print "\n" }'
}

@test "every event equals the reference" {
	"$dump" -q -F tpm-log -J "$raw" | objects | jq -r '
		select(.type == "record") | .fields | . as $f |
		"\(.pcr) \(.type) " + ([("sha1", "sha256", "sha384", "sha512") |
			select($f[.]) | "\(.)=\($f[.])"] | join(" "))' >got
	zstd -qdc "$vmcores/tpm-ovmf.log.zst" | reference >want
	same want got
	[ "$(wc -l <got)" -gt 20 ]
}

@test "what ran, and what was said of it" {
	"$dump" -F tpm-log "$raw" >text
	grep -q '^PCR 0 EV_NO_ACTION Spec ID Event03 sha1:0000000000000000000000000000000000000000$' text
	grep -qE '^PCR 7 EV_EFI_VARIABLE_DRIVER_CONFIG SecureBoot 8be4df61-93ca-11d2-aa0d-00e098032b8c = 0 sha256:[0-9a-f]{64}$' text
	grep -qE '^PCR 1 EV_EFI_VARIABLE_BOOT Boot0000 .* 62 bytes: UiApp sha256:' text
	grep -qE '^PCR 4 EV_EFI_ACTION Calling EFI Application from Boot Option sha256:' text
	grep -qE '^PCR 4 EV_EFI_BOOT_SERVICES_APPLICATION \\EFI\\BOOT\\BOOTX64.EFI sha256:' text
	grep -qE '^PCR 8 EV_IPL grub_cmd: echo hello sha256:' text
	run -0 "$dump" -F tpm-log -g BOOTX64 "$raw"
	[ "${#lines[@]}" -eq 1 ]
	run -0 "$dump" -q -F tpm-log -g BOOTX64 -J "$raw"
	[[ $(objects <<<"$output" | jq -r 'select(.type == "record") | .fields.description') == '\EFI\BOOT\BOOTX64.EFI'* ]]
}

@test "it is found once, printed on request, in a pipe and in an extract" {
	{ head -c 1M /dev/zero; cat "$raw"; head -c 1M /dev/zero; } >mem
	run -1 "$dump" mem
	run -0 "$dump" --list mem
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == "tpm-log  agile    phys:0x100000 "*" no          0  current" ]]
	"$dump" -F tpm-log mem >want
	"$dump" -F all mem | cmp - want
	"$dump" -F tpm-log - <mem | cmp - want
	"$dump" --at 0x100000 mem | cmp - want
	"$dump" -F tpm-log --extract=small mem
	"$dump" small | cmp - want
	# at any byte, as Linux has it
	{ head -c 4109 /dev/zero; cat "$raw"; } >odd
	"$dump" -F tpm-log --at 4109 --map=none odd | cmp - want
}

@test "no byte is trusted, and it may end anywhere" {
	local n status
	"$dump" -q --map=none -F tpm-log "$raw" >all
	for ((n = 0; n < 400; n += ${DAMAGE_EVERY:-1})); do
		cp "$raw" bad
		printf '\xff' | dd of=bad bs=1 seek="$n" conv=notrunc status=none
		status=0
		timeout 20 "$dump" -q -F tpm-log bad >/dev/null || status=$?
		[ "$status" -le 1 ] || [ "$status" -eq 4 ]
	done
	for ((n = 50; n < 4000; n += 61 * ${DAMAGE_EVERY:-1})); do
		head -c "$n" "$raw" >part
		status=0
		timeout 20 "$dump" -q --map=none -F tpm-log part >out || status=$?
		[ "$status" -le 1 ] || [ "$status" -eq 4 ]
		run -1 grep -vxFf all out
	done
	[ -s out ]
}

@test "no log: what to check" {
	head -c 1M /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F tpm-log zeros
	[[ $stderr == *"check: firmware keeps a log of what it measures only if the machine has a TPM"* ]]
}

@test "a header without an event is rejected, and the log beside it stays the current one" {
	perl -e 'local $/; open my $f, "<", shift or die; my $log = <$f>;
		my $head = substr $log, 0, 64;
		substr($head, 28, 4) = pack "V", 0xffffffff;
		print $head, "\0" x (4096 - length $head), $log' "$raw" >planted
	run -0 "$dump" --list -F tpm-log planted
	[ "$(grep -c ^tpm-log <<<"$output")" -eq 1 ]
	[[ ${lines[1]} == *" phys:0x1000 "*" current" ]]
}
