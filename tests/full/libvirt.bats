#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# docs/examples/libvirt-hook and memlog-follow@.service with a real libvirt, in a mount
# namespace of its own: guests of the system's QEMU, which libvirt runs as another user,
# panic. Needs root.

# shellcheck disable=SC2016 # inside expands it

bats_require_minimum_version 1.5.0
load ../wait

setup_file() {
	export top=$BATS_TEST_DIRNAME/../..
	export dump=${B:-$top/build}/memlog-dump
	export work=$BATS_FILE_TMPDIR

	command -v libvirtd virsh >/dev/null || return 0
	# libvirt's QEMU is another user
	fd=$(mktemp -d /tmp/memlog-libvirt.XXXXXX)
	export fd
	zstd -q -d --long=27 "$top/fixtures/firmware/OVMF-x64.fd.zst" -o "$fd/x64.fd"
	chmod 755 "$fd"
	chmod 644 "$fd/x64.fd"
}

teardown_file() {
	[ -z "${fd-}" ] || rm -r "$fd"
}

setup() {
	command -v libvirtd virsh >/dev/null || skip "libvirt is not installed"
	[ "$(id -u)" -eq 0 ] || skip "not root"
	[ ! -e /run/libvirt/libvirt-sock ] || skip "another libvirtd runs here"
}

# domain NAME ON_CRASH
domain() {
	cat <<-EOF
	<domain type='qemu'>
	  <name>$1</name>
	  <memory unit='MiB'>64</memory>
	  <os><type arch='x86_64' machine='q35'>hvm</type>
	    <loader type='rom'>$fd/x64.fd</loader></os>
	  <on_crash>$2</on_crash>
	  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
	    <panic model='isa'/></devices>
	</domain>
	EOF
}

vs() { virsh -q -c qemu:///system "$@"; }

daemon_start() { libvirtd -d -p /run/libvirt/daemon.pid && until_ok vs list; }

daemon_stop() {
	local pid
	pid=$(cat /run/libvirt/daemon.pid)
	kill "$pid"
	until_ok eval "! kill -0 $pid 2>/dev/null"
}

watchers() { pgrep -cf "[q]emu.d/memlog --watch $1"; }
guest_pid() { pgrep -f "guest=$1[,]debug-threads"; }

# guest NAME ON_CRASH: one whose firmware has logged for some time
guest() {
	domain "$1" "$2" >"$work/$1.xml"
	vs create "$work/$1.xml"
	until_ok watched "$1"
	until_ok logged "$1" || {
		vs domstate "$1" --reason
		vs qemu-monitor-command --hmp "$1" "info registers" | head -n 12
		return 1
	}
}

watched() { [ "$(watchers "$1")" -gt 0 ]; }
logged() { [ "$("$dump" -q "domain:$1" 2>/dev/null | wc -l)" -gt 200 ]; }
events() { pgrep -f "[v]irsh .* event --domain $1 " >/dev/null; }

panic() {
	until_ok events "$1"
	sleep 1
	vs qemu-monitor-command --hmp "$1" 'o /b 0x505 1'
}

saved() { grep -qs -- "-- $1 crashed: saved " "$work/log"; }

# inside: the body of a test, with directories of libvirt that end with it
inside() {
	unshare -m bash -c "
		set -eo pipefail
		mount --make-rprivate /
		mkdir -p /run/libvirt /var/crash
		for d in /etc/libvirt/hooks /run/libvirt /var/lib/libvirt/qemu/dump /var/crash; do
			mount -t tmpfs none \$d
		done
		mkdir -p /etc/libvirt/hooks/qemu.d $work/bin
		install -m 755 '$top/docs/examples/libvirt-hook' /etc/libvirt/hooks/qemu.d/memlog
		printf '#!/bin/sh\necho \"\$*\" >>$work/log\n' >$work/bin/logger
		ln -sf '$dump' $work/bin/memlog-dump
		chmod +x $work/bin/logger
		export PATH=$work/bin:\$PATH
		. '$top/tests/wait.bash'
		$(declare -f domain vs daemon_start daemon_stop watchers guest_pid \
			guest watched logged events panic saved)
		stop() {
			# what is left of a test that failed
			for g in \$(vs list --name); do vs destroy \$g || echo \$g stays; done
			for p in /run/libvirt/*.pid; do kill \$(cat \$p) || :; done
		}
		trap stop EXIT
		virtlogd -d -p /run/libvirt/virtlogd.pid
		daemon_start
		$1"
	rm -r "${work:?}/bin"
	rm -f "$work/log"
}

@test "preserve: the logs of the guest that crashed are saved" {
	inside '
		guest one preserve
		panic one
		until_ok saved one
		[ "$(vs domstate one)" = crashed ]
		file=$(echo /var/crash/memlog/one-*.elf)
		[ "$(stat -c %a "$file")" = 600 ]
		"$dump" -O raw "$file" >"$work/got"
		"$dump" -O raw domain:one | cmp - "$work/got"
		[ "$(wc -l <"$work/got")" -gt 200 ]
		vs destroy one
		until_ok eval "! watched one"
	'
}

@test "coredump-destroy: libvirt's own dump has the logs" {
	inside '
		guest two coredump-destroy
		grep -q "two: on_crash is coredump-destroy, not preserve" "$work/log"
		panic two
		until_ok eval "! vs domstate two 2>/dev/null"
		until_ok eval "! watched two"
		# saved or not, that is a race: the message says it
		grep -q "two crashed: " "$work/log"
		"$dump" -O raw /var/lib/libvirt/qemu/dump/*-two-* >"$work/got"
		[ "$(wc -l <"$work/got")" -gt 200 ]
		for file in /var/crash/memlog/two-*.elf; do
			[ ! -e "$file" ] || "$dump" -O raw "$file" | cmp - "$work/got"
		done
	'
}

@test "libvirt calls no hook before QEMU has ended" {
	inside '
		cat >/etc/libvirt/hooks/qemu <<-EOF
		#!/bin/sh
		cat >/dev/null
		echo "\$2 \$3 \$(pgrep -cf guest=four[,])" >>$work/calls
		EOF
		chmod 755 /etc/libvirt/hooks/qemu
		daemon_stop
		daemon_start
		guest four destroy
		grep -q "four: on_crash is destroy, not preserve" "$work/log"
		panic four
		until_ok grep -q "release end" "$work/calls"
		grep -qx "started begin 1" "$work/calls"
		grep -qx "stopped end 0" "$work/calls"
		until_ok eval "! watched four"
	'
}

@test "the watch goes on after a restart of libvirtd" {
	inside '
		guest five preserve
		until_ok events five
		daemon_stop
		until_ok eval "! watched five"
		daemon_start
		until_ok watched five
		panic five
		until_ok saved five
	'
}

@test "memlog-follow@.service: its capabilities are needed, and suffice" {
	local caps
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$top/docs/examples/memlog-follow@.service")
	[ "$caps" = "CAP_SYS_PTRACE CAP_DAC_READ_SEARCH" ]
	inside '
		guest six preserve
		[ "$(stat -c %u "/proc/$(guest_pid six)")" -ne 0 ]
		vs suspend six
		confined() {
			setpriv --bounding-set "-all$1" --inh-caps=-all --no-new-privs \
				"$dump" -q domain:six
		}
		"$dump" -q domain:six >"$work/want"
		confined ,+sys_ptrace,+dac_read_search | cmp - "$work/want"
		for less in ,+sys_ptrace ,+dac_read_search; do
			confined "$less" >"$work/got" || continue
			echo "one of them suffices: $less"
			exit 1
		done
	'
}
