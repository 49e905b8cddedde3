#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command as root in a guest that has Debian's own kernel (WireGuard, ESP, VLAN, netem, L2TP: what the machine's kernel may lack) and reads
# this machine's files, the same paths; what it writes is gone with it. No hardware help: ten to thirty times slower.
#
#     lab/vm/run.sh [--keep FOLDER] COMMAND...
#
# The command has our variables BUILD, LAB_*, ASAN_OPTIONS and UBSAN_OPTIONS. --keep gives the guest a folder that it can write, at /mnt/vm/kept.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
guest=${VM_FOLDER:-$(cd "$here/../.." && pwd)/build/vm}
work=$(mktemp -d /tmp/slicegate-vm.XXXXXX)
qemu=''
leave() {
	[ -z "$qemu" ] || kill "$qemu" 2>/dev/null || true
	umount -q "$work/kept" 2>/dev/null || true
	rm -rf --one-file-system "$work"
}
trap leave EXIT
trap 'exit 130' INT TERM

if [ "${1:-}" = --keep ]; then
	mkdir -p "$2" "$work/kept"
	mount --bind "$2" "$work/kept"
	shift 2
fi
for program in qemu-system-x86_64 busybox cpio; do
	command -v $program >/dev/null || { echo "needs $program"; exit 77; }
done
"$here/kernel.sh" "$guest" || { echo "needs Debian's kernel, and its package cannot be had"; exit 77; }
{
	for name in ${!BUILD*} ${!ASAN*} ${!UBSAN*} ${!LAB_*}; do printf 'export %s=%q\n' "$name" "${!name}"; done
	printf '%q ' "$@"
} >"$work/command"
pwd >"$work/folder"
echo "$guest/lib/modules" >"$work/modules"

qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp "$(nproc)" -m "${VM_MEMORY:-3G}" -nodefaults -no-reboot -display none \
	-kernel "$guest/vmlinuz" -initrd "$guest/initrd" -append "console=ttyS0 quiet panic=-1 vm_init=$here/guest-init.sh" \
	-serial "file:$work/kernel.log" -serial stdio \
	-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap -device virtio-9p-pci,fsdev=host,mount_tag=host \
	-fsdev "local,id=vm,path=$work,security_model=none,multidevs=remap" -device virtio-9p-pci,fsdev=vm,mount_tag=vm </dev/null &
qemu=$!
wait "$qemu" || true
qemu=''
if [ ! -e "$work/status" ]; then
	echo "the guest ended before its command did:" >&2
	tail -20 "$work/kernel.log" >&2
	exit 70
fi
exit "$(cat "$work/status")"
