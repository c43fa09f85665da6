#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Make a release archive of images: dist.sh VERSION. It has their checksums, the
# licences of what is in them and a README that says how to use them.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

version=${1:?usage: dist.sh VERSION}
name=memlog-firmware-$version
to=$fw_out/$name

# Variants of build.sh, each with the guests that it is for.
declare -A guests=(
	[x64]='64-bit x86: QEMU -M q35 or pc'
	[ia32x64]='64-bit x86, with a 32-bit PEI phase'
	[aarch64]='64-bit Arm: QEMU -M virt'
)
mapfile -t variants < <("$fw_top/build.sh" -l | grep -xE 'x64|ia32x64|aarch64')
"$fw_top/build.sh" "${variants[@]}"

rm -rf "$to"
mkdir -p "$to/LICENSES"
table=
for each in "${variants[@]}"; do
	mkdir "$to/$each"
	case $each in
	aarch64)	cp "$fw_out/$each/QEMU_EFI.fd" "$to/$each/" ;;
	*)		cp "$fw_out/$each/OVMF_CODE.fd" "$fw_out/$each/OVMF_VARS.fd" \
				"$to/$each/" ;;
	esac
	table+="| $each | ${guests[$each]} |\\n"
done
source=$fw_cache/source/edk2_${edk2_version%%-*}.orig.tar.xz
tar -xJOf "$source" --wildcards --no-wildcards-match-slash '*/License.txt' \
	> "$to/LICENSES/edk2.txt"
tar -xJOf "${source%/*}/edk2_$edk2_version.debian.tar.xz" debian/copyright \
	> "$to/LICENSES/debian-copyright.txt"
cp "$tree_top/LICENSES/BSD-2-Clause-Patent.txt" "$to/LICENSES/MemLogPkg.txt"
sed -e "s/@VERSION@/$version/; s/@NAME@/$name/; s/@EDK2@/$edk2_version/" \
	-e "s/^@GUESTS@\$/${table%\\n}/" "$fw_top/release/README.md" > "$to/README.md"
(cd "$to" && find . -name '*.fd' -printf '%P\n' | LC_ALL=C sort |
	xargs sha256sum > SHA256SUMS)
tar -C "$fw_out" --sort=name --owner=0 --group=0 --numeric-owner --mode=go=rX \
	--mtime=@0 --format=ustar -c "$name" | xz -9 > "$to.tar.xz"
rm -rf "$to"
printf '%s\n' "$to.tar.xz"
