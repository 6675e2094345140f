#!/usr/bin/env python3
"""tail_tiles.py URL SIZE - reads a published view over HTTP as somebody who has never seen reeve would, again and again while
it grows, until its checkpoint is of SIZE records or more: at each checkpoint that it meets, all records give the signed root,
by their bundles and by the tiles, of which it reads the short form that this checkpoint asks for, or the full one."""
import base64
import hashlib
import struct
import sys
import urllib.error
import urllib.request

BASE, SIZE = sys.argv[1], int(sys.argv[2])
full = {}  # what is full never changes


def get(path):
    with urllib.request.urlopen(BASE + path, timeout=10) as answer:
        return answer.read()


def part(level, n, width):
    """A tile or bundle of so many; the full one in place of a short one that has gone."""
    path = "/tile/%s/%s%03d" % (level, "".join("x%03d/" % (n // 1000**i % 1000) for i in (2, 1) if n >= 1000**i), n % 1000)
    if width == 256 and path in full:
        return full[path]
    try:
        got = get(path + (".p/%d" % width if width < 256 else ""))
    except urllib.error.HTTPError:
        got = get(path)
    if width == 256:
        full[path] = got
    return got


def records(bundle, width):
    out = []
    while len(out) < width:
        size, = struct.unpack(">H", bundle[:2])
        out.append(bundle[2:2 + size])
        bundle = bundle[2 + size:]
    return out


def tree(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + tree(leaves[:half]) + tree(leaves[half:])).digest()


def hashes(level, count):
    return [part(level, n // 256, min(256, count - n))[:32 * min(256, count - n)] for n in range(0, count, 256)]


def whole(size):
    """The records' leaf hashes, after the tiles of every level have been held against them."""
    leaves = [hashlib.sha256(b"\0" + r).digest() for n in range(0, size, 256)
              for r in records(part("entries", n // 256, min(256, size - n)), min(256, size - n))]
    level, row = 0, leaves
    while row:
        assert b"".join(hashes(level, len(row))) == b"".join(row), "level %d at %d" % (level, size)
        level, row = level + 1, [tree(row[n:n + 256]) for n in range(0, len(row) - 255, 256)]
    return leaves


seen, before = [], []
while not seen or seen[-1] < SIZE:
    _, count, root = get("/checkpoint").decode().split("\n")[:3]
    if seen and int(count) == seen[-1]:
        continue
    leaves = whole(int(count))
    assert tree(leaves) == base64.b64decode(root), "another root at " + count
    assert leaves[:len(before)] == before, "a record has changed by " + count
    before = leaves
    seen.append(int(count))
print(len(seen), "checkpoints, each with all its records,", "the last of", "enough" if seen[-1] >= SIZE else "too few")
