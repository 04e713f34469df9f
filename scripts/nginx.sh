#!/usr/bin/env bash
# Sees to it that there is an nginx for the tests behind a proxy.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
if command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; then exit 0; fi
echo "Installing nginx for the tests behind a proxy …"
system_install nginx-light
