#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The trace of a hypervisor under Linux: the format hyp-trace.

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# take NAME: unpack a dump and what the kernel's trace_pipe printed
take() {
	unpack "$1.elf"
	elf=$unpacked
	zstd -qdc "$vmcores/$1.trace.zst" >want
}

# symbols FILE NAME=ADDR...: an ELF file with these symbols
symbols() {
	local file=$1
	shift
	printf '%s\n' "$@" | sed 's/\(.*\)=\(.*\)/.globl \1\n.set \1, \2/' |
		${CC:-cc} -x assembler -c -o "$file" -
}

@test "text equals trace_pipe of each CPU, byte for byte" {
	local name
	for name in hyp-pkvm hyp-nvhe hyp-remote-test hyp-wrapped hyp-read \
		hyp-overtaken hyp-empty hyp-guests hyp-remote-overtaken; do
		take "$name"
		"$dump" "$elf" >got
		same got want
	done
}

@test "an extract of what was read in part gives the same" {
	local name
	for name in hyp-read hyp-overtaken hyp-remote-overtaken; do
		take "$name"
		rm -f small
		"$dump" --extract=small "$elf"
		"$dump" small >got
		same got want
	done
}

@test "--list says how much is not in the image" {
	take hyp-guests
	head -c -8192 "$elf" >part
	run -0 "$dump" -q --list part
	[[ $(tr -s '\n ' ' ' <<<"$output") == *"incomplete: 8160 of the 146880 bytes of its text are not in the image; 2 CPUs"* ]]
	run -4 "$dump" -q --list --strict part
}

@test "--consumed adds what had been read, marked" {
	take hyp-read
	zstd -qdc "$vmcores/hyp-read.read.zst" | grep '^.000' >before
	"$dump" --consumed -J --cpu 0 "$elf" |
		jq -c 'select(.type == "record")' >records
	jq -j 'select(.flags | index("consumed")).text' records >marked
	[ -s marked ]
	tail -n "$(wc -l <marked)" before | same - marked
	jq -j 'select(.flags | index("consumed") | not).text' records >got
	grep '^.000' want | same got -
}

# without START:LENGTH...: $elf becomes a copy with zeros at these physical addresses
without() {
	cp "$elf" "less-$BATS_TEST_NUMBER"
	elf=less-$BATS_TEST_NUMBER
	perl -e 'my ($file, @zap) = @ARGV;
		open(my $f, "+<:raw", $file) or die;
		read($f, my $h, 64);
		my ($at, $n) = (unpack("Q<", substr $h, 32),
			unpack("S<", substr $h, 56));
		for my $i (0 .. $n - 1) {
			seek($f, $at + 56 * $i, 0);
			read($f, my $p, 56);
			my ($off, undef, $pa, $len) = unpack("x8Q<4", $p);
			for (@zap) {
				my ($start, $size) = map { hex } split(/:/);
				next if $start < $pa || $start >= $pa + $len;
				seek($f, $off + $start - $pa, 0);
				print $f "\0" x $size;
				$done++;
			}
		}
		die if $done != @zap' "$elf" "$@"
}

@test "without the hypervisor's own memory the kernel knows the order" {
	take hyp-read
	without 0x40f88000:0x1000 0x40fff8b0:0x48 0x414038b0:0x48
	"$dump" "$elf" >got
	same got want
	"$dump" -J "$elf" >"$BATS_TEST_TMPDIR/.got"
	run ! grep -q guessed "$BATS_TEST_TMPDIR/.got"
	"$dump" --extract=small "$elf"
	"$dump" small >got
	same got want
	# what was lost since the last read the hypervisor alone knows
	take hyp-overtaken
	without 0x40f33000:0x1000 0x4143b8b0:0x48 0x4143f8b0:0x48
	"$dump" "$elf" >got
	sed 's/LOST 4142 EVENTS/LOST EVENTS/' want | same got -
	"$dump" -J "$elf" >"$BATS_TEST_TMPDIR/.got"
	run ! grep -q guessed "$BATS_TEST_TMPDIR/.got"
}

@test "a page whose time is before that of the page before it, as guests make it" {
	local page
	take hyp-read
	# the fourth page of CPU 0
	page=$("$dump" --list -J "$elf" | jq -r 'select(.type == "log").extents |
		map(select(.len == "4096" and .cpu == 0)) | .[3].addr')
	without 0x40f88000:0x1000 0x40fff8b0:0x48 0x414038b0:0x48 "$page:0x8"
	"$dump" "$elf" >got
	run ! cmp -s got want
	same <(sed -E 's/\t *[0-9.]+:/:/' got) <(sed -E 's/\t *[0-9.]+:/:/' want)
	"$dump" -J --cpu 0 "$elf" >json
	[ "$(jq -c 'select(.type == "record").flags' json | sort -u)" = \
		'["guessed"]' ]
}

# Types of a kernel, with the offset of what says how far a page was read.
types() {
	cat >types.c <<-EOF
	struct buffer_page { char a[$1]; unsigned int read; } a;
	struct ring_buffer_per_cpu { char a[104]; struct buffer_page *reader_page; } b;
	struct trace_buffer { char a[56]; struct ring_buffer_per_cpu **buffers; } c;
	__asm__(".globl _stext, __hyp_events_start\n.set _stext, 0xffff800080010000\n"
		".set __hyp_events_start, 0xffff800080666000");
	EOF
	"${CC:-cc}" -g -nostdlib -shared -Wl,--build-id=none -o types types.c
}

@test "types that come with symbols say where the kernel has what it read" {
	take hyp-read
	sed 's/SYMBOL(init_uts_ns)/SYMBOL(nothing_nnn)/' "$elf" >none
	types 24
	"$dump" -s types none >got
	same got want
	# elsewhere: a number that is too high, or 0
	types 40
	"$dump" -s types none >got
	run ! cmp -s got want
}

@test "one log, which tells the release" {
	take hyp-pkvm
	run -0 "$dump" --list "$elf"
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[1]} == "hyp-trace  hypervisor  phys:0x40889000+"*" current" ]]
	[[ ${lines[2]} == "        2 CPUs, "*"; version Linux 7.3.4-hold" ]]
	"$dump" --at phys:0x40889000 "$elf" >got
	same got want
}

@test "a pipe, a dump without VMCOREINFO and an extract give the same" {
	take hyp-pkvm
	"$dump" - <"$elf" >got
	same got want
	# shellcheck disable=SC2002 # a pipe is what is tested
	"$dump" -F hyp-trace - < <(cat "$elf") >got
	same got want
	"$dump" - < <(cat "$elf") >got
	same got want
	# without room for all, what went by is missing, and a message says what keeps it
	TMPDIR=$PWD/none run -4 "$dump" - < <(cat "$elf")
	[[ $output == *"-F hyp-trace keeps all of it"* ]]
	"$dump" --extract=small "$elf"
	"$dump" small >got
	same got want
	# the table is at the start of a page, and leads to everything else
	sed 's/OSRELEASE=7/OSRELEASE=6/; s/SYMBOL(init_uts_ns)/SYMBOL(nothing_nnn)/' \
		"$elf" >none
	"$dump" none >got
	same got want
}

@test "symbols lead to it, and without them the kernel's data" {
	take hyp-remote-test
	# a meta page leads there
	sed 's/SYMBOL(init_uts_ns)/SYMBOL(nothing_nnn)/' "$elf" >none
	"$dump" none >got
	same got want
	symbols syms _stext=0xffffffff81000000 \
		remote_event_selftest=0xffffffff816a6660
	"$dump" -s syms none >got
	same got want
	# a kernel that was moved after it was linked
	symbols moved _stext=0xffffffff80200000 \
		remote_event_selftest=0xffffffff808a6660
	"$dump" -s moved none >got
	same got want
	take hyp-pkvm
	symbols arm64 _stext=0xffff800080010000 \
		__hyp_events_start=0xffff800080689000
	"$dump" -s arm64 "$elf" >got
	same got want
}

@test "a meta page leads to it if the table is not there: known names" {
	local name
	for name in hyp-pkvm hyp-nvhe hyp-remote-test; do
		take "$name"
		sed 's/hyp_enter\x00/Hyp_enter\x00/; s/selftest\x00/Selftest\x00/' \
			"$elf" >none
		"$dump" none >got
		same got want
		"$dump" --force --extract=small none
		"$dump" small >got
		same got want
		run -0 "$dump" --list small
		[ "$(grep -c "^[^ ]" <<<"$output")" -eq 2 ]
		[[ ${lines[1]} =~ phys:0x[0-9a-f]* ]]
		"$dump" --at "${BASH_REMATCH[0]}" none >got
		same got want
	done
	# no release: the remote says how many events there are
	take hyp-pkvm
	sed 's/hyp_enter\x00/Hyp_enter\x00/; s/selftest\x00/Selftest\x00/
		s/OSRELEASE/OSrelease/' "$elf" >none
	"$dump" none >got
	same got want
}

@test "JSON has the time, the CPU and typed fields" {
	take hyp-pkvm
	"$dump" -J "$elf" >all
	jq -c 'select(.type == "record")' all >records
	[ "$(wc -l <records)" -eq "$(wc -l <want)" ]
	jq -j .text records | cmp - want
	jq -j .message records | cmp - <(sed 's/.*[0-9]: //' want)
	run -0 jq -c '[.cpu, .time, .time_hz, .component, .fields]' \
		<(sed -n '1p;4p' records)
	[ "${lines[0]}" = '[0,"1853808784","1000000000","hyp_enter",{"reason":"4","reason_name":"host_abort","vcpu":"0"}]' ]
	[ "${lines[1]}" = '[0,"1866793648","1000000000","selftest",{"id":"100"}]' ]
}

@test "events and CPUs can be filtered" {
	take hyp-pkvm
	"$dump" -q -c selftest "$elf" >got
	grep ' selftest ' want | cmp - got
	"$dump" -q --cpu 1 "$elf" >got
	grep '^\[001\]' want | cmp - got
}

@test "reasons by the release, if the kernel's names are gone" {
	take hyp-pkvm
	sed 's/smc\x00\x00\x00\x00\x00\x00\x00\x00\x00hvc/smC\x00\x00\x00\x00\x00\x00\x00\x00\x00hvc/' \
		"$elf" >none
	"$dump" none >got
	same got want
	sed -i 's/OSRELEASE=7.3/OSRELEASE=7.1/' none
	"$dump" none >got
	sed 's/eret_host/eret_guest/; s/host_abort/guest_exit/' want >older
	same got older
}

# recipe GENERATION [KEY=VALUE...]: a trace that wrapped and was partly read
recipe() {
	local release=6.6.30-android15-8
	[ "$1" != mainline ] || release=7.3.4
	cat <<-EOF
		ram 1G 4M
		hyp $* cpus=3
		  fill 0 500
		  fill 1 30
		  swap 0
		  fill 0 100
		  fill 2 7
		  begin 2
		end
		elf64
		note VMCOREINFO 0 "OSRELEASE=$release\n"
	EOF
}

@test "every generation, whole or with parts missing: text, extract, address" {
	local gen part
	for gen in android15 android15long android16 mainline; do
		for part in table=1 table=0 nodes=0; do
			recipe $gen $part position=0 >r
			"$B/mkimage" -t truth r image
			"$dump" -q image >got
			same got truth
			"$dump" -q - <image >got
			same got truth
			"$dump" -q --force --extract=small image
			"$dump" -q small >got
			same got truth
			run -0 "$dump" -q --list small
			[[ $output =~ phys:0x[0-9a-f]* ]]
			"$dump" -q -F hyp-trace --at "${BASH_REMATCH[0]}" image >got
			same got truth
			[ $part = nodes=0 ] ||
				[[ $output == *"; CPU 2 was writing an event"* ]]
			# what is not certain is marked
			"$dump" -q -J image >all
			run -0 jq -s 'map(select(.type == "record")) |
				any(.flags // [] | index("guessed") != null)' all
			case $gen,$part in
			*,nodes=0 | android*,table=0) [ "$output" = true ] ;;
			*) [ "$output" = false ] ;;
			esac
		done
	done
}

@test "Android 14: text, extract, address" {
	cat >r <<-EOF
		ram 1G 4M
		hyp android14 cpus=3
		  fill 0 500
		  fill 2 7
		  begin 2
		end
		elf64
		note VMCOREINFO 0 "OSRELEASE=6.1.75-android14-11\n"
	EOF
	"$B/mkimage" -t truth r image
	"$dump" -q image >got
	same got truth
	"$dump" -q --merge --cpu 0 image >got
	grep -e '^.000' -e '^CPU:0' truth | cmp - got
	"$dump" -q --extract=small image
	"$dump" -q small >got
	same got truth
	run -0 "$dump" -q --list small
	[[ $output == *"; CPU 2 was writing an event"* ]]
	[[ $output =~ phys:0x[0-9a-f]* ]]
	"$dump" -q -F hyp-trace --at "${BASH_REMATCH[0]}" image >got
	same got truth
}

@test "--merge: by time, unless that goes back" {
	take hyp-pkvm
	"$dump" -q --merge "$elf" >got
	LC_ALL=C sort -s -t "$(printf '\t')" -k 2,2.14 want | cmp - got
	run ! cmp -s want got
	# also with times that are equal, and what was lost before the first
	recipe mainline position=0 >r
	"$B/mkimage" -t truth r image
	"$dump" -q --merge -J image >all
	jq -r 'select(.type == "record").time' all >stamps
	sort -n -c stamps
	[ "$(wc -l <stamps)" -eq "$(wc -l <truth)" ]
	jq -j 'select(.type == "record").text' all >texts
	diff <(sort texts) <(sort truth)
	"$dump" -q --merge --cpu 0 image >got
	grep -F '[000]' truth | cmp - got

	take hyp-guests
	"$dump" -F hyp-trace --merge "$elf" >got 2>errors
	same got want
	run -0 cat errors
	[[ $output == *"time goes back in the trace of CPU 0, as it does while a guest runs: CPUs are not merged"* ]]
}

@test "without its table of events: reasons by the kernel's names" {
	take hyp-pkvm
	sed 's/hyp_enter\x00/Hyp_enter\x00/; s/selftest\x00/Selftest\x00/
		s/eret_host\x00/eret_back\x00/' "$elf" >none
	"$dump" none >got
	sed 's/eret_host/eret_back/' want | cmp - got
	"$dump" -J none >"$BATS_TEST_TMPDIR/.got"
	run ! grep -q guessed "$BATS_TEST_TMPDIR/.got"
	# a module's events may be others of that number and length
	take hyp-remote-test
	sed 's/selftest\x00/Selftest\x00/' "$elf" >none
	"$dump" -J none | has '"flags":\["guessed"\]'
}

@test "no log: what to check" {
	head -c 1M /dev/zero >zeros
	run -1 --separate-stderr "$dump" -F hyp-trace zeros
	[[ $stderr == *"check: Linux traces its hypervisor only with CONFIG_NVHE_EL2_TRACING"* ]]
}

@test "what is not certain is said on standard error, once" {
	local n
	# the order, in text and in all else that is printed
	recipe mainline nodes=0 position=0 >r
	"$B/mkimage" -t truth r image
	for opts in "" -J --merge "-n 5" "--since 1" "-O perfetto -o p" "--stats hyp_exit"; do
		rm -f p
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr "$dump" $opts image
		[ "$(grep -c 'phys:0x[0-9a-f]*: the order of the events of 3 CPUs is guessed$' \
			<<<"$stderr")" -eq 1 ]
	done
	# what was read, if nothing says how much
	printf '%s\n' 'ram 1G 4M' 'hyp mainline position=0' 'fill 0 30' 'swap 0' \
		'read 0 10' 'fill 1 5' end elf64 'note VMCOREINFO 0 "OSRELEASE=7.3.4\n"' >r
	"$B/mkimage" -t truth r image
	run -0 --separate-stderr "$dump" -J image
	n=$(grep -c '"consumed"' <<<"$output")
	[ "$n" -gt 10 ]
	[[ $stderr == *": warning: hyp-trace phys:"*": $n lines may have been read before: how far its own reader got is not known" ]]
	run -0 --separate-stderr "$dump" --cpu 1 image
	[[ $stderr == "" ]]
	run -0 --separate-stderr "$dump" --consumed image
	[[ $stderr == "" ]]
	# and nothing of the kind if all is known
	sed -i 's/ position=0//' r
	"$B/mkimage" -t truth r image
	run -0 --separate-stderr "$dump" image
	[ -z "$stderr" ]
}

@test "an event that is damaged is not called missing" {
	take hyp-pkvm
	# the length of the first event of a page of CPU 1
	page=$("$dump" --list -J "$elf" | jq -r 'select(.type == "log").extents |
		map(select(.len == "4096" and .cpu == 1)) | .[1].addr')
	without "$(printf '0x%x:0x4' $((page + 20)))"
	run -0 --separate-stderr "$dump" "$elf"
	[[ $stderr == *": warning: hyp-trace "*" bytes of it are damaged and left out"* ]]
	[[ $stderr != *"not in the image"* ]]
	run -4 "$dump" -q --strict "$elf"
}
