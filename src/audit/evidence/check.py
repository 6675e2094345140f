#!/usr/bin/env python3
"""check.py - does every record in this folder belong to the ledger whose key you trust? Python 3.8 and openssl(1).

usage: python3 check.py [VERIFIER-KEY, or a file with it]

Give the key as you have it from elsewhere; without it the key in key.pub is believed, which whoever made the folder
could have made too. Each proof is a C2SP tlog-proof, the checkpoint a C2SP tlog-checkpoint (RFC 6962 tree).
"""
import sys

if not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # this folder: a json.py that somebody has put here is none of Python's
import base64, hashlib, json, os, re, subprocess, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def fail(text):
    sys.exit("check.py: " + ascii(text)[1:-1])


def read(*name):
    path = os.path.join(HERE, *name)
    if os.path.islink(path) or not os.path.isfile(path):
        fail("/".join(name) + " is no file")
    with open(path, "rb") as f:
        return f.read()


def numbers(name):
    names = os.listdir(os.path.join(HERE, name))
    wrong = [one for one in names if not re.fullmatch("0|[1-9][0-9]{0,17}", one)]
    if wrong:
        fail(name + "/" + wrong[0] + " is no number")
    return sorted(names, key=int)


def unbase64(text):
    """Of the texts that give these bytes only the one that they give."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw) != text:
        raise ValueError("base64 that is not in its one form")
    return raw


# Points of edwards25519 (RFC 8032): what openssl does not ask of a key, and of a signature's R.
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)


def point(raw):
    """None: not in its one form, or of no point."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x * ROOT % P if (x * x - xx) % P else x
    if y >= P or (x * x - xx) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def plus(a, b):
    e, f, g, h = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P


def vanishes(n, a):
    out = (0, 1, 1, 0)
    for bit in f"{n:b}":
        out = plus(plus(out, out), a) if bit == "1" else plus(out, out)
    return out[0] == 0 and out[1] == out[2]


def verifier(text, may_be_file=False):
    """The key itself; or else the name of a file that holds it: a file in here may be named as the key is."""
    try:
        name, ident, key = text.strip().split("+", 2)
        raw = unbase64(key.encode())
    except ValueError:
        if may_be_file and os.path.isfile(text):
            with open(text, encoding="ascii", errors="replace") as f:
                return verifier(f.read(1024))
        fail("neither a verifier key nor a file with one: " + text.strip())
    a = point(raw[1:]) if len(raw) == 33 and raw[0] == 1 else None
    if not a or vanishes(8, a) or not vanishes(Q, a) or hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != ident:
        fail("not an Ed25519 verifier key: " + text)
    return name, bytes.fromhex(ident), raw[1:]


def openssl_says(key, text, signature):
    with tempfile.TemporaryDirectory() as room:
        def put(name, data):
            path = os.path.join(room, name)
            with open(path, "wb") as f:
                f.write(data)
            return path
        der = bytes.fromhex("302a300506032b6570032100") + key
        got = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", put("key", der), "-rawin",
                              "-in", put("text", text), "-sigfile", put("signature", signature)],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return got.returncode == 0


NOTE = re.compile(b"((.+)\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n)\n((?:\xe2\x80\x94 [^ +\n]+ [A-Za-z0-9+/=]{9,}\n)+)")


def holds(text, line, key):
    blob = unbase64(line)
    r = point(blob[4:36]) if len(blob) == 68 and int.from_bytes(blob[36:], "little") < Q else None
    return r and not vanishes(8, r) and openssl_says(key, text, blob[4:])


def checkpoint(note, key):
    """Size and root that this key has signed: by one line at least under its name and id, and by every one."""
    name, ident, raw = key
    found = NOTE.fullmatch(note)
    if not found or re.search(b"[\0-\t\v-\x1f]", note) or not note.decode():
        fail("a checkpoint with what is none of its lines")
    text, origin, size, root, lines = found.groups()
    ours = [sig for who, sig in re.findall(rb" (\S+) (\S+)\n", lines)
            if who == name.encode() and b"=" not in sig[:8] and base64.b64decode(sig[:8])[:4] == ident]
    if not ours or not all(holds(text, sig, raw) for sig in ours):
        fail("no good signature by " + name)
    if origin != name.encode():
        fail("a checkpoint of another ledger: " + origin.decode())
    return int(size), unbase64(root)


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def climb(record, index, size, path):
    """RFC 9162, 2.1.3.2."""
    here, last, value = index, size - 1, hashlib.sha256(b"\0" + record).digest()
    for beside in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            value = node(beside, value)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            value = node(value, beside)
        here, last = here >> 1, last >> 1
    return value if last == 0 else None


def proof(*name):
    text = read(*name)
    head, note = text.split(b"\n\n", 1)
    lines = head.decode().splitlines()
    if lines[0] != "c2sp.org/tlog-proof@v1" or not lines[1].startswith("extra ") or not lines[2].startswith("index "):
        fail("/".join(name) + " is no tlog-proof")
    return unbase64(lines[1][6:].encode()), int(lines[2][6:]), [unbase64(line.encode()) for line in lines[3:]], note


def main():
    key = root = verifier(sys.argv[1], True) if len(sys.argv) > 1 else verifier(read("key.pub").decode())
    for number in numbers("epochs") if os.path.isdir(os.path.join(HERE, "epochs")) else []:
        record, index, path, note = proof("epochs", number)
        said = json.loads(record)
        size, tree = checkpoint(note, root if "revoked" in said else key)
        if climb(record, index, size, path) != tree or said["epoch"] != int(number) or said["kind"] != "epoch":
            fail("epoch " + number + " is not what was signed")
        key = verifier(said["key"])
    size, tree = checkpoint(read("checkpoint"), key)
    names = numbers("proofs")
    for name in names:
        record, index, path, note = proof("proofs", name)
        if note != read("checkpoint") or index != int(name) or climb(record, index, size, path) != tree:
            fail("record " + name + " is not what was signed")
        if json.loads(record)["n"] != index:
            fail("record " + name + " says that it is another")
    listed = [json.loads(line)["n"] for line in read("records.jsonl").splitlines()]
    if listed != [int(name) for name in names]:
        fail("records.jsonl and proofs are not of the same records")
    for name, line in zip(names, read("records.jsonl").splitlines()):
        if proof("proofs", name)[0] != line:
            fail("record " + name + " differs in records.jsonl")
    if verifier(read("key.pub").decode()) != root or read("trust") != b"log " + read("key.pub") + b"quorum none\n":
        fail("key.pub or trust is not the key of " + root[0])
    answers = json.loads(read("answers.json")) if read("README.md") else {}
    if [answers["ledger"], answers["ledger_records"], answers["records"]] != [root[0], size, len(names)]:
        fail("answers.json is not about these records")
    print("%d records of the first %d of %s, each proved" % (len(names), size, root[0]))


try:
    main()
except (ValueError, LookupError, TypeError, OSError) as e:
    fail("a file here is not as it was made: " + str(e))
