#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Ring buffers of Linux: the format ftrace.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unpack ftrace-arm64.elf
	full=$unpacked
	# the same as if the kernel had no table of symbols
	sed 's/SYMBOL(kallsyms_names)/SYMBOL(kallsyms_nnnnn)/' "$full" >elf
	elf=elf
	zstd -qdc "$vmcores/ftrace-arm64.trace.zst" | grep -v '^#' >want
}

# symbols FILE NAME=ADDR...: an ELF file with these symbols
symbols() {
	local file=$1
	shift
	printf '%s\n' "$@" | sed 's/\(.*\)=\(.*\)/.globl \1\n.set \1, \2/' |
		${CC:-cc} -x assembler -c -o "$file" -
}

# built_with LIBRARY
built_with() {
	ldd "$dump" | has "$1\."
}

# columns FILE: what is before the event, without the task's name
columns() {
	sed -E 's/^.{16}(-[0-9]+ +\[[0-9]+\] [^ ]+ +[0-9]+\.[0-9]+: ).*/\1/' "$1"
}

@test "pid, CPU, flags and time of each event equal the kernel's file trace" {
	"$dump" "$elf" >got
	[ "$(wc -l <got)" -eq 4285 ]
	same <(columns got) <(columns want)
	[ "$(columns got | grep -c '^-[0-9]* *\[00[01]\] ')" -eq 4285 ]
	# the text that programs wrote needs no symbols
	same <(sed -n 's/.*: 0x[0-9a-f]*: //p' got) \
		<(sed -n 's/.* tracing_mark_write: //p' want)
	grep -q '^          <idle>-0 ' got
}

@test "one log, of the current boot" {
	run -0 "$dump" --list "$elf"
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[1]} == "ftrace  persistent  phys:0x47e67000+"*" current" ]]
	[[ ${lines[2]} == "        2 CPUs, pages of 4096 bytes; version Linux 7.3.4-hold" ]]
	"$dump" "$elf" >want
	"$dump" --at phys:0x47e67000 "$elf" | cmp - want
	# the kernel that wrote it was somewhere else
	sed 's/SYMBOL(_stext)=ffffbcb605810000/SYMBOL(_stext)=ffffbcb705810000/' \
		"$elf" >next
	run -0 "$dump" --list next
	[[ ${lines[1]} == *" unknown" ]]
	[[ $(tr -s '\n ' '  ' <<<"$output") == *"the kernel was at another address when it wrote it"* ]]
	"$dump" -q next | cmp - want
	# a kernel that is always at the same place does not tell
	sed 's/KERNELOFFSET=3cb585800000/KERNELOFFSET=000000000000/' "$elf" >same
	run -0 "$dump" --list same
	[[ ${lines[1]} == *" unknown" ]]
	[ "${lines[2]}" = "        2 CPUs, pages of 4096 bytes" ]
}

@test "a pipe, raw memory and an extract give the same" {
	"$dump" "$elf" >want
	"$dump" - <"$elf" | cmp - want
	"$dump" --extract=small "$elf"
	"$dump" small | cmp - want
	# the region alone, at offset 0
	head -c 1M /dev/zero >raw
	run -0 readelf -lW "$elf"
	while read -r type off _ phys size _; do
		if [ "$type" = LOAD ] && ((phys >= 0x47e67000)); then
			dd if="$elf" of=raw conv=notrunc status=none bs=4096 \
				skip=$((off / 4096)) count=$((size / 4096)) \
				seek=$(((phys - 0x47e67000) / 4096))
		fi
	done <<<"$output"
	"$dump" -q raw | cmp - want
}

@test "without notes, by VMCOREINFO in the memory of the kernel" {
	built_with libtraceevent || skip "built without libtraceevent"
	kernel_memory "$full" lime lime
	"$dump" lime >got
	same got want
	run -0 "$dump" --list lime
	[[ ${lines[1]} == *" current" ]]
	[[ ${lines[2]} == *"; version Linux 7.3.4-hold" ]]
	"$dump" --extract=small lime
	"$dump" small | cmp - want
	# also where it is not mapped, and where it is an ELF note
	kernel_memory "$full" avml avml 'fill 0x40700000 8K zero' \
		'bytes 0x40700000 "\x0b\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00VMCOREINFO\x00\x00"' \
		'file 0x40700018 text'
	"$dump" avml | cmp - want
	# and with symbols
	kernel syms
	lines_without=kallsyms kernel_memory "$full" lime plain
	"$dump" -s syms plain | cmp - want
}

# vmlinux FILE [BANNER]: symbols, and what of the kernel's image is needed to find it
# in memory: the header with the size of pages, and the first message
vmlinux() {
	local banner
	LC_ALL=C grep -aoE 'Linux version 7[ -~]*' "$full" >banner
	banner=${2-$(<banner)}
	{
		printf '.section .head.text,"a"\n.globl _text\n_text: .zero 24\n'
		printf '.quad 0xa\n.zero 24\n.ascii "ARM\\x64"\n.zero 4\n'
		printf '.section .rodata,"a"\n.globl linux_banner\n'
		printf 'linux_banner: .ascii "%s\\n"\n.zero 512\n' "$banner"
		printf '.globl %s\n.set %s, %s\n' \
			_stext{,} 0xffff800080010000 \
			ftrace_events{,} 0xffff800080649a18 \
			savedcmd{,} 0xffff8000806b9090 \
			tracing_mark_write{,} 0xffff80008014b140 \
			tracing_set_clock{,} 0xffff80008014b2bc \
			init_nsproxy{,} 0xffff8000805c82c8 \
			init_uts_ns{,} 0xffff80008066cec0 \
			kimage_voffset{,} 0xffff800080446000 \
			memstart_addr{,} 0xffff800080445908 \
			swapper_pg_dir{,} 0xffff800080465000
	} | ${CC:-cc} -x assembler -c -o vmlinux.o -
	cat >vmlinux.lds <<-EOF
	SECTIONS {
		.head.text 0xffff800080000000 : { *(.head.text) }
		.rodata 0xffff800080394bc8 : { *(.rodata) }
	}
	EOF
	ld -e 0 -T vmlinux.lds -o "$1" vmlinux.o
}

@test "no VMCOREINFO anywhere: vmlinux leads to its kernel" {
	built_with libtraceevent || skip "built without libtraceevent"
	local none='fill 0x40700000 8K zero'
	local place='ram 0x40645000 8K'
	local voffset='u64 0x40646000 0xffffbcb5c5600000'
	local start='u64 0x40645908 0x40000000'
	vmlinux vmlinux
	kernel_memory "$full" lime lime "$none" "$place" "$voffset" "$start"
	"$dump" -s vmlinux lime >got
	same got want
	kernel_memory "$full" avml avml "$none" "$place" "$voffset" "$start"
	"$dump" -s vmlinux avml | cmp - want
	# a variable that does not agree; another build
	"$dump" -q lime >unnamed
	cmp -s unnamed want && return 1
	kernel_memory "$full" lime other "$none" "$place" "${voffset%0}1" "$start"
	"$dump" -q -s vmlinux other | cmp - unnamed
	vmlinux vmlinux "$(sed 's/7.3.4/7.3.5/' banner)"
	"$dump" -q -s vmlinux lime | cmp - unnamed
}

@test "what looks like that and is not of this kernel is not used" {
	kernel_memory "$full" lime other 'bytes 0x4086cf42 "7.3.4-hole"'
	"$dump" other >got
	same <(columns got) <(columns want)
	grep -q 'irq_handler_entry' got && return 1
	run -0 "$dump" --list other
	[[ $output != *7.3.4-hol* ]]
	# with other bytes in it, or without an end
	kernel_memory "$full" lime other 'bytes 0x40700030 "\x1b"'
	"$dump" other | cmp - got
	kernel_memory "$full" lime other 'fill 0x40700800 6K byte=65'
	"$dump" other | cmp - got
	# the place that it names is nowhere
	kernel_memory "$full" lime other 'bytes 0x40700000 "OSRELEASE=7.3.4-hold\nOFFSET(uts_namespace.name)=0\nSYMBOL(_stext)=ffffffffffffffff\nSYMBOL(init_uts_ns)=ffffffffffffffff\nNUMBER(kimage_voffset)=0x1\n\x00"'
	"$dump" other | cmp - got
}

@test "JSON has the time, the CPU and typed fields" {
	"$dump" -J "$elf" | jq -c 'select(.type == "record")' >records
	[ "$(wc -l <records)" -eq 4285 ]
	run -0 jq -c '[.cpu, .time, .time_hz, .component, .fields]' \
		<(head -n 2 records)
	[ "${lines[0]}" = '[0,"1067749424","1000000000","print",{"common_type":"5","common_flags":"0x0","common_preempt_count":"1","common_pid":"1","ip":"0xffffbcb60594b1b0","buf":"hold marker 0 of p_boot\n"}]' ]
	[ "${lines[1]}" = '[0,"1068605600","1000000000",null,{"common_type":"76","common_flags":"0x9","common_preempt_count":"0","common_pid":"1","payload":"0b00000010000b00617263685f74696d65720000"}]' ]
	"$dump" "$elf" >"$BATS_TEST_TMPDIR/.want"
	jq -j .text records | cmp - "$BATS_TEST_TMPDIR/.want"
}

# kernel FILE: what the kernel of the dump is linked to, and where its data is
kernel() {
	symbols "$1" _text=0xffff800080000000 _stext=0xffff800080010000 \
		ftrace_events=0xffff800080649a18 savedcmd=0xffff8000806b9090 \
		tracing_mark_write=0xffff80008014b140 tracing_set_clock=0xffff80008014b2bc
}

@test "with symbols every line equals the kernel's file trace" {
	built_with libtraceevent || skip "built without libtraceevent"
	kernel syms
	"$dump" -s syms "$elf" >got
	same got want
	"$dump" -s syms - <"$elf" | cmp - want
	"$dump" -s syms --extract=small "$elf"
	"$dump" -s syms small | cmp - want
}

# build_id FILE HEX: the file with symbols gets that build ID
build_id() {
	local bytes
	# shellcheck disable=SC2001 # with a group
	bytes=$(sed 's/../,0x&/g' <<<"$2")
	printf '.section .note.gnu.build-id,"a",%%note\n.long 4, 20, 3\n.asciz "GNU"\n.byte %s\n' \
		"${bytes#,}" | ${CC:-cc} -x assembler -c -o note.o -
	ld -r -o joined "$1" note.o
	mv joined "$1"
}

@test "symbols of another build are refused, by the build ID" {
	local id=e47c663f003aeb9fb298b0d386c32add007f220e
	local other=e47c663f003aeb9fb298b0d386c32add007f220f
	"$dump" -q "$elf" >none
	kernel syms
	"$dump" -s syms "$elf" >got
	cmp -s got none && return 1
	build_id syms $id
	run -0 --separate-stderr "$dump" -s syms "$elf"
	[ -z "$stderr" ]
	cmp got <<<"$output"
	kernel syms
	build_id syms $other
	run -0 --separate-stderr "$dump" -s syms "$elf"
	[[ $stderr == "memlog-dump: elf: warning: syms is of another kernel and not used: its build ID is $other, and the kernel in the image has $id" ]]
	cmp none <<<"$output"
	# the kernel's own table is still used
	"$dump" -q "$full" >want
	"$dump" -q -s syms "$full" | cmp - want
	run -0 "$dump" -J -s syms "$elf"
	[[ $output == *"is of another kernel and not used"* ]]
}

@test "the kernel's own symbols do as well" {
	built_with libtraceevent || skip "built without libtraceevent"
	"$dump" "$full" >got
	same got want
	"$dump" - <"$full" | cmp - want
	"$dump" --extract=small "$full"
	"$dump" small | cmp - want
}

@test "Linux 6.12 on x86-64: the older headers, system calls" {
	local sorts='hrtimer|timer_|workqueue'
	built_with libtraceevent || skip "built without libtraceevent"
	unpack ftrace-612.elf
	zstd -qdc "$vmcores/ftrace-612.trace.zst" | tr -d '\r' | grep -v '^#' >want
	[ "$(wc -l <want)" -eq 3012 ]
	"$dump" "$unpacked" >got
	same <(columns got) <(columns want)
	run -0 "$dump" --list "$unpacked"
	[[ ${lines[1]} == "ftrace  persistent  phys:0x1f000000+"*" unknown" ]]
	symbols syms _stext=0xffffffff91400000 ftrace_events=0xffffffff93145640 \
		savedcmd=0xffffffff93b6d370 page_offset_base=0xffffffff929645a8 \
		rb_meta_init_text_addr=0xffffffff9160d8a0 \
		tracing_mark_write=0xffffffff9161cd10
	run -0 "$dump" -s syms --list "$unpacked"
	[[ ${lines[1]} == *" current" ]]
	[[ ${lines[2]} == *"version Linux 6.12.117+deb13-cloud-amd64" ]]
	"$dump" -s syms "$unpacked" >got
	# the kernel prints pointers as other numbers, and names that are not in its
	# print format
	same <(grep -vE " ($sorts)" got) <(grep -vE " ($sorts)" want)
	[ "$(grep -cvE " ($sorts)" got)" -eq 2114 ]
	same <(cut -c 1-70 got) <(cut -c 1-70 want)
}

@test "names of tasks and functions, and fields, without libtraceevent too" {
	kernel syms
	"$dump" -s syms -J "$elf" | jq -c 'select(.type == "record")' >records
	same <(jq -j .text records | cut -c 1-60) <(cut -c 1-60 want)
	run -0 jq -c 'select(.component == "sched_switch") | .fields' \
		<(head -n 20 records)
	[ "${lines[0]}" = '{"common_type":"102","common_flags":"0x1","common_preempt_count":"2","common_pid":"0","prev_comm":"swapper/1","prev_pid":"0","prev_prio":"120","prev_state":"0","next_comm":"rcu_sched","next_pid":"13","next_prio":"120"}' ]
	# the name of each task, but for the idle ones
	same <(jq -r '[.fields.common_pid, .fields.common_comm // "<...>"] | @tsv' records |
		awk -F '\t' '$1 { print $2 "-" $1 }') \
		<(sed 's/^ *//; s/ *\[0.*//' want | grep -v '^<idle>-0$')
	"$dump" -q -s syms -c irq_handler_entry "$elf" | cmp - \
		<(grep ' irq_handler_entry: ' want)
}

@test "trace.dat has the tasks" {
	command -v trace-cmd >/dev/null || skip "no trace-cmd"
	kernel syms
	"$dump" -q -s syms -O tracedat -o f.dat "$elf"
	trace-cmd report f.dat >got
	# TASK-PID CPU
	same <(sed -nE 's/^ *(.*-[0-9]+) +\[00([0-9])\] .*/\1 \2/p' got | sort) \
		<(sed -E 's/^ *(.*-[0-9]+) +\[00([0-9])\] .*/\1 \2/' want | sort)
	trace-cmd report -l f.dat >got
	grep -qE '^ *init-1 +0d\.h\.\. .*: irq_handler_entry: +irq=11 name=arch_timer$' got
}

@test "trace.dat has the kernel's events and formats" {
	command -v trace-cmd >/dev/null || skip "no trace-cmd"
	built_with libtraceevent || skip "built without libtraceevent"
	"$dump" -q -O tracedat -o f.dat "$full"
	trace-cmd report -N -t f.dat >got
	# CPU EVENT TEXT
	same <(sed -nE 's/^ .*-[0-9]+ +\[0*([0-9]+)\] +[0-9.]+: (.*)$/\1 \2/p' got |
		sed -E 's/: +/: /; s/ print: / /; s/ +$//' | sort) \
		<(sed -E 's/^ .*-[0-9]+ +\[0*([0-9]+)\] [^ ]+ +[0-9.]+: (.*)$/\1 \2/' want |
			sed -E 's/: +/: /; s/ +$//' | sort)
	[ "$(grep -c ' sched_switch: .*prev_state=.* ==> ' got)" -gt 100 ]
}

# pages FILE ADDR N: pages of the ring buffer, as trace_pipe_raw has them
pages() {
	local type off phys size
	mkdir -p "$(dirname "$1")"
	while read -r type off _ phys size _; do
		if [ "$type" = LOAD ] && ((phys <= $2 && $2 < phys + size)); then
			dd if="$elf" of="$1" status=none bs=4096 count="$3" \
				skip=$(((off + $2 - phys) / 4096))
		fi
	done < <(readelf -lW "$elf")
	[ "$(stat -c %s "$1")" -eq $(($3 * 4096)) ]
}

@test "pages read from trace_pipe_raw are an image of their own" {
	"$dump" "$elf" >all
	pages per_cpu/cpu0/trace_pipe_raw 0x47e6b000 14
	pages per_cpu/cpu1/trace_pipe_raw 0x47eea000 17
	for c in 0 1; do
		"$dump" per_cpu/cpu$c/trace_pipe_raw | cmp - <(grep -F " [00$c] " all)
	done
	run -0 "$dump" --info per_cpu/cpu1/trace_pipe_raw
	[[ $output == *"format      ring-pages (pages read from trace_pipe_raw)"* ]]
	run -0 "$dump" --list per_cpu/cpu1/trace_pipe_raw
	[[ ${lines[1]} == "ftrace  captured "*" unknown" ]]
	# the name has the number; without it, it is CPU 0
	"$dump" - <per_cpu/cpu1/trace_pipe_raw | sed 's/ \[000\] / [001] /' |
		cmp - <(grep -F ' [001] ' all)
	cp per_cpu/cpu1/trace_pipe_raw cpu63
	"$dump" cpu63 | cmp - <(grep -F ' [001] ' all | sed 's/ \[001\] / [063] /')
	"$dump" --extract=small cpu63
	"$dump" cpu63 >"$BATS_TEST_TMPDIR/.want"
	"$dump" small | cmp - "$BATS_TEST_TMPDIR/.want"
	# lost events that the kernel counted
	printf '\000\000\000\300' >mark
	dd if=mark of=cpu63 bs=1 seek=$((16 * 4096 + 10)) count=2 conv=notrunc \
		skip=2 status=none
	"$dump" cpu63 | grep -c '^CPU:63 \[LOST .*EVENTS\]$'
	# what is not pages of events is memory
	pages memory 0x47e6b000 14
	printf '\377' | dd of=memory bs=1 seek=8 conv=notrunc status=none
	run -1 "$dump" -q memory
	run -0 "$dump" --map=none --info per_cpu/cpu1/trace_pipe_raw
	[[ $output == *"format      raw "* ]]
}

@test "CPUs and times can be filtered" {
	"$dump" "$elf" >all
	"$dump" -q --cpu 1 "$elf" | cmp - <(grep -F ' [001] ' all)
	"$dump" -q --since=1.8 "$elf" >got
	[ "$(head -n 1 got)" = "$(sed -n '/ 1\.8/p' all | head_all -n 1)" ]
}

@test "no log: what to check" {
	head -c 1M /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F ftrace zeros
	[[ $stderr == *"check: Linux keeps a ring buffer across boots only with reserve_mem="* ]]
}

@test "--list says how much is not in the image" {
	unpack ftrace-612.elf
	head -c -57140 "$unpacked" >"$BATS_TEST_TMPDIR/part"
	run -0 "$dump" -q --list "$BATS_TEST_TMPDIR/part"
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"incomplete: 53040 of the 118320 bytes of its text are not in the image; 2 CPUs"* ]]
	run -4 "$dump" -q --list --strict "$BATS_TEST_TMPDIR/part"
	# the message about the text has the same number
	run -0 --separate-stderr "$dump" "$BATS_TEST_TMPDIR/part"
	[[ $stderr == *": 53040 bytes of it are not in the image"* ]]
}
