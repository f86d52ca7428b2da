# SPDX-License-Identifier: BSD-3-Clause
"""A cable between two network namespaces that loses, delays, reorders and
duplicates packets: two TUN devices, and a thread that carries packets from
one to the other.  The kernel's netem would do, but many kernels come without
it.  Needs root."""

import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import threading
import time
from dataclasses import dataclass

TUNSETIFF = 0x400454CA              # linux/if_tun.h
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LARGEST = 65536


@dataclass(frozen=True)
class Quality:
    """Shares are from 0 to 1, times in s."""
    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0           # more than delay_s, at random
    duplicate: float = 0.0


def end(name: str) -> int:
    """A device in the namespace of the calling thread; its descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC
                     | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack(
        "16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


class Cable:
    def __init__(self, one: int, other: int, seed: int = 0) -> None:
        """Takes the descriptors of two ends."""
        self.quality = Quality()
        self.lost = self.carried = 0
        self._peer = {one: other, other: one}
        self._random = random.Random(seed)
        self._queue: list[tuple[float, int, int, bytes]] = []
        self._numbers = itertools.count()
        self._open = True
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._open = False
        self._thread.join()
        for device in self._peer:
            os.close(device)

    # In the thread

    def _carry(self) -> None:
        while self._open:
            wait_s = 0.2
            if self._queue:
                wait_s = max(0.0, self._queue[0][0] - time.monotonic())
            ready, _, _ = select.select(list(self._peer), [], [],
                                        min(wait_s, 0.2))
            for device in ready:
                self._read(device)
            while self._queue and self._queue[0][0] <= time.monotonic():
                _, _, target, packet = heapq.heappop(self._queue)
                self._write(target, packet)

    def _read(self, device: int) -> None:
        try:
            packet = os.read(device, LARGEST)
        except OSError:             # it is down
            return
        now, quality = time.monotonic(), self.quality
        copies = 1 + (self._random.random() < quality.duplicate)
        for _ in range(copies):
            if self._random.random() < quality.loss:
                self.lost += 1
                continue
            due = now + quality.delay_s + \
                self._random.random() * quality.jitter_s
            heapq.heappush(self._queue, (due, next(self._numbers),
                                         self._peer[device], packet))

    def _write(self, device: int, packet: bytes) -> None:
        try:
            os.write(device, packet)
            self.carried += 1
        except OSError:             # it is down, or full
            self.lost += 1
