"""A TCP client in user space on one end of a veth pair, for segments that no kernel's TCP would send.

It has an address and a MAC of its own that no interface has, answers ARP itself, and talks to real servers on the
other end through AF_PACKET. Just enough TCP for that: no congestion control, no timers but one per wait.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

ETH_P_ALL = 0x0003
SIOCETHTOOL = 0x8946
ETHTOOL_SRXCSUM = 0x00000015
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
MAC = bytes.fromhex("02006d6d6501")
WINDOW = 0xFFFF


@dataclass(frozen=True)
class Wire:
    """`server`: the address of this host's end. `client`: the client's, which no interface has."""

    device: str
    server: str
    client: str
    server_mac: bytes


def verify_checksums(device: str) -> None:
    """veth trusts what it is handed, unless told not to: without this a bad checksum would be accepted."""
    command = ctypes.create_string_buffer(struct.pack("II", ETHTOOL_SRXCSUM, 0))
    request = struct.pack("16sP", device.encode(), ctypes.addressof(command)).ljust(40, b"\0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCETHTOOL, request)


@contextmanager
def wire() -> Iterator[Wire]:
    near, far = f"mmw{os.getpid()}"[:15], f"mmx{os.getpid()}"[:15]
    network = f"10.214.{os.getpid() % 256}"

    def ip(*args: str) -> None:
        subprocess.run(["ip", *args], check=True)

    ip("link", "add", near, "type", "veth", "peer", "name", far)
    try:
        for device in (near, far):
            ip("link", "set", device, "addrgenmode", "none")
            ip("link", "set", device, "up")
        ip("address", "add", f"{network}.1/24", "dev", near)
        verify_checksums(near)
        with open(f"/sys/class/net/{near}/address") as f:  # noqa: PTH123 -- one line of sysfs
            mac = bytes.fromhex(f.read().strip().replace(":", ""))
        yield Wire(far, f"{network}.1", f"{network}.2", mac)
    finally:
        ip("link", "delete", near)


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class UserTcp:
    """One connection. `send` advances the stream, `segment` sends any part of it (again), at any offset."""

    def __init__(self, wire: Wire, port: int, local_port: int) -> None:
        self.wire, self.port, self.local_port = wire, port, local_port
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.link.bind((wire.device, 0))
        self.start = int.from_bytes(os.urandom(4))  # of the stream: wraps around sooner or later
        self.sent = 0
        self.next_in = 0
        self.received = b""
        self.reset = False
        self.finished = False

    def close(self) -> None:
        if self.link.fileno() < 0:
            return
        self.transmit(self.at(self.sent), ACK | RST)
        self.link.close()

    def at(self, offset: int) -> int:
        return (self.start + 1 + offset) & 0xFFFFFFFF

    def transmit(self, sequence: int, flags: int, data: bytes = b"", *, spoil: bool = False, urgent: int = 0) -> None:
        header = struct.pack(
            "!HHIIBBHHH", self.local_port, self.port, sequence, self.next_in, 5 << 4, flags, WINDOW, 0, urgent
        )
        source, target = socket.inet_aton(self.wire.client), socket.inet_aton(self.wire.server)
        pseudo = source + target + struct.pack("!BBH", 0, 6, len(header) + len(data))
        right = checksum(pseudo + header + data)
        header = header[:16] + struct.pack("!H", right ^ 0x5555 if spoil else right) + header[18:]
        length = 20 + len(header) + len(data)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0x4000, 64, 6, 0, source, target)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.link.send(self.wire.server_mac + MAC + b"\x08\x00" + ip + header + data)

    def connect(self, first: bytes = b"") -> None:
        """`first` travels with the third ACK."""
        self.transmit(self.start, SYN)
        self.wait(lambda: self.next_in)
        self.segment(0, first) if first else self.transmit(self.at(0), ACK)
        self.sent = len(first)

    def send(self, data: bytes) -> None:
        self.segment(self.sent, data)
        self.sent += len(data)

    def segment(self, offset: int, data: bytes, *, spoil: bool = False, urgent: int = 0) -> None:
        self.transmit(self.at(offset), PSH | ACK | (URG if urgent else 0), data, spoil=spoil, urgent=urgent)

    def wait(self, until: "callable", timeout: float = 60) -> None:  # type: ignore[valid-type]
        deadline = time.monotonic() + timeout
        while not until():
            assert not self.reset, "the server reset the connection"
            assert time.monotonic() < deadline, f"nothing after {timeout} s; received {self.received[-200:]!r}"
            self.link.settimeout(0.2)
            try:
                self.take(self.link.recv(1 << 17))
            except TimeoutError:
                continue

    def wait_bytes(self, mark: bytes, times: int = 1) -> None:
        self.wait(lambda: self.received.count(mark) >= times)

    def take(self, frame: bytes) -> None:
        if frame[12:14] == b"\x08\x06":
            self.answer_arp(frame[14:])
        if frame[12:14] != b"\x08\x00" or frame[23] != 6 or frame[30:34] != socket.inet_aton(self.wire.client):
            return
        packet = frame[14 : 14 + struct.unpack("!H", frame[16:18])[0]]
        tcp = packet[(packet[0] & 15) * 4 :]
        _, target, sequence = struct.unpack("!HHI", tcp[:8])
        if target != self.local_port:
            return
        flags, data = tcp[13], tcp[(tcp[12] >> 4) * 4 :]
        self.reset |= bool(flags & RST)
        if flags & SYN:
            if not self.next_in:  # else it is one that was sent again
                self.next_in = (sequence + 1) & 0xFFFFFFFF
            return
        if sequence == self.next_in and (data or flags & FIN):
            self.received += data
            self.finished |= bool(flags & FIN)
            self.next_in = (sequence + len(data) + bool(flags & FIN)) & 0xFFFFFFFF
        if data or flags & FIN:
            self.transmit(self.at(self.sent), ACK)

    def answer_arp(self, arp: bytes) -> None:
        asks, wanted = struct.unpack("!H", arp[6:8])[0] == 1, arp[24:28]
        if asks and wanted == socket.inet_aton(self.wire.client):
            answer = arp[:6] + b"\x00\x02" + MAC + wanted + arp[8:18]
            self.link.send(arp[8:14] + MAC + b"\x08\x06" + answer)
