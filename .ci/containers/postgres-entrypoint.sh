#!/bin/bash
# What the official image's entrypoint does with the variables that compose.yaml sets, and no more.
set -euo pipefail
[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" = postgres ]; then
    user=${POSTGRES_USER:-postgres} database=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        mkdir -p "$PGDATA"
        chmod 700 "$PGDATA"
        password=$(mktemp)
        cat "${POSTGRES_PASSWORD_FILE:-/dev/null}" > "$password"
        [ -z "${POSTGRES_PASSWORD:-}" ] || printf %s "$POSTGRES_PASSWORD" > "$password"
        # shellcheck disable=SC2086 - several arguments.
        initdb -D "$PGDATA" -U "$user" --pwfile="$password" -A scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
        rm "$password"
        echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
        sed -i '/^local/s/scram-sha-256/trust/' "$PGDATA/pg_hba.conf"
        if [ "$database" != postgres ]; then
            echo "CREATE DATABASE \"$database\"" | postgres --single -D "$PGDATA" postgres > /dev/null
        fi
    fi
    shift
    # The wheel's tools look in /tmp, the official image's in /var/run/postgresql.
    exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp,/var/run/postgresql "$@"
fi
exec "$@"
