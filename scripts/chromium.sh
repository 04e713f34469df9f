#!/usr/bin/env bash
# Sees to it that there is a Chromium for the browser tests: the system's, else Playwright's own.
set -euo pipefail
bin=$1
cd "$(dirname "$0")/.."
. scripts/packages.sh
if [ -n "${NBSOCKET_CHROMIUM:-}" ] || command -v chromium chromium-browser >/dev/null; then exit 0; fi
echo "Installing Chromium for the browser tests …"
system_install chromium fonts-dejavu-core || "$bin/python" -m playwright install chromium
