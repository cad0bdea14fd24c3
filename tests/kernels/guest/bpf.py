"""What the kernel holds of BPF, asked by the bpf() system call: bpftool shows no instruction counts."""

import ctypes
import errno
import os
import struct
from collections.abc import Iterator

BPF_SYSCALL = 321  # x86-64
PROG_GET_NEXT_ID, MAP_GET_NEXT_ID, PROG_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD, LINK_GET_NEXT_ID = 11, 12, 13, 15, 31
KINDS = {"program": PROG_GET_NEXT_ID, "map": MAP_GET_NEXT_ID, "link": LINK_GET_NEXT_ID}

INFO_BYTES = 224  # struct bpf_prog_info up to verified_insns
NAME_AT, VERIFIED_INSNS_AT = 64, 216

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> tuple[int, bytes]:
    buffer = ctypes.create_string_buffer(attributes, 128)
    result = libc.syscall(BPF_SYSCALL, command, buffer, 128)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return result, buffer.raw


def ids(kind: str) -> Iterator[int]:
    last = 0
    while True:
        try:
            _, answer = bpf(KINDS[kind], struct.pack("II", last, 0))
        except OSError as e:
            if e.errno == errno.ENOENT:
                return
            raise
        last = struct.unpack_from("I", answer, 4)[0]
        yield last


def verified_instructions() -> dict[str, int]:
    """By program name, of all programs that are loaded; 0 before Linux 5.16, which does not tell."""
    found = {}
    for i in ids("program"):
        fd, _ = bpf(PROG_GET_FD_BY_ID, struct.pack("I", i))
        try:
            info = ctypes.create_string_buffer(INFO_BYTES)
            bpf(OBJ_GET_INFO_BY_FD, struct.pack("=IIQ", fd, INFO_BYTES, ctypes.addressof(info)))
        finally:
            os.close(fd)
        name = info.raw[NAME_AT : NAME_AT + 16].split(b"\0")[0].decode()
        found[name] = struct.unpack_from("I", info.raw, VERIFIED_INSNS_AT)[0]
    return found


def left_over() -> dict[str, list[int]]:
    """Programs, maps and links in the whole machine, by kind; empty when there are none."""
    return {kind: found for kind in KINDS if (found := list(ids(kind)))}
