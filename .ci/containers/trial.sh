#!/usr/bin/env bash
# Try the containers as docs/how-to/containers.md describes them, without a registry: `make containers`. Base images are made
# here, the image is built, everything is started, used, scaled, killed and stopped. It needs root and Debian's docker.io,
# docker-compose, debootstrap, slirp4netns and iptables. Everything runs in namespaces of its own, and ends with it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
folder=${CONTAINERS_FOLDER:-/var/tmp/scim-ledger-containers}

for each in dockerd debootstrap slirp4netns docker-compose iptables unshare; do
    command -v "$each" > /dev/null || { echo "skipped: there is no $each here"; exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: only root can start a container engine here"; exit 0; }

mkdir -p "$folder"
failed=0
export DOCKER_HOST="unix://$folder/docker.sock" DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
export COMPOSE_PROJECT_NAME=scim-ledger SCIM_LEDGER_PROXY_IMAGE=haproxy:2.6 SCIM_LEDGER_PORT=${SCIM_LEDGER_PORT:-8080}
if ! docker info > /dev/null 2>&1; then
    coproc ENGINE { exec bash "$here/engine.sh" "$folder"; }
    trap 'exec {ENGINE[1]}>&-; wait "$ENGINE_PID" 2> /dev/null || true' EXIT
    read -r said <&"${ENGINE[0]}" || { echo "The engine did not start: $folder/dockerd.log"; exit 1; }
    [ "$said" = ready ]
fi
site=$(mktemp -d)
cleanup() {
    cd / && docker-compose -f "$site/compose.yaml" down -v > /dev/null 2>&1 || true
    rm -rf "$site"
    [ -z "${ENGINE_PID:-}" ] || { exec {ENGINE[1]}>&-; wait "$ENGINE_PID" 2> /dev/null || true; }
}
trap cleanup EXIT
inside() { nsenter -t "$(cat "$folder/dockerd.pid")" -n "$@"; }
say() { printf '\n== %s ==\n' "$*"; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s\n", b - a }'; }

say "base images"
began=$(now)
docker image inspect python:3.12-slim postgres:18 haproxy:2.6 > /dev/null 2>&1 || bash "$here/images.sh" "$folder"
since "$began"

say "build"
git -C "$checkout" archive HEAD | tar -x -C "$site"
cd "$site"
began=$(now)
[ -n "${CONTAINERS_BUILT:-}" ] || docker build -q -t scim-ledger . > /dev/null
docker image inspect -f '{{.Size}}' scim-ledger | awk '{ printf "scim-ledger: %.0f MB\n", $1 / 1e6 }'
since "$began"

say "secrets, up"
mkdir -m 700 secrets
OWNER=$(openssl rand -hex 24) SERVICE=$(openssl rand -hex 24)
printf %s "$OWNER" > secrets/postgres_password
printf %s "postgresql://scim_ledger:$OWNER@postgres:5432/scim_ledger" > secrets/owner_database_url
printf %s "postgresql://scim_ledger_login:$SERVICE@postgres:5432/scim_ledger" > secrets/database_url
openssl rand -base64 32 > secrets/master_key
chmod 444 secrets/*
began=$(now)
docker-compose up -d --no-build 2>&1 | grep -v -i warn | tail -5
base=http://127.0.0.1:$SCIM_LEDGER_PORT
for _ in $(seq 120); do inside curl -fsS "$base/readyz" > /dev/null 2>&1 && break; sleep 0.5; done
inside curl -fsS "$base/readyz"; echo
since "$began"
docker-compose exec -T service id
token=$(docker-compose exec -T service scim-ledger token issue --label containers --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')
ask() { # METHOD PATH [BODY]
    inside curl -sS -m 30 -o /dev/null -w '%{http_code}' -X "$1" -H "Authorization: Bearer $token" \
        -H 'Content-Type: application/scim+json' ${3:+-d "$3"} "$base/api/scim/v2$2"
}
[ "$(ask POST /Users '{"userName": "first@example.com"}')" = 201 ]

cases=$checkout/../shared/entra
if [ -f "$cases/run_cases.py" ]; then
    say "acceptance cases"
    tokens=()
    for each in cases cases-b; do
        docker-compose exec -T service scim-ledger organization create "$each" > /dev/null 2>&1
        tokens+=("$(docker-compose exec -T service scim-ledger token issue -o "$each" --label cases --json 2> /dev/null |
            python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')")
    done
    docker-compose exec -T service sh -c 'cat > /tmp/extension.json && scim-ledger schema add /tmp/extension.json -o cases' \
        < "$cases/custom-extension.json" > /dev/null 2>&1
    inside "$checkout/.venv/bin/python" "$cases/run_cases.py" "$cases/cases" --base "$base/api/scim/v2" \
        --token "${tokens[0]}" --token-b "${tokens[1]}" --level should 2>&1 | tail -4 || failed=1
fi

load() { # SECONDS: 10 requests a second, each acknowledged one is a line
    local end=$((SECONDS + $1)) number=0
    while [ $SECONDS -lt $end ]; do
        number=$((number + 1))
        name="$2$number@example.com"
        status=$(ask POST /Users "{\"userName\": \"$name\"}" || true)
        [ "$status" != 201 ] || echo "$name" >> "$site/acknowledged"
        echo "$(now) $status" >> "$site/answers"
        sleep 0.1
    done
}
count() { inside curl -fsS -H "Authorization: Bearer $token" "$base/api/scim/v2/Users?count=0" | python3 -c 'import json, sys; print(json.load(sys.stdin)["totalResults"])'; }
ready() {
    for _ in $(seq 120); do inside curl -fsS "$base/readyz" > /dev/null 2>&1 && return; sleep 0.5; done
    return 1
}
judge() {
    local there acknowledged
    ready
    acknowledged=$(wc -l < "$site/acknowledged")
    there=$(count)
    echo "acknowledged $acknowledged, in the directory $((there - 1)) beside the first; answers: $(cut -d' ' -f2 "$site/answers" | sort | uniq -c | xargs)"
    awk 'NR > 1 && $2 == 201 { if (last && $1 - last > gap) gap = $1 - last } $2 == 201 { last = $1 } END { printf "longest time without a 201: %.1f s\n", gap }' "$site/answers"
    [ $((there - 1)) -ge "$acknowledged" ]
    : > "$site/answers"
}
: > "$site/acknowledged" && : > "$site/answers"

say "--scale service=2, one of two killed under load"
docker-compose up -d --no-build --scale service=2 2>&1 | grep -v -i warn | tail -2
sleep 6
load 12 a &
loading=$!
sleep 4
docker ps --format '{{.Names}}' | grep service
kill -9 "$(docker inspect -f '{{.State.Pid}}' "$(docker ps -qf name=service | head -1)")"
wait $loading
judge

say "the database killed under load"
load 20 b &
loading=$!
sleep 4
kill -9 "$(docker inspect -f '{{.State.Pid}}' "$(docker ps -qf name=postgres)")"
wait $loading
docker inspect -f '{{.Name}} restarts {{.RestartCount}}' $(docker ps -q)
judge

say "stop, start: everything is there"
before=$(count)
began=$(now)
docker-compose stop 2>&1 | tail -1
since "$began"
docker-compose up -d --no-build 2>&1 | grep -v -i warn | tail -1
ready
[ "$(count)" = "$before" ] && echo "$before users before and after"
docker-compose run --rm migrate projections verify directory 2> /dev/null
docker-compose exec -T service scim-ledger audit verify 2> /dev/null
say "done"
exit "${failed:-0}"
