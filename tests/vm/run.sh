#!/bin/sh
# Runs the tests of the jail in a virtual machine that has what this host may not: version 2 of cgroups alone, as systemd
# sets it up, and Debian's kernel with Landlock. First as root in a service's group, then as a user in a delegated one.
#
#   tests/vm/run.sh [-r "root user"] [FILTER...]   FILTER as cargo test takes it; by default every test
#   tests/vm/run.sh -r shell COMMAND               to look around, as root
#
# No system is installed and no network is used inside: a kernel and a shell from Debian's packages, the interpreters of
# this host, and the binaries that cargo has just built, on two disks. The first is kept in target/vm.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD
vm=$here/target/vm
rows="root user"
while getopts r: option; do
  case $option in
    r) rows=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))

sh tests/vm/make.sh "$vm"

# Debug information would be most of the disk.
work=$vm/work
rm -rf "$work"
mkdir -p "$work/target/debug"
messages=$(${CARGO:-cargo} test --locked --no-run --test jail --message-format=json)
test_binary=$(printf '%s\n' "$messages" | sed -n 's/.*"name":"jail".*"executable":"\([^"]*\)".*/\1/p')
strip -g -o "$work/jail" "$test_binary"
strip -g -o "$work/target/debug/cellblock" target/debug/cellblock
cp -R tests examples "$work"
cp tests/vm/guest.sh "$work/guest.sh"
printf 'JAIL_TEST_TIME_FACTOR=%s rows="%s"\n' "${JAIL_TEST_TIME_FACTOR:-20}" "$rows" > "$work/settings"
printf '%s\n' "$*" > "$work/filters"
mke2fs -q -t ext4 -O ^has_journal -d "$work" "$vm/work.img.new" 256M
mv "$vm/work.img.new" "$vm/work.img"

# Written by the guest in front of its last line; a machine that stopped in another way has no status.
mark=cellblock-vm-status
log=$vm/console.log
# Without SMAP: qemu 7.2 takes a user's far return (hostile/processes/far_call.py) for an access of the kernel's, which then
# reports a fault of its own.
set -- -accel "${VM_ACCEL:-tcg,thread=multi}" -cpu max,-smap -smp 2 -m 4096 -nographic -no-reboot -nic none \
  -kernel "$vm/vmlinuz" -initrd "$vm/initrd" -append "console=ttyS0 loglevel=2 panic=-1 cellblock.here=$here" \
  -drive "file=$vm/system.img,if=virtio,format=raw,snapshot=on" \
  -drive "file=$vm/work.img,if=virtio,format=raw,snapshot=on"
timeout "${VM_TIMEOUT_S:-7200}" qemu-system-x86_64 "$@" < /dev/null | tee "$log" || true
status=$(tr -d '\r' < "$log" | sed -n "s/^$mark //p" | tail -n 1)
exit "${status:-3}"
