# Runs one private broker until standard input ends, which it does with the process that holds the other end, however that
# ends. A line on standard input kills the broker and starts it again.
#
# BASE is its directory; everything else that it needs is in the environment. Nothing is inherited but standard
# input: who waits for the end of the test's output must not wait for the broker.

cd "$BASE" || exit 1

epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" >/dev/null 2>&1 </dev/null &
epmd=$!

start() {
  setsid /usr/lib/rabbitmq/bin/rabbitmq-server >>"$BASE/output" 2>&1 </dev/null &
  broker=$!
}

stop() {
  # setsid made it the leader of a group of its own, in which the virtual machine is.
  kill -s KILL -- "-$broker"
  wait "$broker" 2>/dev/null
}

start
while read -r _; do
  stop
  start
done
stop
kill -s KILL "$epmd"
cd /
rm -rf "$BASE"
