# shellcheck shell=bash
# Debian's kernels, unpacked into the cache; nothing is installed but the tools that unpack and run them.

kernels=$cache/kernels
kernel_suites=(bullseye bookworm bookworm-backports trixie trixie-backports)

kernel_tools() {
  [ "$(uname -m)" = x86_64 ] || die "the kernel matrix is for x86_64"
  locked apt ensure_packages qemu-system-x86 kmod xz-utils zstd
}

# kernel_directory VERSION: prints where vmlinuz, initrd and lib/modules of a kernel are. VERSION is a full
# release (6.1.0-56-amd64) or a prefix of one (6.1), which means the newest that was there when it was fetched.
kernel_directory() {
  local chosen=$kernels/chosen-$1 release
  [ -e "$chosen" ] || locked kernels choose_kernel "$1" "$chosen"
  release=$(cat "$chosen")
  [ -e "$kernels/$release/vmlinuz" ] || locked kernels fetch_kernel "$release"
  if [ ! "$kernels/$release/initrd" -nt "$here/lib/init" ]; then
    locked kernels make_initrd "$kernels/$release" "$release"
  fi
  echo "$kernels/$release"
}

# The mirror of this host's own apt sources that ends in $1.
apt_mirror() {
  grep -rhIE '^(deb |URIs:)' /etc/apt | grep -oE 'https?://[^] ]+' | sed 's,/$,,' | grep -m 1 "$1\$" ||
    die "no source in /etc/apt that ends in $1"
}

# apt with lists of its own: the host's sources and lists stay as they are.
kernel_apt() {
  local command=$1
  shift
  "$command" -o Dir::Etc::SourceList="$kernels/sources.list" -o Dir::Etc::SourceParts=- \
    -o Dir::State::Lists="$kernels/lists" -o Dir::Cache="$kernels/apt" -o Acquire::Languages=none \
    -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"
}

update_lists() {
  local debian security suite
  [ ! -e "$kernels/lists/complete" ] || return 0
  mkdir -p "$kernels/lists/partial" "$kernels/apt/archives/partial"
  debian=$(apt_mirror /debian)
  security=$(apt_mirror /debian-security)
  for suite in "${kernel_suites[@]}"; do
    echo "deb $debian $suite main"
    case $suite in *-backports) ;; *) echo "deb $security $suite-security main" ;; esac
  done >"$kernels/sources.list"
  say "reading what kernels Debian has"
  kernel_apt apt-get -qq update >&2
  touch "$kernels/lists/complete"
}

choose_kernel() {
  local version=$1 into=$2 release
  mkdir -p "$kernels"
  update_lists
  release=$(kernel_apt apt-cache pkgnames linux-image- | sed 's/^linux-image-//' |
    grep -E "^${version//./\\.}([.+-].*)?\$" | grep -E '^[0-9].*[0-9]-amd64$' | sort -V | tail -n 1) || true
  [ -n "$release" ] || die "Debian has no kernel $version (suites: ${kernel_suites[*]})"
  echo "$release" >"$into"
}

fetch_kernel() {
  local release=$1 into=$kernels/$1 scratch part
  [ ! -e "$into/vmlinuz" ] || return 0
  say "fetching kernel $release"
  update_lists
  scratch=$(mktemp -d "$kernels/fetch.XXXXXX")
  # Newer images are empty packages that depend on the ones with the files.
  mapfile -t parts < <(kernel_apt apt-cache depends "linux-image-$release" |
    awk '$1 == "Depends:" && $2 ~ /^linux-(base|binary|modules)-[0-9]/ { print $2 }')
  (cd "$scratch" && kernel_apt apt-get -qq download "linux-image-$release" ${parts[@]+"${parts[@]}"} >&2)
  for part in "$scratch"/*.deb; do dpkg-deb -x "$part" "$scratch/x"; done
  mkdir -p "$scratch/new/lib/modules"
  for part in "$scratch"/x/{,usr/}lib/modules/"$release"; do
    [ ! -d "$part" ] || mv "$part" "$scratch/new/lib/modules/"
  done
  for part in "$scratch/x/boot/vmlinuz-$release" "$scratch/new/lib/modules/$release/vmlinuz"; do
    [ ! -f "$part" ] || mv "$part" "$scratch/new/vmlinuz"
  done
  [ -e "$scratch/new/vmlinuz" ] || die "no vmlinuz in the packages of kernel $release"
  /sbin/depmod -b "$scratch/new" "$release"
  rm -rf "$into"
  mv "$scratch/new" "$into"
  rm -rf "$scratch"
}

fetch_busybox() {
  local scratch
  [ ! -x "$kernels/busybox" ] || return 0
  update_lists
  # Not installed: it would replace a busybox package that the host's own initramfs may be made with.
  scratch=$(mktemp -d "$kernels/fetch.XXXXXX")
  (cd "$scratch" && kernel_apt apt-get -qq download busybox-static >&2)
  dpkg-deb -x "$scratch"/*.deb "$scratch/x"
  mv "$(find "$scratch/x" -type f -path "*/bin/busybox")" "$kernels/busybox"
  rm -rf "$scratch"
}

# busybox, the modules that reach the root directory, and lib/init.
make_initrd() {
  local directory=$1 release=$2 tree module file name
  fetch_busybox
  tree=$(mktemp -d "$kernels/initrd.XXXXXX")
  mkdir -p "$tree"/{bin,modules,proc,sys,dev,lower,upper,root}
  cp "$kernels/busybox" "$tree/bin/"
  for name in sh mount mkdir insmod switch_root; do ln -s busybox "$tree/bin/$name"; done
  for module in virtio_pci 9pnet_virtio 9p overlay virtio_rng; do
    # Absent ones are built in.
    { /sbin/modprobe -d "$directory" -S "$release" --show-depends "$module" 2>/dev/null || true; } |
      awk '$1 == "insmod" { print $2 }' | while read -r file; do
      name=$(basename "${file%.ko*}")
      [ ! -e "$tree/modules/$name" ] || continue
      case $file in
        *.xz) xz -dc "$file" ;;
        *.zst) zstd -qdc "$file" ;;
        *) cat "$file" ;;
      esac >"$tree/modules/$name"
      echo "$name" >>"$tree/modules/order"
    done
  done
  install -m 755 "$here/lib/init" "$tree/init"
  (cd "$tree" && find . | "$kernels/busybox" cpio -o -H newc 2>/dev/null | gzip -1) >"$directory/initrd.new"
  mv "$directory/initrd.new" "$directory/initrd"
  rm -rf "$tree"
}
