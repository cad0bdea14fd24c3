# shellcheck shell=bash
# The tests' Python: a virtual environment named by its requirements, so that a change makes a new one.

get_python() {
  local requirements=$repo/tests/requirements.txt venv
  venv=$cache/venv-$(sha256sum "$requirements" | cut -c1-12)
  [ -e "$venv/.complete" ] || locked python make_venv "$venv" "$requirements"
  echo "$venv"
}

make_venv() {
  local venv=$1 requirements=$2 python=/usr/bin/python3
  [ ! -e "$venv/.complete" ] || return 0
  [ -x "$python" ] || python=python3
  say "making a Python environment for the tests"
  rm -rf "$venv"
  "$python" -m venv "$venv" >&2
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" >&2
  touch "$venv/.complete"
}
