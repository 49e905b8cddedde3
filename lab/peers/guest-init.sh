#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The first process of the User-Mode Linux guest: loads the kernel's PPP and L2TP, brings its one interface up and becomes
# xl2tpd. The root file system is the host's, read-only; what must be written is put over it in memory.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
for word in $(cat /proc/cmdline); do case $word in lab=*) lab=${word#lab=} ;; esac; done
cp -r "$lab" /run/lab
. /run/lab/net

mkdir -p /run/modules/lib /run/ppp
ln -s /usr/lib/uml/modules /run/modules/lib/modules # where modprobe -d looks
printf '#!/bin/sh\nexec /usr/sbin/modprobe -d /run/modules "$@"\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
modprobe -d /run/modules -a l2tp_ppp pppox ppp_generic

mount -t tmpfs tmpfs /tmp # only now: the lab's directory may be under it
mount -t tmpfs tmpfs /var/log
cp /run/lab/ppp-secrets /run/ppp/chap-secrets
cp /run/lab/ppp-secrets /run/ppp/pap-secrets
: >/run/ppp/options
mount --bind /run/ppp /etc/ppp
echo 'hosts: files' >/run/nsswitch.conf
mount --bind /run/nsswitch.conf /etc/nsswitch.conf

ip link set lo up
ip addr add "$GUEST_ADDRESS" dev eth0
ip link set eth0 up
ip route add default via "$GUEST_GATEWAY"
echo 1 >/proc/sys/net/ipv4/ip_forward
mkdir -p /run/xl2tpd
exec xl2tpd -D -c /run/lab/xl2tpd.conf -s /run/lab/l2tp-secrets -p /run/xl2tpd/pid -C /run/xl2tpd/control
