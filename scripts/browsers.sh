#!/usr/bin/env bash
# Sees to it that there are Firefox, and WebKit with its driver and a screen, where Debian has them.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
has_firefox() { command -v firefox-esr firefox >/dev/null; }
has_webkit() { command -v WebKitWebDriver >/dev/null && command -v Xvfb >/dev/null; }
if has_firefox && has_webkit; then exit 0; fi
echo "Installing Firefox and WebKit for the tests in other browsers …"
# Where they cannot be had, their tests say so and are skipped.
system_install --no-install-recommends firefox-esr webkit2gtk-driver xvfb || echo "They cannot be installed here."
