#!/usr/bin/env python3
"""Shows a Python program in Rumormill's lab. Only the standard library is needed.

Start the lab with `rumormill lab --reporter 54917`, then this:

    python3 examples/report.py [PEERS] [PORT]

It runs PEERS threads (10) that pass a token around a ring; each reports to the lab at PORT (54917).
"""

import queue
import socket
import sys
import threading

ROUNDS = 50


# What a program needs to be shown: these five lines.
class Lab:
    def __init__(self, port=54917):
        self.socket = socket.create_connection(("127.0.0.1", port))

    def say(self, kind, *fields):
        self.socket.sendall((kind + ",".join(map(str, fields)) + ";").encode())

    def end(self, peer):
        self.say("END", peer)
        return self.socket.recv(2) == b"OK"  # once all peers have ended


def peer(me, peers, boxes, port, results):
    lab = Lab(port)
    lab.say("CON", me, "TokenRing")
    successor = me % peers + 1
    for turn in range(1, ROUNDS + 1):
        token = boxes[me].get()
        boxes[successor].put(token + 1)
        lab.say("COM", me, successor, "TokenRing")
        lab.say("CTM", me, "turns", turn, ROUNDS)
        threading.Event().wait(0.01)  # slow enough to watch
    results[me] = lab.end(me)


def main():
    peers = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 54917
    boxes = {me: queue.Queue() for me in range(1, peers + 1)}
    results = {}
    threads = [threading.Thread(target=peer, args=(me, peers, boxes, port, results)) for me in boxes]
    for thread in threads:
        thread.start()
    boxes[1].put(0)
    for thread in threads:
        thread.join()
    print("all ended" if len(results) == peers and all(results.values()) else "the lab did not answer OK")


if __name__ == "__main__":
    main()
