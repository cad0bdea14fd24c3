# shellcheck shell=bash
# Traefik, built from its released Go module.

traefik_version=3.6.1

get_traefik() {
  local binary=$cache/traefik-$traefik_version/traefik # named as in production: it is found by its name
  if have traefik; then
    command -v traefik
    return
  fi
  [ -x "$binary" ] || locked traefik build_traefik "$binary"
  echo "$binary"
}

# `go install MODULE@VERSION` refuses a module that has replace directives, so its go.mod becomes that of a
# scratch module which only imports the command. dynamic/ext is Traefik's own submodule, part of the module here.
build_traefik() {
  local binary=$1 scratch source
  [ ! -x "$binary" ] || return 0
  ensure_go
  say "building Traefik $traefik_version from its Go module (about 6 minutes on two cores, once)"
  scratch=$(mktemp -d "$cache/traefik.XXXXXX")
  source=$(go_module_source "github.com/traefik/traefik/v3@v$traefik_version" "$scratch") || exit
  mkdir -p "$(dirname "$binary")"
  (
    cd "$scratch"
    cp "$source/go.mod" "$source/go.sum" .
    chmod u+w go.mod go.sum
    sed -i -e 's#^module .*#module traefik-build#' -e '/dynamic\/ext/d' go.mod
    go mod edit -require="github.com/traefik/traefik/v3@v$traefik_version"
    printf 'package tools\n\nimport _ "github.com/traefik/traefik/v3/cmd/traefik"\n' >tools.go
    go build -mod=mod -trimpath -ldflags "-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=$traefik_version" \
      -o "$binary.new" github.com/traefik/traefik/v3/cmd/traefik
  ) >&2
  mv "$binary.new" "$binary"
  rm -rf "$scratch"
}
