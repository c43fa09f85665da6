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

variants=(x64 ia32x64 x64-serial x64-smm ia32x64-smm x64-smm-fault x64-full
	x64-bench x64-fpdt x64-off microvm microvm-progress cloudhv x64-202502
	aarch64 aarch64-fault aarch64-202502)

# Sets the edk2, platform (its .dsc), archs, output (below Build/), files, the prefix
# of the compiler, and the flags, of which common are those that all variants have.
describe() {
	edk2_of bookworm
	common=(-t GCC5 -b DEBUG -D FD_SIZE_4MB -D NETWORK_ENABLE=FALSE)
	flags=(-D DEBUG_TO_MEM)
	files=(OVMF.fd OVMF_CODE.fd OVMF_VARS.fd)
	platform=OvmfPkg/OvmfPkgX64
	prefix=
	output=OvmfX64/DEBUG_GCC5
	archs=(-a X64)
	case $1 in
	ia32x64*)	platform=OvmfPkg/OvmfPkgIa32X64
			output=Ovmf3264/DEBUG_GCC5
			archs=(-a IA32 -a X64) ;;
	microvm*)	platform=OvmfPkg/Microvm/MicrovmX64
			output=MicrovmX64/DEBUG_GCC5
			files=(MICROVM.fd) ;;
	cloudhv)	platform=OvmfPkg/CloudHv/CloudHvX64
			output=CloudHvX64/DEBUG_GCC5
			files=(CLOUDHV.fd) ;;
	aarch64*)	platform=ArmVirtPkg/ArmVirtQemu
			output=ArmVirtQemu-AARCH64/DEBUG_GCC5
			archs=(-a AARCH64)
			files=(QEMU_EFI.fd)
			prefix=aarch64-linux-gnu- ;;
	esac
	case $1 in
	*-202502)	# cannot be built without network
			edk2_of trixie
			common[-1]=NETWORK_ISCSI_ENABLE=FALSE ;;
	x64-full)	common[-1]=NETWORK_ENABLE=TRUE ;;
	esac
	case ${1%-202502} in
	x64 | ia32x64 | microvm | cloudhv | aarch64) ;;
	x64-serial)	flags+=(-D DEBUG_ON_SERIAL_PORT) ;;
	*x64-smm)	flags+=(-D SMM_REQUIRE) ;;
	x64-smm-fault)	flags+=(-D SMM_REQUIRE -D MEMLOG_FAULT) ;;
	microvm-progress)	flags+=(-D MEMLOG_PROGRESS) ;;
	aarch64-fault)	flags+=(-D MEMLOG_FAULT) ;;
	x64-full)	flags+=(-D TPM2_ENABLE -D MEMLOG_PROGRESS) ;;
	x64-bench)	flags+=(-D MEMLOG_BENCH) ;;
	x64-fpdt)	flags+=(-D MEMLOG_FPDT) ;;
	x64-off)	flags=() ;;
	*)		die "unknown variant $1 (use one of: ${variants[*]})" ;;
	esac
	# build.py quotes the string
	flags+=(--pcd "$version_pcd=Ledk2 $edk2_version, memlog")
}

# Check for all tools before the build starts.
check_tools() {
	local tool missing=()

	for tool in "${prefix}gcc" gcc g++ make nasm iasl python3 patch xz; do
		command -v "$tool" > /dev/null || missing+=("$tool")
	done
	[ -e /usr/include/uuid/uuid.h ] || missing+=(uuid/uuid.h)
	[ ${#missing[@]} -eq 0 ] || die "not installed: ${missing[*]}; Debian" \
		"has them in build-essential nasm acpica-tools python3 uuid-dev" \
		gcc-aarch64-linux-gnu
}

# The .dsc is not needed, and not every mirror has that of a security update.
fetch_source() {
	local to=$fw_cache/source part
	local tarballs=("edk2_${edk2_version%%-*}.orig.tar.xz"
		"edk2_$edk2_version.debian.tar.xz")

	[ -f "$to/${tarballs[0]}" ] && [ -f "$to/${tarballs[1]}" ] && return
	say "downloading the source of edk2 $edk2_version"
	mkdir -p "$to"
	private_apt "$fw_cache/apt-$edk2_suite" \
		"deb-src http://deb.debian.org/debian $edk2_suite main" \
		"deb-src http://deb.debian.org/debian-security $edk2_suite-security main"
	for part in --tar-only --diff-only; do
		(cd "$to" && apt-get "${apt[@]}" source --download-only $part \
			"edk2=$edk2_version") ||
			die "cannot download edk2 $edk2_version; put" \
				"${tarballs[*]} into $to"
	done
}

# Unpack Debian's source and build BaseTools. Debian's patch that disables the shell
# if secure boot is on needs a library that these builds lack.
unpack_source() {
	local from=$fw_cache/source new=$pristine.new each

	flock 7
	[ -f "$pristine/.done" ] && return
	fetch_source
	say "unpacking edk2 $edk2_version and building its BaseTools"
	rm -rf "$pristine" "$new"
	mkdir -p "$new"
	tar -xJf "$from/edk2_${edk2_version%%-*}.orig.tar.xz" -C "$new" \
		--strip-components=1
	tar -xJf "$from/edk2_$edk2_version.debian.tar.xz" -C "$new"
	grep -v '^#\|^$\|^Disable-the-Shell' "$new/debian/patches/series" |
	while read -r each; do
		patch -d "$new" -s -N -F 0 --no-backup-if-mismatch -p1 < "$new/debian/patches/$each"
	done
	mv "$new" "$pristine"
	make -s -C "$pristine/BaseTools" -j"$jobs" > "$pristine/.log" 2>&1 ||
		{ tail -20 "$pristine/.log" >&2; die "the build of BaseTools failed"; }
	touch "$pristine/.done"
}

patch_source() {
	tree=$patched
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
	cat > "$tree/bin/${prefix}gcc" <<-EOF
	#!/bin/sh
	exec "$(command -v "${prefix}gcc")" "\$@" \\
		-ffile-prefix-map="$tree/edk2/=" \\
		-ffile-prefix-map="$tree/packages/=" \\
		-ffile-prefix-map="\$WORKSPACE/="
	EOF
	cat > "$tree/bin/GenFw" <<-EOF
	#!/bin/bash
	cd "\$WORKSPACE" || exit
	exec "$pristine/BaseTools/BinWrappers/PosixLike/GenFw" \\
		"\${@#"\$WORKSPACE/"}"
	EOF
	chmod +x "$tree/bin/${prefix}gcc" "$tree/bin/GenFw"
	for tool in gcc-ar objcopy objdump ld; do
		ln -sf "$(command -v "$prefix$tool")" "$tree/bin/$prefix$tool"
	done
}

# Debian's source has this part of Arm's linker options as assembler only.
arm_lto() {
	local old=ArmPkg/Library/GccLto new=BaseTools/Bin/GccLto from to

	[ -n "$prefix" ] || return 0
	from=$tree/edk2/$new
	to=$from
	if [ -d "$tree/edk2/$old" ]; then
		from=$tree/edk2/$old
		to=$WORKSPACE/$old
	fi
	mkdir -p "$to"
	"${prefix}gcc" -c -fpic "$from/liblto-aarch64.s" -o "$to/liblto-aarch64.a"
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
	export GCC5_AARCH64_PREFIX=$tree/bin/aarch64-linux-gnu-
	# if gcc is ccache, it must not take the wrapper for the compiler
	export CCACHE_PATH=${CCACHE_PATH:-$PATH}
	path_wrappers
	mkdir -p "$WORKSPACE/Conf"
	arm_lto
	log=$WORKSPACE/build.log
	say "building $variant; the log is $log"
	(
		set +u
		cd "$WORKSPACE"
		set --
		# shellcheck disable=SC1091
		. "$tree/edk2/edksetup.sh" > /dev/null
		PATH=$tree/bin:$PATH
		build -n "$jobs" "${archs[@]}" -p "$platform.dsc" \
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

# One build in a patched tree at a time. Another one may have made the images while
# this one waited.
make_images() {
	local variant=$1 file

	flock 8
	[ -n "$fresh" ] || [ ! -f "$images/.done" ] || return 0
	rm -rf "$images"
	check_tools
	[ -f "$pristine/.done" ] || (unpack_source) 7> "$fw_cache/lock"
	patch_source
	sync_package
	[ -z "$fresh" ] || rm -rf "${tree:?}/$variant"
	run_build "$variant"
	mkdir -p "$images"
	for file in "${files[@]}"; do
		cp "$tree/$variant/Build/$output/FV/$file" "$images/"
	done
	touch "$images/.done"
}

build_variant() {
	local variant=$1 images key

	describe "$variant"
	key=$(printf '%s\n' "$edk2_version" "$(hash_of patches MemLogPkg)" \
		"$variant" "${archs[@]}" "${common[@]}" "${flags[@]}" \
		"$("${prefix}gcc" -dumpfullversion)" | sha256sum | cut -c1-16)
	images=$fw_cache/images/$variant-$key
	if [ -n "$fresh" ] || [ ! -f "$images/.done" ]; then
		(make_images "$variant") 8> "$fw_cache/lock-${patched##*/}"
	fi
	publish "$variant" "$images"
}

[ "${1:-}" = -l ] && { printf '%s\n' "${variants[@]}"; exit; }
fresh=
[ "${1:-}" != -f ] || { fresh=1; shift; }
case ${1:-} in -*) usage ;; esac
[ $# -gt 0 ] || set -- x64

mkdir -p "$fw_out"
for variant in "$@"; do
	build_variant "$variant"
done
