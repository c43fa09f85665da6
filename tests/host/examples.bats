#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/examples: systemd units, and libvirt's hook with a real QEMU. virsh, logger and
# systemctl are stand-ins here; tests/full/libvirt.bats has a real libvirt. The hook for
# kdump is in tests/golden/install.bats, drgn in python.bats.

bats_require_minimum_version 1.5.0
load ../lib
load ../wait

setup() {
	top=$BATS_TEST_DIRNAME/../..
	examples=$top/docs/examples
	export dump=${B:-$top/build}/memlog-dump
	cd "$BATS_TEST_TMPDIR" || return
	vm=''
}

teardown() {
	[ -z "$vm" ] || vm_end
}

@test "systemd accepts the units, and they are confined" {
	command -v systemd-analyze >/dev/null ||
		skip "systemd-analyze is not installed"
	local unit command
	for unit in memlog-follow@.service memlog-boot.service; do
		# the commands are not installed here
		for command in /usr/bin/memlog-dump /usr/local/sbin/kdump-pre; do
			sed -i "s|=$command |=/bin/true |" "$unit" 2>/dev/null ||
				sed "s|=$command |=/bin/true |" "$examples/$unit" >"$unit"
		done
		grep -q '^ExecStart=/bin/true ' "$unit"
	done
	cp memlog-follow@.service memlog-follow@a-guest.service
	for unit in memlog-follow@a-guest.service memlog-boot.service; do
		run -0 systemd-analyze verify --man=no "./$unit"
		[ -z "$output" ]
		run systemd-analyze security --offline=yes --threshold=20 "./$unit"
		printf '%s\n' "$output" | tail -n 1
		[ "$status" -eq 0 ]
	done
	# an operator's commands are those of the comments
	grep -q '^ExecStart=/usr/bin/memlog-dump -w "domain:%I"$' \
		"$examples/memlog-follow@.service"
	grep -q "^ExecStart=/usr/local/sbin/kdump-pre " "$examples/memlog-boot.service"
}

# stand_ins: what the hook calls, in bin. virsh event prints what is written to the FIFO
# events, as libvirt 9.0 does, until libvirt's daemon ends.
stand_ins() {
	mkdir bin
	mkfifo events
	cat >bin/virsh <<-EOF
	#!/bin/sh
	case "\$*" in
	"-c qemu:///system event --domain guest --event lifecycle --loop")
		exec cat "$PWD/events" ;;
	"-c qemu:///system domstate guest") cat "$PWD/state" ;;
	*) echo "virsh \$*" >>"$PWD/unexpected" ;;
	esac
	EOF
	printf '#!/bin/sh\necho "$*" >>"%s/%s"\n' "$PWD" log >bin/logger
	printf '#!/bin/sh\necho "$*" >>"%s/%s"\n' "$PWD" systemctl >bin/systemctl
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$dump" >bin/memlog-dump
	chmod +x bin/*
	echo running >state
	export PATH=$PWD/bin:$PATH MEMLOG_DIR=$PWD/saved MEMLOG_KEEP=2 \
		MEMLOG_UNITS=$PWD/units
}

# hook OPERATION SUB-OPERATION [ON_CRASH]: as libvirt calls it
hook() {
	timeout 20 "$examples/libvirt-hook" guest "$1" "$2" - <<-EOF
	<domain type='qemu' id='1'>
	  <name>guest</name>
	  <on_poweroff>destroy</on_poweroff>
	  <on_crash>${3-preserve}</on_crash>
	</domain>
	EOF
}

watched() {
	pgrep -f "libvirt-hook --watch guest" >/dev/null
}

@test "libvirt-hook saves the logs of a guest that crashes" {
	stand_ins
	zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-x64.fd.zst" -o x64.fd
	. "$top/firmware/vm.sh"
	vm_new
	vm_start x64.fd -name guest=guest -device pvpanic -action panic=pause
	vm_quiet

	# none of these starts anything, or fails
	for op in "prepare begin" "start begin" "stopped end" "release end" \
		"migrate begin" "restore begin"; do
		# shellcheck disable=SC2086
		run -0 hook $op
		[ -z "$output" ]
	done
	run ! watched
	[ ! -e log ]

	# its output is closed: libvirt waits for the end of it
	run -0 hook started begin
	[ -z "$output" ]
	until_ok watched
	exec {feed}>events
	cat >&"$feed" <<-'EOF'
	event 'lifecycle' for domain 'guest': Resumed Unpaused
	event 'lifecycle' for domain 'guest': Started Booted
	EOF
	# the guest panics, as a driver of pvpanic does
	vm_qmp human-monitor-command '{"command-line":"o /b 0x505 1"}'
	[[ $(vm_qmp query-status) == *guest-panicked* ]]
	[ ! -e saved ]
	echo crashed >state
	cat >&"$feed" <<-'EOF'
	event 'lifecycle' for domain 'guest': Suspended Paused
	event 'lifecycle' for domain 'guest': Crashed Panicked
	EOF
	until_ok grep -qs '^-t memlog-hook -- guest crashed: saved ' log
	file=$(echo saved/guest-*.elf)
	grep -qx -- "-t memlog-hook -- guest crashed: saved $PWD/$file" log
	[ "$(stat -c %a "$file")" = 600 ]
	"$dump" -O raw "$file" | cmp - "$vm/debugcon.log"
	# smaller than the guest
	[ "$(stat -c %s "$file")" -lt $((4 << 20)) ]

	# once a crash; the newest are kept
	touch saved/guest-20200101-000000.elf saved/guest-20210101-000000.elf \
		saved/guest-two-20200101-000000.elf \
		saved/guest-1-20190101-000000.elf
	cat >&"$feed" <<-'EOF'
	event 'lifecycle' for domain 'guest': Crashed Panicked
	event 'lifecycle' for domain 'guest': Resumed Unpaused
	event 'lifecycle' for domain 'guest': Crashed Panicked
	EOF
	saved_again() { [ "$(grep -c ': saved ' log)" -eq 2 ]; }
	until_ok saved_again
	only_two() { [ "$(echo saved/guest-2*.elf | wc -w)" -eq 2 ]; }
	until_ok only_two
	[ -e saved/guest-two-20200101-000000.elf ]
	[ -e saved/guest-1-20190101-000000.elf ]
	[ ! -e saved/guest-20200101-000000.elf ]
	[ -e "$file" ]

	# QEMU has ended when libvirt says that it stopped
	vm_end
	cat >&"$feed" <<-'EOF'
	event 'lifecycle' for domain 'guest': Crashed Panicked
	event 'lifecycle' for domain 'guest': Resumed Unpaused
	event 'lifecycle' for domain 'guest': Crashed Panicked
	event 'lifecycle' for domain 'guest': Stopped Crashed
	EOF
	until_ok grep -q "guest crashed: no log was saved: .*domain:guest" log
	until_ok eval '! watched'
	exec {feed}>&-
	[ ! -e unexpected ]
	[ ! -e systemctl ]
}

@test "libvirt-hook: a crash before it watches, settings, the unit" {
	command -v systemd-escape >/dev/null ||
		skip "systemd-escape is not installed"
	stand_ins
	echo crashed >state
	mkdir units
	cp "$examples/memlog-follow@.service" units
	run -0 hook reconnect begin destroy
	exec {feed}>events
	until_ok grep -q "guest crashed: no log was saved" log
	grep -qx -- "-t memlog-hook -- guest: on_crash is destroy, not preserve: its memory may be gone before it is saved" log
	grep -qx -- "start --no-block memlog-follow@guest.service" systemctl
	# libvirt's daemon ends
	exec {feed}>&-
	until_ok eval '! watched'
}
