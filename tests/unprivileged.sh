#!/bin/sh
# Runs the tests of the jail as a user without privileges, whom root has given groups below its own: what a host with
# version 1 of cgroups must do for such a worker. `make test-vm` has the same for version 2, where systemd does it.
#
#   tests/unprivileged.sh [FILTER...]
#
# As root. The user is UNPRIVILEGED_UID, 20001 by default, which needs no entry in /etc/passwd; it must be able to read
# this directory.
set -eu
cd "$(dirname "$0")/.."
uid=${UNPRIVILEGED_UID:-20001}
${CARGO:-cargo} build --locked
messages=$(${CARGO:-cargo} test --locked --no-run --test jail --message-format=json)
binary=$(printf '%s\n' "$messages" | sed -n 's/.*"name":"jail".*"executable":"\([^"]*\)".*/\1/p')

# A group of our own in each hierarchy that the worker needs, below the one we are in; hierarchies may share a mount.
name=cellblock-tests-$$
made=
for controller in memory pids cpuacct; do
  point=$(awk -v c="$controller" '{ n = split($NF, o, ","); for (i = 1; i <= n; i++) if (o[i] == c && / - cgroup /) { print $5; exit } }' \
    /proc/self/mountinfo)
  own=$(awk -F: -v c="$controller" '{ n = split($2, o, ","); for (i = 1; i <= n; i++) if (o[i] == c) { print $3; exit } }' \
    /proc/self/cgroup)
  if [ -z "$point" ]; then
    echo "no hierarchy of version 1 with the controller $controller; run make test-vm" >&2
    exit 2
  fi
  dir=$point${own%/}/$name
  if [ ! -d "$dir" ]; then
    mkdir "$dir"
    made="$made $dir"
    chown "$uid:$uid" "$dir" "$dir/tasks" "$dir/cgroup.procs"
  fi
done
scratch=$(mktemp -d)
chown "$uid:$uid" "$scratch"
finish() {
  rm -rf "$scratch"
  for dir in $made; do
    for group in "$dir"/*/* "$dir"/* "$dir"; do [ -d "$group" ] && rmdir "$group" 2>/dev/null; done
  done
  true
}
trap finish EXIT

as_user() { setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all env -i PATH=/usr/bin "$@"; }
fail() {
  echo "$1" >&2
  exit 1
}

echo "== a user without a group of its own"
cat > "$scratch/hog.py" <<'END'
def main(mib):
    kept = []
    for _ in range(mib):
        kept.append(bytearray(b"x" * (1 << 20)))
    return {"mib": len(kept)}
END
run() { as_user target/debug/cellblock run "$scratch/hog.py" --json --limit memory_bytes=134217728 "$@" 2>&1; }
if said=$(run --input mib=1); then fail "it ran: $said"; fi
printf '%s\n' "$said" | grep -q 'no cgroup can be made' || fail "another reason: $said"
said=$(run --set jail.cgroup=watchdog --input mib=32 --input-type mib=number) || fail "the watchdog stopped an honest job: $said"
said=$(run --set jail.cgroup=watchdog --input mib=8192 --input-type mib=number) && fail "nobody stopped it: $said"
printf '%s\n' "$said" | grep -q '"outcome": *"memory_killed"' || fail "another outcome: $said"
printf '%s\n' "$said" | grep -q '"detail": *"watchdog"' || fail "the verdict does not name the watchdog: $said"

echo "== a user with groups that root has handed over"
(
  self=$(sh -c 'echo $PPID')
  for dir in $made; do echo "$self" > "$dir/cgroup.procs"; done
  exec setpriv --reuid "$uid" --regid "$uid" --clear-groups --inh-caps=-all env TMPDIR="$scratch" \
    "$binary" --test-threads=1 "$@"
)
