# shellcheck shell=bash
# A virtual machine without KVM: a Debian kernel, this host's root directory (read-only), no network but lo.

# vm_run KERNEL_DIRECTORY SECONDS OUTPUT COMMAND...: runs COMMAND as root in a virtual machine, in the repository;
# its output goes to the file OUTPUT, and its exit status becomes ours (124: it took longer; 125: it never ended).
vm_run() {
  local directory=$1 seconds=$2 output=$3 share rc=0
  shift 3
  share=$(mktemp -d "$kernels/run.XXXXXX")
  : >"$share/output"
  {
    declare -p repo cache HOME PATH
    cat "$here/lib/start"
    printf 'run'
    printf ' %q' "$@"
  } >"$share/start"
  vm_boot "$directory" "$seconds" "$share" || rc=$?
  cp "$share/output" "$output"
  if [ -s "$share/status" ]; then
    rc=$(cat "$share/status")
  else
    [ "$rc" != 0 ] || rc=125
    sed 's/^/# console: /' "$share/console" >>"$output"
  fi
  rm -rf "$share"
  return "$rc"
}

# Spectre version 1 stays mitigated, as on the hosts the agent is for: with `mitigations=off` the verifier leaves out its
# part of that, and asks for fewer capabilities. The others only make emulation slower.
kernel_arguments='console=ttyS0 quiet loglevel=4 panic=-1 cgroup_no_v1=all nopti nospectre_v2 spectre_bhi=off retbleed=off
  spec_rstack_overflow=off spec_store_bypass_disable=off'

vm_boot() {
  local directory=$1 seconds=$2 share=$3 shares=()
  vm_share host / ,readonly=on
  vm_share vm "$share"
  vm_share modules "$directory"/lib/modules/* ,readonly=on
  nice timeout -k 5 "$seconds" qemu-system-x86_64 \
    -accel tcg,thread=multi -cpu max,la57=off -smp 2 -m 1536 \
    -nodefaults -no-user-config -display none -no-reboot \
    -serial "file:$share/console" -device virtio-rng-pci "${shares[@]}" \
    -kernel "$directory/vmlinuz" -initrd "$directory/initrd" -append "${kernel_arguments//$'\n'/}" \
    </dev/null >"$share/qemu" 2>&1 && return
  local rc=$?
  cat "$share/qemu" >>"$share/console"
  return "$rc"
}

vm_share() {
  shares+=(-fsdev "local,id=$1,path=$2,security_model=none,multidevs=remap${3:-}"
    -device "virtio-9p-pci,fsdev=$1,mount_tag=$1")
}

# Emulated processors do not see code that one of them patches the way real ones do: now and then a recent kernel ends
# at a breakpoint of its own, mostly before it reaches the test.
emulator_fault() {
  grep -qE '^# console: .*Oops: int3' "$1" || { grep -q '^# console: ' "$1" && ! grep -qv '^# console: ' "$1"; }
}
