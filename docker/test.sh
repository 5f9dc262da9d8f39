#!/bin/bash
# Builds the image, starts what compose.yml says, and looks whether jobs run in it as they must: `make docker-test`.
#
# With an engine that answers, that one is used (DOCKER_HOST); else, as root, one is started and ended. Images that cannot be
# pulled are stood in for (stand-ins.sh). Ends only what it started. DOCKER=PATH takes another client,
# CARGO_CONFIG=FILE hands a cargo configuration to the build, KEEP=1 leaves everything running.
set -u
cd "$(dirname "$0")/.."
work=$PWD/target/docker
mkdir -p "$work"
client=${DOCKER:-docker}
# From version 23 on a client builds with a plugin, which may not be there; Debian's own builds without one.
[ "${DOCKER:-}" ] || docker buildx version >/dev/null 2>&1 || [ ! -x /usr/bin/docker ] || client=/usr/bin/docker
export DOCKER_BUILDKIT=1 COMPOSE_DOCKER_CLI_BUILD=1 COMPOSE_PROJECT_NAME=cellblock-test
failures=0
engine=

say() { printf '== %s\n' "$*"; }
fail() { printf 'docker/test.sh: %s\n' "$*" >&2; exit 2; }
docker() { command "$client" "$@"; }

# check WHAT COMMAND…
check() {
  local what=$1
  shift
  if "$@" >"$work/check.log" 2>&1; then
    echo "  ok    $what"
  else
    echo "  FAIL  $what"
    sed 's/^/          /' "$work/check.log" | tail -n 12
    failures=$((failures + 1))
  fi
}

# Tries a command each second, for up to $1 seconds.
within() {
  local left=$1
  shift
  until "$@"; do
    [ $((left -= 1)) -gt 0 ] || return 1
    sleep 1
  done
}

start_engine() {
  docker info >/dev/null 2>&1 && return
  [ "$(id -u)" = 0 ] && command -v dockerd >/dev/null || fail "no Docker engine answers, and none can be started here"
  say "starting an engine"
  export DOCKER_HOST=unix://$work/engine.sock
  dockerd --data-root "$work/engine" --exec-root "$work/engine-run" --pidfile "$work/engine.pid" -H "$DOCKER_HOST" \
    >"$work/engine.log" 2>&1 &
  engine=$!
  within 30 docker info >/dev/null 2>&1 || fail "the engine does not start: $(tail -n 1 "$work/engine.log")"
}

find_compose() {
  if docker compose version >/dev/null 2>&1; then
    compose() { (cd docker && command "$client" compose "$@"); }
  elif command -v docker-compose >/dev/null; then
    compose() { (cd docker && docker-compose "$@"); }
  else
    fail "install docker-compose or Docker's compose plugin"
  fi
}

end() {
  [ "${KEEP:-}" ] && return
  compose down -v >"$work/down.log" 2>&1
  if [ "$engine" ]; then
    kill "$engine" && wait "$engine"
  fi
}

. docker/stand-ins.sh
. docker/checks.sh

start_engine
find_compose
trap end EXIT
trap 'exit 130' INT TERM

debian=$(sed -n 's/^ARG DEBIAN=//p' docker/Dockerfile)
rust=$(sed -n 's/^ARG RUST=//p' docker/Dockerfile)
have_image "$debian" || fail "no $debian"
have_image "$rust" || fail "no $rust"
services="worker api topology"
while read -r service image; do
  have_image "$image" && services="$services $service"
done < <(awk '/^  [a-z]+:$/ { name = $1; sub(":", "", name) } /^    image: .*:/ { print name, $2 }' docker/compose.yml)

say "building the image"
secret=()
[ "${CARGO_CONFIG:-}" ] && secret=(--secret "id=cargo-config,src=$CARGO_CONFIG")
docker build -q --network host "${secret[@]}" -f docker/Dockerfile -t cellblock . || fail "the image cannot be built"

check_one_container
check_what_each_option_is_for
check_hostile_programs
check_service "$services"

if [ "$failures" -gt 0 ]; then
  say "$failures checks failed"
  exit 1
fi
say "all as it must be"
