#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which lines are printed: grep(1) on all of the text is the judge.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	zstd -qd -o ovmf "$vmcores/ovmf-c01-elf64.elf.zst"
	"$dump" -q ovmf >text
	[ "$(wc -l <text)" -gt 1000 ]
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
}

# as_grep MEMLOG-DUMP'S OPTIONS -- GREP'S: the same lines
as_grep() {
	local ours=()
	while [ "$1" != -- ]; do
		ours+=("$1")
		shift
	done
	local status=0 wanted=0
	"$dump" -q "${ours[@]}" ovmf >"$T/got" || status=$?
	grep -E "${@:2}" text >"$T/want" || wanted=$?
	[ "$status" -eq "$wanted" ] ||
		{ echo "${ours[*]}: $status, not $wanted"; return 1; }
	same "$T/want" "$T/got" || { echo "${ours[@]}"; return 1; }
}

@test "-g: any of several, case, and lines that do not match" {
	as_grep -g Loading -- Loading
	[ "$(wc -l <"$T/want")" -gt 50 ]
	as_grep -g Loading -g 'efi$' -g '^Memory' -- -e Loading -e 'efi$' -e '^Memory'
	as_grep --invert-match -g Loading -g Install -- -v -e Loading -e Install
	# as journalctl -g: case counts if the expression has some, each for itself
	as_grep -g loading -- -i loading
	as_grep -g LOADING -- LOADING
	[ ! -s "$T/want" ]
	as_grep -g LOADING -g install -- -i install
	as_grep -i -g LOADING -g INSTALL -- -i -e LOADING -e INSTALL
	as_grep -g LOADING -ig INSTALL -- -i -e LOADING -e INSTALL
	as_grep --case-sensitive -g loading -g install -- -e loading -e install
	as_grep -g '\Bnstall' -- -i '\Bnstall'
}

@test "-g: options that need it, and contradict each other" {
	run -2 --separate-stderr "$dump" -i ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: -i has no effect without -g REGEX" ]
	run -2 --separate-stderr "$dump" --invert-match -n 3 ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: --invert-match has no effect without -g REGEX" ]
	run -2 --separate-stderr "$dump" -i --case-sensitive -g x ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: -i cannot be combined with --case-sensitive: it is the opposite" ]
	local many=()
	for _ in {1..17}; do many+=(-g x); done
	run -2 --separate-stderr "$dump" "${many[@]}" ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: --grep: more than 16 regular expressions: join some with |" ]
	run -2 --separate-stderr "$dump" --list --invert-match ovmf
	[[ $stderr == *"--list cannot be combined with --invert-match: it prints no lines"* ]]
}

@test "-A, -B and -C: the lines that grep prints, with its separators" {
	as_grep -g Memory -C 3 -- -C 3 Memory
	as_grep -g 'efi$' -A 2 -- -A 2 'efi$'
	as_grep -g 'efi$' -B 4 -A 1 -- -B 4 -A 1 'efi$'
	grep -q '^--$' "$T/want"
	as_grep -g 'efi$' -C 2 -A 0 -- -C 2 -A 0 'efi$'
	as_grep --invert-match -g e -B 1 -- -iv -B 1 e
	as_grep -ig LOADING -g nowhere -C0 -- -i -C 0 loading
	as_grep -g nowhere -C 5 -- nowhere
	# the newest that match, and what is around them
	"$dump" -q -g Loading -n 3 -C 2 ovmf >"$T/got"
	[ "$(grep -c Loading "$T/got")" -ge 3 ]
	same "$T/got" <(grep -C 2 Loading text | tail -n "$(wc -l <"$T/got")")
	run -2 --separate-stderr "$dump" -C 2 ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: -C has no effect without a filter such as -g" ]
}

@test "-C: JSON tells what is context, other outputs refuse it" {
	local how
	"$dump" -q -g 'efi$' -C 1 -J ovmf | objects >"$T/json"
	[ "$(jq -r 'select((.flags // []) | index("context") | not) | .text' "$T/json" |
		grep -vc '^$')" -eq "$(grep -c 'efi$' text)" ]
	"$dump" -q -g 'efi$' -C 1 ovmf | grep -vx -e -- >"$BATS_TEST_TMPDIR/.want"
	jq -j .text "$T/json" | same "$BATS_TEST_TMPDIR/.want" -
	[ "$("$dump" -q -g 'efi$' -C 1 -J ovmf | tail -n 1 | jq -r .matched)" -eq \
		"$(grep -c 'efi$' text)" ]
	for how in raw perfetto chrome tracedat html; do
		run -2 --separate-stderr "$dump" -g x -A 1 -O "$how" ovmf
		[ "${stderr_lines[0]}" = "memlog-dump: -A cannot be combined with -O $how: only text and JSON tell what is context" ]
	done
	run -2 --separate-stderr "$dump" -g x -B 1 --stats boot ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: -B cannot be combined with --stats=boot: only text and JSON tell what is context" ]
	run -2 --separate-stderr "$dump" -g x -A five ovmf
	[[ $stderr == *'--after-context: "five" is not a number of lines'* ]]
	run -2 --separate-stderr "$dump" -w -g x -A 1 --time-format arrival pid:1
	[[ $stderr == *"-A cannot be combined with --time-format=arrival: save all lines"* ]]
	run -2 --separate-stderr "$dump" -w -g x -A 1 "port:$T/none"
	[[ $stderr == *"--context is not for ports: save what they have with -o FILE"* ]]
}

# plain: colours taken out
plain() {
	sed 's/\x1b\[[0-9;]*m//g'
}

@test "colour: what matched and what is wrong, and the same text" {
	local e=$'\e'
	unpack memlog-q35-no-room.elf
	"$dump" -q --color "$unpacked" >"$T/color"
	grep -Fq "${e}[1;31mASSERT /" "$T/color"
	grep -Fxq "${e}[31mERROR: Out of aligned pages${e}[0m" "$T/color"
	"$dump" -q "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	plain <"$T/color" | same "$BATS_TEST_TMPDIR/.want" -
	"$dump" -q --color -g memory -A 1 ovmf >"$T/color"
	grep -Fq "${e}[1;31mMemory${e}[0m Allocation" "$T/color"
	grep -Fxq "${e}[36m--${e}[0m" "$T/color"
	"$dump" -q -g memory -A 1 ovmf >"$BATS_TEST_TMPDIR/.want"
	plain <"$T/color" | same "$BATS_TEST_TMPDIR/.want" -
	# Linux's levels, which its text does not have
	unpack dmesg-61.elf
	"$dump" -q -F dmesg --color "$unpacked" >"$T/color"
	grep -q "^${e}\[32m\[ *[0-9.]*\] ${e}\[0m" "$T/color"
	"$dump" -q -F dmesg -l err -n 1 --color "$unpacked" | has -F "${e}[31m"
	"$dump" -q -F dmesg "$unpacked" >"$BATS_TEST_TMPDIR/.want"
	plain <"$T/color" | same "$BATS_TEST_TMPDIR/.want" -
	run -0 "$dump" -q --color=yes -n 1 -g memory ovmf
	[[ $output == *"${e}["* ]]
	run -0 "$dump" -q --color=no -n 1 -g memory ovmf
	[[ $output != *"${e}["* ]]
	# neither in a file nor in JSON
	run -0 "$dump" -q -J --color -n 1 -g memory ovmf
	[[ $output != *"${e}["* ]]
}

# deltas OPTIONS...: what -d prints before each line, from the times in JSON
deltas() {
	"$dump" -q -J "$@" | objects | jq -r 'select(.time) | [.time, .time_hz] | @tsv' |
		perl -ane 'my ($t, $hz) = @F; my $d = $t - ($last // $t); $last = $t;
			my $sign = $d < 0 ? "-" : " "; $d = abs $d;
			printf "[<$sign%4d.%06d>]\n", $d / $hz, $d % $hz * 1e6 / $hz'
}

@test "-d: the time since the line before, of those that are printed" {
	local how
	unpack dmesg-61.elf
	cp "$unpacked" linux
	unpack memlog-fpdt.elf
	cp "$unpacked" firmware
	for how in '-F dmesg linux' '-F dmesg -g pci linux' '-F dmesg -n 9 linux' \
		'-F ovmf firmware' '-F ovmf -g loading -n 20 firmware'; do
		# shellcheck disable=SC2086
		deltas $how >"$T/want"
		# shellcheck disable=SC2086
		"$dump" -q -d $how | sed -n 's/^\(\[<[^]]*\]\) .*/\1/p' | same "$T/want" -
		[ "$(wc -l <"$T/want")" -ge 9 ]
	done
	# the color ends with the delta
	"$dump" -q -F dmesg -d --color=always -n 1 linux >"$T/line"
	grep -qP '^\e\[[0-9;]+m\[<[^]]*\]\e\[0?m ' "$T/line"
	run -0 "$dump" -q -F ovmf -d --time-format=ticks -n +2 firmware
	[[ ${lines[1]} =~ ^"[< "[\ 0-9]{15}">] ["[\ 0-9]{16}"] " ]]
	run -0 --separate-stderr "$dump" -d --time-format=ticks -n 2 ovmf
	[[ $stderr == *"has no effect: the log records no times"* ]]
	run -0 --separate-stderr "$dump" -d -n 2 ovmf
	[[ $stderr == *"warning: -d has no effect: the log records no times"* ]]
	run -2 --separate-stderr "$dump" -d -J ovmf
	[ "${stderr_lines[0]}" = "memlog-dump: -d cannot be combined with -O json: only text has a choice" ]
}
