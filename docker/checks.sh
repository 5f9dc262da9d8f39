# What docker/test.sh looks at. Sourced by it.

# The options of a worker's container, as in compose.yml.
declare -A options=(
  [CHOWN]="--cap-add CHOWN"
  [SETGID]="--cap-add SETGID"
  [SETUID]="--cap-add SETUID"
  [SYS_ADMIN]="--cap-add SYS_ADMIN"
  [seccomp]="--security-opt seccomp=docker/seccomp.json"
  [apparmor]="--security-opt apparmor=${CELLBLOCK_APPARMOR:-cellblock}"
)

# contained [--without OPTION] PROGRAM…: the program in a container like a worker's, with the repository at /here.
contained() {
  local without= name given=()
  [ "$1" = --without ] && { without=$2; shift 2; }
  for name in "${!options[@]}"; do
    # Each is one option and its value.
    [ "$name" = "$without" ] || given+=(${options[$name]})
  done
  docker run --rm --read-only --network none --cap-drop ALL "${given[@]}" -v "$PWD:/here:ro" \
    --entrypoint cellblock cellblock drop-root "$@"
}

# refuses WITHOUT TEXT: without this option the doctor finds that no job can run, or root is not given up, and says TEXT.
refuses() {
  local said
  said=$(contained --without "$1" cellblock doctor 2>&1) && { echo "jobs run without $1"; return 1; }
  echo "$said"
  grep -q -- "$2" <<<"$said"
}

is_nobody() {
  contained sh -c '
    read -r _ uid _ </proc/self/uid_map && [ "$uid" = 10001 ] || { echo "is uid $uid of the host"; exit 1; }
    grep -qx "NoNewPrivs:	1" /proc/self/status || { echo "may gain privileges"; exit 1; }
    chown 1 /var/lib/cellblock 2>/dev/null && { echo "changes owners"; exit 1; }
    echo >/sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null && { echo "changes its own limit"; exit 1; }
    echo >/sys/fs/cgroup/memory.max 2>/dev/null && { echo "changes its own limit"; exit 1; }
    true'
}

run_is() {
  local wanted=$1 said
  shift
  said=$(contained cellblock run "$@" --json) || true
  echo "$said"
  [[ $said == *"\"outcome\":\"$wanted\""* ]]
}

small_batch() {
  contained sh -c '
    for n in $(seq 500); do echo "{\"text\": \"item $n\"}"; done >items.jsonl
    cellblock batch run /here/docker/example.py --items items.jsonl --out results.jsonl || exit
    [ "$(wc -l <results.jsonl)" = 500 ] && [ "$(grep -c "\"outcome\":\"succeeded\"" results.jsonl)" = 500 ]'
}

check_one_container() {
  say "one container"
  check "root is given up, and what that takes away is gone" is_nobody
  check "doctor finds every layer, Python and Node.js" contained cellblock doctor
  check "a job in Python" run_is succeeded /here/docker/example.py --input text=hello
  check "a job in JavaScript" run_is succeeded /here/docker/example.js --input text=hello
  check "a job with a scratch directory, in a process of its own" \
    run_is succeeded /here/docker/example.py --input text=hello --limit scratch_bytes=1048576
  check "a job that takes too much memory, by the counter of its own cgroup" \
    run_is memory_killed /here/tests/hostile/exhaustion/anonymous_mapping.py
  check "a system call that only attacks make is seen and named" \
    run_is syscall_denied /here/tests/hostile/processes/ptrace_traceme.py
  check "a batch of 500 items" small_batch
}

check_what_each_option_is_for() {
  say "without one of the options"
  check "SYS_ADMIN: no groups" refuses SYS_ADMIN "cgroup  *MISSING"
  check "CHOWN: no groups" refuses CHOWN "cgroup  *MISSING"
  check "SETUID: root is not given up" refuses SETUID "root cannot be given up"
  check "SETGID: root is not given up" refuses SETGID "root cannot be given up"
  check "seccomp: no jail" refuses seccomp "not permitted"
}

check_hostile_programs() {
  say "hostile programs, every tenth"
  local programs
  mapfile -t programs < <(find tests/hostile -name '*.py' -o -name '*.js' | sort | awk 'NR % 10 == 1')
  check "${#programs[@]} programs end as they must" contained python3 /here/docker/hostile.py "${programs[@]}"
}

check_service() {
  say "the service: $1"
  local key=test-key
  export RABBITMQ_PASSWORD=rabbit REDIS_PASSWORD=redis GRAFANA_PASSWORD=grafana
  export CELLBLOCK_HTTP_API_KEYS="acme:$(printf %s "$key" | sha256sum | cut -d' ' -f1)"
  export API_PORT=0 PROMETHEUS_PORT=0 GRAFANA_PORT=0
  # shellcheck disable=SC2086 # several names
  check "starts" compose up -d --no-build $1
  api=http://$(compose port api 8080)
  call() { curl -sS --fail-with-body -m 60 -H "Authorization: Bearer $key" "$@"; }
  check "the API is ready" within 60 call -o /dev/null "$api/readyz"
  check "a job over the API" job_over_api python3 'def main(n):\n    return {\"n\": 2 * n}'
  check "a job that imports pandas" job_over_api python3 'import pandas\ndef main(n):\n    return {\"n\": int(pandas.Series([n, n]).sum())}'
  check "a job in JavaScript" job_over_api nodejs 'function main({ n }) { return { n: 2 * n }; }'
  check "a batch of 1,000 items over the API" batch_over_api
  check "the worker forks jobs from a template" forks_warm
  check "containers say that they are healthy" within 40 healthy
  if [[ $1 == *prometheus* ]]; then
    check "Prometheus reads worker and API" within 60 prometheus_reads
  fi
  if [[ $1 == *grafana* ]]; then
    check "Grafana has the dashboards" within 60 grafana_shows
  fi
  check "a worker stops by itself" worker_stops
}

job_over_api() {
  local said
  said=$(call "$api/v1/jobs?wait=30s" -H 'Content-Type: application/json' \
    -d "{\"v\": 1, \"language\": \"$1\", \"code\": \"$2\", \"inputs\": {\"n\": 21}}")
  echo "$said"
  [[ $said == *'"n":42'* ]]
}

batch_over_api() {
  local at results
  at=$({
    echo '{"v": 1, "language": "python3", "code": "def main(n):\n    return {\"n\": n * n}"}'
    for n in $(seq 1000); do echo "{\"n\": $n}"; done
  } | call -i "$api/v1/batches" -H 'Content-Type: application/x-ndjson' --data-binary @- | tr -d '\r' | sed -n 's/^location: //ip')
  echo "batch: $at"
  call "$api$at?wait=30s" -H 'Prefer: wait' && echo
  results=$(within 30 complete "$at" && call "$api$at/results")
  [ "$(grep -c '"outcome":"succeeded"' <<<"$results")" = 1000 ] && grep -q '"n":1000000' <<<"$results"
}

complete() {
  call -D - -o /dev/null "$api$1/results" | tr -d '\r' | grep -qix 'x-complete: true'
}

worker_metrics() {
  docker exec "$(compose ps -q worker)" \
    python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:9464/metrics").read().decode())'
}

forks_warm() {
  worker_metrics | grep spares_total | tee /dev/stderr | grep -Eq 'spare="(forked|warm)"[^ ]* [1-9]'
}

healthy() {
  local id
  for id in $(compose ps -q worker api); do
    [ "$(docker inspect -f '{{.State.Health.Status}}' "$id")" = healthy ] || return
  done
}

prometheus_reads() {
  local said
  said=$(curl -sS -m 10 "http://$(compose port prometheus 9090)/api/v1/query?query=sum(up)%20by%20(instance)")
  echo "$said"
  [ "$(grep -o '"1"\]' <<<"$said" | wc -l)" = 2 ]
}

grafana_shows() {
  local said
  said=$(curl -sS -m 10 -u admin:grafana "http://$(compose port grafana 3000)/api/search?type=dash-db")
  echo "$said"
  [ "$(grep -o '"uid"' <<<"$said" | wc -l)" = "$(find dashboards/grafana -name '*.json' | wc -l)" ]
}

worker_stops() {
  local id
  id=$(compose ps -q worker)
  docker stop -t 20 "$id" && [ "$(docker inspect -f '{{.State.ExitCode}}' "$id")" = 0 ]
}
