#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Traces of hypervisors under Linux for other tools, and in numbers.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	"$B/mkhyp" plain.elf cpus=3 empty=1 truth=plain.truth
	"$B/mkhyp" back.elf back=1 events=700 truth=back.truth
}

setup() {
	cd "$BATS_FILE_TMPDIR" || return 1
	T=$BATS_TEST_TMPDIR
}

# slices RECORDS: what a Perfetto trace has: CPU begin end, with the arguments of
# both ends; or what is missing. A stay of nine years is none: the clock jumped.
slices() {
	python3 - "$1" <<-'PY'
	import json, sys
	def args(r, prefix=""):
	    return "".join(f" {prefix}{k}={v}" for k, v in r["fields"].items())
	def close(r, ns, tail):
	    name = r["fields"]["reason_name"]
	    print(f"CPU {r['cpu']} {r['time']} {ns} {name}{args(r)}{tail}")
	inside, last = {}, {}
	for r in map(json.loads, open(sys.argv[1])):
	    if r["type"] != "record" or "time" not in r: continue
	    c = r["cpu"]
	    last[c] = r["time"]
	    if c in inside:
	        begin = inside[c]["time"]
	        if (int(r["time"]) - int(begin)) % 2**64 >= 2**58:
	            close(inside.pop(c), begin, " unpaired=no exit")
	    if r["component"] == "hyp_enter":
	        if c in inside: close(inside[c], r["time"], " unpaired=no exit")
	        inside[c] = r
	    elif r["component"] == "hyp_exit" and c in inside:
	        close(inside.pop(c), r["time"], args(r, "exit_"))
	    else:
	        lost = r["component"] == "hyp_exit"
	        print(f"CPU {c} {r['time']} {r['component']}{args(r)}" +
	              " unpaired=no enter" * lost)
	for c, r in inside.items():
	    close(r, last[c], " unpaired=no exit")
	PY
}

# joined TRACE: the same from a Perfetto trace
joined() {
	python3 "$root/tests/perfetto.py" "$1" | perl -ne '
		my ($c, $what, $ns, $rest) = /^(CPU \d+) (\w+) (\d+) ?(.*)$/ or die;
		if ($what eq "instant") { print "$c $ns $rest\n"; next }
		if ($what eq "begin") { $open{$c} = [$ns, $rest]; next }
		my ($from, $name) = @{delete $open{$c}};
		$rest = " $rest" if $rest ne "";
		print "$c $from $ns $name$rest\n";
		END { die "not ended" if %open }'
}

@test "perfetto: a slice for each stay in the hypervisor" {
	local f
	for f in hyp-pkvm hyp-nvhe hyp-remote-test; do
		unpack "$f.elf"
		"$dump" -O perfetto -o "$T/$f" "$unpacked"
		"$dump" -q -J "$unpacked" >"$T/records"
		slices "$T/records" | sort >"$T/want"
		joined "$T/$f" | sort >"$T/got"
		[ -s "$T/got" ]
		same "$T/got" "$T/want"
	done
	# a stay that began before the trace, and one that had not ended
	joined "$T/hyp-pkvm" | grep -c unpaired= >"$T/unpaired"
	[ "$(cat "$T/unpaired")" -eq 2 ]
	"$dump" -O perfetto -o "$T/plain" plain.elf
	"$dump" -q -J plain.elf >"$T/records"
	slices "$T/records" | sort >"$T/want"
	joined "$T/plain" | sort >"$T/got"
	same "$T/got" "$T/want"
	# two CPUs, each 429 times in the hypervisor, and 142 other events
	[ "$(wc -l <"$T/want")" -eq $((2 * (429 + 142))) ]
}

@test "perfetto: no slice where the clock jumped" {
	"$dump" -O perfetto -o "$T/back" back.elf
	"$dump" -q -J back.elf >"$T/records"
	slices "$T/records" | sort >"$T/want"
	joined "$T/back" | sort >"$T/got"
	same "$T/got" "$T/want"
	[ "$(grep -c 'unpaired=no enter$' "$T/got")" -ge 200 ]
	[ "$(grep -c 'unpaired=no exit$' "$T/got")" -ge 200 ]
	[ "$(grep -c ' exit_vcpu=' "$T/got")" -ge 390 ]
}
