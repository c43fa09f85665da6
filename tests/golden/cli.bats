#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line: options, exit codes, messages, output files, signals.

# shellcheck disable=SC2016
bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return 1
	local r
	for r in small-c small-early-main hole notes-only hostile c-linear; do
		"$B/mkimage" "fixtures/gen/recipes/$r.rec" \
			"$BATS_FILE_TMPDIR/$r" || return 1
	done
	zstd -dq fixtures/vmcores/ovmf-c01-elf64.elf.zst \
		-o "$BATS_FILE_TMPDIR/big" || return 1
	# far more text than fits into a pipe and all buffers
	printf '%s\n' 'ram 0 16M' 'ovmf 0x900000 size=2M' \
		'lines 50000 "some text to fill the log with "' end raw |
		"$B/mkimage" - "$BATS_FILE_TMPDIR/long" || return 1
	export DUMP=$B/memlog-dump TOP=$PWD
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
	unset NO_COLOR POSIXLY_CORRECT
}

# on_tty COMMAND: run it on a new terminal, an xterm if COMMAND does not set TERM; its
# output without CR.
on_tty() {
	TERM=xterm script -qec "$1" /dev/null </dev/null | tr -d '\r'
}

# ---- help ----

@test "--help and --version go to standard output, with 0" {
	run -0 --separate-stderr "$DUMP" --help
	[ -z "$stderr" ]
	[ "${lines[0]}" = "usage: memlog-dump [options] IMAGE..." ]
	[[ $output == *"-F, --format=LIST"* && $output == *"  ovmf "* ]]
	run -0 --separate-stderr "$DUMP" -V
	[[ $output =~ ^memlog-dump\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "help fits in 80 columns and lists every option once" {
	run -0 "$DUMP" --help
	local l
	for l in "${lines[@]}"; do [ ${#l} -le 79 ] || return 1; done
	[ -z "$(grep -oE '^ +(-., )?--[a-z-]+' <<<"$output" |
		grep -oE -- '--[a-z-]+' | sort | uniq -d)" ]
	[ -z "$(grep -oE '^ +-., --' <<<"$output" | sort | uniq -d)" ]
}

@test "messages that count have their singular" {
	run -0 --separate-stderr "$DUMP" -v --list small-c
	[[ $stderr == *": 1 candidate, 0 rejected, 1 log" ]]
	run -0 --separate-stderr "$DUMP" --limit logs=1 small-early-main
	[[ $stderr == *"more than 1 log; raise"* ]]
	head -c -1 small-early-main >"$T/cut"
	run -0 --separate-stderr "$DUMP" --list "$T/cut"
	[[ $stderr == *"1 byte described by its headers is missing"* ]]
	printf x >"$T/x"
	run -3 --separate-stderr "$DUMP" "$T/x"
	[[ $stderr == *"its size (1 byte) is not"* ]]
}

# ---- usage ----

@test "invalid command lines: 2, a message, no output" {
	local a
	for a in "" "--nonsense x" "-Z x" "-n" "-n x small-c" "-F nope small-c" \
		"-O nope small-c" "--scan nope small-c" "--at nope small-c" \
		"--range 5 small-c" "-g ( small-c" "-l loud small-c" \
		"--cpu a small-c" "--since x small-c" "--map nope small-c" \
		"--color=nope small-c" "--progress=nope small-c" \
		"--limit x=1 small-c" "--info --list small-c" \
		"--list -r small-c" "-o a -o b small-c" \
		"--extract $T/x small-c small-c" "--quiet=1 small-c" \
		"--tsc-mhz fast small-c" "--time-format x small-c" \
		"--at 1 --range 1-2 small-c" "--limit logs=0 small-c" \
		"--map 99999999999999999999 small-c" \
		"--extract $T/x -J small-c"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr "$DUMP" $a
		[ -z "$output" ]
		[[ ${stderr_lines[0]} == "memlog-dump: "* ]]
	done
	[ ! -e "$T/x" ]
}

@test "invalid names, and outputs that are not files" {
	run -2 --separate-stderr "$DUMP" ""
	[[ $stderr == *"an image has an empty name"* ]]
	run -2 --separate-stderr "$DUMP" -o "" small-c
	[[ $stderr == *"--output: the name of the file is empty"* ]]
	run -2 --separate-stderr "$DUMP" -o /dev/full small-c
	[[ $stderr == *"/dev/full is not a regular file; redirect the output to it"* ]]
	run -3 --separate-stderr "$DUMP" "acrn:$T/none"
	[[ ${stderr_lines[0]} == "memlog-dump: acrn:$T/none: "* ]]
	[[ $stderr != *"acrn::"* ]]
	run -3 --separate-stderr "$DUMP" .
	[[ $stderr == "memlog-dump: .: is a directory, not a file, and has no state.json"* ]]
}

@test "each kind of image is named once in an error" {
	local names='pid: domain: qmp: acrn:/none /none /tmp /dev/null
		/none,small-c pid:x domain:no-guest qmp:/none' n
	for n in $names; do
		run --separate-stderr "$DUMP" -q "$n"
		[ ${#stderr_lines[@]} -eq 1 ]
		[[ $stderr == "memlog-dump: ${n%:}: "* ]]
		[[ $stderr != *": $n: "*"$n"* ]]
	done
	# standard input, as a device, a file, and copied from a pipe
	run -3 --separate-stderr bash -c '"$DUMP" - </dev/null'
	[ "$stderr" = "memlog-dump: standard input: is an empty device" ]
	run -3 --separate-stderr bash -c 'head -c 100 small-c | gzip | head -c 15 | "$DUMP" -'
	[[ $stderr == "memlog-dump: standard input: "* && $stderr != */proc/* ]]
	run -0 --separate-stderr bash -c '"$DUMP" -qJn1 - <small-c'
	[ "$(jq -r .image <<<"$output" | sort -u)" = "standard input" ]
	run -0 --separate-stderr bash -c 'gzip <small-c | "$DUMP" -qJn1 -'
	[ "$(jq -r .image <<<"$output" | sort -u)" = "standard input" ]
}

@test "a name that is not a file: what it may have meant" {
	cd "$T"
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'
	run -3 --separate-stderr "$DUMP" sock
	[ "$stderr" = "memlog-dump: sock: is a socket; did you mean qmp:sock?" ]
	run -3 --separate-stderr "$DUMP" sock,small-c
	[[ $stderr == *"sock: is a socket, not a file" ]]
	run -3 --separate-stderr "$DUMP" gopher://example.org/vmcore
	[[ $stderr == *": URLs of this kind are not opened: "*"through a pipe" ]]
	run -3 --separate-stderr "$DUMP" qemu:///system
	[[ $stderr == *": that is a connection of libvirt: name a domain, as in domain:NAME" ]]
	run -3 --separate-stderr "$DUMP" $$
	[ "$stderr" = "memlog-dump: $$: no such file; did you mean pid:$$?" ]
	run -3 --separate-stderr "$DUMP" no-such-guest
	[ "$stderr" = "memlog-dump: no-such-guest: No such file or directory" ]
	# anything that looks like QEMU with that name
	(exec -a qemu-fake perl -e 'sleep 60' -- \
		-name guest=cli-hint-vm,debug-threads=on 3>&-) &
	local pid=$!
	until grep -q cli-hint-vm "/proc/$pid/cmdline"; do sleep 0.05; done
	run --separate-stderr "$DUMP" cli-hint-vm
	kill "$pid"
	[ "$status" -eq 3 ]
	[ "$stderr" = "memlog-dump: cli-hint-vm: no such file; did you mean domain:cli-hint-vm?" ]
}

@test "a FIFO without a writer, ended by a signal: silence" {
	local s
	mkfifo "$T/fifo"
	for s in TERM INT; do
		run --separate-stderr timeout --preserve-status -s $s 1 \
			"$DUMP" "$T/fifo"
		[ -z "$output$stderr" ]
		[ "$status" -eq $((128 + $(kill -l $s))) ]
	done
}

@test "perfetto: a log without times gives a message, not only an empty trace" {
	run -1 --separate-stderr "$DUMP" -O perfetto -o "$T/trace" small-c
	[[ $stderr == *"ovmf phys:0x820000: -O perfetto shows nothing of it: its lines have no times"* ]]
}

@test "perfetto and tracedat: valid and empty if no line matches" {
	local how
	"$B/mkacrn" trace "$T/trace" cpus=1 exits=5
	for how in perfetto chrome tracedat; do
		run -1 --separate-stderr "$DUMP" -q -O "$how" -g nowhere \
			-o "$T/out.$how" "$T/trace"
		[[ $stderr == *"no line matches" ]]
		[ -s "$T/out.$how" ]
	done
	run ! grep -q vm_exit "$T/out.tracedat"
}

@test "for an unknown format or output, the message lists the known ones, or says what does" {
	run -2 --separate-stderr "$DUMP" -F nope small-c
	[[ $stderr == *"--help lists them"* ]]
	run -2 --separate-stderr "$DUMP" -O nope small-c
	[[ $stderr == *"text, raw, json, json-seq"* ]]
}

# wrong TEXT ARGUMENTS...: a usage error and its message
wrong() {
	local text=$1
	shift
	run -2 --separate-stderr "$DUMP" "$@"
	[ "${stderr_lines[0]}" = "memlog-dump: $text" ] ||
		{ echo "${stderr_lines[0]}"; return 1; }
	[[ ${stderr_lines[1]} == "usage: "* && ${#stderr_lines[@]} -eq 2 ]]
}

@test "usage errors: the message, with a suggestion if there is one" {
	wrong "unknown option --lst; did you mean --list?" --lst small-c
	wrong "unknown option --progess; did you mean --progress?" \
		--progess=never small-c
	wrong "unknown option --nonsense" --nonsense small-c
	wrong "unknown option -Z" -aZ small-c
	wrong "--li is ambiguous: --limit, --lines, --list, --list-boots" --li small-c
	wrong "--s is ambiguous: --sandbox, --scan, --signature, --since, --stats, --strict, --symbols" \
		--s=x small-c
	wrong "-g needs a REGEX" small-c -g
	wrong "--symbols needs a FILE" small-c --sy
	wrong "--list takes no value" --list=x small-c
	wrong '--color: unknown value "x"; there are auto, always, never' --color=x small-c
	wrong "no image given (use - for standard input)"
	wrong "no image given (use - for standard input)" -a --
	wrong '--map: "-1" is not q35, pc, microvm, virt, none, or the address of the first byte' \
		--map=-1 small-c
	wrong '--map: unknown preset "q36"; did you mean q35?' --map=q36 small-c
	wrong '--color: unknown value "alway"; did you mean always?' --color=alway small-c
	wrong '--component: the name is empty' -c "" small-c
	wrong '--format: unknown log format "acrn"; did you mean acrn-log, acrn-trace or acrn-sbuf?' \
		-F acrn small-c
	wrong '--output-format: unknown output format "jsn"; did you mean json?' \
		-O jsn small-c
	wrong '--format: unknown log format "ovfm"; did you mean ovmf?' \
		-F acrn-log,ovfm small-c
	wrong '--scan: unknown mode "page"; did you mean pages?' --scan=page small-c
	wrong '--stats: unknown table "irqs"; did you mean irq?' \
		--stats vm_exit,irqs small-c
	wrong '--time-format: unknown time format "x"; there are seconds, ticks, none, arrival' \
		--time-format x small-c
	wrong '--level: unknown level "eror"; did you mean err?' -l eror small-c
	wrong '--grep: "[" is not an extended regular expression: Invalid regular expression' \
		-g '[' small-c
	wrong '--cpu: "a" is not a list of CPUs such as 0-3,8' --cpu a small-c
	# what was typed is escaped for the terminal
	wrong 'unknown option --\x1b[2J' $'--\e[2J' small-c
	wrong '--format: unknown log format "\x1b"; --help lists them' \
		$'-F\e' small-c
}

@test "no option is accepted and ignored; the message names both, not the image" {
	wrong "--list cannot be combined with -g: it prints no lines" \
		-g x --list small-c
	wrong "--info cannot be combined with -n: it describes the image, not its logs" \
		--info -n 5 small-c
	wrong "--list cannot be combined with --stats: it prints no lines" \
		--stats irq --list small-c
	wrong "--extract cannot be combined with -J: it copies whole logs into an ELF core" \
		-J --extract "$T/x" small-c
	wrong "--list-boots cannot be combined with -b: it lists all boots" \
		--list-boots -b 0 small-c
	wrong "--stats cannot be combined with --merge: it prints no events" \
		--stats irq --merge small-c
	echo '0x10 CPU%(cpu)d' >"$T/rules"
	wrong "--acrn-formats cannot be combined with -F ovmf: it is for logs of acrn-trace" \
		-F ovmf --acrn-formats "$T/rules" small-c
	wrong "--since is after --until: nothing can match" \
		--since 1 --until 0 small-c
	wrong "-O csv needs --stats=vm_exit, irq, cpu_usage, hyp_exit or boot" -O csv small-c
	wrong "--scan=likely: acrn-trace has no likely places" \
		--scan likely -F ovmf,acrn-trace small-c
	run -0 "$DUMP" -q --scan likely -F ovmf small-c
	wrong "-O acrnlog writes logs of acrn-log only, not of -F ovmf" \
		-O acrnlog -o "$T/x/" -F ovmf small-c
	wrong "-O acrntrace writes logs of acrn-trace only, not of -F ovmf,cbmem" \
		-O acrntrace -o "$T/x/" -F ovmf,cbmem small-c
	[ ! -e "$T/x" ]
	run -1 --separate-stderr "$DUMP" -O acrntrace -o "$T/x/" \
		-F ovmf,acrn-trace small-c
	[[ $stderr == *": left out: -O acrntrace writes logs of acrn-trace only"* ]]
	[ ! -e "$T/x" ]
	# what depends on where the output goes
	run -2 --separate-stderr "$DUMP" -O acrnlog small-c nowhere
	[ "$stderr" = "memlog-dump: -O acrnlog writes several files: use -o DIR" ]
	run -2 --separate-stderr "$DUMP" -O csv --stats irq,vm_exit small-c
	[ "$stderr" = "memlog-dump: -O csv writes one table to one file: choose it with --stats=NAME, or use -o DIR" ]
	run -1 "$DUMP" -q -O csv --stats irq,irq small-c
	run -1 "$DUMP" -q -O csv --stats irq,vm_exit -o "$T/tables/" small-c
	run -2 --separate-stderr "$DUMP" --list -o "$T/new/" small-c
	[ "$stderr" = "memlog-dump: this output is one file, and -o names a directory" ]
	[ ! -e "$T/new" ]
}

@test "main logs of several earlier boots: their numbers are unknown" {
	"$B/mkimage" - "$T/several" <<-'EOF'
	ram 0x800000 16M
	ovmf 0x820000 size=64K
	lines 3 "now "
	end
	ovmf 0x1000000 size=64K
	lines 3 "one boot "
	end
	ovmf 0x1100000 size=64K
	lines 3 "another boot "
	end
	elf64
	EOF
	run -0 "$DUMP" -q --list "$T/several"
	[ "$(grep -c ' -  stale$' <<<"$output")" -eq 2 ]
	[ "$(grep -c '^        from an earlier boot: the dump' <<<"$output")" -eq 2 ]
	[[ ${lines[-3]} == *" 0  current" ]]
	run -0 "$DUMP" -q --list-boots "$T/several"
	[ "${lines[1]}" = "   ?  ovmf            2  phys:0x1000000" ]
	[ "${lines[2]}" = "   0  ovmf            1  phys:0x820000" ]
	run -1 --separate-stderr "$DUMP" -b -1 "$T/several"
	[[ $stderr == *": no log of boot -1; there is only boot 0 (ovmf), and logs whose boot is unknown; see --list" ]]
}

@test "-o with the name of an output format is taken for a mistake" {
	cd "$T"
	wrong '--output: "json" is an output format: use -O json, or -o ./json for a file of that name' \
		-o json small-c
	[ ! -e json ]
	run -0 "$DUMP" -q -n+1 -o ./json "$BATS_FILE_TMPDIR/small-c"
	[ "$(cat json)" = "a small line 000000" ]
}

@test "options end at the first operand for POSIXLY_CORRECT" {
	POSIXLY_CORRECT=1 run -3 --separate-stderr "$DUMP" -qn+1 small-c -r
	[[ $output == *"a small line 000000" ]]
	[[ $stderr == "memlog-dump: -r: No such file"* ]]
}

@test "options anywhere, bundled, abbreviated, and -- ends them" {
	run -0 --separate-stderr "$DUMP" small-c -rn+1
	[ "$output" = "a small line 000000"$'\r' ]
	run -0 --separate-stderr "$DUMP" --lin=+1 small-c --output-f text
	[ "$output" = "a small line 000000" ]
	cp small-c -- "$T/-x"
	cd "$T"
	run -0 --separate-stderr "$DUMP" -n+1 -- -x
	[ "$output" = "a small line 000000" ]
}

@test "--threads: the same for any number of them" {
	local n
	"$DUMP" -q --list --scan=exhaustive --threads 1 big >"$T/one"
	for n in 2 7 16; do
		"$DUMP" -q --list --scan=exhaustive --threads "$n" big |
			cmp - "$T/one"
	done
	run -2 --separate-stderr "$DUMP" --threads 17 big
	[[ $stderr == *"17 is out of range (1 to 16 threads)"* ]]
	run -2 "$DUMP" -q --threads 0 big
}

# ---- exit codes ----

# half: a dump of which the end is missing, with the only log
half() {
	head -c 30000000 big >"$T/half"
}

@test "1: nothing was printed, and the image is complete" {
	run -1 --separate-stderr "$DUMP" -g nowhere small-c
	[ -z "$output" ]
	[[ $stderr == *"no line matches"* ]]
	run -1 --separate-stderr "$DUMP" -q -l err small-c
	[[ $stderr == *"no line matches: this log records no levels" ]]
	# of several logs: one line
	run -1 --separate-stderr "$DUMP" -q -a -g nowhere small-early-main
	[[ $stderr == *": no line matches" ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
	run -1 "$DUMP" -q -J -g nowhere --strict small-c
	run -1 "$DUMP" -q -O perfetto --tsc-mhz 1000 -o "$T/p" small-c
	run -1 "$DUMP" -q notes-only --strict
	# nobody left anything out of plain memory
	truncate -s 64K "$T/plain"
	run -1 --separate-stderr "$DUMP" "$T/plain"
	[[ $stderr == *"no log found: all 64.0 KiB"*"check: "* ]]
	[[ $stderr != *kdump* ]]
	run -0 "$DUMP" -q -g small small-c
}

@test "2: usage, also where only the image shows it" {
	run -2 --separate-stderr "$DUMP" -q -s nowhere small-c
	[ "$stderr" = "memlog-dump: --symbols: nowhere: No such file or directory" ]
	run -2 --separate-stderr "$DUMP" -q -s "$TOP/README.md" small-c
	[ "$stderr" = "memlog-dump: --symbols: $TOP/README.md: not an ELF file with symbols" ]
	run -2 "$DUMP" -q --acrn-formats nowhere small-c
	run -2 "$DUMP" -q --via-qemu small-c
	run -2 "$DUMP" -q pid:
	run -2 "$DUMP" -q pid:x small-c
	run -2 "$DUMP" -q -w small-c
	run -2 "$DUMP" -q -n 0 small-c
	run -2 "$DUMP" -q --at mach:0x1000 small-c
	run -2 "$DUMP" -q --range mach:0-1G small-c
	run -2 "$DUMP" -q -o "$T" --info small-c
	run -2 "$DUMP" -q -o "$T/no/file" small-c
	# it ends there
	run -2 --separate-stderr "$DUMP" -q pid: small-c
	[ -z "$output" ]
}

@test "4: nothing was printed, and bytes of the image are missing" {
	half
	run -4 --separate-stderr "$DUMP" -q "$T/half"
	[ -z "$output" ]
	[[ $stderr == *"incomplete: a log may be in the "*" that are missing"* ]]
	run -4 "$DUMP" -q --list "$T/half"
	run -4 "$DUMP" -q --at 0x3cb3000 "$T/half"
	run -4 "$DUMP" -q --at 0x1000 --at 0x3cb3000 "$T/half"
	run -4 "$DUMP" -q - <"$T/half"
	# what is there was searched
	run -1 "$DUMP" -q --range 0+1M "$T/half"
	run -4 "$DUMP" -q --range 0+64M "$T/half"
	# and what is beyond the machine's memory is not missing
	run -1 "$DUMP" -q --range 1T+1M "$T/half"
	run -1 "$DUMP" -q --range 0+1M --range 1T+1M "$T/half"
	run -1 "$DUMP" -q --at 0x1000 "$T/half"
	run -1 "$DUMP" -q --at 1T "$T/half"
	run -1 "$DUMP" -q --at 0x1000 --at 1T "$T/half"
	run -0 "$DUMP" -q --info "$T/half"
	run -4 "$DUMP" -q --info --strict "$T/half"
	# a log of which no text is there
	zstd -dq --sparse -o "$T/nothing" "$TOP/fixtures/damaged/no-text.elf.zst"
	run -4 --separate-stderr "$DUMP" "$T/nothing"
	[ -z "$output" ]
	[[ $stderr == *"bytes of it are not in the image"* ]]
}

@test "several --at, of which one has no log: the others are printed" {
	local a good=0x3cb3000 none=0x1000 none2=0x3cb4000
	"$DUMP" -q --at $good big >"$T/want"
	for a in "--at $good --at $none" "--at $none --at $good" \
		"--at $none --at $good --at $none"; do
		# shellcheck disable=SC2086 # several words
		run -0 --separate-stderr "$DUMP" --strict $a big
		[ "$output" = "$(cat "$T/want")" ]
		[ "$(grep -c "big: --at: no log starts at phys:$none (" <<<"$stderr")" -eq \
			"$(grep -o "$none" <<<"$a" | wc -l)" ]
	done
	run -1 --separate-stderr "$DUMP" --at $none --at $none2 big
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 2 ]
	[[ ${stderr_lines[0]} == *"no log starts at phys:$none "* ]]
	[[ ${stderr_lines[1]} == *"no log starts at phys:$none2 "* ]]
	# a space that the image lacks is a usage error
	run -2 --separate-stderr "$DUMP" -q --at $good --at mach:0 big
	[ -z "$output" ]
	# an address where memory is missing may have had one
	half
	run -4 "$DUMP" -q --at 0x3cb3000 --at $none "$T/half"
	head -c 66000000 big >"$T/cut"
	run -0 "$DUMP" -q --strict --at $good --at $none "$T/cut"
	run -0 "$DUMP" -q --at $good --at 0x3ffe000 "$T/cut"
	run -4 --separate-stderr "$DUMP" -q --strict --at $good --at 0x3ffe000 "$T/cut"
	[[ $stderr == *"cut: incomplete: 4096 bytes are missing from the image" ]]
}

@test "no log in a range: the same numbers from a compressed dump" {
	zstd -dq -o "$T/kdump" "$TOP/fixtures/vmcores/ovmf-c01-elf64.kdump-zlib.zst"
	local r f
	for r in 0-1M 0x3000000-0x3c00000 0+60M; do
		for f in big "$T/kdump"; do
			run -1 "$DUMP" -v --range "$r" "$f"
			printf '%s\n' "$output" | sed "s|^memlog-dump: $f: ||; s/ by looking at [0-9]*//
				s/: [0-9]* candidates.*//" >"$T/said.${f##*/}"
		done
		cmp "$T/said.big" "$T/said.kdump"
	done
	grep -qx 'searched 62914560 bytes' "$T/said.big"
	grep -qx 'no log found in the 60.0 MiB that the image has in --range' \
		"$T/said.big"
}

@test "what a dump left out on purpose is not missing" {
	# pages of zeros, by makedumpfile -E -d 1, the unused end of the ring too
	zstd -dq --sparse -o "$T/left" "$TOP/fixtures/damaged/left-out.elf.zst"
	run -0 --separate-stderr "$DUMP" --strict -n 1 "$T/left"
	[ "$output" = "[Bds] Unable to boot!" ]
	[ -z "$stderr" ]
	run -0 "$DUMP" -q --strict --list "$T/left"
	[ "${lines[2]}" = "        the only main log found" ]
	run -0 "$DUMP" -q --strict --info "$T/left"
	[[ $output == *"left out    67026944 bytes (63.9 MiB) when it was written"* ]]
	[[ $output != *missing* ]]
	run -1 --separate-stderr "$DUMP" --strict --range 0+1M "$T/left"
	run -1 --separate-stderr "$DUMP" --strict -F cbmem "$T/left"
	grep -q 'check: 63.9 MiB of memory were left out when the image was written$' <<<"$stderr"
	zstd -dq --sparse -o "$T/level" "$TOP/fixtures/vmcores/xen-dom0-makedumpfile.kdump.zst"
	run -1 --separate-stderr "$DUMP" -F cbmem "$T/level"
	grep -q 'when the image was written: zeros (makedumpfile -d 1)$' <<<"$stderr"
	"$DUMP" -q -J "$T/left" | tail -n 1 |
		jq -e '.left_out == "67026944" and .missing == "0"'
}

@test "4: --strict, and a log may be in the part that is missing" {
	# the log is below the cut, which is in free memory
	head -c 66000000 big >"$T/cut"
	run -0 --separate-stderr "$DUMP" "$T/cut"
	[[ $stderr == *"the file is truncated"* ]]
	[ "$output" = "$("$DUMP" -q big)" ]
	run -4 --separate-stderr "$DUMP" -q --strict "$T/cut"
	[[ $stderr == *"cut: incomplete: "*" are missing from the image" ]]
	run -4 "$DUMP" -q --strict --list "$T/cut"
	# of this log nothing is missing
	run -0 "$DUMP" -q --strict --at 0x3cb3000 "$T/cut"
	run -1 "$DUMP" -q --strict --at 0x3cb3000 -g nowhere "$T/cut"
	run -0 "$DUMP" -q --strict --range 0x3c00000+1M "$T/cut"
}

@test "0 printed, 1 none, 3 unreadable, 4 damaged and --strict" {
	run -0 "$DUMP" -q small-c
	run -1 "$DUMP" -q notes-only
	run -3 "$DUMP" -q does-not-exist
	run -3 "$DUMP" -q .
	run -3 "$DUMP" -q "$TOP/tests/golden/cli.bats"
	run -0 "$DUMP" -q hole
	run -4 "$DUMP" -q --strict hole
	run -0 "$DUMP" -q --strict small-c
	run -1 "$DUMP" -q --at 0x821000 small-c
	run -0 "$DUMP" -q --info notes-only
	run -1 "$DUMP" -q --list notes-only
}

@test "an empty or endless device is refused, not searched forever" {
	for dev in null zero; do
		run -3 --separate-stderr timeout 20 "$DUMP" "/dev/$dev"
		[ -z "$output" ]
		[[ $stderr == *"memlog-dump: /dev/$dev: is a"*" device"* ]]
	done
}

@test "with several images the first of 3, 4, 0, 1 that occurred" {
	run -0 "$DUMP" -q small-c notes-only
	run -0 "$DUMP" -q notes-only small-c
	run -4 "$DUMP" -q --strict small-c hole notes-only
	run -3 "$DUMP" -q --strict hole nowhere small-c
	run -1 "$DUMP" -q notes-only notes-only
	# and the others are printed
	run -3 --separate-stderr "$DUMP" -q -n+1 nowhere small-c
	[[ $output == *"a small line 000000" ]]
}

# ---- messages ----

@test "every message is one line that names the program and the file" {
	local f
	for f in notes-only hole small-early-main nowhere; do
		run --separate-stderr "$DUMP" -v "$f"
		[ ${#stderr_lines[@]} -gt 0 ]
		for l in "${stderr_lines[@]}"; do
			[[ $l == "memlog-dump: $f: "* ||
				$l == "memlog-dump: sandbox: "* ]]
		done
	done
}

@test "a file name cannot control the terminal" {
	local n=$T/$'x\e]0;title\a\xe2\x80\xae\x9b31m\ny'
	cp notes-only "$n"
	run -1 --separate-stderr "$DUMP" "$n"
	[[ $stderr == *'x\x1b]0;title\x07\u{202e}\x9b31m\x0ay'* ]]
	run -0 "$DUMP" --info "$n"
	[[ $output == *'x\x1b]0;title'* ]]
	cp small-c "$n"
	run -0 --separate-stderr "$DUMP" "$n" small-c
	[[ ${lines[0]} == '==> '*'x\x1b]0;title'*': ovmf early phys:0x820000 (boot 0, current) <==' ]]
	[ -z "$(printf %s "$output$stderr" | tr -d '[:print:]\n')" ]
}

@test "no log: what was searched, and what to check" {
	zstd -dcq "$TOP/fixtures/vmcores/ovmf-c12-off.elf.zst" >"$T/off"
	run -1 --separate-stderr "$DUMP" "$T/off"
	[ -z "$output" ]
	[[ $stderr == *"no log found: all 63.9 MiB of phys memory, 2 ranges, was searched"* ]]
	[[ $stderr == *"check: the firmware may not log"*DEBUG_TO_MEM* ]]
	[[ $stderr == *SEV* ]]
	run -1 --separate-stderr "$DUMP" -q "$T/off"
	[ ${#stderr_lines[@]} -eq 1 ]
}

@test "no log: advice fits the image and -F, the likeliest cause first" {
	local checks
	head -c 30000000 big >"$T/half"
	run --separate-stderr "$DUMP" "$T/half"
	checks=$(grep -o 'check: .*' <<<"$stderr")
	[[ $stderr == *": no log found in the "*" bytes of phys memory that the image has"* ]]
	[[ $checks == "check: the file is incomplete: "*" bytes are missing, and the log may be in that part; copy it again" ]]
	[ "$(wc -l <<<"$checks")" -eq 1 ]
	# QEMU wrote it, so it is not a kdump of the guest
	zstd -dcq "$TOP/fixtures/vmcores/ovmf-c12-off.elf.zst" >"$T/off"
	run -1 --separate-stderr "$DUMP" "$T/off"
	[[ $stderr != *kdump* ]]
	run -1 --separate-stderr "$DUMP" -F acrn-log "$T/off"
	[[ $stderr == *"check: ACRN's log"* ]]
	[[ $stderr != *OVMF* && $stderr != *SEV* ]]
}

@test "the previous boot is mentioned, and printed only on request" {
	run -0 --separate-stderr "$DUMP" small-early-main
	[ "${lines[0]}" = "second boot 000000" ]
	[ ${#lines[@]} -eq 3 ]
	[[ $stderr == *"not shown: ovmf phys:0xf00000, stale: "* ]]
	[[ $stderr == *"use -b -1, --at phys:0xf00000 or --all"* ]]
	run -0 --separate-stderr "$DUMP" --at phys:0xf00000 small-early-main
	[ "${lines[0]}" = "first boot 000000" ]
	[ ${#lines[@]} -eq 100 ]
	[ -z "$stderr" ]
	run -0 --separate-stderr "$DUMP" -a small-early-main
	[ "${lines[0]}" = "==> ovmf main phys:0xf00000 (boot -1, stale) <==" ]
	[ "${lines[101]}" = "==> ovmf early phys:0x820000 (boot 0, current) <==" ]
	[ ${#lines[@]} -eq 105 ]
}

@test "-b prints one boot, --list-boots what there is" {
	local how
	for how in "-b -1" -b-1 --boot=-1 "--boot -1"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$DUMP" $how small-early-main
		[[ ${lines[0]} == "first boot 000000" && ${#lines[@]} -eq 100 ]]
		[ -z "$stderr" ]
	done
	run -0 --separate-stderr "$DUMP" -b 0 small-early-main
	[[ ${lines[0]} == "second boot 000000" && ${#lines[@]} -eq 3 ]]
	[ -z "$stderr" ]
	"$DUMP" -r -b -1 small-early-main >"$BATS_TEST_TMPDIR/.got"
	"$DUMP" -r --at 0xf00000 small-early-main >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	# also through a pipe
	"$DUMP" -b -1 - <small-early-main >"$BATS_TEST_TMPDIR/.got"
	"$DUMP" -b -1 small-early-main >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	[ "$("$DUMP" -q -J -a small-early-main |
		jq -c 'select(.type == "record") | [.boot, .addr]' | uniq)" = \
		$'[-1,"0xf00000"]\n[0,"0x820000"]' ]
	run -1 --separate-stderr "$DUMP" -b -2 small-early-main
	[ -z "$output" ]
	[ "$stderr" = "memlog-dump: small-early-main: no log of boot -2; there are -1 (ovmf), 0 (ovmf)" ]
	run -1 --separate-stderr "$DUMP" --at 0x820000 -b -1 small-early-main
	[[ $stderr == *"no log of boot -1: without a search, as with --at, the boot of the log is unknown" ]]
	run -0 "$DUMP" -q --list -b -1 small-early-main
	[[ ${lines[1]} == "ovmf "*phys:0xf00000*" -1 "* ]]
	[[ $(grep -c '^[^ ]' <<<"$output") -eq 2 ]]
	run -0 "$DUMP" -q --list-boots small-early-main
	[ "${lines[0]}" = "BOOT  FORMAT       LOGS  ADDRESS" ]
	[ "${lines[1]}" = "  -1  ovmf            1  phys:0xf00000" ]
	[ "${lines[2]}" = "   0  ovmf            1  phys:0x820000" ]
	run -0 "$DUMP" -q -J --list-boots small-early-main
	[ "${lines[0]}" = '{"type":"boot","image":"small-early-main","format":"ovmf","space":"phys","addr":"0xf00000","boot":-1,"logs":1}' ]
	run -1 "$DUMP" -q --list-boots notes-only
	wrong '--boot: "1" is not a boot: 0 is the current one, -1 the one before' \
		-b 1 small-c
	wrong "-b cannot be combined with -a: it prints one boot" -a -b 0 small-c
}

@test "a hole is marked where it is, and reported on standard error" {
	run -0 --separate-stderr "$DUMP" hole
	[[ $output == *$'\n[... 4096 bytes lost]\n'* ]]
	[[ $stderr == *"bytes of it are not in the image"* ]]
}

@test "-q hides notes and warnings, -v prints more" {
	run -0 --separate-stderr "$DUMP" -q small-early-main
	[ -z "$stderr" ]
	run -0 --separate-stderr "$DUMP" -v small-early-main
	[[ $stderr == *"searched "*"2 candidates"* ]]
}

# ---- filters ----

@test "-g, -n N, -n -N and -n +N choose lines" {
	run -0 --separate-stderr "$DUMP" -g '00000[35]$' small-c
	[ "$output" = $'a small line 000003\na small line 000005' ]
	run -0 --separate-stderr "$DUMP" -n +2 small-c
	[ "$output" = $'a small line 000000\na small line 000001' ]
	local newest
	for newest in "-n 2" "-n -2" -n2 -n-2 --lines=2 --lines=-2; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$DUMP" $newest small-c
		[ "$output" = $'a small line 000018\na small line 000019' ]
	done
	run -0 --separate-stderr "$DUMP" -n1 -g 1 small-c
	[ "$output" = "a small line 000019" ]
	wrong '--lines: "+-2" is not a number of lines: N or -N for the newest N, +N for the first N' \
		-n +-2 small-c
	run -1 --separate-stderr "$DUMP" -l err small-c
	[ -z "$output" ]
	[[ $stderr == *"this log records no levels"* ]]
}

@test "--since and --until of a log without times: a message" {
	local when
	for when in 5 -5 2026-11-28 10:00; do
		run -1 --separate-stderr "$DUMP" --since "$when" small-c
		[ -z "$output" ]
		[[ $stderr == *"no line matches: this log records no times"* ]]
	done
	for when in 2026-02-30 2025-02-29 2100-02-29 2026-04-31 2026-13-01; do
		run -2 "$DUMP" -q --since "$when" small-c
	done
	run -1 "$DUMP" -q --since 2024-02-29 small-c
	wrong '--since: "x" is not a time: write 12.5, 500ms, 5s or 2m by the log'"'s clock, -5s before its last line, or \"2026-11-28 10:00:03\" or 10:00:03" \
		--since x small-c
}

@test "-F finds only its format, --range only logs in the range" {
	run -0 "$DUMP" -q -F ovmf small-c
	run -1 --separate-stderr "$DUMP" --range 0-0x820000 small-c
	[[ $stderr == *"--range"* ]]
	run -0 --separate-stderr "$DUMP" -n+1 --range phys:0x820000+4K small-c
	[ "$output" = "a small line 000000" ]
}

# ---- outputs ----

@test "-o creates a file that only its owner can read" {
	run -0 --separate-stderr "$DUMP" -n+1 -o "$T/log" small-c
	[ -z "$output" ]
	[ "$(cat "$T/log")" = "a small line 000000" ]
	[ "$(stat -c %a "$T/log")" = 600 ]
}

@test "-o does not touch an existing file or follow a link" {
	echo mine >"$T/log"
	run -2 --separate-stderr "$DUMP" -o "$T/log" small-c
	[ "$stderr" = "memlog-dump: $T/log exists; use --force to replace it" ]
	[ "$(cat "$T/log")" = mine ]
	ln -s "$T/elsewhere" "$T/link"
	run -2 --separate-stderr "$DUMP" -o "$T/link" small-c
	[[ $stderr == *"$T/link is a symbolic link, which is not followed or"* ]]
	[ ! -e "$T/elsewhere" ]
	run -2 "$DUMP" -o "$T/no/such/directory" small-c
}

@test "--force replaces by a rename, and no link" {
	echo mine >"$T/log"
	ln "$T/log" "$T/other-name"
	run -0 "$DUMP" -q --force -n+1 -o "$T/log" small-c
	[ "$(cat "$T/log")" = "a small line 000000" ]
	[ "$(cat "$T/other-name")" = mine ]
	[ "$(stat -c %a "$T/log")" = 600 ]
	ln -s "$T/other-name" "$T/link"
	run -2 --separate-stderr "$DUMP" -q --force -n+1 -o "$T/link" small-c
	[[ $stderr == *"$T/link is a symbolic link"* ]]
	[ -L "$T/link" ]
	[ "$(cat "$T/other-name")" = mine ]
	# no temporary file is left
	[ -z "$(find "$T" -name 'log.*')" ]
}

@test "--force replaces neither the image nor a device" {
	cp small-c "$T/image"
	run -2 --separate-stderr "$DUMP" --force -o "$T/image" "$T/image"
	[[ $stderr == *"is being read"* ]]
	cmp small-c "$T/image"
	# nor its parts or the symbols
	run -2 --separate-stderr "$DUMP" --force -o "$T/image" "$T/a,$T/image"
	run -2 --separate-stderr "$DUMP" --force -o "$T/image" -s "$T/image" small-c
	cmp small-c "$T/image"
	# nor the rules for events
	printf '0x10 CPU%%(cpu)d\n' >"$T/rules"
	run -2 --separate-stderr "$DUMP" --force -o "$T/rules" \
		--acrn-formats "$T/rules" small-c
	[[ $stderr == *"$T/rules is being read"* ]]
	[ "$(wc -l <"$T/rules")" -eq 1 ]
	run -2 --separate-stderr "$DUMP" --force -o /dev/null small-c
	[ -c /dev/null ]
}

@test "an image is not replaced, however it was named" {
	local in
	cp small-c "$T/image"
	ln "$T/image" "$T/hard"
	ln -s image "$T/soft"
	for in in - /dev/stdin /dev/fd/0 /proc/self/fd/0 "$T/soft" "$T/hard" \
		"$T/a,$T/soft" "$T/soft,$T/a" "small-c -" "- $T/image" \
		"port:$T/soft" "port:$T/image,kind=text"; do
		# shellcheck disable=SC2086,SC2094 # several names; it is refused
		run -2 --separate-stderr "$DUMP" --force -o "$T/image" $in <"$T/image"
		[[ $stderr == *"$T/image is being read"* ]]
	done
	# shellcheck disable=SC2094 # that is what must not happen
	run -2 "$DUMP" --force -o "$T/image" /dev/fd/5 5<"$T/image"
	run -2 "$DUMP" --force --extract "$T/image" - <"$T/hard"
	# shellcheck disable=SC2094
	run -2 "$DUMP" --force -o "$T/image" -s /dev/stdin small-c <"$T/image"
	# nor is a link to it
	for in in - "$T/image" "$T/soft" "$T/hard"; do
		run -2 "$DUMP" --force -o "$T/soft" "$in" <"$T/image"
		run -2 "$DUMP" --force -o "$T/hard" "$in" <"$T/image"
	done
	[ "$(readlink "$T/soft")" = image ]
	[ "$(stat -c %h "$T/image")" -eq 2 ]
	cmp small-c "$T/image"
	# a name that it no longer has may be used
	run -0 "$DUMP" -q --force -o "$T/new" - <small-c
	"$DUMP" small-c >"$BATS_TEST_TMPDIR/.want"
	cmp "$T/new" "$BATS_TEST_TMPDIR/.want"
}

@test "an image in the directory of -o is not replaced either" {
	local in n=ovmf-phys-0x820000
	mkdir "$T/dir"
	cp small-c "$T/dir/$n.raw"
	ln -s "$n.raw" "$T/dir/$n.txt"
	for in in "$T/dir/$n.raw" -; do
		run -2 --separate-stderr "$DUMP" -r --force -o "$T/dir" "$in" \
			<"$T/dir/$n.raw"
		[[ $stderr == *"$T/dir/$n.raw is being read"* ]]
		run -2 "$DUMP" --force -o "$T/dir" "$in" <"$T/dir/$n.raw"
	done
	[ -L "$T/dir/$n.txt" ]
	cmp small-c "$T/dir/$n.raw"
	# nor one that is read later
	cp small-c "$T/dir/small-c-$n.raw"
	run -2 "$DUMP" -r --force -o "$T/dir" small-c "$T/dir/small-c-$n.raw"
	cmp small-c "$T/dir/small-c-$n.raw"
}

@test "standard output that is the image is not written to" {
	local to
	cp small-c "$T/image"
	for to in '>>' '1<>'; do
		run -2 --separate-stderr bash -c "\"\$DUMP\" \"$T/image\" $to\"$T/image\""
		[[ $stderr == *"standard output is a file that is being read"* ]]
		run -2 bash -c "\"\$DUMP\" - <\"$T/image\" $to\"$T/image\""
	done
	cmp small-c "$T/image"
	run -0 bash -c '"$DUMP" -n+1 small-c >>"$0"' "$T/other"
	[ "$(cat "$T/other")" = "a small line 000000" ]
}

@test "without a log no file is left, and an old one is kept" {
	run -1 "$DUMP" -o "$T/log" notes-only
	[ ! -e "$T/log" ]
	echo mine >"$T/log"
	run -1 "$DUMP" --force -o "$T/log" notes-only
	[ "$(cat "$T/log")" = mine ]
	[ "$(find "$T" -type f | wc -l)" -eq 1 ]
}

@test "into a directory, each log goes to its own file" {
	run -0 --separate-stderr "$DUMP" -q -a -o "$T/new/" small-early-main
	[ -z "$output" ]
	[ "$(ls "$T/new")" = $'ovmf-phys-0x820000.txt\novmf-phys-0xf00000.txt' ]
	[ "$(head -n1 "$T/new/ovmf-phys-0xf00000.txt")" = "first boot 000000" ]
	[ "$(stat -c %a "$T/new" "$T/new/ovmf-phys-0x820000.txt")" = $'700\n600' ]
	mkdir "$T/raw"
	run -0 --separate-stderr "$DUMP" -r -o "$T/raw" small-c
	[ -z "$stderr" ]
	"$DUMP" -r small-c >"$BATS_TEST_TMPDIR/.want"
	cmp "$T/raw/ovmf-phys-0x820000.raw" "$BATS_TEST_TMPDIR/.want"
	# existing files stay
	run -2 --separate-stderr "$DUMP" -r -o "$T/raw" small-c
	[[ $stderr == *"$T/raw/ovmf-phys-0x820000.raw exists; use --force to replace it" ]]
	run -0 "$DUMP" -q -r -o "$T/raw" --force small-early-main
	"$DUMP" -q -r small-early-main >"$BATS_TEST_TMPDIR/.want"
	cmp "$T/raw/ovmf-phys-0x820000.raw" "$BATS_TEST_TMPDIR/.want"
	# logs of several images have different names
	cp small-c "$T/.small c"
	run -0 "$DUMP" -q -o "$T/many/" small-c "$T/.small c"
	[ "$(find "$T/many" -type f -printf "%f\n" | LC_ALL=C sort)" = \
		$'_small_c-ovmf-phys-0x820000.txt\nsmall-c-ovmf-phys-0x820000.txt' ]
	# a directory that was created in vain is removed
	run -1 "$DUMP" -q -o "$T/none/" notes-only
	[ ! -e "$T/none" ]
	local a
	for a in --list --info; do
		run -2 "$DUMP" $a -o "$T/raw" small-c
	done
}

@test "into a directory, --force replaces each file by a rename, and no link" {
	local n=ovmf-phys-0x820000.raw
	mkdir "$T/dir"
	echo mine >"$T/dir/$n"
	ln "$T/dir/$n" "$T/other-name"
	run -0 "$DUMP" -r --force -o "$T/dir" small-c
	"$DUMP" -r small-c >"$BATS_TEST_TMPDIR/.want"
	cmp "$T/dir/$n" "$BATS_TEST_TMPDIR/.want"
	[ "$(cat "$T/other-name")" = mine ]
	[ "$(stat -c %a "$T/dir/$n")" = 600 ]
	ln -sf "$T/other-name" "$T/dir/$n"
	run -2 --separate-stderr "$DUMP" -r --force -o "$T/dir" small-c
	[[ $stderr == *"$T/dir/$n is a symbolic link"* ]]
	[ -L "$T/dir/$n" ]
	[ "$(cat "$T/other-name")" = mine ]
	[ "$(ls "$T/dir")" = "$n" ]
	# a link to a directory is followed if its name ends in a slash
	mkdir "$T/real"
	ln -s real "$T/link"
	run -2 --separate-stderr "$DUMP" -r --force -o "$T/link" small-c
	[[ $stderr == *"$T/link is a symbolic link"* ]]
	run -0 "$DUMP" -r -o "$T/link/" small-c
	[ "$(ls "$T/real")" = "$n" ]
	# logs of two images with one name do not replace each other
	mkdir "$T/a" "$T/b"
	cp small-c "$T/a/image"
	cp small-early-main "$T/b/image"
	run -2 --separate-stderr "$DUMP" -q --force -o "$T/two/" "$T/a/image" \
		"$T/b/image"
	[[ $stderr == *"$T/two/image-ovmf-phys-0x820000.txt already has a log of another"* ]]
	run -2 --separate-stderr "$DUMP" -o "$T/other-name/" small-c
	[[ $stderr == *"cannot create the directory $T/other-name/: Not a dir"* ]]
}

@test "-o - is standard output" {
	run -0 --separate-stderr "$DUMP" -n+1 -o - small-c
	[ "$output" = "a small line 000000" ]
}

@test "a full or closed output is an error, with 3" {
	run -3 --separate-stderr bash -c '"$DUMP" small-c >/dev/full'
	[[ $stderr == *"cannot write standard output: No space left on device" ]]
	run -3 --separate-stderr bash -c '"$DUMP" --list small-c >/dev/full'
	[ -n "$stderr" ]
	for a in --help --version; do
		run -3 --separate-stderr bash -c "\"\$DUMP\" $a >/dev/full"
		[ "$stderr" = "memlog-dump: cannot write standard output: No space left on device" ]
		run -3 --separate-stderr bash -c "\"\$DUMP\" $a >&-"
		[[ $stderr == "memlog-dump: cannot write standard output: "* ]]
	done
	run -3 --separate-stderr bash -c '"$DUMP" small-c >&-'
	[[ $stderr == *"cannot write standard output"* ]]
	# a closed stdin or stderr does no harm
	run -0 --separate-stderr bash -c '"$DUMP" -n+1 small-early-main <&- 2>&-'
	[ "$output" = "second boot 000000" ]
}

@test "a limit on the size of files: a message, and no partial file" {
	export T
	run -3 --separate-stderr bash -c \
		'ulimit -f 8; "$DUMP" -q -o limited long'
	[ "$stderr" = "memlog-dump: long: cannot write limited: File too large; what was written of it is removed" ]
	[ ! -e limited ]
	run -3 --separate-stderr bash -c \
		'ulimit -f 8; "$DUMP" -q -o "$T/pieces/" long'
	[ ! -e "$T/pieces" ]
}

@test "a regular expression has limits, and the message names them" {
	local deep
	deep=$(printf '%060000d' 0 | tr 0 '(')
	for re in "$deep" '(((((a{1,255}){1,255}){1,255}){1,255}){1,255})'; do
		run -2 --separate-stderr "$DUMP" -g "$re" small-c
		[[ ${stderr_lines[0]} == *"up to 1024 bytes are allowed, 32 nested parentheses, and 512 characters"* ]]
	done
}

@test "if the reader of a pipe goes away: silence, as with other tools" {
	run --separate-stderr bash -c \
		'"$DUMP" -q big | head -n 1; echo "${PIPESTATUS[0]}"'
	[ "${lines[1]}" -eq 141 ]
	[ -z "$stderr" ]
	# also when the parent ignores SIGPIPE
	run --separate-stderr bash -c "trap '' PIPE
		\"\$DUMP\" -q big | head -n 1; echo \"\${PIPESTATUS[0]}\""
	[ "${lines[1]}" -eq 141 ]
	[ -z "$stderr" ]
}

@test "json, list and info are valid for jq, one object per line" {
	run -0 --separate-stderr "$DUMP" -q -a -J small-early-main hostile
	[ "$(jq -s length <<<"$output")" -eq "${#lines[@]}" ]
	"$DUMP" -q -J hostile | grep -v '^{"type":"image",' >"$T/json"
	[ -z "$(LC_ALL=C tr -d '[:print:]\n\200-\377' <"$T/json")" ]
	# the same bytes, but for CR LF where it is valid text
	"$DUMP" -q -r hostile >"$T/raw"
	perl -MMIME::Base64 -MJSON::PP -ne 'my $r = decode_json($_);
		my $t = exists $r->{text} ? $r->{text} : decode_base64($r->{text_b64});
		utf8::encode($t) if exists $r->{text}; print $t' \
		"$T/json" >"$T/back"
	cmp <(sed 's/\r$//' "$T/raw") <(sed 's/\r$//' "$T/back")
	run -0 "$DUMP" -J --list small-early-main
	[ "$(jq -r .state <<<"$output")" = $'stale\ncurrent\nnull' ]
	run -0 "$DUMP" -J --info big
	[ "$(jq -r '.ranges[0].end' <<<"${lines[0]}")" = 0x4000000 ]
	"$DUMP" -O json-seq small-c >"$T/seq"
	[ "$(jq --seq -r .format "$T/seq" | grep -c ovmf)" -eq 20 ]
	[ "$(LC_ALL=C grep -c $'^\x1e{' "$T/seq")" -eq 21 ]
	[ "$(jq --seq -r .type "$T/seq" | tail -n 1)" = image ]
}

# summary ARGUMENTS: the members of the last object of each image
summary() {
	"$DUMP" -q "$@" 2>/dev/null | jq -r 'select(.type == "image") |
		"\(.image) \(.status) \(.exit) \(.logs) \(.matched) \(.missing) \(.error)"'
}

@test "the last object of each image says what became of it" {
	local how
	head -c 30000000 big >"$T/half"
	ln -sf "$PWD"/{small-c,notes-only,hole} "$T"
	cd "$T"
	[ "$(summary -J small-c notes-only nowhere half)" = "\
small-c printed 0 1 20 0 null
notes-only none 1 0 0 0 null
nowhere unreadable 3 0 0 0 nowhere: No such file or directory
half incomplete 4 0 0 37110152 null" ]
	for how in --list --info "--stats irq"; do
		# shellcheck disable=SC2086
		[ "$(summary -J $how small-c nowhere half | wc -l)" -eq 3 ]
	done
	[[ $(summary -J --list small-c) == "small-c printed 0 1 0 0 null" ]]
	# whatever was printed, and whether the exit status says so
	[[ $(summary -J --info half) == "half incomplete 0 "* ]]
	[[ $(summary -J --info --strict half) == "half incomplete 4 "* ]]
	[[ $(summary -J hole) == "hole incomplete 0 "* ]]
	[[ $(summary -J -g nowhere small-c) == "small-c none 1 1 0 0 null" ]]
	[[ $(summary -J pid: small-c) == "pid: usage 2 "* ]]
	[[ $(summary -J --at 0x1000 small-c) == "small-c none 1 0 0 0 "*0x1000* ]]
	[[ $(summary -J --at mach:0 small-c) == "small-c usage 2 "* ]]
	# options that fit no image
	[ -z "$(summary -J -w --list small-c)" ]
	"$DUMP" -q -J small-c | tail -n 1 |
		jq -e '.searched == "8192" and .elapsed > 0 and .elapsed < 3600'
	# a file for each log has only the log
	"$DUMP" -q -J -o "$T/dir/" small-c
	run -1 grep -q '"type":"image"' "$T"/dir/*
	# shellcheck disable=SC2016
	run -3 bash -c '"$DUMP" -q -J notes-only >/dev/full'
	[[ $output == *"cannot write"* ]]
}

@test "a full disk: a word, and no part of the file" {
	local how
	mkdir "$T/disk"
	unshare -rm true 2>/dev/null || skip "no mount of its own here"
	for how in "" -r -J "--extract"; do
		# shellcheck disable=SC2016 # of the inner shell
		run -3 --separate-stderr unshare -rm sh -c '
			mount -t tmpfs -o size=16k none "$1" || exit 99
			case $4 in
			--extract) "$2" -q --extract="$1/out" "$3" ;;
			*) "$2" -q $4 -o "$1/out" "$3" ;;
			esac
			status=$?
			ls "$1"
			exit "$status"' - "$T/disk" "$DUMP" long "$how"
		[ -z "$output" ]
		[[ $stderr == *"No space left on device"* ]]
	done
}

@test "several processes may append to one file" {
	local how n pids
	# lines longer than a buffer too, in JSON, where every byte is escaped, and in
	# text
	printf '%s\n' 'ram 0 16M' 'ovmf 0x900000 size=2M' 'from text' end raw \
		>"$T/recipe"
	perl -e 'print "\"" x 4095 . ($_ % 3 ? "" : "\nshort\n") for 1..201' >"$T/text"
	(cd "$T" && "$B/mkimage" recipe wide)
	[ "$("$DUMP" -q -J "$T/wide" | wc -l)" -gt 200 ]
	[ "$("$DUMP" -q -J "$T/wide" | wc -L)" -gt 8192 ]
	[ "$("$DUMP" -q "$T/wide" | wc -L)" -gt 8192 ]
	for how in "-J" "-O json-seq" "--list -J" "--info -J" "" "--stats boot -O csv"; do
		rm -f "$T/all"
		for n in 1 2 3 4; do
			# shellcheck disable=SC2086
			"$DUMP" -q $how long "$T/wide" >>"$T/all" &
			pids[n]=$!
		done
		# not those that bats started
		wait "${pids[@]}"
		case $how in
		"" | *csv)
			# shellcheck disable=SC2086
			for n in 1 2 3 4; do "$DUMP" -q $how long "$T/wide"; done |
				sort | cmp - <(sort "$T/all")
			continue ;;
		esac
		tr -d '\036' <"$T/all" | jq -e .image >"$T/names"
		# shellcheck disable=SC2086
		[ "$(wc -l <"$T/names")" -eq \
			$((4 * $("$DUMP" -q $how long "$T/wide" | wc -l))) ]
	done
}

@test "an extract is small, and gives the same logs" {
	run -0 --separate-stderr "$DUMP" --extract "$T/x" small-early-main
	[ -z "$output" ]
	[ "$(stat -c %a "$T/x")" = 600 ]
	"$DUMP" -q -r -a "$T/x" >"$BATS_TEST_TMPDIR/.got"
	"$DUMP" -q -r -a small-early-main >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	run -0 "$DUMP" --info "$T/x"
	[[ $output == *"extract of 2 logs, the first at phys:0xf00000"* ]]
	run -0 "$DUMP" -q --extract "$T/y" big
	[ "$(stat -c %s "$T/y")" -lt 200000 ]
	"$DUMP" -r "$T/y" >"$BATS_TEST_TMPDIR/.got"
	"$DUMP" -r big >"$BATS_TEST_TMPDIR/.want"
	cmp "$BATS_TEST_TMPDIR/.got" "$BATS_TEST_TMPDIR/.want"
	# the notes are in it
	run -0 "$DUMP" --info "$T/y"
	[[ $output == *"CORE 0x1"* && $output == *QEMU* ]]
	run -0 readelf -lW "$T/y"
	[[ $output == *0x0000000003cb3000* ]]
	run -2 "$DUMP" --extract "$T/y" big
}

# ---- terminals ----

@test "raw bytes go to a terminal only with --force" {
	run on_tty "$DUMP -r small-c; echo rc=\$?"
	[[ $output == *"--force"*rc=2* ]]
	[[ $output != *"a small line"* ]]
	run on_tty "$DUMP -r --force small-c"
	[[ $output == *"a small line 000000"* ]]
	run on_tty "$DUMP --extract - small-c; echo rc=\$?"
	[[ $output == *rc=2* ]]
}

@test "no byte of the guest controls the terminal" {
	on_tty "$DUMP --color=never hostile; $DUMP --color=never --list hostile
		$DUMP --color=never --info -v hostile; $DUMP -J hostile" >"$T/out"
	[ "$(wc -l <"$T/out")" -gt 20 ]
	[ -z "$(LC_ALL=C tr -d '[:print:]\n\t\200-\377' <"$T/out")" ]
	run ! env LC_ALL=C grep -P '\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]' "$T/out"
}

@test "color: on terminals without NO_COLOR; --color overrides" {
	local esc=$'\e['
	run on_tty "$DUMP -a small-early-main"
	[[ $output == *"$esc"* ]]
	run on_tty "NO_COLOR=1 $DUMP -a small-early-main"
	[[ $output != *"$esc"* ]]
	run on_tty "NO_COLOR= $DUMP -a small-early-main"
	[[ $output == *"$esc"* ]]
	run on_tty "NO_COLOR=1 $DUMP --color=always -a small-early-main"
	[[ $output == *"$esc"* ]]
	local plain
	for plain in 'TERM=dumb' 'TERM=' 'env -u TERM'; do
		run on_tty "$plain $DUMP -a small-early-main"
		[[ $output == *"first boot 000000"* && $output != *"$esc"* ]]
		run on_tty "$plain $DUMP --color=always -a small-early-main"
		[[ $output == *"$esc"* ]]
	done
	run -0 "$DUMP" -a small-early-main
	[[ $output != *"$esc"* ]]
	run -0 "$DUMP" -a --color small-early-main
	[[ $output == *"$esc"* ]]
}

@test "progress after a second, and only on a terminal" {
	local slow='{ cat small-c; sleep 1.3; head -c 4M /dev/zero; sleep .3
		head -c 4M /dev/zero; } | '
	run -0 --separate-stderr bash -c "$slow \"\$DUMP\" -q --scan=pages --progress=always -n+1 -"
	[[ $stderr == *"standard input: "*MiB* ]]
	[ "$output" = "a small line 000000" ]
	run -0 --separate-stderr bash -c "$slow \"\$DUMP\" -q --scan=pages -n+1 -"
	[ -z "$stderr" ]
	run on_tty "$slow $DUMP -q --scan=pages -n+1 -"
	[[ $output == *"standard input: "*MiB*$'\e[K'* ]]
	run on_tty "$slow env -u TERM $DUMP -q --scan=pages -n+1 -"
	[ "$output" = "a small line 000000" ]
	# line by line
	run on_tty "$slow env -u TERM $DUMP -q --scan=pages --progress=always -n+1 -"
	[[ $output == *"standard input: "*MiB*$'\n'* && $output != *$'\e'* ]]
}

# ---- signals ----

# memlog-dump blocks on a pipe that nobody empties: when one line has been read,
# it is not yet at the end of the log. A shell starts background jobs with SIGINT
# ignored, a terminal does not.
start_slow() {
	mkfifo "$T/fifo"
	env --default-signal=INT "$DUMP" "$@" >"$T/fifo" 2>"$T/err" 3>&- &
	PID=$!
	exec 4<"$T/fifo"
	read -r FIRST <&4
}

@test "a file that shrinks while it is read: an error, the output is kept" {
	local rc=0
	cp --sparse=always long "$T/image"
	start_slow "$T/image"
	truncate -s 4096 "$T/image"
	cat <&4 >"$T/rest"
	exec 4<&-
	wait "$PID" || rc=$?
	[ "$rc" -eq 3 ]
	[[ $(cat "$T/err") == *"became shorter while it was read"* ]]
	"$DUMP" long >"$T/whole"
	{ printf '%s\n' "$FIRST"; cat "$T/rest"; } >"$T/got"
	[ "$(stat -c %s "$T/got")" -lt "$(stat -c %s "$T/whole")" ]
	cmp -n "$(stat -c %s "$T/got")" "$T/got" "$T/whole"
}

@test "Ctrl-C stops it like other tools: by the signal, silently" {
	local rc=0
	start_slow long
	kill -INT "$PID"
	cat <&4 >"$T/rest"
	exec 4<&-
	wait "$PID" || rc=$?
	[ "$rc" -eq 130 ]
	[ ! -s "$T/err" ]
}

@test "interrupted with --force: only the old file is left" {
	echo mine >"$T/log"
	mkfifo "$T/fifo"
	"$DUMP" --force -o "$T/log" - <"$T/fifo" 2>/dev/null 3>&- &
	local pid=$! rc=0
	exec 4>"$T/fifo"
	# not all of it: a pipe is read until what was asked for is printed
	head -c 4096 small-c >&4
	kill -TERM "$pid"
	exec 4>&-
	wait "$pid" || rc=$?
	[ "$rc" -eq 143 ]
	[ "$(cat "$T/log")" = mine ]
	[ "$(find "$T" -type f | wc -l)" -eq 1 ]
}

# tests/host/far.bats has those that can
@test "images far away that cannot be reached" {
	run -3 --separate-stderr "$DUMP" "nbd://[::1]:1"
	[[ $stderr == *"nbd://[::1]:1: cannot connect: "* ]]
	run -3 --separate-stderr "$DUMP" "https://[::1]:1/vmcore"
	[[ $stderr == *"https://[::1]:1/vmcore: cannot connect: "* ]]
}
