# shellcheck shell=bash
# Installation of Debian packages.

missing_packages() {
  local p
  for p in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
  done
}

missing_commands() {
  local pair
  for pair in "$@"; do
    have "${pair%%:*}" || echo "${pair##*:}"
  done | sort -u
}

# Packages that bring a server must not start it: it would be a target on this host, and hold its ports.
install_packages() {
  local policy=/usr/sbin/policy-rc.d made='' unit log=$cache/apt.log rc=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made=1
  fi
  apt_get update >"$log" 2>&1 || say "apt-get update failed in part (see $log); going on with what it knows"
  apt_get -y --no-install-recommends install "$@" >>"$log" 2>&1 || rc=$?
  [ -z "$made" ] || as_root rm -f "$policy"
  if [ "$rc" != 0 ]; then
    tail -n 30 "$log" >&2
    die "apt-get could not install: $* (status $rc, all of it in $log)"
  fi
  if [ -d /run/systemd/system ]; then # nor at the next boot
    for unit in docker.service docker.socket containerd.service prometheus.service; do
      case " $* " in *" ${unit%%.*}"*) as_root systemctl disable -q "$unit" 2>/dev/null || true ;; esac
    done
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 "$@" </dev/null
}

ensure_packages() {
  local missing=()
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} = 0 ] && return
  have apt-get || die "no apt-get here; install by hand: ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  install_packages "${missing[@]}"
}
