#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Ordinary ring buffers of Linux: parts of real dumps against what the kernel printed.

bats_require_minimum_version 1.5.0
load ../lib
load ../rings

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# built_with LIBRARY
built_with() {
	ldd "$dump" | has "$1\."
}

# take NAME: its dump, its truth, and a file with what of its vmlinux is needed
take() {
	unpack "$1.elf"
	elf=$1.elf
	cp "$unpacked" "$elf"
	truth=$1
	mkdir -p "$truth"
	zstd -qdc "$vmcores/$1.trace.zst" | tar -x -C "$truth"
	symbols=()
	[ -e "$vmcores/$1.kernel" ] || return 0
	symbols=(-s "$1.vmlinux")
	[ ! -e "$1.vmlinux" ] || return 0
	# a script, so that _end is not that of the linker
	echo 'SECTIONS { .bss : { *(.bss) } }' >lds
	namelist "$1" | ${CC:-cc} -g -x c -nostdlib -static -Wl,-e,0 \
		-Wl,--build-id=none -Wl,-T,lds -o "$1.vmlinux" -
}

# namelist NAME: C with these symbols, and structs with members at these places
namelist() {
	awk '$1 == "symbol" {
		printf "asm(\".globl %s\\n.set %s, %s\");\n", $2, $2, $3
	}' "$vmcores/$1.kernel"
	sed -n 's/^member \(.*\)\.\(.*\) /\1 \2 /p' "$vmcores/$1.kernel" |
		sort -k 1,1 -k 3,3n |
		awk '$1 != type {
			if (type) print "} of_" type ";"
			type = $1
			end = 0
			print "struct " type " {"
		}
		{
			if ($3 > end) printf "\tchar gap%d[%d];\n", end, $3 - end
			printf "\tchar %s;\n", $2
			end = $3 + 1
		}
		END { print "} of_" type ";" }'
}

@test "every line of trace, all and by CPU" {
	built_with libtraceevent || skip "built without libtraceevent"
	for name in rings-61 rings-510 rings-73; do
		take $name
		each text
	done
}

@test "lost events and those that were read, as trace_pipe has them" {
	built_with libtraceevent || skip "built without libtraceevent"
	for name in rings-61 rings-510 rings-73; do
		take $name
		pipe_text
		each lost
	done
}

@test "tasks, CPUs, flags and times without libtraceevent too" {
	for name in rings-61 rings-510 rings-73; do
		take $name
		at global
		"$dump" -q "${symbols[@]}" --at "$place" "$elf" | sed '/LOST/d' >got
		same <(cut -c 1-48 got) <(sed '/^#/d' "$truth/main/all" | cut -c 1-48)
	done
}

@test "the list: the global ring buffer, its snapshot, an instance" {
	take rings-61
	run -0 "$dump" -q --list "$elf"
	[ "$(grep -c '^ftrace ' <<<"$output")" -eq 3 ]
	[[ $output == *$'\n''ftrace global            phys:0xf339f98+'*' no         0 current'$'\n'* ]]
	[[ $output == *$'\n''ftrace global (snapshot) phys:0xf339fc0+'*' no         0 current'$'\n'* ]]
	[[ $output == *$'\n''ftrace instance one      phys:0x1a88018+'*' no         0 current'$'\n'* ]]
	[ "$(grep -c '^        2 CPUs, pages of 4096 bytes; version Linux 6.1.0-50-cloud-amd64' <<<"$output")" -eq 3 ]
	# another size of pages; overwritten
	take rings-73
	run -0 "$dump" -q "${symbols[@]}" --list "$elf"
	[[ $output == *$'\n''ftrace global            phys:0x18b84798+'*' yes        0 current'$'\n'* ]]
	[[ $output == *$'\n''ftrace instance one      phys:0x2bb4018+'*' no         0 current'$'\n'* ]]
	[ "$(grep -c '^        2 CPUs, pages of 16384 bytes; version Linux 7.3.4+deb13-cloud-amd64' <<<"$output")" -eq 1 ]
}

@test "a pipe and an extract give the same" {
	for name in rings-61 rings-73; do
		take $name
		"$dump" -q "${symbols[@]}" -F ftrace "$elf" >all
		[ "$(grep -c '^==> ftrace ' all)" -eq 3 ]
		"$dump" -q "${symbols[@]}" -F ftrace - <"$elf" | cmp - all
		"$dump" -q "${symbols[@]}" -F ftrace --extract=small "$elf"
		"$dump" -q "${symbols[@]}" -F ftrace small | cmp - all
		rm small
	done
}

@test "JSON has the fields that trace has" {
	take rings-61
	at global
	"$dump" -q --at "$place" -J "$elf" >json
	jq -r 'select(.component == "sched_waking") | .fields |
		"comm=\(.comm) pid=\(.pid) prio=\(.prio) target_cpu=\("00" + .target_cpu | .[-3:])"' \
		json >got
	sed -n 's/.*: sched_waking: //p' "$truth/main/all" >want
	[ "$(wc -l <want)" -gt 50 ]
	same got want
	# a name and a number that the kernel prints as a letter
	jq -r 'select(.component == "sched_switch") | .fields |
		"\(.prev_comm) \(.prev_pid) \({"0": "R", "1": "S", "2": "D", "32": "Z", "128": "I", "256": "R+", "16": "X"}[.prev_state]) \(.next_comm) \(.next_pid)"' \
		json >got
	sed -nE 's/.*: sched_switch: prev_comm=(.*) prev_pid=([0-9]+) .* prev_state=([^ ]+) ==> next_comm=(.*) next_pid=([0-9]+) .*/\1 \2 \3 \4 \5/p' \
		"$truth/main/all" >want
	[ "$(wc -l <want)" -gt 200 ]
	same got want
	# a string whose place is in the event
	jq -r 'select(.component == "sched_process_exec") | .fields |
		"filename=\(.filename) pid=\(.pid) old_pid=\(.old_pid)"' json >got
	sed -n 's/.*: sched_process_exec: //p' "$truth/main/all" >want
	[ "$(wc -l <want)" -gt 10 ]
	same got want
	# time, CPU and pid of each
	jq -r 'select(.type == "record") |
		(.time | tonumber + 500 | tostring) as $ns |
		"\(.fields.common_pid) \(.cpu) \($ns[:-9]).\($ns[-9:-3])"' json >got
	sed -nE 's/^.{16}-([0-9]+) +\[0*([0-9]+)\] [^ ]+ +([0-9.]+): .*/\1 \2 \3/p' \
		"$truth/main/all" >want
	same got want
}

@test "trace-cmd report has every event" {
	command -v trace-cmd >/dev/null || skip "trace-cmd is not installed"
	for name in rings-61 rings-510 rings-73; do
		take $name
		each report
	done
}

@test "trace-cmd report has the callers of a stack" {
	command -v trace-cmd >/dev/null || skip "trace-cmd is not installed"
	"$B/mkring" stack.elf events=3 cpus=1
	# the first event: two callers, one in the kernel's table of symbols
	printf '\x04\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\x20\x01\0\x80\0\x80\xff\xff\x10\0\0\xc0\0\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff' |
		dd of=stack.elf bs=1 seek=$((0x7014)) conv=notrunc status=none
	"$dump" -q -F ftrace stack.elf 2>err >got
	[[ $(head -1 got) == *": <stack trace>" ]]
	[ "$(sed -n 2,3p got)" = " => trace_clocks
 => 0xffff8000c0000010" ]
	"$dump" -q -F ftrace -O tracedat stack.elf 2>err >stack.dat
	trace-cmd report stack.dat >said
	grep -A 2 'kernel_stack:' said | tail -2 >got
	[ "$(cat got)" = "=> trace_clocks (ffff800080000120)
=> 0xffff8000c0000010 (ffff8000c0000010)" ]
}

@test "a trace.dat of each log" {
	local file place
	take rings-61
	"$dump" -q -F ftrace -O tracedat -o dats/ "$elf"
	[ "$(ls dats)" = "ftrace-phys-0x1a88018.dat
ftrace-phys-0xf339f98.dat
ftrace-phys-0xf339fc0.dat" ]
	for file in dats/*; do
		place=${file#dats/ftrace-}
		place=${place%.dat}
		"$dump" -q --at "${place/-/:}" -O tracedat "$elf" >one
		cmp one "$file"
	done
}

@test "what is needed and not there is said" {
	take rings-510
	run -1 --separate-stderr "$dump" -F ftrace "$elf"
	[[ $stderr == *"ring buffers of the kernel are not looked for: VMCOREINFO does not name the kernel's table of symbols, as Linux before 6.0: give a file with them, -s vmlinux"* ]]
	take rings-61
	LC_ALL=C sed 's/\x9f\xeb\x01\x00\x18\x00\x00\x00/\x9f\xeb\xff\x00\x18\x00\x00\x00/' \
		"$elf" >other
	cmp -s "$elf" other && return 1
	run -1 --separate-stderr "$dump" -F ftrace other
	[[ $stderr == *"ring buffers of the kernel are not looked for: the kernel's BTF is damaged"* ]]
}
