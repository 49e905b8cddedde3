#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fetches Debian's own kernel, the oldest that we support, and makes what a guest boots from: FOLDER/vmlinuz, FOLDER/initrd, FOLDER/lib/modules.
# Nothing is installed: the kernel's package is only unpacked.
#
#     lab/vm/kernel.sh FOLDER
set -euo pipefail
folder=$1
[ ! -e "$folder/ready" ] || exit 0
mkdir -p "$folder"
cd "$folder"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

package=$(apt-cache depends linux-image-amd64 | awk '$1 == "Depends:" { print $2 }')
version=${package#linux-image-}
echo "      fetching $package ..."
apt-get -qq -o APT::Sandbox::User=root download "$package"
dpkg-deb --fsys-tarfile "$package"_*.deb | tar -x --strip-components=1 ./boot ./lib/modules
rm "$package"_*.deb
mv "boot/vmlinuz-$version" vmlinuz
rm -rf boot
depmod -b . "$version"

# The first root: just enough to mount the host's.
rm -rf first
mkdir -p first/{bin,modules,host,upper,root,proc,sys,dev}
cp /bin/busybox first/bin/
for module in virtio_pci 9pnet_virtio 9p overlay; do modprobe -S "$version" -d . --show-depends "$module"; done |
	awk '!seen[$2]++ { print $2 }' | while read -r file; do
		cp "$file" first/modules/
		basename "$file" >>first/modules/order
	done
cp "$here/first-init.sh" first/init
(cd first && find . | cpio --quiet -o -H newc | gzip -1) >initrd
rm -rf first
touch ready
