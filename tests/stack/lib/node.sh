# shellcheck shell=bash
# The Node driver and its compressors (packages of machine code), from tests/stack/node/package-lock.json. Version 6 of it: 7 needs a newer Node than Debian 12 has.

get_node() {
  local source=$repo/tests/stack/node into
  into=$cache/node-$(cat "$source/package.json" "$source/package-lock.json" | sha256sum | cut -c1-12)
  [ -e "$into/.complete" ] || locked node install_node "$source" "$into"
  echo "$into"
}

install_node() {
  local source=$1 into=$2
  [ ! -e "$into/.complete" ] || return 0
  have npm || die "no npm here: run scripts/setup"
  say "fetching the Node driver"
  rm -rf "$into"
  mkdir -p "$into"
  cp "$source/package.json" "$source/package-lock.json" "$into/"
  (cd "$into" && npm_config_cache=$cache/npm npm ci --silent --no-audit --no-fund) >&2
  touch "$into/.complete"
}
