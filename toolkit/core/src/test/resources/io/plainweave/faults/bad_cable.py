"""A bad cable: passes Ethernet frames between two devices, late, twice, damaged, out of order or not at all.

usage: bad_cable.py DEVICE DEVICE SECONDS DELAY_MS JITTER_MS LOSS REORDER DUPLICATE CORRUPT (the last four in percent)
"""

import heapq
import random
import select
import socket
import sys
import time

ETH_P_ALL = 3
PACKET_OUTGOING = 4
# Ethernet, IPv4 and TCP headers: damage there would be none, since nobody would take the packet for his.
HEADERS = 54


def attach(device):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.bind((device, 0))
    return end


def main():
    a, b = attach(sys.argv[1]), attach(sys.argv[2])
    other = {a: b, b: a}
    seconds, delay, jitter, loss, reorder, duplicate, corrupt = map(float, sys.argv[3:])
    chance = random.Random(1)

    def happens(percent):
        return chance.random() * 100 < percent

    queue = []
    count = 0
    end = time.monotonic() + seconds
    print("ready", flush=True)
    while time.monotonic() < end:
        wait = max(0, min(0.5, queue[0][0] - time.monotonic())) if queue else 0.5
        for side in select.select([a, b], [], [], wait)[0]:
            frame, address = side.recvfrom(65600)
            if address[2] == PACKET_OUTGOING or happens(loss):
                continue
            late = 0 if happens(reorder) else max(0, delay + chance.uniform(-jitter, jitter)) / 1000
            if happens(corrupt) and len(frame) > HEADERS:
                frame = bytearray(frame)
                frame[chance.randrange(HEADERS, len(frame))] ^= 1 << chance.randrange(8)
            for _ in range(2 if happens(duplicate) else 1):
                count += 1
                heapq.heappush(queue, (time.monotonic() + late, count, other[side], bytes(frame)))
        while queue and queue[0][0] <= time.monotonic():
            _, _, side, frame = heapq.heappop(queue)
            try:
                side.send(frame)
            except OSError:
                pass  # as any cable


main()
