#!/usr/bin/env bash
# Makes an environment with other hosts of notebooks (nbgrader, papermill, Voilà, marimo, Panel) over the tests' own,
# so that their extensions do not change the JupyterLab that the other tests see.
set -euo pipefail
bin=$1
home=$2
cd "$(dirname "$0")/.."
echo "Installing other hosts of notebooks for their tests …"
rm -rf "$home"
"$bin/python" -m venv "$home"
# What the tests' environment has is seen here, too, and not installed again.
"$bin/python" - "$home" <<'PYTHON'
import sys
import sysconfig
from pathlib import Path

below = sysconfig.get_path("purelib")
own = Path(sysconfig.get_path("purelib", vars={"base": sys.argv[1], "platbase": sys.argv[1]}))
(own / "tests-environment.pth").write_text(f"import site; site.addsitedir({below!r})\n")
PYTHON
"$home/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
"$home/bin/python" -m pip install --quiet --group hosts
# Voilà takes the parts of its pages from where it is installed itself, and follows no links.
cp -r "$bin/../share/jupyter/nbconvert" "$home/share/jupyter/"
cp -r "$bin/../share/jupyter/labextensions/@jupyter-widgets" "$bin/../share/jupyter/labextensions/anywidget" \
  "$home/share/jupyter/labextensions/"
# nbgrader starts this one as a program, which must see nbgrader.
"$home/bin/python" -m pip install --quiet --no-deps --ignore-installed alembic
