#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The sandbox on a kernel of Debian, with Landlock and booted without it: an old version
# of Landlock, and what the kernel really answers where it is not enabled.

bats_require_minimum_version 1.5.0
load ../lib
load kernel

# add FILE...: a program and the libraries that it needs
add() {
	local f
	for f in "$@" $(ldd "$@" | grep -oE '/[^ ]+' | grep -v ':$' | sort -u); do
		mkdir -p "root${f%/*}"
		cp -L "$f" "root$f"
	done
}

setup_file() {
	export top=$root kernel
	mkdir -p "${MEMLOG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/memlog}"
	get_kernel >&3 2>&3
	cd "$BATS_FILE_TMPDIR" || return
	mkdir -p root/{proc,sys,dev,etc,guest,var/tmp,tmp,bin}
	add "$(command -v bash)" "$(command -v cat)" "$(command -v cksum)" \
		"$(command -v mount)"
	cp "$B/memlog-dump" "$B/tests/host/planted" root/bin/
	add "$B/memlog-dump"
	image c-exact root/guest/image
	gzip -k root/guest/image
	echo secret >root/etc/passwd
	# its commands are those of the guest
	# shellcheck disable=SC2016
	printf '%s\n' '#!/usr/bin/bash' 'export PATH=/bin:/usr/bin PLANTED_FILE=/guest/victim' \
		'mount -t proc proc /proc; mount -t sysfs sys /sys' \
		'mount -t tmpfs tmp /var/tmp; cd /guest; echo kept >victim' \
		'echo "lsm: $(cat /sys/kernel/security/lsm 2>/dev/null)"' \
		'planted image 2>&1 >/dev/null </dev/null' \
		'memlog-dump -v image 2>&1 >/dev/null' \
		'memlog-dump --sandbox=require image >/dev/null; echo "status: $?"' \
		'echo "text: $(memlog-dump image | cksum)"' \
		'echo "packed: $(memlog-dump image.gz | cksum)"' \
		'echo "unconfined: $(memlog-dump --sandbox=off image | cksum)"' \
		'echo "victim: $(cat victim)"' 'echo end' \
		'echo o >/proc/sysrq-trigger; sleep 60' >root/init
	chmod +x root/init
	(cd root && find . | cpio -o -H newc --quiet) | gzip -1 >initrd
}

# boot NAME LSM: what it writes is in NAME
boot() {
	timeout 300 qemu-system-x86_64 -M q35 -accel tcg -cpu max -m 1G \
		-nodefaults -display none -no-reboot -serial "file:serial" \
		-kernel "$kernel/vmlinuz" -initrd "$BATS_FILE_TMPDIR/initrd" \
		-append "console=ttyS0 quiet panic=-1 lsm=$2" 3>&-
	tr -d '\r' <serial >"$1"
	grep -qx end "$1"
	text=$(sed -n 's/^text: //p' "$1")
	[[ $text =~ ^[0-9]+\ [1-9][0-9]*$ ]]
	[ "$text" = "$("$dump" image | cksum)" ]
	[ "$text" = "$(sed -n 's/^packed: //p' "$1")" ]
	[ "$text" = "$(sed -n 's/^unconfined: //p' "$1")" ]
	grep -qx 'victim: kept' "$1"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp "$BATS_FILE_TMPDIR/root/guest/image" .
}

@test "a kernel with an old version of Landlock" {
	boot with landlock
	grep -qE '^memlog-dump: sandbox: files \(Landlock, version [1-9]\)' with
	grep -qx 'status: 0' with
	[ "$(grep -cE '^(headers|search) .* denied$' with)" -gt 50 ]
	# signals are not scoped yet, and seccomp denies them
	run -1 grep -E '^(headers|search) .* (done|reached)$' with
}

@test "a kernel that was booted without Landlock" {
	boot without capability
	grep -q '^memlog-dump: sandbox: in part: Landlock is not enabled: boot with' without
	grep -qx 'status: 2' without
	grep -q '^memlog-dump: --sandbox=require: Landlock is not enabled: boot with landlock in the parameter lsm=' without
	grep -qx 'search read-passwd done' without
	for what in write-file truncate-file append-file execve execveat fork \
		socket unix-socket connect mount bpf io_uring kill memory; do
		grep -qx "search $what denied" without
	done
}
