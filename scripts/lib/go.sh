# shellcheck shell=bash
# A Go toolchain that builds the test servers. Traefik 3.6 needs Go >= 1.24.

go_minor=24
go_fetched=1.26.8 # what is fetched where the host's own is too old

export GOCACHE=${GOCACHE:-$cache/go/build} GOMODCACHE=${GOMODCACHE:-$cache/go/mod}
export GOFLAGS='-buildvcs=false -modcacherw' GOTOOLCHAIN=local CGO_ENABLED=0 # static, as Traefik's releases are

go_is_new_enough() {
  local v
  v=$("$1" env GOVERSION 2>/dev/null) || return 1
  [[ $v =~ ^go1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -ge "$go_minor" ]
}

# Debian 12's Go 1.19 cannot switch toolchains by itself, but the module proxy serves toolchains as modules,
# checked against the checksum database like any other; only modes and names have to be put right.
fetch_go() {
  local bootstrap=$1 into=$2 arch module
  [ ! -x "$into/bin/go" ] || return 0
  arch=$("$bootstrap" env GOARCH)
  module=golang.org/toolchain@v0.0.1-go$go_fetched.linux-$arch
  say "fetching Go $go_fetched through the Go module proxy"
  GO111MODULE=on GOFLAGS='' "$bootstrap" mod download "$module" >&2
  rm -rf "$into.new"
  cp -r "$("$bootstrap" env GOMODCACHE)/$module" "$into.new"
  chmod -R u+w "$into.new"
  find "$into.new/bin" "$into.new/pkg/tool" -type f -exec chmod a+x {} +
  find "$into.new" -name _go.mod -execdir mv {} go.mod \;
  mv "$into.new" "$into"
}

# go_module_source MODULE@VERSION SCRATCH: fetches a released module and prints its folder; SCRATCH is an empty one.
go_module_source() {
  local source
  source=$(cd "$2" && go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [ -d "$source" ] || die "cannot fetch the Go module $1"
  echo "$source"
}

ensure_go() {
  local candidate into=$cache/go/toolchain-$go_fetched
  for candidate in "$(command -v go || true)" /usr/local/go/bin/go "$into/bin/go"; do
    if [ -n "$candidate" ] && go_is_new_enough "$candidate"; then
      PATH=$(dirname "$candidate"):$PATH
      export PATH
      return
    fi
  done
  have go || locked apt ensure_packages golang-go
  locked go fetch_go "$(command -v go)" "$into"
  PATH=$into/bin:$PATH
  export PATH
  go_is_new_enough go || die "no Go >= 1.$go_minor: found $(go version 2>&1); put a newer one on the PATH"
}
