"""vault.py RECORDER LEDGER KEY SOCKET WORK - payloads by way of the wire, for tests/run/vault.sh: prints NAME=VALUE lines for it."""
import json
import os
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from review_wire import Reviewer, Reader, Run, digest, record, text  # noqa: E402

RECORDER, LEDGER, KEY, SOCK, WORK = sys.argv[1:6]


def start():
    reading, writing = os.pipe()
    with open(WORK + "/stderr", "ab") as err:
        process = subprocess.Popen([RECORDER, "serve", LEDGER, KEY, SOCK], preexec_fn=lambda: os.dup2(writing, 3),
                                   pass_fds=(3,), stderr=err)
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.readline() == "ready\n"
    return process


def say(name, value):
    print("%s='%s'" % (name, value))


def commit(run, kind, payload, ref=0, pieces=1, **more):
    tag = run.broker.tag + 1
    size = -(-len(payload) // pieces)
    for at in range(0, len(payload), size):
        run.broker.say("PAYLOAD", payload[at:at + size], tag)
    run.broker.say("COMMIT", text(record(kind, ref, server="crm", tool="find", digest=digest(payload), **more)), tag)
    name, _, body = run.broker.hear()
    return int.from_bytes(body[:8], "little") if name == "RECEIPT" else name


ssh = WORK + "/alice"
subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ssh], check=True)
with open(ssh + ".pub", encoding="ascii") as f:
    signers = ('alice namespaces="review@reeve" %s\n' % " ".join(f.read().split()[:2])).encode()

recorder = start()
run = Run(SOCK, signers).attach()
held = b'{"params":{"name":"pay","arguments":{"to":"x"}}}'
say("held", run.hold(held, retention="pii")[0])
say("none", run.hold(b"never on a disk", retention="none")[0])
say("plain", commit(run, "intent", b"the secret of record one", retention="operational"))
say("pii", commit(run, "intent", b"Anna Muster, 4929 1234", retention="pii"))
large = bytes(range(256)) * (((4 << 20) + 65536) // 256)
say("large", commit(run, "intent", large, pieces=80, retention="compliance"))
say("same", commit(run, "refusal", b"the secret of record one"))
say("nothing", run.intent(b"no payload came"))
run.broker.say("PAYLOAD", b"x" * 100, 999)    # of a record that never comes
say("other", commit(run, "refusal", b"short"))
look = Reviewer(SOCK)
say("seen", look.see(int(run.run) + 1) == held)
recorder.kill()
recorder.wait()

recorder = start()    # what is held is rebuilt from the ledger, its payload from the vault
again = Run(SOCK, signers).attach()
look = Reviewer(SOCK)
say("seen_again", look.see(int(run.run) + 1) == held)
say("none_again", look.see(int(run.run) + 2))
look.peer.say("REVEAL", struct.pack("<QQ", 0, 2) + text(""))
say("unsaid", Reader(look.peer.hear()[2]).text().decode())
look.peer.say("REVEAL", struct.pack("<QQ", 0, 99999) + text("all of it"))
say("beyond", Reader(look.peer.hear()[2]).text().decode())
look.peer.say("DESTROY", struct.pack("<B", 0) + text("none") + text("") + text("2026-01-01") + text(""))
say("no_class", Reader(look.peer.hear()[2]).text().decode())
again.broker.say("PAYLOAD", b"x" * 65000, 1)
for i in range(65):
    again.broker.say("PAYLOAD", b"x" * 65000, 1)
say("too_much", again.broker.hear()[0])
look.close()
again.close()
recorder.wait(timeout=30)
