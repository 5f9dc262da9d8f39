# make demo   a batch over 10,000 real records, on a fresh machine, without a server
# make test   everything that must hold, with all that it needs
# make test-vm    the tests of the jail in a virtual machine with version 2 of cgroups, as root and as a user (docs/hosts.md)
# make test-unprivileged   the same as a user on version 1, and without any cgroup; as root
# make soak   10,000 kills, then 200,000 jobs that end in every way, after which nothing may be left; half an hour
# make fuzz   libFuzzer over the parsers that face hostile bytes, ten minutes each
# make check-arm  that all of it compiles for aarch64
# make peers  a comparison with Celery, RQ, BullMQ and bubblewrap: benches/peers/README.md
# make test-packages  an example of each of 64 packages from PyPI in the jail (docs/packages.md)
# make docker-test   the image and docker/compose.yml, under a Docker engine
#
# All install what they lack from Debian's packages, as root or through sudo.

CARGO ?= cargo
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
CELLBLOCK := $(or $(CARGO_TARGET_DIR),target)/release/cellblock
DEMO := target/demo

BUILD_PACKAGES := gcc libc6-dev python3
RUN_PACKAGES := $(BUILD_PACKAGES) nodejs
TEST_PACKAGES := $(RUN_PACKAGES) python3-numpy python3-pandas python3-yaml python3-markdown python3-jinja2 python3-venv \
  prometheus rabbitmq-server redis-server
# Node.js from elsewhere brings its own npm, and Debian's does not go with it.
PEER_PACKAGES := $(RUN_PACKAGES) python3-pandas python3-venv rabbitmq-server redis-server bubblewrap \
  $(shell command -v npm >/dev/null || echo npm)
# Options of benches/peers/run.py, such as --quick.
PEERS ?=

VM_PACKAGES := $(TEST_PACKAGES) qemu-system-x86 e2fsprogs
ARM_PACKAGES := gcc-aarch64-linux-gnu libc6-dev-arm64-cross
ARM := aarch64-unknown-linux-gnu

DOCKER_PACKAGES := docker.io docker-compose debootstrap curl python3

PACKAGES := target/packages

# Seconds for each target of `make fuzz`.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS := frames messages jobs batches

.PHONY: fuzz demo soak test test-vm test-unprivileged test-packages check-arm docker-test lint unit build bench peers deny clean \
  install-run install-test install-peers install-docker

# Installs those of $(1) that are missing. Needs apt: on another system, install their like by hand.
define install
	@missing=""; for package in $(1); do \
	  dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "please install:$$missing"; exit 1; }; \
	  echo "installing:$$missing"; \
	  $(SUDO) apt-get update -qq && DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
endef

install-run:
	$(call install,$(RUN_PACKAGES))

install-test:
	$(call install,$(TEST_PACKAGES))

install-peers:
	$(call install,$(PEER_PACKAGES))

# An engine that is there, from wherever, is left as it is. A client alone is none.
install-docker:
	$(if $(shell command -v dockerd || { docker info >/dev/null 2>&1 && echo yes; }),,$(call install,$(DOCKER_PACKAGES)))

build: install-run
	$(CARGO) build --release --locked

demo: build
	@mkdir -p $(DEMO)
	@/usr/bin/python3 examples/birdstrikes/prepare.py --with-trouble > $(DEMO)/records.jsonl
	@echo "== 1. clean and score every record, in Python"
	@$(CELLBLOCK) batch run examples/birdstrikes/score.py --items $(DEMO)/records.jsonl --out $(DEMO)/scored.jsonl \
	  --limit wall_ms=2000
	@echo "== 2. render a sentence from each, in JavaScript"
	@$(CELLBLOCK) batch run examples/birdstrikes/sentence.js --items $(DEMO)/scored.jsonl --from-results \
	  --out $(DEMO)/sentences.jsonl --limit wall_ms=2000
	@echo "== the first results of $(DEMO)/sentences.jsonl"
	@head -n 3 $(DEMO)/sentences.jsonl

test: lint unit

lint: install-test
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

unit: install-test
	$(CARGO) test --locked
	/usr/bin/python3 -B benches/peers/test_peers.py

# Emulated, and some ten times slower for it. `make test-vm FILTER=hostile_signals` runs part of it.
test-vm: install-test
	$(call install,$(VM_PACKAGES))
	sh tests/vm/run.sh $(FILTER)

test-unprivileged: install-test
	sh tests/unprivileged.sh $(FILTER)

# JAIL_TEST_KILLS and JAIL_TEST_JOBS set other numbers; a line every 5,000 says how much of everything there is.
soak: install-test
	$(CARGO) test --locked --test jail -- --ignored --nocapture --test-threads=1 soak::

# Packages are fetched by pip with your own settings, once for each state of requirements.txt.
test-packages: build install-test $(PACKAGES)/installed
	/usr/bin/python3 -B tests/packages/run.py $(CELLBLOCK) $(abspath $(PACKAGES)/venv)

$(PACKAGES)/installed: tests/packages/requirements.txt
	/usr/bin/python3 -m venv --clear $(PACKAGES)/venv
	$(PACKAGES)/venv/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Needs the target's standard library: rustup target add aarch64-unknown-linux-gnu
check-arm:
	$(call install,$(ARM_PACKAGES))
	CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc $(CARGO) clippy --locked --all-targets --target $(ARM) -- -D warnings

docker-test: install-docker
	docker/test.sh

bench: build
	$(CELLBLOCK) bench

peers: build install-peers
	@/usr/bin/python3 benches/peers/run.py $(PEERS)

# cargo-fuzz asks for a compiler's unstable flags for its coverage; RUSTC_BOOTSTRAP lets the stable one take them.
fuzz: install-run
	@command -v cargo-fuzz >/dev/null || $(CARGO) install cargo-fuzz --locked --version 0.13.2
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p target/fuzz/corpus/$$target && \
	  RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --sanitizer none --target-dir target/fuzz $$target target/fuzz/corpus/$$target fuzz/seeds/$$target \
	    -- -max_total_time=$(FUZZ_SECONDS) -dict=fuzz/json.dict -max_len=8192 -timeout=10 -print_final_stats=1 || exit 1; \
	done

# Licences, sources and duplicate versions of the dependencies; installs cargo-deny, which takes some minutes.
deny:
	command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny --all-features check bans licenses sources

clean:
	$(CARGO) clean
