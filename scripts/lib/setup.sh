# shellcheck shell=bash
# Everything a command needs on this machine. Each function is idempotent and quick when nothing is missing.
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$repo/scripts/lib/apt.sh"

build_packages=(
  bpftool clang-16 cmake g++ git libbpf-dev libcap-ng-dev libcli11-dev libcpp-httplib-dev libelf-dev
  libexpected-dev libfmt-dev libgmock-dev libgtest-dev libbenchmark-dev libmongoc-dev libre2-dev libsnappy-dev
  libspdlog-dev libtomlplusplus-dev libyaml-cpp-dev libzstd-dev llvm-16 ninja-build nlohmann-json3-dev pkg-config
  prometheus-cpp-dev zlib1g-dev
)
test_packages=(
  ca-certificates clang-format-16 clang-tidy-16 iproute2 jq libclang-rt-16-dev nghttp2-client procps
  python3-venv shellcheck util-linux wrk hey libcurl4
)

# "command:package" where another source of the command is as good (and a second one may even conflict).
test_commands=(dockerd:docker.io prometheus:prometheus promtool:prometheus node:nodejs npm:npm)

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
