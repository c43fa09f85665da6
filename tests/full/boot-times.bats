#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where the time of a real boot went, from the firmware's first message to the init of
# Linux: what memlog-dump sums up from a dump and a capture of the debug ports, beside
# the times at which another reader saw the progress codes.
# PICTURES: a directory that keeps the page.

bats_require_minimum_version 1.5.0
load ../wait
load firmware

setup_file() {
	local kernel examples

	build x86_64 x64-full
	export work=$BATS_FILE_TMPDIR
	examples=$top/firmware/examples
	kernel=$("$top/firmware/kernel.sh" amd64 full 2>&3)
	mkdir "$work/disk"
	cp "$kernel" "$work/disk/vmlinuz"
	cp "$examples/startup.nsh" "$work/disk"
	cc -static -O2 -o "$work/init" "$examples/init.c"
	(cd "$work" && echo init | cpio -o -H newc | gzip >disk/initrd)
	iasl -p "$work/kernel" "$examples/kernel.asl"
}

# boot NAME: NAME.arrived has the time of each code on port 0x80, by a reader of its own
# that gets them through QEMU's log of the chardev; NAME.capture what memlog-dump
# captured of both ports; NAME.elf is a dump of the guest in its init
boot() {
	local name=$work/$1 capture reader

	vm_new
	# shellcheck disable=SC2034 # of firmware/vm.sh
	vm_memory=256
	mkfifo "$vm/codes"
	"$BATS_TEST_DIRNAME/arrivals.pl" "$vm/codes" >"$name.arrived" 3>&- &
	reader=$!
	"$dump" -w -o "$name.capture" "port:$vm/progress,kind=post" \
		"port:$vm/text,port=0x402" 2>"$vm/said" 3>&- &
	capture=$!
	echo "$capture" >"$vm/capture.pid"
	vm_port=off start x64-full -S -cpu qemu64,+pdpe1gb \
		-acpitable "file=$work/kernel.aml" \
		-drive "if=virtio,format=raw,readonly=on,file=fat:$work/disk" \
		-chardev "socket,id=progress,path=$vm/progress,server=on,wait=off,logfile=$vm/codes" \
		-device isa-debugcon,iobase=0x80,chardev=progress \
		-chardev "socket,id=text,path=$vm/text,server=on,wait=off,logfile=$vm/debugcon.log" \
		-device isa-debugcon,iobase=0x402,chardev=text
	until_ok grep -q 'text: opened' "$vm/said"
	until_ok grep -q 'progress: opened' "$vm/said"
	vm_qmp cont
	vm_wait serial.log 'progress: 0x80'
	vm_still 0.3 debugcon.log
	vm_dump elf "$name.elf"
	vm_stop
	wait "$reader"
	kill "$capture"
	wait "$capture"
}

# whole FILE: phases are contiguous, from 0 to the end, and add up
whole() {
	jq -e '(.phases | map(.duration_ns | tonumber) | add) ==
			(.duration_ns | tonumber) and
		.phases[0].start_ns == "0" and
		([.phases[1:][].start_ns | tonumber] ==
		 [.phases[:-1][] | (.start_ns | tonumber) +
			(.duration_ns | tonumber)])' "$1"
}

@test "SEC to init: phases begin when their marks arrive, and add up to the boot" {
	local i boots=()

	for i in 1 2 3 4 5; do
		boot "$i"
		"$dump" -q --stats boot -J "$work/$i.elf" "$work/$i.capture" |
			jq -c 'select(.type == "boot_times")' >"$work/$i.json"
		[ "$(wc -l <"$work/$i.json")" = 1 ]
		whole "$work/$i.json"
		jq -e '.logs | length > 2 and all(.aligned)' "$work/$i.json" ||
			{ jq -c '.logs[]' "$work/$i.json"; false; }
		[ "$(jq -c '[.phases[].phase]' "$work/$i.json")" = \
			'["SEC","PEI","DXE","BDS","boot loader","kernel start","kernel","initramfs","user space"]' ]
		# the mark of SEC, and where each phase begins after it
		jq -r '{ DXE: "03", BDS: "04", "boot loader": "05",
				"kernel start": "06" } as $codes |
			([.marks[] | select(.code == "0x01")][0].time_ns, "01"),
			(.phases[] | select($codes[.phase]) |
				.start_ns, $codes[.phase])' "$work/$i.json" |
			awk 'NR % 2 { ns = $1; next } { printf "%.9f %s\n", ns / 1e9, $1 }' \
				>"$work/$i.logged"
		boots+=("$work/$i")
		[ "$i" = 1 ] || rm "$work/$i.elf"
	done
	"$BATS_TEST_DIRNAME/arrivals.pl" -s "${boots[@]}" | sed 's/^/# /' >&3
}

@test "one page shows it all" {
	local html=${PICTURES:-$work}/boot-times.html

	"$dump" -q --force -O html -o "$html" "$work/1.elf" "$work/1.capture"
	for phase in SEC PEI DXE BDS 'boot loader' 'kernel start' kernel 'user space'; do
		has ">$phase:\? " "$html"
	done
}
