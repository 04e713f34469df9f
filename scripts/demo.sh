#!/usr/bin/env bash
# Opens JupyterLab on the first notebook; prints the address where there is no display.
set -euo pipefail
bin=$1 notebooks=$2 port=$3
options=("--ServerApp.port=$port")
[ "$(id -u)" = 0 ] && options+=("--allow-root")
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ "$(uname)" = Linux ]; then
  options+=("--no-browser")
  echo "There is no display here: open the address that JupyterLab prints below (the one with ?token=)."
fi
export PATH="$(cd "$bin" && pwd):$PATH"
exec jupyter lab "${options[@]}" --ServerApp.root_dir="$(cd "$notebooks" && pwd)" \
  --LabApp.default_url=/lab/tree/01-first-socket.ipynb
