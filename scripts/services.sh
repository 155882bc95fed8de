#!/usr/bin/env bash
# Provide the servers that slow tests start on 127.0.0.1: PostgreSQL and Redis, and with NUWA_TEST_SLURM=1 Slurm, whose
# test takes a minute and a half. Without them these tests skip.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
[ -z "${NUWA_TEST_SLURM:-}" ] || command -v slurmctld >/dev/null || missing+=(slurmctld slurmd slurm-client munge)
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    apt-get update
    # None of them is started: the tests start their own, on ports that are free.
    RUNLEVEL=1 apt-get install -y --no-install-recommends "${missing[@]}" ||
        echo "Some of ${missing[*]} could not be installed; the tests that need them skip." >&2
else
    echo "Tests that need ${missing[*]} skip: install these packages as root." >&2
fi
