# shellcheck shell=bash
# The tests' own servers (tests/stack/NAME), built when their source changes.

get_go_program() {
  local name=$1 source=$repo/tests/stack/$1 binary
  binary=$cache/bin/$name-$(cd "$source" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-12)
  [ -x "$binary" ] || locked "go-$name" build_go_program "$name" "$source" "$binary"
  echo "$binary"
}

build_go_program() {
  local name=$1 source=$2 binary=$3
  [ ! -x "$binary" ] || return 0
  ensure_go
  say "building the tests' $name service"
  mkdir -p "$cache/bin"
  (cd "$source" && go build -trimpath -o "$binary.new" .) >&2
  mv "$binary.new" "$binary"
}
