#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The patches of the firmware apply without fuzz to the lines that are kept of two
# releases of edk2, firmware/context, and firmware/tree.sh tries other trees.
# shellcheck disable=SC2016 # $(...) is a macro of edk2

bats_require_minimum_version 1.5.0
load ../lib

setup() {
	command -v git > /dev/null || skip "git is not installed"
	firmware=$BATS_TEST_DIRNAME/../../firmware
	old=$firmware/context/edk2-stable202211.txt
	new=$firmware/context/edk2-stable202502.txt
}

# The patches apply to the lines in these files.
apply() {
	local patches=("$firmware"/patches/*.patch)
	run -0 "$firmware/tree.sh" -k "$@"
	[[ $output == *": ${#patches[@]} patches apply" ]]
}

@test "the patches apply to edk2-stable202211" {
	apply "$old"
}

@test "the patches apply to edk2-stable202502" {
	apply "$new"
}

@test "the patches apply whether the lines around a change are old or new" {
	[ "$(diff "$old" "$new" | grep -c '^[<>] |')" -gt 20 ]
	apply "$old" "$new"
	apply "$new" "$old"
}

@test "the patches apply if ArmVirtQemu can have the host's variables, as in 202505" {
	sed '/^= ArmVirtPkg/,/^= OvmfPkg/ {
		/^|.*\/RuntimeDxe.inf$/a |!if $(QEMU_PV_VARS) == TRUE
	}' "$new" > "$BATS_TEST_TMPDIR/other"
	[ "$(diff "$new" "$BATS_TEST_TMPDIR/other" | grep -c '^>')" -eq 1 ]
	apply "$BATS_TEST_TMPDIR/other"
}

@test "a patch does not apply if a line next to its change differs" {
	sed 's/^|FV = PEIFV$/|FV = PEIFV2/' "$old" > "$BATS_TEST_TMPDIR/other"
	run ! cmp -s "$old" "$BATS_TEST_TMPDIR/other"
	run -1 "$firmware/tree.sh" -k "$BATS_TEST_TMPDIR/other"
	[[ $output == *'Patch failed'* ]]
}

@test "all files that the patches change are among those lines" {
	sed -n 's|^+++ b/\([^\r]*\).*|\1|p' "$firmware"/patches/*.patch |
		tr -d '\r' | sort -u > "$BATS_TEST_TMPDIR/changed"
	for file in "$old" "$new"; do
		sed -n 's/^= \(.*\) .*/\1/p' "$file" | sort -u |
			cmp - "$BATS_TEST_TMPDIR/changed"
	done
}

# Make a clone of edk2 in which these lines have a tag.
commit() {
	git="git -c user.name=a -c user.email=a@localhost -c core.autocrlf=false"
	cd "$BATS_TEST_TMPDIR" || return
	[ -d clone ] || $git init -q clone
	rm -rf clone/*
	"$firmware/tree.sh" -x "$PWD/clone" "$2"
	cd clone || return
	$git add -A .
	$git commit --allow-empty -qm "$1"
	$git tag "$1"
}

@test "the patches are tried on all releases that a clone of edk2 has" {
	sed 's/^|FV = PEIFV$/|FV = PEIFV2/' "$old" > "$BATS_TEST_TMPDIR/other"
	commit edk2-stable202208 "$BATS_TEST_TMPDIR/other"
	commit edk2-stable202211 "$old"
	commit edk2-stable202408.01 "$BATS_TEST_TMPDIR/other"
	commit edk2-stable202505 "$new"
	commit edk2-stable202505-rc1 "$BATS_TEST_TMPDIR/other"
	commit edk2-stable202508 "$BATS_TEST_TMPDIR/other"
	run -1 "$firmware/tree.sh" -g .
	[ "$(grep -c ': [0-9]* patches apply$' <<< "$output")" -eq 2 ]
	grep -q 'edk2-stable202211: [0-9]* patches apply$' <<< "$output"
	grep -q 'edk2-stable202505: [0-9]* patches apply$' <<< "$output"
	[ "$(grep -c 'do not apply$' <<< "$output")" -eq 1 ]
	grep -q 'edk2-stable202408.01: the patches do not apply$' <<< "$output"
	run -1 "$firmware/tree.sh" -g "$firmware"
}

@test "the patches apply to a tree whose lines end in LF" {
	commit edk2-stable202211 "$old"
	git ls-files -z | xargs -0 sed -i 's/\r$//'
	run ! grep -rq $'\r' --exclude-dir=.git .
	$git commit -qam LF
	run -0 "$firmware/tree.sh" -g . HEAD
}

@test "the version of Debian's source may have +ds" {
	export MEMLOG_CACHE=$BATS_TEST_TMPDIR/cache
	mkdir -p "$MEMLOG_CACHE/trees/sid/edk2-2022.11"
	cd "$MEMLOG_CACHE/trees/sid"
	"$firmware/tree.sh" -x "$PWD/edk2-2022.11" "$old"
	tar -cJf edk2_2022.11+ds.orig.tar.xz edk2-2022.11
	touch .done
	run -0 "$firmware/tree.sh" sid
	[[ $output == *'edk2-stable202211: '[0-9]*' patches apply' ]]
}

# Run the commands of the README that put MemLogPkg in a tree with a log of its own.
include() {
	mkdir -p OvmfPkg
	printf '%s\r\n' '  MdeModulePkg/Core/RuntimeDxe/RuntimeDxe.inf' '' \
		'  MdeModulePkg/Universal/Variable/RuntimeDxe/VariableRuntimeDxe.inf {' \
		> OvmfPkg/OvmfPkgX64.dsc
	printf '%s\r\n' "$@" 'INF  MdeModulePkg/Core/RuntimeDxe/RuntimeDxe.inf' \
		'INF  MdeModulePkg/Universal/Variable/RuntimeDxe/VariableRuntimeDxe.inf' \
		> OvmfPkg/OvmfPkgX64.fdf
	sed -n '/^    sed -i/,/^$/s/^    //p' "$firmware/README.md" > commands
	[ "$(grep -c '^sed' commands)" -eq 2 ]
	sh -ex commands
	tr -d '\r' < OvmfPkg/OvmfPkgX64.fdf > fdf
	cat > expect <<-'END'
	  MdeModulePkg/Core/RuntimeDxe/RuntimeDxe.inf
	!if $(DEBUG_TO_MEM)
	!include MemLogPkg/MemLogX64.dsc.inc
	!endif

	  MdeModulePkg/Universal/Variable/RuntimeDxe/VariableRuntimeDxe.inf {
	END
	tr -d '\r' < OvmfPkg/OvmfPkgX64.dsc | cmp - expect
	cat > dxe <<-'END'
	!if $(DEBUG_TO_MEM)
	!include MemLogPkg/MemLogDxe.fdf.inc
	!endif
	INF  MdeModulePkg/Core/RuntimeDxe/RuntimeDxe.inf
	INF  MdeModulePkg/Universal/Variable/RuntimeDxe/VariableRuntimeDxe.inf
	END
}

@test "the includes beside OvmfPkg's own log, in edk2-stable202511" {
	cd "$BATS_TEST_TMPDIR"
	include 'APRIORI PEI {' '!if $(DEBUG_TO_MEM)' \
		'  INF  OvmfPkg/MemDebugLogPei/MemDebugLogPei.inf' '!endif' \
		'  INF  MdeModulePkg/Universal/PCD/Pei/Pcd.inf' '}' \
		'INF  MdeModulePkg/Core/Pei/PeiMain.inf' '!if $(DEBUG_TO_MEM)' \
		'INF  OvmfPkg/MemDebugLogPei/MemDebugLogPei.inf' '!endif'
	cat - dxe > expect <<-'END'
	APRIORI PEI {
	!if $(DEBUG_TO_MEM)
	!endif
	  INF  MdeModulePkg/Universal/PCD/Pei/Pcd.inf
	!if $(DEBUG_TO_MEM)
	!include MemLogPkg/MemLogPei.fdf.inc
	!endif
	}
	INF  MdeModulePkg/Core/Pei/PeiMain.inf
	!if $(DEBUG_TO_MEM)
	!include MemLogPkg/MemLogPei.fdf.inc
	!endif
	END
	cmp fdf expect
}

@test "the includes beside OvmfPkg's own log, in edk2-stable202605" {
	cd "$BATS_TEST_TMPDIR"
	include 'APRIORI PEI {' '  INF  MdeModulePkg/Universal/PCD/Pei/Pcd.inf' '}' \
		'!if $(DEBUG_TO_MEM)' \
		'  INF  OvmfPkg/MemDebugLogPei/MemDebugLogPei.inf' '!endif' \
		'INF  MdeModulePkg/Core/Pei/PeiMain.inf' \
		'INF  MdeModulePkg/Universal/PCD/Pei/Pcd.inf'
	cat - dxe > expect <<-'END'
	APRIORI PEI {
	  INF  MdeModulePkg/Universal/PCD/Pei/Pcd.inf
	!if $(DEBUG_TO_MEM)
	!include MemLogPkg/MemLogPei.fdf.inc
	!endif
	}
	!if $(DEBUG_TO_MEM)
	  !include MemLogPkg/MemLogPei.fdf.inc
	!endif
	INF  MdeModulePkg/Core/Pei/PeiMain.inf
	INF  MdeModulePkg/Universal/PCD/Pei/Pcd.inf
	END
	cmp fdf expect
}
