#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The guest's first program: lays a file system of its own over the host's, which it can read and not write, and goes on in there.
busybox mount -t proc proc /proc
busybox mount -t devtmpfs dev /dev
while read -r module; do busybox insmod "/modules/$module"; done </modules/order
share() { busybox mount -t 9p -o "trans=virtio,version=9p2000.L,msize=262144,$3" "$1" "$2"; }
share host /host ro,cache=loose
busybox mount -t tmpfs tmpfs /upper
busybox mkdir /upper/changes /upper/work
busybox mount -t overlay -o lowerdir=/host,upperdir=/upper/changes,workdir=/upper/work overlay /root
busybox mkdir -p /root/mnt/vm
share vm /root/mnt/vm rw,cache=none
exec busybox switch_root /root "$(busybox sed 's/.*vm_init=\([^ ]*\).*/\1/' /proc/cmdline)"
