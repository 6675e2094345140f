"""holds_disk.py BIN WORK - held calls on a disk that fills up: nothing is approved, nothing is done, all of it is said."""
import os
import select
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from review_wire import Reader, Reviewer, Run, digest, record, text  # noqa: E402

BIN, WORK = sys.argv[1:3]
LEDGER, KEY, SOCK = WORK + "/disk/l/t", WORK + "/k/t.key", WORK + "/s"
count = 0


def ok(what, holds, got=""):
    global count
    count += 1
    print("%sok %d - %s" % ("" if holds else "not ", count, what))
    if not holds:
        print("# got: %r" % (got,))


subprocess.run([BIN + "/reeve-recorder", "init", LEDGER, KEY, "t"], check=True, stdout=subprocess.DEVNULL)
subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", WORK + "/alice"], check=True)
with open(WORK + "/alice.pub", encoding="ascii") as f:
    signers = ("alice " + " ".join(f.read().split()[:2]) + "\n").encode()
reading, writing = os.pipe()
recorder = subprocess.Popen([BIN + "/reeve-recorder", "serve", LEDGER, KEY, SOCK], preexec_fn=lambda: os.dup2(writing, 3), pass_fds=(3,))
os.close(writing)
with os.fdopen(reading) as said:
    ok("a recorder listens", said.readline() == "ready\n")
run = Run(SOCK, signers).attach()
look = Reviewer(SOCK)
approved = run.hold(b"approved")[0]
waiting = run.hold(b"waiting")[0]
ok("one is approved while there is room", look.decide(WORK + "/alice", approved, "alice") == "approved")
run.holds()
lines = {n: look.query(n)[0]["line"] for n in (approved, waiting)}
with open(WORK + "/disk/full", "wb") as f:
    try:
        while True:
            f.write(bytes(65536))
            f.flush()
    except OSError:
        pass
halted = ""
while not halted:		# until the space that the ledger took ahead is used up
    run.broker.say("COMMIT", text(record("intent", server="s", tool="t")))
    ready = select.select([run.launcher.socket, run.broker.socket], [], [], 20)[0]
    if run.launcher.socket in ready:
        halted = Reader(run.launcher.hear()[2]).text().decode()
    else:
        run.outcome(int.from_bytes(run.broker.hear()[2][:8], "little"))
ok("without room the launcher is told", "no space" in halted, halted)
run.broker.say("COMMIT", text(record("intent", approved, server="bank", tool="pay", digest=digest(b"approved"), reason="approved")))
run.broker.say("COMMIT", text(record("refusal", why="x")), 77)
got = run.broker.hear()
ok("what was approved gets no receipt, a refusal does", got[:2] == ("RECEIPT", 77), got)
got = run.hold(b"new")
ok("nothing more is held", got[:2] == (0, "withdrawn") and "no space" in got[5], got)
got = look.decide(WORK + "/alice", waiting, "alice", line=lines[waiting])
ok("nothing more is approved", isinstance(got, str) and "no room" in got, got)
got = look.decide(WORK + "/alice", waiting, "alice", "deny", line=lines[waiting])
ok("a denial still finds its place", got == "denied", got)
got = look.decide(WORK + "/alice", approved, "alice", "deny", line=lines[approved])
ok("also of what was approved", got == "denied", got)
run.close()
look.close()
ok("the recorder ends cleanly", recorder.wait(timeout=30) == 0)
audit = subprocess.run([BIN + "/reeve-audit", "verify", LEDGER, "--key", WORK + "/k/t.pub"], capture_output=True, text=True, check=False)
ok("what was written is whole", audit.returncode == 0, audit.stdout)
shown = subprocess.run([BIN + "/reeve-audit", "show", LEDGER, "--json"], capture_output=True, text=True, check=True).stdout
ok("and nothing that was held was done", not [l for l in shown.splitlines() if '"kind":"intent"' in l and '"held":' in l])
print("1..%d" % count)
