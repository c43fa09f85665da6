#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pictures in a browser: what Chromium draws of them on the screen and on paper, and
# Chrome traces in speedscope. PICTURES: a directory that keeps the screenshots.

bats_require_minimum_version 1.5.0
load ../lib

setup_file() {
	export work=${PICTURES:-$BATS_FILE_TMPDIR}

	mkdir -p "$work"
	cd "$work" || return 1
	zstd -f -q -d --long=31 -o boot.elf "$root"/fixtures/vmcores/memlog-fpdt.elf.zst
	"$B/mkacrn" trace trace.elf cpus=4 exits=5000
	for n in 100 10000; do
		for how in svg html chrome; do
			"$dump" -q --force --tsc-mhz 1000 -n $n -O $how \
				-o trace-$n.$how trace.elf
		done
	done
	for how in svg html; do
		"$dump" -q --force -O $how -o boot-all.$how boot.elf
	done
}

setup() {
	cd "$work" || return 1
}

# browser URL ARG...
browser() {
	timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars \
		--user-data-dir="$BATS_TEST_TMPDIR/profile" \
		--allow-file-access-from-files --virtual-time-budget=20000 \
		--window-size=1280,1600 "${@:2}" "$1" 2>"$BATS_TEST_TMPDIR/messages" ||
		{ cat "$BATS_TEST_TMPDIR/messages"; return 1; }
}

# seen PNG: its number of colours, and how light it is, in percent
seen() {
	convert "$1" -format '%k %[fx:int(100*mean)]\n' info:
}

# screenshot FILE SCHEME, with Blink's number of the scheme: into FILE-SCHEME.png
screenshot() {
	local scheme=1
	[ "$2" = light ] || scheme=0
	browser "file://$work/$1" --blink-settings=preferredColorScheme=$scheme \
		--screenshot="$work/$1-$2.png"
	seen "$1-$2.png"
}

@test "on the screen: not blank, light and dark" {
	local file colours mean
	for file in boot-all.html trace-100.html trace-10000.html \
		boot-all.svg trace-100.svg trace-10000.svg; do
		screenshot "$file" light >got
		read -r colours mean <got
		echo "$file, light: $colours colours, $mean %"
		[ "$colours" -gt 100 ]
		[ "$mean" -gt 85 ]
		screenshot "$file" dark >got
		read -r colours mean <got
		echo "$file, dark: $colours colours, $mean %"
		[ "$colours" -gt 100 ]
		[ "$mean" -lt 25 ]
	done
}

# boxes FILE: the title that boxes.js gives the page. The policy of a page forbids all
# scripts, and is taken out for this one.
boxes() {
	{
		sed 's/<meta http-equiv="Content-Security-Policy"[^>]*>//' "$1"
		printf '<script>\n'
		cat "$root/tests/full/boxes.js"
		printf '</script>\n'
	} >"$BATS_TEST_TMPDIR/page.html"
	browser "file://$BATS_TEST_TMPDIR/page.html" --dump-dom >"$BATS_TEST_TMPDIR/dom"
	grep -oE '<title>[^<]*' "$BATS_TEST_TMPDIR/dom" | sed -n '1s/<title>//p'
}

@test "text is not cut, not covered by other text, and large enough to read" {
	local file title
	for file in boot-all.html trace-100.html trace-10000.html \
		boot-all.svg trace-100.svg trace-10000.svg; do
		title=$(boxes "$file")
		echo "$file: $title"
		[[ $title =~ ^boxes:\ ([0-9]+)\ texts,\ ([0-9]+)\ px$ ]]
		[ "${BASH_REMATCH[1]}" -gt 10 ]
		[ "${BASH_REMATCH[2]}" -ge 9 ]
	done
	# text that is cut is seen
	printf '<svg width="50" height="20"><text x="0" y="15">%s</text></svg>' \
		"much too long for this picture" >cut.html
	[[ $(boxes cut.html) == cut:* ]]
	printf '<svg width="500" height="20">%s%s</svg>' '<text y="15">one</text>' \
		'<text x="5" y="15">two</text>' >over.html
	[[ $(boxes over.html) == "on each other: one and two" ]]
}

@test "a page lets no script run" {
	local page=$BATS_TEST_TMPDIR/page.html
	{
		cat trace-100.html
		printf '<script>document.title = "a script ran"</script>\n'
	} >"$page"
	browser "file://$page" --dump-dom >"$BATS_TEST_TMPDIR/dom"
	grep -q '<title>trace.elf</title>' "$BATS_TEST_TMPDIR/dom"
}

@test "on paper: pages of A4 in landscape, in colour" {
	local file
	for file in boot-all trace-100 trace-10000; do
		browser "file://$work/$file.html" --no-pdf-header-footer \
			--print-to-pdf="$work/$file.pdf"
		[ "$(head -c 5 "$file.pdf")" = %PDF- ]
		grep -a -q '^/MediaBox \[0 0 84[12]' "$file.pdf" ||
			{ grep -a MediaBox "$file.pdf" | head -n 3; false; }
		# text stays text
		grep -a -q '/Type /Font' "$file.pdf"
	done
}

# speedscope FILE: what it shows of a trace, as its own command opens one
speedscope() {
	local at=$BATS_FILE_TMPDIR/node_modules/speedscope/dist/release

	{
		printf 'speedscope.loadFileFromBase64("trace.json", "'
		base64 -w 0 "$1"
		printf '")\n'
	} >"$BATS_TEST_TMPDIR/trace.js"
	browser "file://$at/index.html#localProfilePath=$BATS_TEST_TMPDIR/trace.js" \
		--dump-dom
}

@test "Chrome traces open in speedscope" {
	local n at
	(cd "$BATS_FILE_TMPDIR" && npm install --no-audit --no-fund speedscope)
	for n in 100 10000; do
		speedscope trace-$n.chrome >"$BATS_TEST_TMPDIR/dom"
		grep -q '<title>trace.json - speedscope</title>' "$BATS_TEST_TMPDIR/dom"
		grep -qE '<span>ACRN hypervisor trace \(pid [0-9]+\), CPU [0-9]' \
			"$BATS_TEST_TMPDIR/dom"
		at=$BATS_FILE_TMPDIR/node_modules/speedscope/dist/release
		browser "file://$at/index.html#localProfilePath=$BATS_TEST_TMPDIR/trace.js" \
			--screenshot="$work/speedscope-$n.png"
		[ "$(seen "speedscope-$n.png" | cut -d ' ' -f 1)" -gt 100 ]
	done
}
