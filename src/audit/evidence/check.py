#!/usr/bin/env python3
"""check.py - does every record in this folder belong to the ledger whose key you trust? Python 3.8 and openssl(1).

usage: python3 check.py [VERIFIER-KEY, or a file with it]

Give the key as you have it from elsewhere; without it the key in key.pub is believed, which whoever made the folder
could have made too. Each proof is a C2SP tlog-proof, the checkpoint a C2SP tlog-checkpoint (RFC 6962 tree).
"""
import base64, hashlib, json, os, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def fail(text):
    sys.exit("check.py: " + text)


def read(*name):
    with open(os.path.join(HERE, *name), "rb") as f:
        return f.read()


def verifier(text):
    """The key itself, or the name of a file that holds it."""
    if os.path.isfile(text):
        with open(text, encoding="ascii", errors="replace") as f:
            text = f.read(1024)
    try:
        name, ident, key = text.strip().split("+", 2)
        raw = base64.b64decode(key, validate=True)
    except ValueError:
        fail("neither a verifier key nor a file with one: " + text.strip())
    if raw[:1] != b"\x01" or hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] != ident:
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


def checkpoint(note, key):
    """Size and root that this key has signed."""
    name, ident, raw = key
    text, lines = note.rsplit(b"\n\n", 1)
    text += b"\n"
    for line in lines.splitlines():
        mark, who, signature = line.split(b" ")
        blob = base64.b64decode(signature)
        if mark == "\u2014".encode() and who.decode() == name and blob[:4] == ident and openssl_says(raw, text, blob[4:]):
            origin, size, root = text.decode().splitlines()[:3]
            if origin != name:
                fail("a checkpoint of another ledger: " + origin)
            return int(size), base64.b64decode(root)
    fail("no good signature by " + name)


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
    return base64.b64decode(lines[1][6:]), int(lines[2][6:]), [base64.b64decode(line) for line in lines[3:]], note


def main():
    key = root = verifier(sys.argv[1] if len(sys.argv) > 1 else read("key.pub").decode())
    epochs = os.path.join(HERE, "epochs")
    for number in sorted(os.listdir(epochs), key=int) if os.path.isdir(epochs) else []:
        record, index, path, note = proof("epochs", number)
        said = json.loads(record)
        size, tree = checkpoint(note, root if "revoked" in said else key)
        if climb(record, index, size, path) != tree or said["epoch"] != int(number) or said["kind"] != "epoch":
            fail("epoch " + number + " is not what was signed")
        key = verifier(said["key"])
    size, tree = checkpoint(read("checkpoint"), key)
    names = sorted(os.listdir(os.path.join(HERE, "proofs")), key=int)
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
    print("%d records of the first %d of %s, each proved" % (len(names), size, root[0]))


main()
