# shellcheck shell=bash
# Percona's mongodb_exporter, the oracle of the mongodb_* families, built from its released Go module.

mongodb_exporter_version=0.43.1

get_mongodb_exporter() {
  local binary=$cache/mongodb_exporter-$mongodb_exporter_version/mongodb_exporter
  [ -x "$binary" ] || locked mongodb_exporter build_mongodb_exporter "$binary"
  echo "$binary"
}

# `go install MODULE@VERSION` refuses a module that has replace directives; in a copy of it they do no harm.
build_mongodb_exporter() {
  local binary=$1 scratch source
  [ ! -x "$binary" ] || return 0
  ensure_go
  say "building mongodb_exporter $mongodb_exporter_version from its Go module (about 2 minutes on two cores, once)"
  scratch=$(mktemp -d "$cache/mongodb_exporter.XXXXXX")
  source=$(go_module_source "github.com/percona/mongodb_exporter@v$mongodb_exporter_version" "$scratch") || exit
  mkdir -p "$(dirname "$binary")"
  cp -r "$source" "$scratch/source"
  chmod -R u+w "$scratch/source"
  (cd "$scratch/source" && go build -trimpath -ldflags "-s -w" -o "$binary.new" .) >&2
  mv "$binary.new" "$binary"
  rm -rf "$scratch"
}
