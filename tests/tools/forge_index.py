"""forge_index.py HOW INDEX [KEY] - change an index as somebody would who wants a record not to be found.

HOW: head, row, row-gone, row-huge, row-more, schema, trigger, view, blob-text: what is changed, without the key.
"record": INDEX is a journal, KEY the number of a record: another byte in its digest, and the sum of its frame anew.
"sealed ROW": a column forgets all its values, and the head is sealed anew with KEY: by somebody who has it.
"""
import hashlib
import sqlite3
import struct
import sys

how, name = sys.argv[1], sys.argv[2]


def sum_of(data):
    s = 0xffffffff
    for byte in data:
        s ^= byte
        for _ in range(8):
            s = s >> 1 ^ (0x82f63b78 if s & 1 else 0)
    return s ^ 0xffffffff


def change_record(name, number):
    journal = bytearray(open(name, "rb").read())
    at = 16
    while True:
        size, index, kind = *struct.unpack_from("<I4xQ", journal, at), struct.unpack_from("<H", journal, at + 32)[0]
        if index == number and kind != 0xffff:
            break
        at += 40 + (size + 7) // 8 * 8
    digit = journal.index(b"sha256:", at) + 7
    journal[digit] = ord("0") if journal[digit] != ord("0") else ord("1")
    body = journal[at:at + 4] + journal[at + 8:at + 40 + size]
    struct.pack_into("<I", journal, at + 4, sum_of(body))
    open(name, "r+b").write(journal)


if how == "record":
    change_record(name, int(sys.argv[3]))
    sys.exit(0)
db = sqlite3.connect(name, isolation_level=None)
ROW = 1 << 40
HEAD = max(p for (p,) in db.execute("SELECT place FROM part")) // ROW


def bytes_of(place):
    return db.execute("SELECT bytes FROM part WHERE place = ?", (place,)).fetchone()[0]


def put(place, data):
    db.execute("INSERT OR REPLACE INTO part VALUES (?, ?)", (place, data))


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def forget(row):
    """Every record of block 0 has no value any more."""
    secret = open(sys.argv[4], "rb").read()
    column = bytes_of(row * ROW)
    wide = struct.unpack("<H", column[2:4])[0]
    ids = 1024 << wide
    column = column[:4] + bytes(ids) + column[4 + ids:]
    put(row * ROW, column)
    head = bytearray(bytes_of(HEAD * ROW)[:-32])
    at = 24 + 32 + 2 * 28
    while struct.unpack("<H", head[at:at + 2])[0] != row:
        at += 34
    head[at + 2:at + 34] = hashlib.sha256(b"\0" + column).digest()
    inner = hashlib.sha256(b"\2" + head).digest()
    put(HEAD * ROW, bytes(head) + hashlib.sha256(b"\2" + secret + inner).digest())


rows = [p for (p,) in db.execute("SELECT place FROM part WHERE place < ? ORDER BY place", (HEAD * ROW,))]
if how == "head":
    put(HEAD * ROW, flipped(bytes_of(HEAD * ROW)))
elif how == "head-gone":
    db.execute("DELETE FROM part WHERE place = ?", (HEAD * ROW,))
elif how == "row":
    for p in rows:
        put(p, flipped(bytes_of(p)))
elif how == "row-gone":
    db.execute("DELETE FROM part WHERE place < ?", (HEAD * ROW,))
elif how == "row-huge":
    put((HEAD - 3) * ROW, bytes(64 << 20))
elif how == "row-text":
    db.execute("UPDATE part SET bytes = 'not bytes at all, ''; DROP TABLE part; --' WHERE place < ?", (HEAD * ROW,))
elif how == "row-more":
    put(7 * ROW + 999999, b"more")
elif how == "swapped":
    a, b = bytes_of(HEAD * ROW), bytes_of(HEAD * ROW + 1)
    put(HEAD * ROW, b)
    put(HEAD * ROW + 1, a)
elif how == "trigger":
    db.execute("CREATE TRIGGER t AFTER INSERT ON part BEGIN DELETE FROM part; END")
elif how == "view":
    db.execute("ALTER TABLE part RENAME TO real")
    db.execute("CREATE VIEW part AS SELECT place, bytes FROM real WHERE place % 3")
elif how == "schema":
    db.execute("DROP TABLE part")
    db.execute("CREATE TABLE part(place TEXT, bytes BLOB, more DEFAULT (randomblob(1000000)))")
elif how == "sealed":
    forget(int(sys.argv[3]))
else:
    sys.exit("how?")
