#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# All JSON of all fixtures against docs/output.schema.json.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	local p
	# that of the system, for which the module is packaged, may not be the
	# first one
	for p in python3 /usr/bin/python3; do
		"$p" -c 'import fastjsonschema' 2>/dev/null || continue
		export python=$p
		return 0
	done
	echo "no python3 with fastjsonschema: make deps installs it" >&2
	return 1
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	export LC_ALL=C
}

valid() {
	"$python" "$root/tests/schema.py" "$root/docs/output.schema.json" "$@"
}

# every IMAGE...: all that is written as JSON of each; $stats: also that
every() {
	local i how rc
	for i; do
		for how in "-a --uncommitted --consumed" --list --list-boots \
			--info ${stats:+"-a --consumed $stats"}; do
			rc=0
			# shellcheck disable=SC2086
			"$dump" -q -O "${seq:-json}" $how "$i" \
				>>json 2>>err || rc=$?
			case $rc/${name:-$i} in
			[014]/*) ;;
			# not a dump
			3/*.read.zst | 3/*.log.zst | 3/*.serial.zst | 3/*.ring.zst) ;;
			*) echo "$how ${name:-$i}: exit $rc"; return 1 ;;
			esac
		done
	done
}

@test "every recipe" {
	local r
	for r in "$recipes"/*.rec; do
		image "$(basename "$r" .rec)" "$(basename "$r" .rec)"
	done
	every ./*
	"$dump" -q -J -g 1 -C 1 small-c >>json
	grep -q '"flags":\["context"\]' json
	valid record log boot info image <json
}

@test "a name that is not UTF-8" {
	image small-c $'\xff'
	every $'\xff'
	seq=json-seq every $'\xff'
	valid record log boot info image <json
	[ "$(jq -s 'map(select(.image_b64 != "/w==")) | length' \
		<(tr -d '\036' <json))" = 0 ]
}

@test "dumps of guests, of coreboot and of Xen" {
	local f
	for f in "$vmcores"/*.zst; do
		case $f in *.debugcon.zst | *.console.zst | *.text.zst | *.trace.zst) continue ;; esac
		zstd -q -d --long=31 -o image "$f"
		name=$(basename "$f") every image
		rm image
	done
	valid record log boot info image <json
	# only these have a prefix, of Xen's console the lines of Xen
	jq -se '[.[] | select(.message)] | length > 1000 and all(.[];
		. as $r | (.text | endswith($r.message)) and
		(.format == "hyp-trace" or .format == "ftrace" or
		 .format == "dmesg" or .format == "fpdt" or
		 .format == "ramoops" or .format == "tpm-log" or
		 .format == "opal" or .format == "tboot" or
		 .format == "xen-console" and
		 (.message | startswith("(XEN)") | not)))' json
}

@test "logs of virtual machine monitors" {
	local v
	for v in 0.2 24arm 49 wallclock firecracker; do
		perl "$root/fixtures/gen/vmmlog.pl" "$v" 'text\n' 0x0@402 \
			0x80@1500000 +900000 0x40@100 >"log-$v"
	done
	every ./*
	valid record log boot info image <json
}

@test "ACRN's logs and traces" {
	zstd -q -d -o hvlog "$root/fixtures/acrn/hvlog-v27-3cpu-boot3.elf.zst"
	zstd -q -d -o trace "$root/fixtures/acrn/trace-v10-2cpu.elf.zst"
	"$B/mkacrn" log model cpus=16 boots=2 lazy=3000
	"$B/mkacrn" trace events cpus=3 noreason=1 exits=5000
	stats="--stats vm_exit,irq,cpu_usage --tsc-mhz 1000"
	every hvlog trace model events
	seq=json-seq every events
	valid record log boot info stats image <json
	# jq 1.7 takes the separators of json-seq for an error
	tr -d '\036' <json | jq -se '[.[] | select(.type == "record")] |
		length > 30000 and all(.[]; . as $r | .text | endswith($r.message))'
}

@test "summaries of a boot" {
	local f
	for f in memlog-q35-index memlog-fpdt dmesg-61; do
		zstd -q -d -o "$f" "$root/fixtures/vmcores/$f.elf.zst"
	done
	image small-c small
	stats="--stats boot"
	every memlog-q35-index memlog-fpdt dmesg-61 small
	seq=json-seq every memlog-q35-index memlog-fpdt dmesg-61 small
	"$dump" -q --stats boot -J ./memlog-* ./dmesg-61 >>json
	valid boot_times image <json
	tr -d '\036' <json |
		jq -se '[.[] | select(.type == "boot_times")] | length == 9'
}

@test "statistics of visits to a hypervisor" {
	"$B/mkhyp" visits cpus=3 back=1
	stats="--stats hyp_exit,vm_exit"
	every visits
	seq=json-seq every visits
	valid stats image <json
}
