#!/usr/bin/env python3
"""verify.py LEDGER --key FILE.pub [--head N]

A second verifier of reeve ledgers, written from reeve-ledger(5) alone: Python 3.8 or later and nothing
else. It is slow, and meant to disagree should reeve-audit ever be wrong. Exit status as reeve-audit
verify; 6 (open intents) and 7 (unfinished tail) do not ask whether a recorder is at work.
"""
import argparse, base64, hashlib, json, pathlib, re, struct, sys

MAGIC = b"reeve-journal/1\n"
KINDS = ("genesis", "run", "intent", "refusal", "outcome", "recovery", "close", "syscall", "file", "files", "dropped",
         "held", "decision", "policy", "agent", "access", "purge", "epoch", "anchor", "gap", "alert")
OUTSIDE = ("genesis", "run", "recovery", "decision", "access", "purge", "epoch", "anchor", "gap")  # all others: of an open run
COMMIT = 0xFFFF

class Bad(Exception):
    """What is wrong, and the exit status that says so."""
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status

# --- Ed25519 (RFC 8032), strict: canonical S, R and A, no small-order A ---
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)

def point_add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    return ((f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P)

def point_times(n, a):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = point_add(out, a)
        a = point_add(a, a)
        n >>= 1
    return out

def point_equal(a, b):
    return not ((a[0] * b[2] - b[0] * a[2]) % P or (a[1] * b[2] - b[1] * a[2]) % P)

def point_read(raw):
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * ROOT % P
    if y >= P or (x * x - xx) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)

BASE = point_read((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def signed_by(key, text, signature):
    a, r = point_read(key), point_read(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q or point_equal(point_times(8, a), (0, 1, 1, 0)):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % Q
    return point_equal(point_times(s, BASE), point_add(r, point_times(h, a)))

def decode(text):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""

# --- the key, as C2SP signed-note writes it ---
def read_key(path):
    name, ident, rest = pathlib.Path(path).read_text(encoding="utf-8").strip().split("+", 2)
    raw = decode(rest)
    want = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    if len(raw) == 33 and raw[0] == 1 and ident == want.hex():
        return name, want, raw[1:]
    raise ValueError(f"{path}: not a verifier key of Ed25519")

# --- RFC 6962: the tree, kept as the roots of its full subtrees, the largest first ---
class Tree:
    def __init__(self):
        self.size, self.roots = 0, []

    def add(self, record):
        node, n = hashlib.sha256(b"\0" + record).digest(), self.size
        while n & 1:
            node = hashlib.sha256(b"\1" + self.roots.pop() + node).digest()
            n >>= 1
        self.roots.append(node)
        self.size += 1

    def root(self):
        node = self.roots[-1] if self.roots else hashlib.sha256(b"").digest()
        for left in self.roots[-2::-1]:
            node = hashlib.sha256(b"\1" + left + node).digest()
        return node

# --- CRC-32C ---
CRC = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    CRC.append(byte)

def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC[(crc ^ byte) & 255]
    return crc ^ 0xFFFFFFFF

# --- frames ---
def frames(data):
    """(kind, index, run, ref, body) one after another; returns where the written part ends."""
    at = len(MAGIC)
    while at < len(data):
        head = data[at:at + 40]
        if not any(head):
            return at
        size, crc, index, run, ref, kind = struct.unpack("<IIQQQH", head.ljust(40, b"\0")[:34])
        body = data[at + 40:at + 40 + size]
        end = at + (40 + size + 7) // 8 * 8
        whole = 1 <= size <= 4096 and len(body) == size and not any(head[34:] + data[at + 40 + size:end])
        if not whole or crc32c(head[:4] + head[8:] + body) != crc:
            raise Bad(7, f"no whole frame at byte {at}")
        yield kind, index, run, ref, body
        at = end
    return at

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}

def text_out(text):
    plain = (ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in text)
    return '"' + "".join(plain) + '"'

def value_out(value):
    if isinstance(value, bool) or "\0" in (value if isinstance(value, str) else ""):
        raise ValueError("no value of a record")
    if isinstance(value, int) and 0 <= value < 2**53:
        return str(value)
    if isinstance(value, str):
        return text_out(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "[" + ",".join(value_out(item) for item in value) + "]"
    raise ValueError("no value of a record")

def read_record(body, n):
    try:
        record = json.loads(body.decode("utf-8"))
        members = sorted(record, key=lambda name: name.encode("utf-16-be"))
        again = "{" + ",".join(text_out(m) + ":" + value_out(record[m]) for m in members) + "}"
    except (ValueError, AttributeError, TypeError) as wrong:
        raise Bad(1, f"record {n} is none: {wrong}") from wrong
    if again.encode() != body:
        raise Bad(1, f"record {n} is not in canonical form")
    return record

class Ledger:
    """What the records say to each other: one genesis, runs that open and close, intents with one outcome, calls
    held until they are done once or ended. Who is asked, and the signatures of decisions, are not looked at here."""

    def __init__(self, origin):
        self.origin, self.open, self.runs, self.held = origin, {}, set(), {}

    def take(self, record, n, frame):
        kind = record.get("kind")
        self.check(kind in KINDS, n, "has no kind that is known")
        said = (KINDS.index(kind), record.get("n"), record.get("run"), record.get("intent", record.get("held", 0)))
        self.check(said == frame and record["n"] == n, n, "does not say what its frame says")
        self.check(record.get("ledger") == self.origin, n, "is of another ledger", 1 if n else 4)
        self.check((kind == "genesis") == (n == 0), n, "is not the one genesis")
        self.check(kind in OUTSIDE or record["run"] in self.runs, n, "is in no open run")
        self.check("intent" not in record or kind == "outcome", n, "closes an intent and is no outcome")
        getattr(self, "take_" + kind, lambda *_: None)(record, n)

    def take_run(self, record, n):
        self.check(record["run"] == n, n, "is a run that is not called by its index")
        self.runs.add(n)

    def take_held(self, record, n):
        self.held[n] = record

    def take_decision(self, record, n):
        held, word = self.held.get(record.get("held")), record.get("decision")
        self.check(held and held["run"] == record["run"], n, "decides on nothing that stands held in its run")
        self.check(word in ("approve", "deny", "expire", "withdraw"), n, "has no decision that is known")
        held["approved"] = True
        if word != "approve":
            del self.held[record["held"]]

    def take_intent(self, record, n):
        self.open[n] = record["run"]
        if "held" in record or record.get("reason") == "approved":
            held = self.held.pop(record.get("held"), {})
            same = all(held.get(m) == record.get(m) for m in ("digest", "action", "server", "tool"))
            self.check(held.get("approved") and same, n, "was not approved as what it says")

    def take_outcome(self, record, n):
        self.check(self.open.pop(record["intent"], None) == record["run"], n, "closes no open intent of its run")

    def take_close(self, record, n):
        self.check(record["run"] not in self.open.values(), n, "closes a run with open intents")
        self.runs.discard(record["run"])

    @staticmethod
    def check(holds, n, text, status=1):
        if not holds:
            raise Bad(status, f"record {n} {text}")

NOTE = re.compile(rb"(.+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)\n\n\xe2\x80\x94 (\S+) (\S+)\n")

def check_checkpoint(note, key, tree):
    (name, ident, public), found = key, NOTE.fullmatch(note)
    if not found or found[1] != name.encode() or found[4] != name.encode():
        raise Bad(4, f"the checkpoint at {tree.size} is not one of {name}")
    signature = decode(found[5])
    text = note[:note.index(b"\n\n") + 1]
    if len(signature) != 68 or signature[:4] != ident or not signed_by(public, text, signature[4:]):
        raise Bad(4, f"the checkpoint at {tree.size} is not signed by the given key")
    if int(found[2]) != tree.size or decode(found[3]) != tree.root():
        raise Bad(1, f"the checkpoint at {tree.size} does not fit the records before it")

def signed_later(data, at, key):
    """How many checkpoints of this key still stand behind what cannot be read."""
    name, count = key[0].encode(), 0
    for hit in re.compile(re.escape(name) + b"\n").finditer(data, at + 1):
        found = NOTE.match(data, hit.start())
        raw = decode(found[5]) if found and found[4] == name else b""
        count += len(raw) == 68 and signed_by(key[2], data[hit.start():found.start(3) + 45], raw[4:68])
    return count

def walk(data, key, own):
    """The records in order, each checked; gives the committed number and what stands open."""
    if not data.startswith(MAGIC):
        raise Bad(3, "this is no journal of reeve")
    tree, ledger, committed, tail, still_open = Tree(), Ledger(key[0]), 0, None, {}
    try:
        for kind, index, run, ref, body in frames(data):
            if kind == COMMIT:
                if (index, run, ref) != (tree.size, 0, 0):
                    raise Bad(1, f"the commit at {tree.size} says {index}")
                check_checkpoint(body, key, tree)
                committed, still_open = tree.size, dict(ledger.open)
                continue
            ledger.take(read_record(body, tree.size), tree.size, (kind, index, run, ref))
            tree.add(body)
    except Bad as bad:
        if bad.status != 7:
            raise
        if signed_later(data, int(re.search(r"byte (\d+)", str(bad))[1]), key) > (own is not None and own <= committed):
            raise Bad(1, f"{bad}, and a signed checkpoint behind it") from bad
        tail = bad
    if committed == 0:
        raise Bad(1, "nothing is signed")
    if committed < tree.size:
        tail = tail or Bad(7, f"{tree.size - committed} records that no checkpoint covers")
    return committed, still_open, tail

def read_journal(folder):
    """All segments as one run of bytes: each begins where its name says, which is where the one before it ends."""
    data = b""
    for part in [folder / "journal", *sorted(folder.glob("journal." + "[0-9]" * 20))]:
        if part.suffix and int(part.suffix[1:]) != len(data):
            raise Bad(1, f"records are missing: {part.name} does not begin at {len(data)}")
        data += part.read_bytes() if part.exists() or part.suffix else b""
    return data

def verify(folder, key, head):
    data, head_file = read_journal(folder), folder / "head"
    own = int(head_file.read_text()) if head_file.exists() else None
    committed, still_open, tail = walk(data, key, own)
    if committed < max(head, own or 0):
        raise Bad(5, f"{committed} records, but {max(head, own or 0)} were known")
    if still_open:
        raise Bad(6, f"{len(still_open)} intents stand open, the first is {min(still_open)}")
    if tail:
        raise tail
    return committed

def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("ledger")
    words.add_argument("--key", required=True)
    words.add_argument("--head", type=int, default=0)
    asked = words.parse_args()
    try:
        print(f"whole: {verify(pathlib.Path(asked.ledger), read_key(asked.key), asked.head)} records")
    except (Bad, OSError, ValueError) as wrong:
        print(f"verify.py: {wrong}", file=sys.stderr)
        return getattr(wrong, "status", 3)
    return 0

if __name__ == "__main__":
    sys.exit(main())
