#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The dumps of the other crash tests: the real crash opens them, and reads the right
# bytes.

load crash

setup() {
	need_crash
}

opens_it() {
	run crash_run "$vmlinux" "$1" <<-'EOF'
	sym iomem_resource
	rd -p 3cb3000 2
	rd -a linux_banner
	EOF
	[ "$status" -eq 0 ]
	[[ $output == *"(D) iomem_resource"* ]]
	[[ $output == *"ovmfmdg1ovmfmdg2"* ]]
	[[ $output == *"Linux version 6.1.0-memlog-fixture"* ]]
}

@test "crash opens the composite core and sees the log's magic" {
	make_composite "$core"
	opens_it "$core"
}

@test "crash opens the kdump-compressed composite" {
	make_composite "$core.kdump" -k
	[ "$(head -c 8 "$core.kdump")" = "KDUMP   " ]
	opens_it "$core.kdump"
}

@test "a value can be written into the namelist's memory" {
	make_composite "$core.poke" -w "$(efi_log_at)=3cb3000"
	run crash_run "$vmlinux" "$core.poke" <<<"rd efi 3"
	[[ $output == *"0000000003cb3000"* ]]
}

@test "crash refuses to read memory that is not in the dump" {
	make_composite "$core.hole"
	run crash_run "$vmlinux" "$core.hole" <<<"rd -p 2000000"
	[[ $output == *"seek error"* || $output == *"read error"* ]]
}
