"""anchor_attack.py BIN ROOM - an anchor that was taken over, one that says nothing, and two of them, towards reeve-recorder; as TAP."""
import json
import os
import struct
import subprocess
import sys

from review_wire import Peer, Reader, Run, record, text

BIN, ROOM = sys.argv[1:3]
count = 0


def check(what, good, more=""):
    global count
    count += 1
    print(("ok" if good else "not ok") + " %d - %s" % (count, what) + ("" if good else "\n# %s" % (more,)), flush=True)


class Recorder:
    def __init__(self, name):
        self.ledger, self.key, self.socket = (os.path.join(ROOM, name + end) for end in ("", ".key", ".sock"))
        subprocess.run([BIN + "/reeve-recorder", "init", self.ledger, self.key, name], check=True, capture_output=True)
        ready, its = os.pipe()
        self.process = subprocess.Popen(["sh", "-c", 'exec 3>&%d; exec "$@"' % its, "sh", BIN + "/reeve-recorder", "serve",
                                         self.ledger, self.key, self.socket], pass_fds=[its], stderr=subprocess.DEVNULL)
        os.close(its)
        assert os.read(ready, 64) == b"ready\n"

    def end(self):
        self.process.wait(timeout=20)
        out = subprocess.run([BIN + "/reeve-audit", "show", self.ledger, "--json"], check=True, capture_output=True).stdout
        return [json.loads(line) for line in out.splitlines()]

    def whole(self):
        pub = self.key[:-4] + ".pub"
        return subprocess.run([BIN + "/reeve-audit", "verify", self.ledger, "--key", pub], capture_output=True).returncode


class Anchor(Peer):
    def __init__(self, path, watch=1):
        super().__init__(path)
        self.say("ANCHOR", bytes([watch]))

    def signed(self):
        name, _, body = self.hear()
        assert name == "SIGNED", name
        b = Reader(body)
        last, _ = b.number(1), b.number(8)
        return last, int(b.text().split(b"\n")[1])

    def anchored(self, size, witness="w", line="", former=0):
        self.say("ANCHORED", struct.pack("<QQ", size, former) + text(witness) + text(line))
        return self.hear()[0]

    def missed(self, witness="w", why="away", since=0):
        self.say("MISSED", struct.pack("<QQ", since, 1) + text(witness) + text(why))
        return self.hear()[0]


r = Recorder("attack")
run = Run(r.socket).attach()
key = open(r.key[:-4] + ".pub").read().strip()
origin = key.split("+")[0]
a = Anchor(r.socket)
_, size = a.signed()
check("who watches is told of the newest checkpoint", size >= 2, size)
check("what it was told of it may have recorded", a.anchored(size) == "ENTERED")
b = Anchor(r.socket)
check("a second one is hung up on", b.hear()[0] == "gone")
a.say("ANCHORED", b"")
check("half a message ends it", a.hear()[0] == "gone")
ROWS = [
    ("a checkpoint that it was not told", lambda a, n: a.anchored(n + 1)),
    ("one of long ago", lambda a, n: a.anchored(1 << 60)),
    ("a gap that does not exist yet", lambda a, n: a.anchored(n, former=1 << 40)),
    ("a witness without a name", lambda a, n: a.anchored(n, witness="")),
    ("a witness of two lines", lambda a, n: a.anchored(n, witness="w\nx")),
    ("a name with a NUL", lambda a, n: a.anchored(n, witness="w\0x")),
    ("a name that is too long", lambda a, n: a.anchored(n, witness="w" * 200)),
    ("an outage since a record that is not there", lambda a, n: a.missed(since=1 << 40)),
    ("a run", lambda a, n: (a.say("OPEN", record("run", agent="x")), a.hear()[0])[1]),
    ("a record", lambda a, n: (a.say("COMMIT", text(record("intent", tool="x"))), a.hear()[0])[1]),
    ("a decision", lambda a, n: (a.say("DECIDE", b""), a.hear()[0])[1]),
    ("a payload", lambda a, n: (a.say("REVEAL", b""), a.hear()[0])[1]),
    ("a checkpoint that is none", lambda a, n: (a.say("ENTER", text(key) + text("x\n")), a.hear()[0])[1]),
    ("one of another ledger than its key", lambda a, n: (a.say("ENTER", text(key) + text("x\n1\n" + "A" * 43 + "=\n\n")), a.hear()[0])[1]),
    ("one without a key", lambda a, n: (a.say("ENTER", text("x") + text("x\n1\n" + "A" * 43 + "=\n\n")), a.hear()[0])[1]),
]
for what, do in ROWS:
    a = Anchor(r.socket)
    _, size = a.signed()
    check("an anchor that says %s is cut off" % what, do(a, size) == "gone")
a = Anchor(r.socket)
_, size = a.signed()
said = 0
while a.anchored(size) == "ENTERED":
    said += 1
check("one that says the same for ever is cut off", said == 512, said)
a = Anchor(r.socket, 0)
check("one that does not watch enters what is well formed", (a.say("ENTER", text(key) + text(origin + "\n5\n" + "A" * 43 + "=\n\n")), a.hear()[0])[1] == "ENTERED")
check("and nothing of this ledger", a.anchored(size) == "gone")
check("the run goes on", isinstance(run.intent(b"x"), int))
a = Anchor(r.socket)
a.signed()
run.launcher.say("CLOSE", record("close", status="ended"))
run.launcher.hear()
run.close()
lines = r.end()
check("a recorder does not wait for ever for one that says nothing", True)
last = [line for line in lines if line["kind"] == "gap"][-1]
check("and writes that down", last["witness"] == "reeve-anchor" and "3 s" in last["why"], last)
check("each that was cut off is a gap, and no root is anybody's but the recorder's",
      all("of" in line or line["root"] != "A" * 43 + "=" for line in lines if line["kind"] == "anchor"))
check("the ledger is whole", r.whole() == 0, r.whole())

# One that settles lets the recorder end at once, and what it has recorded asks for no new telling.
r = Recorder("calm")
run = Run(r.socket)
a = Anchor(r.socket)
_, size = a.signed()
for _ in range(400):  # for longer than it takes until one would be told again
    a.anchored(size)
run.close()
told = [a.signed()]
while not told[-1][0]:
    told.append(a.signed())
name = told[-1]
check("the last one is told as the last", name[0] == 1)
check("and may still be recorded", a.anchored(name[1]) == "ENTERED")
a.say("SETTLED", struct.pack("<Q", name[1]))
check("then the recorder ends", a.hear()[0] == "gone")
lines = r.end()
check("with that record and no gap", lines[-1]["kind"] == "anchor" and all(line["kind"] != "gap" for line in lines), lines[-1])
closed = [line["n"] for line in lines if line["kind"] == "close"][0]
check("its own records were nothing that it was told of", min(told, key=lambda one: one[1])[1] > closed, (told, closed))
print("1..%d" % count)
