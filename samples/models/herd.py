# herd: how many of 16 processes wake up when one connection comes.
#   python3 samples/models/herd.py accept | epoll | exclusive
#
# All of them wait for the same listening socket: in accept, in epoll_wait, or in epoll_wait with
# EPOLLEXCLUSIVE. A process that waits and wakes up makes one voluntary context switch.
import os
import select
import signal
import socket
import sys
import time

PROCESSES = 16
CONNECTIONS = 100


def work(listener, how):
    if how != "accept":
        listener.setblocking(False)
        epoll = select.epoll()
        epoll.register(
            listener, select.EPOLLIN | (select.EPOLLEXCLUSIVE if how == "exclusive" else 0)
        )
    while True:
        if how != "accept":
            epoll.poll()
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            pass  # another process was faster


def switches(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as status:
            total += sum(int(l.split()[1]) for l in status if l.startswith("voluntary_ctxt"))
    return total


def main(how):
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    workers = []
    try:
        for _ in range(PROCESSES):
            pid = os.fork()
            if pid == 0:
                work(listener, how)
            workers.append(pid)
        time.sleep(0.5)  # until all of them wait
        before = switches(workers)
        for _ in range(CONNECTIONS):
            with socket.create_connection(listener.getsockname()) as connection:
                connection.recv(1)
            time.sleep(0.005)  # until all of them wait again
        print(f"{how}: {CONNECTIONS} connections, {switches(workers) - before} wake-ups")
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGKILL)


if len(sys.argv) != 2 or sys.argv[1] not in ("accept", "epoll", "exclusive"):
    sys.exit("usage: herd.py accept | epoll | exclusive")
main(sys.argv[1])
