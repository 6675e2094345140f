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


def verifier(text, may_be_file=False):
    """The key itself; or else the name of a file that holds it: a file in here may be named as the key is."""
    try:
        name, ident, key = text.strip().split("+", 2)
        raw = base64.b64decode(key, validate=True)
    except ValueError:
        if may_be_file and os.path.isfile(text):
            with open(text, encoding="ascii", errors="replace") as f:
                return verifier(f.read(1024))
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
