# The first process of the virtual machine's system: mounts what systemd mounts, makes the groups that systemd makes for a
# service and for a user's scope with Delegate=yes, runs the tests in each, says the status and powers off.
PATH=/usr/bin:/usr/sbin
/usr/bin/busybox --install -s /usr/sbin
cd "$1" || busybox poweroff -f
. ./settings
filters=$(cat filters)
export JAIL_TEST_TIME_FACTOR
status=1
finish() {
  printf '\ncellblock-vm-status %s\n' "$status"
  sync
  poweroff -f
}
trap finish EXIT

mount -t proc -o nosuid,nodev,noexec proc /proc
mount -t sysfs -o nosuid,nodev,noexec sys /sys
mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o nosuid,nodev shm /dev/shm
ip link set lo up
hostname vm
printf 'user:x:1000:1000::/tmp:/bin/sh\n' >> /etc/passwd

groups=/sys/fs/cgroup
mkdir "$groups/init.scope"
echo $$ > "$groups/init.scope/cgroup.procs"

# $1: a group below the root. Every group above it hands on its controllers; it does not, as it is to have processes.
make_group() {
  at=$groups
  for part in $(echo "$1" | tr / ' '); do
    echo '+cpu +memory +pids' > "$at/cgroup.subtree_control"
    at=$at/$part
    mkdir -p "$at"
  done
}

# $1: group; the rest: a command, which becomes the only process of the group.
run_in() {
  group=$groups/$1
  shift
  (
    echo 0 > "$group/cgroup.procs"
    exec "$@"
  )
}

failed=0
row() {
  name=$1
  shift
  echo "== $name: $(uname -r), $(id -u) in $1"
  if run_in "$@"; then echo "== $name: well"; else
    echo "== $name: failed"
    failed=1
  fi
}

make_group system.slice/cellblock.service
user_group=user.slice/user-1000.slice/user@1000.service/app.slice/cellblock.scope
make_group $user_group
for name in . cgroup.procs cgroup.threads cgroup.subtree_control; do
  chown 1000:1000 "$groups/$user_group/$name"
done

for which in $rows; do
  case $which in
    root) row root system.slice/cellblock.service ./jail --test-threads=1 $filters ;;
    user)
      row user $user_group /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all \
        ./jail --test-threads=1 $filters
      ;;
    shell) row shell system.slice/cellblock.service sh -c "$filters" ;;
  esac
done
status=$failed
