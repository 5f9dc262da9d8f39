#!/bin/busybox sh
# The first process of the virtual machine: loads the drivers of its disks, mounts them, and hands over to guest.sh.
bb=/bin/busybox
$bb mkdir -p /proc /sys /dev /new
$bb mount -t proc proc /proc
$bb mount -t devtmpfs dev /dev
while read -r module; do
  if [ -e "/modules/$module.ko" ]; then $bb insmod "/modules/$module.ko"; fi
done < /modules/order
here=$($bb sed 's/.*cellblock.here=\([^ ]*\).*/\1/' /proc/cmdline)
while [ ! -b /dev/vdb ]; do $bb sleep 0.1; done
$bb mount -t ext4 /dev/vda /new
# The tree of the project is where it was built: its tests know their files by their whole names.
$bb mkdir -p "/new$here"
$bb mount -t ext4 /dev/vdb "/new$here"
$bb umount /proc
$bb mount -o move /dev /new/dev
exec $bb switch_root /new /usr/bin/busybox sh "$here/guest.sh" "$here"
