#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Check that the patches change nothing without -D DEBUG_TO_MEM: build the
# unpatched and the patched source without it, at the same path, and compare all
# .efi files. Fails if a file differs that is not in may_differ.
#
#	identity.sh [OvmfPkgX64|OvmfPkgIa32X64]
#	identity.sh others
#
# The second form builds, in the patched source and without MemLogPkg, modules of
# platforms that have no log.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

# PlatformPei: the patch adds lines to MemDetect.c, so the line numbers in its
# assertions change. SecMain: it gets a frame pointer.
may_differ='PlatformPei.efi
SecMain.efi'

platform=${1:-OvmfPkgX64}
case $platform in
OvmfPkgX64)	archs=(-a X64) ;;
OvmfPkgIa32X64)	archs=(-a IA32 -a X64) ;;
others)		archs=(-a X64) ;;
*)		die "usage: identity.sh [OvmfPkgX64|OvmfPkgIa32X64|others]" ;;
esac

"$fw_top/build.sh" x64 > /dev/null	# unpacks and patches if needed
work=$fw_cache/identity
exec 8> "$fw_cache/lock-identity"
flock 8
rm -rf "$work"
mkdir -p "$work"

# copy SOURCE: to $work/edk2
copy() {
	rm -rf "$work/edk2" "$work/ws"
	mkdir -p "$work/ws/Conf"
	cp -a "$1" "$work/edk2"
}

# run_build PACKAGES [ARG...]: build the copy
run_build() {
	(
		export WORKSPACE=$work/ws PYTHON_COMMAND=python3
		export PACKAGES_PATH=$work/edk2$1
		export EDK_TOOLS_PATH=$pristine/BaseTools
		shift
		args=("$@")
		set +u
		cd "$WORKSPACE"
		set --
		# shellcheck disable=SC1091
		. "$work/edk2/edksetup.sh" > /dev/null
		build -t GCC5 -b DEBUG -n "${JOBS:-2}" "${archs[@]}" "${args[@]}"
	) > "$work/log" 2>&1 || { tail -20 "$work/log" >&2; die "the build failed"; }
}

# build_at SOURCE RESULT: build a copy of SOURCE, and write the checksums of the .efi
# files to RESULT/sums. The parser of .fdf files reads all includes, so MemLogPkg is
# there.
build_at() {
	say "building $platform from $1"
	copy "$1"
	run_build ":$patched/packages" -p "OvmfPkg/$platform.dsc" -D FD_SIZE_4MB \
		-D NETWORK_ENABLE=FALSE
	mkdir -p "$2"
	(cd "$work/ws/Build" && find . -name '*.efi' -path '*/OUTPUT/*' -print0 |
		sort -z | xargs -0 sha256sum) > "$2/sums"
}

# Modules that the patches change. AmdSev wants a boot loader to put into its image.
if [ "$platform" = others ]; then
	copy "$patched/edk2"
	sed -i '/^ *PREBUILD/d' "$work/edk2/OvmfPkg/AmdSev/AmdSevX64.dsc"
	: > "$work/edk2/OvmfPkg/AmdSev/Grub/grub.efi"
	for each in AmdSev:PlatformPei/PlatformPei AmdSev:Sec/SecMain \
		AmdSev:ResetVector/ResetVector IntelTdx:ResetVector/ResetVector; do
		run_build '' -p "OvmfPkg/${each%:*}/${each%:*}X64.dsc" \
			-m "OvmfPkg/${each#*:}.inf"
		printf '%s: %s was built\n' "${each%:*}" "${each##*/}"
	done
	exit
fi

build_at "$pristine" "$work/before"
build_at "$patched/edk2" "$work/after"

count=$(wc -l < "$work/before/sums")
[ "$count" -gt 50 ] || die "only $count .efi files were built"
differ=$(diff "$work/before/sums" "$work/after/sums" |
	sed -n 's|^[<>].*/||p' | sort -u || :)
unexpected=$(grep -vxF "$may_differ" <<< "$differ" | sed '/^$/d' || :)
printf '%s: %s .efi files, these differ: %s\n' "$platform" "$count" \
	"${differ:-none}"
[ -z "$unexpected" ] || die "these files must not differ: $unexpected"
