#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guest's second program, on the host's files: what a system needs to be one, then the command that the guest is there for, then the end.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TERM=dumb LAB_PATIENCE=4
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
for folder in /dev/shm /run /tmp; do mount -t tmpfs tmpfs "$folder"; done
mkdir -p /run/netns /run/lock
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mkdir -p /lib/modules
mount --bind "$(cat /mnt/vm/modules)" /lib/modules
modprobe -a tun veth nf_tables # what a story takes for granted
hostname guest
ip link set lo up

cd "$(cat /mnt/vm/folder)" || exit
bash /mnt/vm/command </dev/null >/dev/ttyS1 2>&1
echo $? >/mnt/vm/status
sync
echo o >/proc/sysrq-trigger
sleep 60
