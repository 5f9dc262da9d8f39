# Stand-ins for base images where no registry can be reached: Debian's packages under the names that the Dockerfile and
# compose.yml use. Sourced by test.sh. They are for tests; nobody else has checked what is in them.

# The tree that all stand-ins begin with, made once in $work/base.
base_tree() {
  [ -e "$work/base.tar" ] && return
  command -v debootstrap >/dev/null || fail "install debootstrap, which makes stand-ins for images that cannot be pulled"
  rm -rf "$work/base"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$work/base" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" \
    >"$work/debootstrap.log" 2>&1 || fail "debootstrap: $(tail -n 1 "$work/debootstrap.log")"
  # What is trusted here is trusted there, where a proxy looks into TLS.
  cp -a /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/"
  rm -rf "$work"/base/var/cache/apt/archives/*.deb
  tar -C "$work/base" -cf "$work/base.tar.part" . && mv "$work/base.tar.part" "$work/base.tar"
  rm -rf "$work/base"
}

stand_in_debian() {
  base_tree
  docker import -c 'CMD ["bash"]' "$work/base.tar" "$1" >/dev/null
}

# Debian's compiler with the toolchain of this host.
stand_in_rust() {
  local toolchain image=cellblock-stand-in-gcc
  toolchain=$(rustc --print sysroot)
  packages_on_debian "$image" gcc libc6-dev
  mkdir -p "$work/rust"
  printf 'FROM %s\nCOPY bin /usr/local/bin\nCOPY lib /usr/local/lib\nENV CARGO_HOME=/usr/local/cargo\n' "$image" >"$work/rust/Dockerfile"
  tar -C "$toolchain" --transform "s,^,./," -cf - bin lib -C "$work/rust" Dockerfile | docker build -q -t "$1" - >/dev/null
}

stand_in_redis() {
  packages_on_debian "$1" redis-server
}

stand_in_prom() {
  packages_on_debian "$1-debian" prometheus
  printf 'FROM %s\nVOLUME /prometheus\nENTRYPOINT ["prometheus"]\n' "$1-debian" | docker build -q -t "$1" - >/dev/null
}

# RabbitMQ with its management interface and the user that the official image makes of two variables.
stand_in_rabbitmq() {
  packages_on_debian "$1-debian" rabbitmq-server
  docker build -q -t "$1" - >/dev/null <<END
FROM $1-debian
RUN echo '[rabbitmq_management].' >/etc/rabbitmq/enabled_plugins && ln -sf /usr/lib/rabbitmq/bin/* /usr/local/bin/ \\
 && install -d -o rabbitmq -g rabbitmq /var/lib/rabbitmq /var/log/rabbitmq
USER rabbitmq
ENV RABBITMQ_LOGS=-
VOLUME /var/lib/rabbitmq
CMD printf 'default_user = %s\ndefault_pass = %s\nloopback_users = none\n' \\
      "\$RABBITMQ_DEFAULT_USER" "\$RABBITMQ_DEFAULT_PASS" >/var/lib/rabbitmq/rabbitmq.conf \\
 && RABBITMQ_CONFIG_FILE=/var/lib/rabbitmq/rabbitmq exec /usr/lib/rabbitmq/bin/rabbitmq-server
END
}

# packages_on_debian IMAGE PACKAGE…
packages_on_debian() {
  local image=$1
  shift
  have_image "$debian"
  # A package must not start what it brings while it is installed.
  docker build -q --network host -t "$image" - >/dev/null <<END
FROM $debian
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d && apt-get update \\
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $* && rm -rf /var/lib/apt/lists/*
END
}

# Pulls an image, or makes a stand-in. Status 1 where neither is possible.
have_image() {
  docker image inspect "$1" >/dev/null 2>&1 && return
  say "image $1"
  timeout "${PULL_SECONDS:-600}" docker pull -q "$1" >/dev/null 2>"$work/pull.log" && return
  case $1 in
    debian:*) stand_in_debian "$1" ;;
    rust:*) stand_in_rust "$1" ;;
    redis:*) stand_in_redis "$1" ;;
    rabbitmq:*) stand_in_rabbitmq "$1" ;;
    prom/prometheus:*) stand_in_prom "$1" ;;
    *) say "  $1 can neither be pulled nor be made here: left out"; return 1 ;;
  esac || fail "no stand-in for $1"
  say "  a stand-in, because: $(tail -n 1 "$work/pull.log")"
}
