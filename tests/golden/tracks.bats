#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Traces for programs that draw tracks: what is on them, in Chrome's JSON and for
# Perfetto alike.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	zstd -q -d --long=31 -o v10.elf "$root"/fixtures/acrn/trace-v10-2cpu.elf.zst
	zstd -q -d --long=31 -o log.elf \
		"$root"/fixtures/acrn/hvlog-v27-3cpu-boot3.elf.zst
	"$B/mkacrn" trace vms.elf cpus=3 exits=5000 truth=vms.truth
	"$B/mkhyp" many.elf cpus=64 events=30 truth=many.truth
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
	steps=
	command -v python3 >/dev/null || skip "no python3"
}

# both IMAGE [OPTION...]: $T/chrome and $T/perfetto, one line an event
both() {
	local how
	for how in chrome perfetto; do
		"$dump" -q -O $how "${@:2}" "$1" >"$T/trace"
		python3 "$root/tests/$how.py" "$T/trace" "$steps" >"$T/$how"
		[ -s "$T/$how" ]
	done
}

@test "chrome: valid, and with the slices that Perfetto gets" {
	local f
	for f in hyp-pkvm hyp-remote-test hyp-wrapped hyp-guests hyp-overtaken; do
		unpack "$f.elf"
		[ $f != hyp-guests ] || steps=-s
		both "$unpacked"
		same "$T/chrome" "$T/perfetto"
	done
	both v10.elf --tsc-mhz 1881.6
	same "$T/chrome" "$T/perfetto"
	[ "$(grep -c ' begin ' "$T/chrome")" -eq 3458 ]
	both vms.elf --tsc-mhz 1000
	same "$T/chrome" "$T/perfetto"
}

@test "lines: a short name, the text as argument, the level as category" {
	unpack memlog-q35-index.elf
	both "$unpacked"
	# in JSON lines last until the next
	grep -v ' end ' "$T/chrome" | sed 's/ begin / instant /' |
		same - "$T/perfetto"
	"$dump" -q -J "$unpacked" | jq -r 'select(.type == "record" and .time) |
		"\(["emerg","alert","crit","err","warn","notice","info","debug"][.level]) \(
			.text | sub("\r?\n$"; "") | @json)"' >"$T/want"
	"$dump" -q -O chrome "$unpacked" | jq -r '.traceEvents[] | select(.ph == "B") |
		"\(.cat) \(.args.text | @json)"' >"$T/got"
	[ "$(wc -l <"$T/got")" -gt 1000 ]
	same "$T/got" "$T/want"
	"$dump" -q -O chrome "$unpacked" | jq -e '[.traceEvents[] |
		select(.ph == "B") | (.name | length) <= 49] | all'
	# a name is the beginning of the text, cut at a word
	"$dump" -q -O chrome "$unpacked" | jq -e '[.traceEvents[] |
		select(.ph == "B") | . as $e | .name | rtrimstr("…") | . as $n |
		$e.args.text | startswith($n)] | all'
	# each line ends where the next begins
	"$dump" -q -O chrome "$unpacked" | jq -r '.traceEvents[] |
		select(.ph == "B" or .ph == "E") | "\(.ph) \(.ts)"' >"$T/edges"
	awk '$1 == "E" { end = $2; next } NR > 1 && $2 != end { exit 1 }' "$T/edges"
	both log.elf
	grep -v ' end ' "$T/chrome" | sed 's/ begin / instant /' |
		same - "$T/perfetto"
}

@test "records with a begin and an end are slices inside each other" {
	unpack memlog-fpdt.elf
	both "$unpacked" -F fpdt
	"$dump" -q -F fpdt -J "$unpacked" >"$T/json"
	# their lengths are what the log itself says of them
	python3 - "$T/json" >"$T/want" <<-'PY'
	import json, sys
	for r in map(json.loads, open(sys.argv[1])):
	    if r["type"] == "record" and r["fields"].get("edge") == "end" and \
	       "took_ns" in r["fields"]:
	        print(r["fields"]["took_ns"])
	PY
	[ "$(wc -l <"$T/want")" -gt 1000 ]
	"$dump" -q -F fpdt -O chrome "$unpacked" >"$T/trace"
	python3 - "$T/trace" >"$T/got" <<-'PY'
	import decimal, json, sys
	for e in json.load(open(sys.argv[1]), parse_float=decimal.Decimal)["traceEvents"]:
	    if e["ph"] == "X" and "unpaired" not in e["args"]:
	        print(int(e["dur"] * 1000))
	PY
	sort "$T/got" | same - <(sort "$T/want")
}

@test "a group of tracks for each VM, with the CPUs that it had" {
	both vms.elf --tsc-mhz 1000
	"$dump" -q -J --tsc-mhz 1000 vms.elf >"$T/json"
	python3 - "$T/json" >"$T/want" <<-'PY'
	import json, sys
	first, last, since, user = {}, {}, {}, {}
	def group(who):
	    if who.startswith("vm") and who[2].isdigit():
	        return "VM " + who[2:].rstrip(":")
	    return None if who == "idle" else "threads of no VM"
	def put(c, end):
	    if group(user[c]):
	        print(f"{group(user[c])} / CPU {c} {since[c]} {end}")
	for r in map(json.loads, open(sys.argv[1])):
	    if r["type"] != "record" or "time" not in r: continue
	    c, t = r["cpu"], int(r["time"])
	    first.setdefault(c, t)
	    last[c] = t
	    if r["component"] == "SCHED_NEXT":
	        d = r["fields"]["data"]
	        if c not in user: user[c], since[c] = d[:4], first[c]
	        put(c, t)
	        user[c], since[c] = d[4:8], t
	for c in user: put(c, last[c])
	PY
	[ "$(wc -l <"$T/want")" -gt 20 ]
	perl -ne '/^((?:VM|threads)[^\/]* \/ CPU \d+) (begin|end) (\d+)/ or next;
		if ($2 eq "begin") { $from{$1} = $3 }
		else { print "$1 $from{$1} $3\n" }' "$T/perfetto" | sort |
		same - <(sort "$T/want")
}

@test "the order of CPUs is their number" {
	"$dump" -q -O perfetto many.elf >"$T/trace"
	python3 "$root/tests/perfetto.py" "$T/trace" -r |
		perl -ne '/^(\d+) .* \/ CPU (\d+)$/ and print "$1 $2\n"' |
		sort -n | cut -d' ' -f2 >"$T/cpus"
	[ "$(wc -l <"$T/cpus")" -ge 60 ]
	sort -n -u "$T/cpus" | same - "$T/cpus"
	"$dump" -q -O chrome many.elf | jq -r '.traceEvents[] |
		select(.name == "thread_sort_index") | .tid as $t |
		"\($t) \(.args.sort_index)"' | sort -k 1b,1 >"$T/ranks"
	"$dump" -q -O chrome many.elf | jq -r '.traceEvents[] |
		select(.name == "thread_name") | "\(.tid) \(.args.name)"' |
		sort -k 1b,1 >"$T/names"
	join "$T/ranks" "$T/names" | sort -n -k 2,2 | sed -n 's/.* CPU //p' >"$T/cpus"
	[ "$(wc -l <"$T/cpus")" -ge 60 ]
	sort -n -u "$T/cpus" | same - "$T/cpus"
}

@test "cycles are not nanoseconds" {
	local how
	for how in chrome perfetto; do
		run -1 --separate-stderr "$dump" -O $how -o "$T/$how" v10.elf
		[[ $stderr == *"-O $how shows nothing of it: its times are in cycles of unknown rate; give --tsc-mhz=N"* ]]
		run -0 --separate-stderr "$dump" -O $how --tsc-mhz 1881.6 -o "$T/2$how" v10.elf
		[[ $stderr != *cycles* ]]
	done
	# no event, and no track
	python3 "$root/tests/perfetto.py" "$T/perfetto" | same - /dev/null
	python3 "$root/tests/chrome.py" "$T/chrome" | same - /dev/null
	"$dump" -q -O chrome --tsc-mhz 1881.6 v10.elf | jq -e '[.traceEvents[] |
		select(.ph == "X") | .ts] | min > 4783000 and max < 4900000'
}

@test "chrome: one image" {
	run -2 --separate-stderr "$dump" -O chrome --tsc-mhz 1000 v10.elf vms.elf
	[[ $stderr == *"a trace in JSON has one image"* ]]
}
