# shellcheck shell=bash
# Everything a command needs on this machine. Each function is idempotent and quick when nothing is missing.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$repo/scripts/lib/apt.sh"

setup_build() {
  say "checking what the build needs"
  locked apt ensure_packages "${build_packages[@]}"
}

# What the demo and the tests start: packages with their tools, then the servers themselves.
setup_stack() {
  local extra=()
  mapfile -t extra < <(missing_commands "${test_commands[@]}")
  say "checking what the tests need"
  locked apt ensure_packages "${test_packages[@]}" ${extra[@]+"${extra[@]}"}
  "$repo/tests/stack/get" all >/dev/null
}
