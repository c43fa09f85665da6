#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The seeds that fuzz/seeds makes: a fuzzer that starts from logs finds more. What fuzz/run
# and fuzz/table say.

load ../lib
load ../wait

setup_file() {
	"$root/fuzz/seeds" "$BATS_FILE_TMPDIR/seeds"
}

# seed HARNESS FILE: a log, as the harness opens it
seed() {
	local format=${1#format_} at=()
	case $1 in
	format_*) at=(--map=0x820000 --at 0x820000 "--format=${format//_/-}") ;;
	esac
	run "$dump" -q --list "${at[@]}" "$2"
}

@test "each seed has a log, unless it says that it has none" {
	local f name n=0
	for f in "$BATS_FILE_TMPDIR"/seeds/*/*; do
		name=${f%/*}
		name=${name##*/}
		seed "$name" "$f"
		echo "$f: $status, $output"
		case ${f##*/} in
		rejected*) [ "$status" -eq 1 ] || [ "$status" -eq 4 ] ;;
		*) [[ $output == *0x* ]] ;;
		esac
		n=$((n + 1))
	done
	[ "$n" -gt 50 ]
}

@test "the harnesses take the seeds, which are not longer than they read" {
	local d name max list
	for d in "$BATS_FILE_TMPDIR"/seeds/*; do
		name=${d##*/}
		list=("$d"/*)
		"$B/fuzz/$name.t" "${list[@]}" >"$BATS_TEST_TMPDIR/out"
		[ "$(grep -c '^ok ' "$BATS_TEST_TMPDIR/out")" -eq ${#list[@]} ]
		max=$(awk -v name="$name" '$1 == name { print $2 }' "$root/fuzz/limits")
		[ -z "$(find "$d" -type f -size "+${max}c")" ]
	done
}

# What a server said is an answer only to those requests that a client made then.
@test "source_nbd: the servers answer what is asked today" {
	local f server n=0
	cd "$BATS_TEST_TMPDIR"
	for f in "$root"/fuzz/corpus/source_nbd/{elf,plain,sparse}; do
		rm -f sock
		socat UNIX-LISTEN:sock "SYSTEM:cat '$f'; cat >/dev/null" 3>&- &
		server=$!
		until_ok test -S sock
		run "$dump" --scan=likely "nbd+unix:///?socket=$PWD/sock"
		echo "${f##*/}: $status, $output"
		[[ $output != *"has no libnbd"* ]] || skip "no libnbd"
		[[ $output == *"no log found in the "*" of phys memory that were searched"* ]]
		reap "$server"
		n=$((n + 1))
	done
	[ "$n" -eq 3 ]
}

@test "fuzz/limits has all harnesses, and room for their corpus" {
	local d name max
	for d in "$root"/fuzz/corpus/*; do
		name=${d##*/}
		max=$(awk -v name="$name" '$1 == name { print $2 }' "$root/fuzz/limits")
		echo "$name: $max"
		[ "$max" ]
		[ -z "$(find "$d" -type f -size "+${max}c")" ]
	done
	[ "$(grep -c '^[a-z]' "$root/fuzz/limits")" -eq \
		"$(find "$root/fuzz/corpus" -mindepth 1 -type d | wc -l)" ]
}

@test "docs/fuzzing.md has figures of all harnesses" {
	local d
	for d in "$root"/fuzz/corpus/*; do
		echo "${d##*/}"
		grep -q "^| ${d##*/} | [0-9]" "$root/docs/fuzzing.md"
	done
}

@test "the table has the sums of a harness's runs" {
	mkdir "$BATS_TEST_TMPDIR/logs"
	cat >"$BATS_TEST_TMPDIR/logs/render.log" <<-'E'
		#8	INITED cov: 10 ft: 20 corp: 3/11Kb exec/s: 0 rss: 50Mb
		#99	NEW    cov: 12 ft: 25 corp: 4/12Kb lim: 9 exec/s: 9 rss: 60Mb L: 5/9 MS: 1 Custom-
		stat::number_of_executed_units: 1000
		cpu: 1.500 0.500
		#9	DONE   cov: 13 ft: 26 corp: 5/13b lim: 9 exec/s: 9 rss: 60Mb
		stat::number_of_executed_units: 200
		cpu: 0.900 1.100
	E
	echo "no harness ran" >"$BATS_TEST_TMPDIR/logs/stream.log"
	# rows stay: that of a harness without a log, but not of one that is gone, or fuzzed again
	cat >"$BATS_TEST_TMPDIR/doc.md" <<-'E'
		before
		<!-- figures -->

		| harness | executions |
		|--|--|
		| btf | 7 | 2 | 3 | 1 | 1 | 1 | 1b |
		| gone | 8 | 2 | 4 | 1 | 1 | 1 | 1b |
		| render | 9 | 2 | 5 | 1 | 1 | 1 | 1b |
		| stream | 9 | 2 | 5 | 1 | 1 | 1 | 1b |

		<!-- end of figures -->
		after
	E
	"$root/fuzz/table" "$BATS_TEST_TMPDIR/logs" "$BATS_TEST_TMPDIR/doc.md"
	run cat "$BATS_TEST_TMPDIR/doc.md"
	[ "$output" = "before
<!-- figures -->

| harness | executions | CPU seconds | per second | cov | ft | corpus | bytes |
|--|--|--|--|--|--|--|--|
| btf | 7 | 2 | 3 | 1 | 1 | 1 | 1b |
| render | 1200 | 4 | 300 | 13 | 26 | 5 | 13b |
| stream | 9 | 2 | 5 | 1 | 1 | 1 | 1b |

<!-- end of figures -->
after" ]
}

@test "the table without logs keeps all rows" {
	mkdir "$BATS_TEST_TMPDIR/none"
	cp "$root/docs/fuzzing.md" "$BATS_TEST_TMPDIR/doc.md"
	"$root/fuzz/table" "$BATS_TEST_TMPDIR/none" "$BATS_TEST_TMPDIR/doc.md"
	cmp "$root/docs/fuzzing.md" "$BATS_TEST_TMPDIR/doc.md"
	[ -z "$(find "$BATS_TEST_TMPDIR" -name 'doc.md.*')" ]
}

# fuzz_run NAME=VALUE...: with a fuzzer that executes 10 inputs, and whose exit status is $ends.
fuzz_run() {
	mkdir -p fake/fuzz
	ln -sf "$B/mkimage" fake/mkimage
	cat >fake/fuzz/acrn_rules.fuzz <<-'E'
		#!/usr/bin/env bash
		echo "$@" >>"$LOG"
		echo "stat::number_of_executed_units: 10"
		for ((i = 0; i < BUSY; i++)); do :; done
		exit "$ENDS"
	E
	chmod +x fake/fuzz/acrn_rules.fuzz
	run env B="$PWD/fake" LOG="$PWD/called" ENDS="$ends" BUSY="${busy:-0}" "$@" \
		"$root/fuzz/run" acrn_rules
	echo "$*: $status, $output"
}

@test "fuzz/run says what it ran, and what was run before" {
	cd "$BATS_TEST_TMPDIR"
	local ends=0
	fuzz_run FUZZ_SECONDS=1
	[ "$status" -eq 0 ]
	[ "$output" = "acrn_rules: 10 runs, nothing found" ]
	fuzz_run FUZZ_SECONDS=1 FUZZ_GO_ON=1
	[ "$status" -eq 0 ]
	[ "$output" = "acrn_rules: 10 runs, nothing found now, after 10 before" ]
	echo 'cpu: 3.5 1.5' >>fake/acrn_rules.log
	fuzz_run FUZZ_CPU=5 FUZZ_GO_ON=1
	[ "$status" -eq 0 ]
	[ "$output" = "acrn_rules: not run again: 5 CPU seconds and 20 runs are in its log" ]
	[ "$(grep -c stat:: fake/acrn_rules.log)" -eq 2 ]
	ends=77
	fuzz_run FUZZ_CPU=6 FUZZ_GO_ON=1
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} == "acrn_rules: FOUND something after 10 runs, see "* ]]
	fuzz_run FUZZ_SECONDS=1
	[ "$status" -eq 1 ]
	[[ ${lines[-1]} == "acrn_rules: FOUND something after 10 runs, see "* ]]
}

# The first run of a short one takes less than a second of CPU time: that is not none, after
# which the next would be of ten minutes.
@test "fuzz/run: a little CPU time is not none" {
	local ends=0 busy=20000 seconds
	cd "$BATS_TEST_TMPDIR"
	fuzz_run FUZZ_CPU=1
	[ "$status" -eq 0 ]
	sed 's/.*-max_total_time=\([0-9]*\) .*/\1/' called >seconds
	cat seconds
	[ "$(wc -l <seconds)" -gt 1 ]
	seconds=$(sort -n seconds | tail -n 1)
	[ "$seconds" -lt 300 ]
}
