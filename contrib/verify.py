#!/usr/bin/env python3
"""verify.py LEDGER --key FILE.pub [--head N]

A second verifier of reeve ledgers, written from reeve-ledger(5) alone: Python 3.8 or later and nothing else. It is slow,
and meant to disagree should reeve-audit be wrong. Exit status as its; 6 and 7 do not ask whether a recorder is at work.
"""
import argparse, base64, datetime, functools, hashlib, json, pathlib, re, struct, sys

MAGIC = b"reeve-journal/1\n"
TABLE = """8: scheme; 16: arch change class decision kind retention type way; 24: errno; 32: action call expires guard method
    owner_by reason status time; 40: boot nonce; 64: address agent category department environment initiator model owner
    server signer tenant vault version; 80: after agents answer approved before commitment digest executed pin policy root
    sealed signers tools; 128: ledger of reviewer witness; 160: alert key profile request rule tool; 192: policy_by; 253: host
    sni; 256: why; 512: cosignature resource task workspace; 1024: path signature; [64: flow tainted_by; [128: risk; [160:
    args; [256: limits; [320: altered; [384: controls; [512: credentials scopes; [768: claims layers_said; [1024: asked_of
    command; [1536: layers; -: count cut duration epoch exit former held http intent mono n port received revoked run sent
    signal since size uid upto within"""  # the most bytes: of these members; [ lists, - numbers
MEMBERS = {name: row.split(":")[0].strip() for row in TABLE.split(";") for name in row.split(":")[1].split()}
KINDS = ("genesis", "run", "intent", "refusal", "outcome", "recovery", "close", "syscall", "file", "files", "dropped",
         "held", "decision", "policy", "agent", "access", "purge", "epoch", "anchor", "gap", "alert")
OUTSIDE = ("genesis", "run", "recovery", "decision", "access", "purge", "epoch", "anchor", "gap")  # others: in an open run

class Bad(Exception):
    """What is wrong, behind the exit status that says so."""
    status, __str__ = property(lambda self: self.args[0]), lambda self: self.args[1]

def demand(holds, status, text):
    if not holds:
        raise Bad(status, text)

def check(holds, n, text, status=1):
    demand(holds, status, f"record {n} {text}")

# --- Ed25519 (RFC 8032), strict: canonical S, R and A, neither R nor A of small order ---
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
def point_add(a, b):
    e, f, g, h = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0]), 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    return ((f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P)
def point_times(n, a):
    out = (0, 1, 1, 0)
    for bit in f"{n:b}":
        out = point_add(point_add(out, out), a) if bit == "1" else point_add(out, out)
    return out
def point_equal(a, b):
    return not ((a[0] * b[2] - b[0] * a[2]) % P or (a[1] * b[2] - b[1] * a[2]) % P)
def point_read(raw):
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x * ROOT % P if (x * x - xx) % P else x
    if y >= P or (x * x - xx) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)
def vanishes(n, point):
    return point_equal(point_times(n, point), (0, 1, 1, 0))
BASE = point_read((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

def signed_by(key, text, signature):
    a, r, s = point_read(key), point_read(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q or vanishes(8, a) or vanishes(8, r):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little")
    return point_equal(point_times(s, BASE), point_add(r, point_times(h, a)))

def decode(text):  # of the texts that give these bytes the one that they give
    fits = re.fullmatch(b"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==|[A-Za-z0-9+/]=))?", text)
    raw = base64.b64decode(text) if fits else b""
    return raw if base64.b64encode(raw) == text else b""

def read_key(text, status=3):  # as C2SP signed-note writes it
    name, ident, rest = (text.split("+", 2) + ["", ""])[:3]
    raw = decode(rest.encode())
    want = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    point = point_read(raw[1:]) if len(raw) == 33 and raw[0] == 1 and ident == want.hex() else None
    demand(point and not vanishes(8, point) and vanishes(Q, point), status, f"{text[:60]}: no key of Ed25519")
    return name, want, raw[1:]

# --- RFC 6962: the tree, kept as the roots of its full subtrees, the largest first ---
class Tree:
    def __init__(self):
        self.size, self.roots = 0, []
    def add(self, record):
        node, n, self.size = hashlib.sha256(b"\0" + record).digest(), self.size, self.size + 1
        while n & 1:
            node = hashlib.sha256(b"\1" + self.roots.pop() + node).digest()
            n >>= 1
        self.roots.append(node)
    def root(self):
        last = self.roots[-1] if self.roots else hashlib.sha256(b"").digest()
        return functools.reduce(lambda b, a: hashlib.sha256(b"\1" + a + b).digest(), self.roots[-2::-1], last)

CRC = [functools.reduce(lambda b, _: b >> 1 ^ (0x82F63B78 if b & 1 else 0), range(8), b) for b in range(256)]  # 32C

def crc32c(data):
    return functools.reduce(lambda crc, b: crc >> 8 ^ CRC[(crc ^ b) & 255], data, 0xFFFFFFFF) ^ 0xFFFFFFFF

def frames(data):
    """(end, kind, index, run, ref, body) one after another, up to the first that is not whole or not the next."""
    at, n = len(MAGIC), 0
    while any(data[at:at + 40]):
        head = data[at:at + 40]
        size, crc, index, run, ref, kind = struct.unpack("<IIQQQH", head.ljust(40, b"\0")[:34])
        body, end = data[at + 40:at + 40 + size], at + (40 + size + 7) // 8 * 8
        whole = 1 <= size <= 4096 and len(body) == size and not any(head[34:] + data[at + 40 + size:end])
        if not whole or crc32c(head[:4] + head[8:] + body) != crc or index != n:
            return
        yield end, kind, index, run, ref, body
        at, n = end, n + (kind != 0xFFFF)

def is_value(most, value):
    if type(value) is int or most == "-":
        return type(value) is int and most == "-" and 0 <= value < 2**53
    items = value if most[0] == "[" else [value]
    fits = type(items) is list and all(isinstance(item, str) and "\0" not in item for item in items)
    return fits and sum(len(item.encode()) + (most[0] == "[") for item in items) <= int(most.strip("["))

def read_record(body, n):
    try:  # Python writes strings and integers as RFC 8785 does; is_value() takes nothing else
        record = json.loads(body.decode("utf-8"))
        again = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        fits = again == body and all(m in MEMBERS and is_value(MEMBERS[m], v) for m, v in record.items())
        demand(fits, 1, f"record {n} is not in canonical form, or has what is no member")
        if record["time"] and record["kind"] in ("epoch", "held", "decision"):  # there it is reckoned with
            time = datetime.datetime.fromisoformat(record["time"][:-1]).isoformat(timespec="microseconds")
            demand(time + "Z" == record["time"] > "1970", 1, f"record {n} has no time")
    except (ValueError, AttributeError, TypeError, KeyError) as wrong:
        raise Bad(1, f"record {n} is none: {wrong}") from wrong
    return record

class Ledger:
    """What the records say to each other: one genesis, runs that open and close, intents with one outcome, calls
    held until they are done once or ended. Who is asked, and the signatures of decisions, are not looked at here."""
    def __init__(self, origin):
        self.origin, self.open, self.runs, self.held, self.agents = origin, {}, {}, {}, {}
    def take(self, record, n, frame):
        kind = record.get("kind")
        check(kind in KINDS, n, "has no kind that is known")
        said = (KINDS.index(kind), record.get("n"), record.get("run"), record.get("intent", record.get("held", 0)))
        check(said == frame and record["n"] == n, n, "does not say what its frame says")
        check(record.get("ledger") == self.origin, n, "is of another ledger", 1 if n else 4)
        check((kind == "genesis") == (n == 0), n, "is not the one genesis")
        inside = kind in ("run", "decision") or not record["run"] if kind in OUTSIDE else record["run"] in self.runs
        check(inside, n, "is in no open run, or in one and must not be")
        held = "held" not in record or kind in ("decision", "intent", "access") and 0 < record["held"] < n
        check(held and ("intent" not in record or kind == "outcome"), n, "is about another, and must not be")
        if kind == "run":
            check(record["run"] == n, n, "is a run that is not called by its index")
            self.runs[n] = 0  # intents that stand open
        elif kind == "outcome":
            check(self.open.pop(record["intent"], None) == record["run"], n, "closes no open intent of its run")
            self.runs[record["run"]] -= 1
        elif kind == "close":
            check(self.runs.pop(record["run"]) == 0, n, "closes a run with open intents")
        elif kind == "held":
            self.held[n] = record
            check(len(self.held) <= 1024, n, "is held, where too many are")
        elif kind == "agent":
            name = record.get("agent")
            check(name is not None and record.get("former") == self.agents.get(name), n, "names not the one before of its agent")
            if name in self.agents or len(self.agents) < 4096:
                self.agents[name] = n
        elif kind in ("intent", "decision"):
            (self.take_intent if kind == "intent" else self.take_decision)(record, n)
    def take_intent(self, record, n):
        self.open[n] = record["run"]
        self.runs[record["run"]] += 1
        check(self.runs[record["run"]] <= 16384, n, "is an intent too many")
        if "held" in record or record.get("reason") == "approved":
            held = self.held.pop(record.get("held"), {})
            same = all(held.get(m) == record.get(m) for m in ("digest", "action", "server", "tool", "pin"))
            check(held.get("approved") and same, n, "was not approved as what it says")
    def take_decision(self, record, n):
        held, word = self.held.get(record.get("held")), record.get("decision")
        check(held and held["run"] == record["run"], n, "decides on nothing that stands held in its run")
        check(word in ("approve", "deny", "expire", "withdraw"), n, "has no decision that is known")
        held["approved"] = True
        if word != "approve":
            del self.held[record["held"]]

class Keys:
    """Whose signatures a checkpoint needs: the root's, until an epoch record names another key. Its own checkpoint
    needs the former one's (the root's, if it revokes) and the new one's, those behind it the new one's alone."""
    def __init__(self, root):
        self.all, self.begin, self.since, self.both, self.handing = [root], [0], {}, [[root]], False
    def take(self, record, n):
        check(not self.handing, n, "stands between an epoch and its checkpoint")
        if record["kind"] != "epoch":
            return
        number, which, since = len(self.all), record.get("revoked"), record.get("since")
        key = read_key(record.get("key", ""), 1)
        follows = record.get("epoch") == number and record.get("former") == (self.begin[-1] - 1 if number > 1 else None)
        new = key[0] == self.all[0][0] and key[2] not in [k[2] for k in self.all] and number < 65536
        check(follows and new, n, f"is not epoch {number}, with a key of its own")
        if (which, since) != (None, None):
            own = which in range(1, number) and which not in self.since and since in range(self.begin[which], n + 1)
            check(own, n, "revokes no epoch that there was")
            self.since[which] = since
        self.both, self.all = self.both + [[self.all[0 if which else -1], key]], self.all + [key]
        self.begin, self.handing = self.begin + [n + 1], True
    def due(self, size):
        self.handing = False
        return self.both[-1] if size == self.begin[-1] else self.all[-1:]
    def gone(self):
        """From where a revoked key is not believed, and all epochs that it led to without the root: from and to."""
        out, bad = [], 2**64
        for e, end in enumerate(self.begin[1:]):
            led = bad < self.begin[e] and self.both[e][0] != self.all[0]
            bad = min(self.begin[e] - 1 if led else 2**64, self.since.get(e, 2**64))
            out += [(bad, end - 2)] if bad < end - 1 else []
        return out

NOTE = re.compile(rb"((.+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)\n)\n((?:\xe2\x80\x94 [^ +\n]+ [A-Za-z0-9+/=]{9,}\n)+)")

def note_signed(found, key):
    """By one line at least under its name and id, and by every one."""
    lines = [line[1] for line in re.findall(rb" (\S+) (\S+)\n", found[5]) if line[0] == key[0].encode()]
    raws = [decode(line) for line in lines if decode(line[:8])[:4] == key[1]]
    return raws and all(len(raw) == 68 and signed_by(key[2], found[1], raw[4:]) for raw in raws)

def check_checkpoint(note, keys, tree):
    text = note.decode(errors="replace")  # of what is none, it does not give the same bytes again
    found = NOTE.fullmatch(note) if text.encode() == note and not re.search("[\0-\t\v-\x1f]", text) else None
    for key in keys.due(tree.size):
        good = found and found[2] == key[0].encode() and note_signed(found, key)
        demand(good, 4, f"the checkpoint at {tree.size} is not signed by the key that must have, {key[1].hex()}")
    said = (int(found[3]), decode(found[4]))
    demand(said == (tree.size, tree.root()), 1, f"the checkpoint at {tree.size} does not fit the records before it")

def signed_later(data, at, key):
    """How many checkpoints still stand behind what cannot be read: of the root by signature, of epochs by form."""
    name, count = key[0].encode(), 0
    for hit in re.compile(re.escape(name) + b"\n").finditer(data, at):
        found = NOTE.match(data, hit.start())
        raw = decode(found[5].split()[2]) if found and found[5].split()[1] == name else b""
        count += len(raw) == 68 and (raw[:4] != key[1] or signed_by(key[2], found[1], raw[4:]))
    return count

def walk(data, key, own):
    """The records in order, each checked, up to the last commit; gives their number and what stands open."""
    demand(data.startswith(MAGIC), 3, "this is no journal of reeve")
    tree, ledger, keys, parts = Tree(), Ledger(key[0]), Keys(key), list(frames(data))
    at, end = parts[-1][0] if parts else len(MAGIC), len(MAGIC)
    last = max((i for i, part in enumerate(parts, 1) if part[1] == 0xFFFF), default=0)
    for end, kind, index, run, ref, body in parts[:last]:
        if kind == 0xFFFF:  # a commit
            demand((index, run, ref) == (tree.size, 0, 0), 1, f"the commit at {tree.size} says {index}")
            check_checkpoint(body, keys, tree)
            continue
        record = read_record(body, tree.size)
        ledger.take(record, tree.size, (kind, index, run, ref))
        keys.take(record, tree.size)
        tree.add(body)
    demand(tree.size, 1, "nothing is signed")
    later = signed_later(data, at, key)
    demand(later <= (own is not None and own <= tree.size), 1, f"byte {at}: no whole frame, and signed checkpoints behind it")
    return tree.size, ledger.open, any(data[end:]), keys.gone()

def read_journal(folder):
    """All segments as one run of bytes: each begins where its name says, which is where the one before it ends."""
    data = b""
    names = [p for p in sorted(folder.glob("journal." + "[0-9]" * 20)) if 16 < int(p.suffix[1:]) < 2**63 / 10]
    for part in [folder / "journal", *(p for p in names if int(p.suffix[1:]) % 8 == 0)]:
        fits = not part.suffix or int(part.suffix[1:]) == len(data) and part.is_file() and not part.is_symlink()
        demand(fits, 1, f"{part.name} is no regular file that begins at {len(data)}")
        data += part.read_bytes() if part.exists() or part.suffix else b""
    return data

def verify(folder, key, head):
    data, own = read_journal(folder), folder / "head"
    text = own.read_text(encoding="ascii") if own.exists() else None
    demand(text is None or re.fullmatch("[0-9]{20}\n", text), 3, "head is damaged")
    own = None if text is None else int(text)
    committed, still_open, tail, gone = walk(data, key, own)
    demand(committed >= max(head, own or 0), 5, f"{committed} records, but {max(head, own or 0)} were known")
    demand(not gone, 10, f"records of keys that were revoked later, from and to: {gone}")
    demand(not still_open, 6, f"{len(still_open)} intents stand open, the first is {min(still_open, default=0)}")
    demand(not tail, 7, "bytes behind the last checkpoint")
    return committed

def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("ledger")
    words.add_argument("--key", required=True)
    words.add_argument("--head", type=int, default=0)
    asked = words.parse_args()
    try:
        key = read_key(pathlib.Path(asked.key).read_text(encoding="utf-8").strip())
        print(f"whole: {verify(pathlib.Path(asked.ledger), key, asked.head)} records")
    except (Bad, OSError, ValueError) as wrong:
        print(f"verify.py: {wrong}", file=sys.stderr)
        sys.exit(getattr(wrong, "status", 3))

if __name__ == "__main__":
    main()
