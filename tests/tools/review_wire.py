"""review_wire.py - launcher, broker and reviewer towards reeve-recorder, from the pages alone: reeve-wire(7),
reeve-review(7). Numbers of messages, kinds and members come from the tables in src."""
import base64
import hashlib
import json
import os
import re
import socket
import struct
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def words(path, macro):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return re.findall(r"^%s\((\w+),(.*)$" % macro, f.read(), re.M)


MSGS = [m[0] for m in words("src/wire/msg.def", "MSG")]
KINDS = {re.search(r'"(.*?)"', m[1])[1]: n for n, m in enumerate(words("src/model/kinds.def", "KIND"))}
FIELDS = {}
for number, (_, rest) in enumerate(words("src/model/fields.def", "FIELD")):
    name, kind = re.match(r'\s*"(\w+)",\s*(\w+)', rest).groups()
    FIELDS[name] = (number, kind)
STATES = ["waiting", "approved", "denied", "expired", "withdrawn", "used"]


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def text(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack("<I", len(data)) + data


def record(kind, ref=0, **members):
    out = struct.pack("<HQ", KINDS[kind], ref)
    for name, value in sorted(members.items(), key=lambda m: FIELDS[m[0]][0]):
        number, form = FIELDS[name]
        if form == "NUMBER":
            value = struct.pack("<Q", value)
        elif form == "LIST":
            value = b"".join(item.encode() + b"\0" for item in value)
        else:
            value = value.encode()
        out += struct.pack("<HH", number, len(value)) + value
    return out


class Reader:
    def __init__(self, data):
        self.data = data

    def number(self, size):
        value, self.data = int.from_bytes(self.data[:size], "little"), self.data[size:]
        return value

    def text(self):
        size = self.number(4)
        value, self.data = self.data[:size], self.data[size:]
        return value


class Peer:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(20)
        self.socket.connect(path)
        self.tag = 0

    def say(self, name, body=b"", tag=None):
        self.tag = self.tag + 1 if tag is None else tag
        self.socket.sendall(struct.pack("<HHIQ", 1, MSGS.index(name), len(body), self.tag) + body)
        return self.tag

    def hear(self):
        """(name, tag, body); name "gone" once the other end has hung up."""
        try:
            data = self.socket.recv(140000)
        except ConnectionResetError:
            data = b""
        if not data:
            return "gone", 0, b""
        _, kind, size, tag = struct.unpack("<HHIQ", data[:16])
        assert size == len(data) - 16
        return MSGS[kind], tag, data[16:]

    def number(self):
        name, _, body = self.hear()
        return name, int.from_bytes(body[:8], "little")

    def close(self):
        self.socket.close()


class Run:
    """A launcher and its broker."""

    def __init__(self, path, signers=None, agent="bot", owner="ann", **more):
        self.path, self.launcher, self.late = path, Peer(path), []
        if signers is not None:
            self.launcher.say("SIGNERS", text(signers))
            more.setdefault("signers", digest(signers))
        self.launcher.say("OPEN", record("run", agent=agent, owner=owner, **more))
        self.opened, _, body = self.launcher.hear()
        self.run = int.from_bytes(body[:8], "little")
        self.why = body[4:].decode(errors="replace")
        self.broker = None

    def attach(self):
        self.broker = Peer(self.path)
        self.broker.say("ATTACH", struct.pack("<Q", self.run))
        got = self.broker.number()
        assert self.opened == "NOTED" and got == ("NOTED", self.run), (self.opened, self.why, got)
        return self

    def hold(self, payload, asked=("1 1 0 alice",), within=600, pieces=None, **more):
        members = {"action": "tool.call", "server": "bank", "tool": "pay", "digest": digest(payload),
                   "policy": digest(b"policy"), "rule": "p:pay", "reason": "review", "asked_of": list(asked), "within": within}
        members.update(more)
        tag = self.broker.tag + 1
        for piece in pieces if pieces is not None else [payload]:
            self.broker.say("PAYLOAD", piece, tag)
        self.broker.say("HOLD", record("held", **{k: v for k, v in members.items() if v is not None}), tag)
        while True:
            name, came, body = self.broker.hear()
            if name != "HOLDS" or came == tag:
                return self.read(body) if name == "HOLDS" else name
            self.late.append(self.read(body))

    def holds(self):
        """What comes next of HOLDS: index, state, last decision, seconds, who, why."""
        if self.late:
            return self.late.pop(0)
        name, tag, body = self.broker.hear()
        if name != "HOLDS":
            return name
        return self.read(body)

    @staticmethod
    def read(body):
        b = Reader(body)
        return (b.number(8), STATES[b.number(1)], b.number(8), b.number(4), b.text().decode(), b.text().decode())

    def intent(self, payload, held=0, **more):
        """The receipt's index; else what came instead of it."""
        members = {"action": "tool.call", "server": "bank", "tool": "pay", "digest": digest(payload),
                   "reason": "approved" if held else "rule-allows"}
        members.update(more)
        self.broker.say("COMMIT", text(record("intent", held, **members)))
        name, _, body = self.broker.hear()
        if name == "HOLDS":
            return self.read(body)
        return int.from_bytes(body[:8], "little") if name == "RECEIPT" else name

    def outcome(self, intent):
        self.broker.say("COMMIT", text(record("outcome", intent, status="ok")))
        name, _, body = self.broker.hear()
        while name == "HOLDS":
            self.late.append(self.read(body))
            name, _, body = self.broker.hear()
        return name

    def close(self):
        for end in (self.broker, self.launcher):
            if end:
                end.close()


def signature(key, statement, namespace="review@reeve"):
    """By ssh-keygen, as its base64 alone."""
    made = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace], input=statement, capture_output=True, check=True)
    return "".join(line for line in made.stdout.decode().splitlines() if not line.startswith("-----"))


def statement(line, reviewer, decision, reason):
    """reeve-review(7), THE STATEMENT: from the record as the ledger has it."""
    held = json.loads(line)
    out = ["reeve review/1", "held: %d" % held["n"]]
    for member in ("ledger", "run", "action", "server", "tool", "digest", "policy", "asked_of", "expires", "nonce"):
        values = held[member] if isinstance(held[member], list) else [held[member]]
        out += ["%s: %s" % (member, value) for value in values]
    out += ["reviewer: " + reviewer, "decision: " + decision, "reason: " + reason]
    return ("\n".join(out) + "\n").encode()


class Reviewer:
    def __init__(self, path):
        self.peer = Peer(path)
        self.peer.say("LOOK")

    def read(self, body):
        b = Reader(body)
        out = {"line": b.text(), "state": STATES[b.number(1)], "left": b.number(4), "decisions": []}
        while b.data:
            out["decisions"].append(json.loads(b.text()))
        out["n"] = json.loads(out["line"])["n"]
        return out

    def stands(self):
        """One held call; None: that was all; a text: it was turned away."""
        name, _, body = self.peer.hear()
        if name == "TURNED_AWAY":
            return Reader(body).text().decode()
        return name if name != "STANDS" else self.read(body) if body else None

    def query(self, index=0, follow=False):
        self.peer.say("QUERY", struct.pack("<BQ", follow, index))
        got = []
        while True:
            one = self.stands()
            if one is None or isinstance(one, str):
                return got if one is None else one
            got.append(one)

    def see(self, index):
        self.peer.say("SEE", struct.pack("<Q", index))
        out = b""
        while True:
            name, _, body = self.peer.hear()
            if name != "PIECE":
                return Reader(body).text().decode() if name == "TURNED_AWAY" else name
            if not body:
                return out
            out += body

    def send(self, index, reviewer, decision, reason, base):
        self.peer.say("DECIDE", struct.pack("<Q", index) + text(reviewer) + text(decision) + text(reason) + text(base))
        name, _, body = self.peer.hear()
        if name == "DECIDED":
            return STATES[body[8]]
        return Reader(body).text().decode() if name == "TURNED_AWAY" else name

    def decide(self, key, index, reviewer, decision="approve", reason="", line=None, **more):
        line = line or self.query(index)[0]["line"]
        return self.send(index, reviewer, decision, reason, signature(key, statement(line, reviewer, decision, reason), **more))

    def close(self):
        self.peer.close()
