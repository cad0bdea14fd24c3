# shellcheck shell=bash
# Sourced by every command: where things are, how progress is told, how root is had.
set -euo pipefail
shopt -s inherit_errexit

HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)} # not everywhere set, and Go, pip and npm want it
export HOME
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mme-agent
export repo cache

# Progress goes to stderr, so that stdout stays free for what a command answers.
say() { printf '>> %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo -E env "PATH=$PATH" "HOME=$HOME" "$@"
  else
    die "root is needed for: $* (neither root nor sudo)"
  fi
}

# Runs a function once at a time per name on this machine: two commands may set up the same cache.
# The subshell keeps `set -e`, which `fn || handle` would switch off inside fn.
locked() {
  local name=$1
  shift
  mkdir -p "$cache"
  (
    exec 9>"$cache/.lock.$name"
    flock 9
    "$@" 9>&-
  )
}
