#!/usr/bin/env bash
# What tests start beside kamrules: a MariaDB, a Redis, a Chromium, a Java machine for Spark, and CRMs in
# environments of their own.
#
# `make services` runs it. Debian's packages are installed when it runs as root; else it says which lack.
# PostgreSQL comes with the Python packages of `make .venv/ready-to-test`. Tests without their server are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

lacking=()
command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ] || lacking+=(mariadb-server)
command -v redis-server >/dev/null || lacking+=(redis-server)
command -v chromium >/dev/null || lacking+=(chromium)
command -v npm >/dev/null || lacking+=(npm)
command -v java >/dev/null || lacking+=(openjdk-17-jre-headless)
if [ ${#lacking[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${lacking[@]}" >/dev/null
  else
    echo "not installed, so their tests are skipped: ${lacking[*]}" >&2
  fi
fi

# the two CRMs side by side: each waits for its packages most of the time
plugins/trytond-kamrules/tests/environment.sh &
tryton=$!
.venv/bin/python plugins/kamrules-bottlecrm/tests/environment.py &
bottlecrm=$!
wait "$tryton"
wait "$bottlecrm"
