#!/bin/sh
# Makes what tests/vm/run.sh boots and keeps: vmlinuz, initrd, and system.img with the interpreters of this host.
#
#   tests/vm/make.sh DIRECTORY
#
# Made anew when this script has changed. Needs apt, for two packages that are unpacked and not installed.
set -eu
vm=$1
# Everything that a program in the jail may use, and setpriv.
packages="python3 python3-numpy python3-pandas python3-yaml python3-markdown python3-jinja2 nodejs tzdata util-linux"
# In the order of their dependencies.
modules="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk crc16 mbcache jbd2 \
  crc32c_generic libcrc32c ext4"

made=$(cat "$0" tests/vm/boot.sh | sha256sum)
if [ "$(cat "$vm/made" 2>/dev/null)" = "$made" ]; then exit 0; fi
rm -rf "$vm"
mkdir -p "$vm/packages" "$vm/unpacked" "$vm/initramfs/bin" "$vm/initramfs/modules" "$vm/system"

kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: *\(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
(cd "$vm/packages" && apt-get download -qq "$kernel" busybox-static 2>/dev/null)
for package in "$vm"/packages/*.deb; do dpkg -x "$package" "$vm/unpacked"; done
cp "$vm"/unpacked/boot/vmlinuz-* "$vm/vmlinuz"

for module in $modules; do
  find "$vm/unpacked/lib/modules" -name "$module.ko" -exec cp {} "$vm/initramfs/modules/" \;
  printf '%s\n' "$module" >> "$vm/initramfs/modules/order"
done
busybox=$vm/unpacked/bin/busybox
cp "$busybox" "$vm/initramfs/bin/busybox"
cp tests/vm/boot.sh "$vm/initramfs/init"
chmod +x "$vm/initramfs/init"
# cpio in the kernel's "newc" form; busybox has one, so nothing needs to be installed.
(cd "$vm/initramfs" && find . | ./bin/busybox cpio -o -H newc 2>/dev/null | gzip -1) > "$vm/initrd"

system=$vm/system
mkdir -p "$system/usr/bin" "$system/usr/sbin" "$system/usr/lib" "$system/usr/lib64" "$system/etc" "$system/proc" \
  "$system/sys" "$system/dev" "$system/run" "$system/tmp" "$system/root"
for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$system/$dir"; done
{
  for package in $(apt-cache depends -i --recurse --installed --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances $packages | grep -v '^[ <]' | sort -u); do dpkg -L "$package" 2>/dev/null || true; done
  # What packages' scripts make when they are installed.
  find /usr/lib/python3 /usr/lib/python3.* /etc/alternatives /etc/ld.so.c*
  find /usr/bin "/usr/lib/$(uname -m)-linux-gnu" -maxdepth 1 -lname '/etc/alternatives/*'
  printf '%s\n' /etc/passwd /etc/group /etc/localtime /etc/timezone
} | sort -u | grep -Ev '^/(usr/share/(doc|man|locale|info|lintian)|usr/lib/node_modules|\.$)' > "$vm/list"
tar -C / -c --no-recursion -f - -T "$vm/list" | tar -C "$system" -x --keep-directory-symlink -f -
cp "$busybox" "$system/usr/bin/busybox"
chmod 1777 "$system/tmp"
mke2fs -q -t ext4 -O ^has_journal -d "$system" "$vm/system.img" 1200M
rm -rf "$vm/packages" "$vm/unpacked" "$vm/initramfs" "$system" "$vm/list"
printf '%s\n' "$made" > "$vm/made"
