#!/usr/bin/env python3
"""frames.py JOURNAL WORD ... - an editor of journals who has no key, but can sum: every frame it leaves is a good one.

swap N M    the records N and M change places, and their heads with them
drop N      record N goes; those behind it move up, and their heads count anew
commit N X  the checkpoint behind record N becomes the one behind record N of the journal X
set N A B   in record N the member A says B, JSON; nothing: it is not there
cut N       what stands behind the checkpoint of N records goes
"""
import json
import struct
import sys

HEAD = struct.Struct("<IIQQQHHI")
TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


def crc(data):
    out = 0xFFFFFFFF
    for byte in data:
        out = out >> 8 ^ TABLE[(out ^ byte) & 255]
    return out ^ 0xFFFFFFFF


def read(path):
    data, at, frames = open(path, "rb").read(), 16, []
    while at + 40 <= len(data) and any(data[at:at + 40]):
        size, _, index, run, ref, kind, _, _ = HEAD.unpack_from(data, at)
        frames.append([kind, index, run, ref, data[at + 40:at + 40 + size]])
        at += 40 + (size + 7) // 8 * 8
    return data[:16], frames


def write(path, magic, frames):
    out = bytearray(magic)
    for kind, index, run, ref, body in frames:
        head = bytearray(HEAD.pack(len(body), 0, index, run, ref, kind, 0, 0))
        head[4:8] = struct.pack("<I", crc(bytes(head[:4]) + bytes(head[8:]) + body))
        out += head + body + bytes(-len(body) % 8)
    open(path, "wb").write(out)


def place(frames, n, commit=False):
    return next(i for i, f in enumerate(frames) if f[1] == n and (f[0] == 0xFFFF) == commit)


def main(path, word, *given):
    magic, frames = read(path)
    n = int(given[0])
    if word == "swap":
        a, b = place(frames, n), place(frames, int(given[1]))
        frames[a], frames[b] = frames[b], frames[a]
        frames[a][1], frames[b][1] = frames[b][1], frames[a][1]
    elif word == "set":
        frame = frames[place(frames, n)]
        said = json.loads(frame[4])
        said.pop(given[1], None)
        if len(given) > 2:
            said[given[1]] = json.loads(given[2])
        frame[4] = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    elif word == "drop":
        at = place(frames, n)
        del frames[at]
        for f in frames[at:]:
            f[1] -= 1
    elif word == "commit":
        frames[place(frames, n, True)] = read(given[1])[1][place(read(given[1])[1], n, True)]
    else:
        del frames[place(frames, n, True) + 1:]
    write(path, magic, frames)


main(*sys.argv[1:])
