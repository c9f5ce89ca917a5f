#!/bin/sh
# First program of the kernel (in the initramfs): loads drivers, joins the read-only
# root and the configuration partition, and hands over to the init in there.
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod "/modules/$module" || echo "image: no $module"; done

waited=0
while [ ! -e /dev/vda2 ] && [ $waited -lt 100 ]; do
	usleep 100000
	waited=$((waited + 1))
done
# The firmware partition begins with the head of a TRX file; its third offset is the root.
set -- $(dd if=/dev/vda1 bs=1 skip=24 count=4 2>/dev/null | hexdump -v -e '4/1 "%d "')
offset=$(($1 + $2 * 256 + $3 * 65536 + $4 * 16777216))
losetup -r -o $offset /dev/loop0 /dev/vda1
mkdir -p /rom /config /new
mount -t squashfs -o ro /dev/loop0 /rom || exec sh
# Journalled: a power cut costs at most what was not yet synchronised.
mount -t ext4 -o noatime /dev/vda2 /config || exec sh
mkdir -p /config/upper /config/work
mount -t overlay -o lowerdir=/rom,upperdir=/config/upper,workdir=/config/work overlay /new || exec sh
umount /proc /sys
mount --move /dev /new/dev
exec switch_root /new /sbin/init
