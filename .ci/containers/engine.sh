#!/usr/bin/env bash
# Start a Docker engine in namespaces of its own, with its way out through slirp4netns: engine.sh FOLDER. It needs root, and
# Debian's docker.io, containerd, runc, iptables and slirp4netns. The machine's own network and mounts stay as they are.
# Ends what it has started when its standard input is closed.
set -euo pipefail
folder=$1
mkdir -p "$folder"
export DOCKER_HOST="unix://$folder/docker.sock"
# shellcheck disable=SC2016 - it runs in the namespaces.
unshare --net --mount bash -c '
    ip link set lo up
    mount --make-rprivate /
    echo 1 > /proc/sys/net/ipv4/ip_forward
    # A mount may hide the rules for names; cgroups are those of the machine.
    exec dockerd --data-root "$0/data" --exec-root "$0/exec" -H "unix://$0/docker.sock" -p "$0/dockerd.pid" \
        --bip 10.77.0.1/24 --default-address-pool base=10.78.0.0/16,size=24' "$folder" > "$folder/dockerd.log" 2>&1 &
engine=$!
trap 'kill "$engine" 2> /dev/null; wait "$engine" 2> /dev/null || true' EXIT
for _ in $(seq 60); do
    docker info > /dev/null 2>&1 && break
    kill -0 "$engine" 2> /dev/null || { tail -3 "$folder/dockerd.log" >&2; exit 1; }
    sleep 0.5
done
docker info > /dev/null
slirp4netns --configure --mtu=1500 --disable-host-loopback "$(cat "$folder/dockerd.pid")" tap0 > "$folder/slirp.log" 2>&1 &
slirp=$!
trap 'kill "$slirp" "$engine" 2> /dev/null; wait "$engine" 2> /dev/null || true' EXIT
sleep 1
echo ready
cat > /dev/null
