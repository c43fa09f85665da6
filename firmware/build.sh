#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Build OVMF with the memory log: build.sh [VARIANT...], by default x64. Images
# go to build/firmware/VARIANT/, those of x64 also one level up.
#
# The source package, patched trees (named by a hash of the patches) and finished
# images (named by a hash of their inputs) are cached outside the checkout, in
# $MEMLOG_CACHE (~/.cache/memlog).
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

jobs=${JOBS:-2}
common=(-t GCC5 -b DEBUG -D FD_SIZE_4MB -D NETWORK_ENABLE=FALSE)
version_pcd=gEfiMdeModulePkgTokenSpaceGuid.PcdFirmwareVersionString

usage() {
	cat >&2 <<-EOF
	usage: build.sh [-f] [VARIANT...]
	       build.sh -l
	  -f       build from scratch, ignoring the cache
	  -l       list the variants
	  JOBS=N   modules built at a time (now $jobs)
	EOF
	exit 2
}

variants=(x64 ia32x64 x64-serial x64-smm ia32x64-smm x64-smm-fault x64-bench
	x64-off microvm microvm-progress cloudhv)

# Sets platform, archs, output (below Build/), files and flags.
describe() {
	flags=(-D DEBUG_TO_MEM)
	files=(OVMF.fd OVMF_CODE.fd OVMF_VARS.fd)
	platform=OvmfPkgX64
	output=OvmfX64/DEBUG_GCC5
	archs=(-a X64)
	case $1 in
	ia32x64*)	platform=OvmfPkgIa32X64
			output=Ovmf3264/DEBUG_GCC5
			archs=(-a IA32 -a X64) ;;
	microvm*)	platform=Microvm/MicrovmX64
			output=MicrovmX64/DEBUG_GCC5
			files=(MICROVM.fd) ;;
	cloudhv)	platform=CloudHv/CloudHvX64
			output=CloudHvX64/DEBUG_GCC5
			files=(CLOUDHV.fd) ;;
	esac
	case $1 in
	x64 | ia32x64 | microvm | cloudhv) ;;
	x64-serial)	flags+=(-D DEBUG_ON_SERIAL_PORT) ;;
	*x64-smm)	flags+=(-D SMM_REQUIRE) ;;
	x64-smm-fault)	flags+=(-D SMM_REQUIRE -D MEMLOG_FAULT) ;;
	microvm-progress)	flags+=(-D MEMLOG_PROGRESS) ;;
	x64-bench)	flags+=(-D MEMLOG_BENCH) ;;
	x64-off)	flags=() ;;
	*)		die "unknown variant $1 (use one of: ${variants[*]})" ;;
	esac
	# build.py quotes the string
	flags+=(--pcd "$version_pcd=Ledk2 $edk2_version, memlog")
}

# Check for all tools before the build starts.
check_tools() {
	local tool missing=()

	for tool in gcc g++ make nasm iasl python3 dpkg-source patch; do
		command -v "$tool" > /dev/null || missing+=("$tool")
	done
	[ -e /usr/include/uuid/uuid.h ] || missing+=(uuid/uuid.h)
	[ ${#missing[@]} -eq 0 ] || die "not installed: ${missing[*]}; Debian" \
		"has them in build-essential nasm acpica-tools python3 uuid-dev"
}

fetch_source() {
	local dsc=edk2_$edk2_version.dsc

	[ -f "$fw_cache/source/$dsc" ] && return
	say "downloading the source of edk2 $edk2_version"
	mkdir -p "$fw_cache/source"
	private_apt "$fw_cache/apt" \
		'deb-src http://deb.debian.org/debian bookworm main' \
		'deb-src http://deb.debian.org/debian-security bookworm-security main'
	(cd "$fw_cache/source" && apt-get "${apt[@]}" source \
		--download-only "edk2=$edk2_version") ||
		die "cannot download edk2 $edk2_version; put its .dsc, .orig and" \
			".debian files into $fw_cache/source"
}

# Unpack Debian's source and build BaseTools. Revert Debian's patch that disables
# the shell if secure boot is on: it needs a library that these builds lack.
unpack_source() {
	pristine=$fw_cache/edk2/pristine-$edk2_version_name
	[ -f "$pristine/.done" ] && return
	fetch_source
	say "unpacking edk2 and building its BaseTools"
	rm -rf "$pristine" "$pristine.new"
	mkdir -p "$fw_cache/edk2"
	(cd "$fw_cache/source" && dpkg-source --no-check -x \
		"edk2_$edk2_version.dsc" "$pristine.new" >/dev/null)
	patch -d "$pristine.new" -s -R -p1 < \
		"$pristine.new/debian/patches/Disable-the-Shell-when-SecureBoot-is-enabled.patch"
	mv "$pristine.new" "$pristine"
	make -s -C "$pristine/BaseTools" -j"$jobs" > "$pristine/.log" 2>&1 ||
		{ tail -20 "$pristine/.log" >&2; die "the build of BaseTools failed"; }
	touch "$pristine/.done"
}

patch_source() {
	tree=$fw_cache/edk2/patched-$(hash_of patches)
	[ -f "$tree/.done" ] && return
	say "applying the patches"
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -a "$pristine" "$tree/edk2"
	local each
	for each in "$fw_top"/patches/*.patch; do
		patch -d "$tree/edk2" -s --binary -p1 < "$each"
	done
	touch "$tree/.done"
}

# Copy only files that differ, so that make rebuilds only what changed.
sync_package() {
	local file

	mkdir -p "$tree/packages"
	(cd "$fw_top" && find MemLogPkg -type f) | while read -r file; do
		cmp -s "$fw_top/$file" "$tree/packages/$file" && continue
		mkdir -p "$(dirname "$tree/packages/$file")"
		cp "$fw_top/$file" "$tree/packages/$file"
	done
	(cd "$tree/packages" && find MemLogPkg -type f) |
	while read -r file; do
		[ -f "$fw_top/$file" ] || rm "$tree/packages/$file"
	done
}

# The compiler and GenFw store paths of files in an image. Wrappers make those
# relative to the tree, so that an image does not depend on where the cache is.
path_wrappers() {
	local tool

	mkdir -p "$tree/bin"
	cat > "$tree/bin/gcc" <<-EOF
	#!/bin/sh
	exec "$(command -v gcc)" "\$@" -ffile-prefix-map="$tree/edk2/=" \\
		-ffile-prefix-map="$tree/packages/=" \\
		-ffile-prefix-map="\$WORKSPACE/="
	EOF
	cat > "$tree/bin/GenFw" <<-EOF
	#!/bin/bash
	cd "\$WORKSPACE" || exit
	exec "$pristine/BaseTools/BinWrappers/PosixLike/GenFw" \\
		"\${@#"\$WORKSPACE/"}"
	EOF
	chmod +x "$tree/bin/gcc" "$tree/bin/GenFw"
	for tool in gcc-ar objcopy objdump ld; do
		ln -sf "$(command -v "$tool")" "$tree/bin/$tool"
	done
}

# Each variant has its own workspace, so that switching between variants
# rebuilds nothing.
run_build() {
	local variant=$1 log

	export WORKSPACE=$tree/$variant
	export PACKAGES_PATH=$tree/edk2:$tree/packages
	export EDK_TOOLS_PATH=$pristine/BaseTools
	export PYTHON_COMMAND=python3
	export GCC5_BIN=$tree/bin/
	path_wrappers
	mkdir -p "$WORKSPACE/Conf"
	log=$WORKSPACE/build.log
	say "building $variant; the log is $log"
	(
		set +u
		cd "$WORKSPACE"
		set --
		# shellcheck disable=SC1091
		. "$tree/edk2/edksetup.sh" > /dev/null
		PATH=$tree/bin:$PATH
		build -n "$jobs" "${archs[@]}" -p "OvmfPkg/$platform.dsc" \
			"${common[@]}" "${flags[@]}"
	) > "$log" 2>&1 || {
		# do not match compiler command lines, which have -Werror
		grep -nE -m 20 '[:*] ([Ee]rror|not found)\b|Error [0-9]+$' "$log" |
			cut -c1-300 >&2 || :
		tail -20 "$log" | cut -c1-300 >&2
		die "the build of $variant failed"
	}
}

publish() {
	local variant=$1 images=$2 to=$fw_out/$1 file

	mkdir -p "$to"
	for file in "${files[@]}"; do
		cmp -s "$images/$file" "$to/$file" || cp "$images/$file" "$to/"
	done
	if [ "$variant" = x64 ]; then
		cp "$to/OVMF_CODE.fd" "$to/OVMF_VARS.fd" "$fw_out/"
	fi
}

build_variant() {
	local variant=$1 images key file

	describe "$variant"
	key=$(printf '%s\n' "$edk2_version" "$(hash_of patches MemLogPkg)" \
		"$variant" "${archs[@]}" "${common[@]}" "${flags[@]}" \
		"$(gcc -dumpfullversion)" | sha256sum | cut -c1-16)
	images=$fw_cache/images/$variant-$key
	[ -z "$fresh" ] || rm -rf "$images"
	if [ ! -f "$images/.done" ]; then
		check_tools
		unpack_source
		patch_source
		sync_package
		[ -z "$fresh" ] || rm -rf "${tree:?}/$variant"
		run_build "$variant"
		mkdir -p "$images"
		for file in "${files[@]}"; do
			cp "$tree/$variant/Build/$output/FV/$file" "$images/"
		done
		touch "$images/.done"
	fi
	publish "$variant" "$images"
}

[ "${1:-}" = -l ] && { printf '%s\n' "${variants[@]}"; exit; }
fresh=
[ "${1:-}" != -f ] || { fresh=1; shift; }
case ${1:-} in -*) usage ;; esac
[ $# -gt 0 ] || set -- x64

mkdir -p "$fw_cache" "$fw_out"
exec 8> "$fw_cache/lock"
flock 8
for variant in "$@"; do
	build_variant "$variant"
done
