#!/bin/sh
# make bench: every figure is taken in one run on one machine, so that the ratios hold.
# Peers (nginx, FastAPI) are started here, on loopback, and stopped by their process id.
#
# SECONDS_EACH: how long each load runs (default 8).
set -eu
cd "$(dirname "$0")/../.."
export B=build/release MODE=release
make --no-print-directory -s -j2 bench-built
seconds=${SECONDS_EACH:-8}
dir=$(mktemp -d)
pids=""
finish() {
    tools/world.sh stop "$dir/world" 2>/dev/null || true
    for pid in $pids; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

head() { printf '\n== %s\n' "$*"; }
row() { printf '  %-58s %s\n' "$1" "$2"; }
# rate FILE: requests a second of a wrk run, or stops the measurement when any failed.
rate() {
    awk -F'[ =]' '/^requests=/ { if ($4 > 0) { print "bad=" $4; exit } printf "%d\n", $2 / ($6 / 1e6) }' "$1"
}
ratio() { awk "BEGIN { printf \"%.2f\", $1 / $2 }"; }
load() { # load NAME SCRIPT URL CONNECTIONS
    RUN="$1-$$" timeout $((seconds + 40)) wrk -t1 -c "$4" -d "${seconds}s" --timeout 30s \
        -s "tests/bench/$2" "$3" > "$dir/$1.wrk"
    rate "$dir/$1.wrk"
}
world() { # world [sandbox options]: a fresh one
    tools/world.sh stop "$dir/world" 2>/dev/null || true
    rm -rf "$dir/world"
    tools/world.sh make "$dir/world"
    tools/world.sh sandbox "$dir/world" smdp --stock P1=1000000 "$@"
    from=$(date +%s%N)
    tools/world.sh host "$dir/world"
    ready_ms=$((($(date +%s%N) - from) / 1000000))
    KEY=$(cat "$dir/world/key")
    export KEY
    url=http://$(jq -r .http "$dir/world/host.json")
    host_pid=$(cat "$dir/world/host.pid")
}
private_kb() {
    awk '/^Private_/ { sum += $2 } END { print sum }' "/proc/$1/smaps_rollup"
}
metric() { curl -fsS -H "Authorization: Bearer $KEY" "$url/metrics" | awk -v m="$1" '$1 == m { print $2 }'; }

head "The machine"
row "processors" "$(nproc) x $(sed -n 's/^model name.*: //p' /proc/cpuinfo | sed -n 1p)"
row "memory" "$(awk '/MemTotal/ { printf "%d GiB", $2 / 1048576 }' /proc/meminfo)"
row "kernel, compiler" "$(uname -r), $(gcc -dumpfullversion)"
row "one fdatasync of 4 KiB" "$(python3 - "$dir" <<'P'
import os, sys, time
fd = os.open(sys.argv[1] + "/sync", os.O_CREAT | os.O_WRONLY)
spent = []
for i in range(200):
    os.pwrite(fd, b"x" * 4096, 4096 * i)
    t = time.perf_counter(); os.fdatasync(fd); spent.append(time.perf_counter() - t)
print("%.0f us (median of 200)" % (sorted(spent)[100] * 1e6))
P
)"

head "Idle"
world --latency-ms 2000
row "start to ready (host, two policy cells a thread, one adapter)" "$ready_ms ms"
row "host, private memory" "$(private_kb "$host_pid") KiB"
for child in $(cat "/proc/$host_pid/task/"*/children); do
    row "$(tr '\0' ' ' < "/proc/$child/cmdline" | awk '{ n = split($1, p, "/"); print p[n], $2 }')" \
        "$(private_kb "$child") KiB"
done

head "A step through a cell, a policy decision"
"$B/tests/bench/cell_bench" "$B/esim-cell" "$B" "$dir/world" atom profile.release | tr ',{}' '\n\n ' | sed 's/^ *"/  /; s/":/ /' | grep .
if [ -x "$B/tests/bench/policy_bench" ]; then
    "$B/tests/bench/policy_bench" | sed 's/^/  /'
fi

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# peer: orders a second of FastAPI + SQLite, with the machine to itself.
peer() {
    port=$(free_port)
    rm -f "$dir"/fastapi.db*
    ORDERS_DB="$dir/fastapi.db" PATH=/usr/bin:$PATH PYTHONPATH=tests/bench \
        /usr/bin/python3 -m uvicorn fastapi_orders:app --port "$port" --log-level error \
        --workers 1 > "$dir/uvicorn.log" 2>&1 &
    peer_pid=$!
    pids="$pids $peer_pid"
    tries=200
    until curl -fs -o /dev/null "http://127.0.0.1:$port/docs" || [ $tries -le 0 ]; do
        tries=$((tries - 1)); sleep 0.05
    done
    peer=$(load "peer$1" post.lua "http://127.0.0.1:$port" 64)
    kill "$peer_pid"
    wait "$peer_pid" 2>/dev/null || true
}

# In turns, since a shared machine is not the same from one minute to the next.
head "Durable accepts: POST /v1/orders, 64 connections, FULL sync"
ours_sum=0 peer_sum=0
for turn in 1 2 3; do
    world --latency-ms 2000
    ours=$(load "accepts$turn" post.lua "$url" 64)
    tools/world.sh stop "$dir/world"
    peer "$turn"
    row "turn $turn: esimd, FastAPI + SQLite, orders/s" "$ours, $peer"
    ours_sum=$((ours_sum + ours)) peer_sum=$((peer_sum + peer))
done
row "esimd, orders/s (limit: 10,000)" "$((ours_sum / 3))"
row "FastAPI + SQLite, the same rows, orders/s" "$((peer_sum / 3))"
row "esimd / FastAPI (limit: 10)" "$(ratio "$ours_sum" "$peer_sum")"
mkdir -p "$dir/raw"
"$B/tests/bench/store_bench" "$dir/raw" 3 > "$dir/raw.json"
sed 's/^/  /' "$dir/raw.json"

head "GET /v1/orders/{id} with policy, 64 connections"
world
(export ORDERS=10; load some post.lua "$url" 1) > /dev/null
tries=200 id=""
until [ -n "$id" ] || [ $tries -le 0 ]; do
    id=$(curl -fsS -H "Authorization: Bearer $KEY" "$url/v1/orders?limit=1&state=completed" |
        jq -r '.items[0].id // empty')
    tries=$((tries - 1)); sleep 0.05
done
port=$(free_port)
mkdir -p "$dir/www/v1/orders"
curl -fsS -H "Authorization: Bearer $KEY" "$url/v1/orders/$id" > "$dir/www/v1/orders/$id"
cat > "$dir/nginx.conf" <<END
worker_processes 2; pid $dir/nginx.pid; error_log $dir/nginx.log; daemon off;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 1000000; default_type application/json;
  open_file_cache max=100; client_body_temp_path $dir/n1; proxy_temp_path $dir/n2;
  fastcgi_temp_path $dir/n3; uwsgi_temp_path $dir/n4; scgi_temp_path $dir/n5;
  server { listen 127.0.0.1:$port reuseport; root $dir/www; } }
END
chmod -R go+rX "$dir"
nginx -c "$dir/nginx.conf" 2>/dev/null &
pids="$pids $!"
tries=200
until curl -fs -o /dev/null "http://127.0.0.1:$port/v1/orders/$id" || [ $tries -le 0 ]; do
    tries=$((tries - 1)); sleep 0.05
done
ours=$(load get get.lua "$url/v1/orders/$id" 64)
theirs=$(load nginx get.lua "http://127.0.0.1:$port/v1/orders/$id" 64)
row "esimd, requests/s" "$ours"
row "nginx, the same bytes, requests/s" "$theirs"
row "esimd / nginx (limit: 0.25)" "$(ratio "$ours" "$theirs")"

end_to_end() { # end_to_end LATENCY_MS
    world --latency-ms "$1"
    base_kb=$(private_kb "$host_pid")
    load "e2e$1" post.lua "$url" 16 > /dev/null
    accepted=$(metric 'esimd_http_requests_total{route="order.create",status="2xx"}')
    replies=$(metric 'esimd_exchanges_total{adapter="atom",end="replied"}')
    flight=$(metric esimd_engine_in_flight)
    busy_kb=$(private_kb "$host_pid")
    open=$((accepted - ${replies:-0} / 3))
    sleep 4
    later=$(metric 'esimd_exchanges_total{adapter="atom",end="replied"}')
    row "sandbox at $1 ms: accepted, carried out beside it" \
        "$((accepted / seconds))/s, $((${replies:-0} / 3 / seconds))/s"
    row "sandbox at $1 ms: orders in flight, of them exchanging now" "$open, $flight"
    # With few orders left over there is nothing to divide by.
    if [ "$open" -gt 1000 ]; then
        row "sandbox at $1 ms: orders carried out, nothing else to do" \
            "$(ratio $((later - replies)) 12)/s"
        row "sandbox at $1 ms: host memory per order in flight (goal: 4 KiB)" \
            "$(ratio $((busy_kb - base_kb)) "$open") KiB (all growth counted)"
        row "sandbox at $1 ms: host memory per exchange under way" \
            "$(ratio $((busy_kb - base_kb)) "$flight") KiB (with its TLS connection)"
    fi
}
head "End to end with the sandbox"
end_to_end 0
end_to_end 2000

head "SMPP: messages over one bind"
SECONDS_EACH=$seconds tests/bench/smpp.sh

head "Each adapter: steps through its cell, and operations that wait at its carrier"
tests/bench/adapters.sh
