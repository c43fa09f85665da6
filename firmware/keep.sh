#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Build the images that `make check` boots and store them in fixtures/firmware,
# each with a description of how it was built: keep.sh [VARIANT...], by default all.
set -euo pipefail
# shellcheck source=firmware/lib.sh
. "$(dirname "$0")/lib.sh"

kept=$tree_top/fixtures/firmware

variants=(x64 ia32x64 aarch64)

keep() {
	local variant=$1 name=OVMF-$1 image=$fw_out/$1/OVMF.fd compiler=gcc
	local what='OVMF with the memory log, code and variables in one image'

	if [ "$variant" = aarch64 ]; then
		image=$fw_out/$variant/QEMU_EFI.fd
		compiler=aarch64-linux-gnu-gcc
		what='ArmVirtQemu with the memory log, for QEMU'"'"'s -bios'
	fi
	zstd -q -f -19 --long=27 "$image" -o "$kept/$name.fd.zst"
	cat > "$kept/$name.txt" <<-EOF
	$name.fd.zst: $what

	Made by \`make firmware-kept\` (firmware/keep.sh), variant $variant of
	firmware/build.sh: Debian's edk2 $edk2_version with the patches of
	firmware/patches and firmware/MemLogPkg, built with
	$("$compiler" --version | head -1)
	and -D DEBUG_TO_MEM -D FD_SIZE_4MB -D NETWORK_ENABLE=FALSE.
	Licence of edk2: BSD-2-Clause-Patent (debian/copyright of that source
	package lists the rest).

	sources: $(hash_of patches MemLogPkg)
	sha256:  $(sha256sum "$image" | cut -d' ' -f1)
	EOF
}

mkdir -p "$kept"
[ $# -gt 0 ] || set -- "${variants[@]}"
"$fw_top/build.sh" "$@"
for variant; do
	keep "$variant"
done
