"""holds.py BIN WORK - held calls against a real recorder: what tests/run/ledger-holds.sh tells as TAP."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from review_wire import Peer, Reviewer, Run, digest, record, signature, statement, text  # noqa: E402

BIN, WORK = sys.argv[1:3]
LEDGER, KEY, SOCK = WORK + "/l/t", WORK + "/k/t.key", WORK + "/s"
count = 0


def ok(what, holds, got=""):
    global count
    count += 1
    print("%sok %d - %s" % ("" if holds else "not ", count, what))
    if not holds:
        print("# got: %r" % (got,))


def equal(what, got, expected):
    ok(what, got == expected, got)


def like(what, got, part):
    ok(what, isinstance(got, str) and part in got, got)


class Recorder:
    def __init__(self, *more):
        reading, writing = os.pipe()
        argv = [BIN + "/reeve-recorder", "serve", LEDGER, KEY, SOCK, *more]

        def third():
            os.dup2(writing, 3)

        with open(WORK + "/stderr", "ab") as err:
            self.process = subprocess.Popen(argv, preexec_fn=third, pass_fds=(3,), stderr=err)
        os.close(writing)
        with os.fdopen(reading) as said:
            self.said = said.readline().strip()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ended(self):
        return self.process.wait(timeout=30)


def audit(*words):
    return subprocess.run([BIN + "/reeve-audit", *words], capture_output=True, text=True, check=False)


def verify(what, *more, status=0):
    got = audit("verify", LEDGER, "--key", WORK + "/k/t.pub", *more)
    equal(what, got.returncode, status)
    if got.returncode != status:
        print("# " + got.stdout.replace("\n", "\n# ") + got.stderr)
    return got.stdout


def keys(*names):
    lines = []
    for name in names:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", "%s/%s" % (WORK, name)], check=True)
        with open("%s/%s.pub" % (WORK, name), encoding="ascii") as f:
            lines.append("%s namespaces=\"review@reeve\" %s" % (name, " ".join(f.read().split()[:2])))
    return "\n".join(lines) + "\n"


def key(name):
    return "%s/%s" % (WORK, name)


subprocess.run([BIN + "/reeve-recorder", "init", LEDGER, KEY, "t"], check=True, stdout=subprocess.DEVNULL)
plain = keys("alice", "bob", "carol", "mallory")
SIGNERS = "".join(line + "\n" for line in plain.splitlines() if not line.startswith("mallory")).encode()

# --- a call is held, seen, approved, done ---
PAY = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"to":"x","sum":700}}}'
recorder = Recorder()
equal("a recorder listens", recorder.said, "ready")
run = Run(SOCK, SIGNERS).attach()
held = run.hold(PAY)
equal("a call is held, and its broker told who is asked", (held[1], held[2], held[4]), ("waiting", 0, "alice"))
ok("with the time that is left", 590 <= held[3] <= 600, held)
look = Reviewer(SOCK)
equal("who looks is shown it", [h["n"] for h in look.query()], [held[0]])
equal("and the bytes that would be done", look.see(held[0]), PAY)
equal("not approved, it is not done, and no receipt comes", run.intent(PAY, held[0])[1], "waiting")
equal("approved by the one who is asked", look.decide(key("alice"), held[0], "alice", reason="as agreed"), "approved")
told = run.holds()
equal("its broker hears that", (told[0], told[1], told[4], told[5]), (held[0], "approved", "alice", "as agreed"))
intent = run.intent(PAY, held[0])
ok("and its intent gets a receipt", isinstance(intent, int) and intent > held[0], intent)
equal("of which it hears too", run.holds()[1], "used")
equal("the outcome is recorded", run.outcome(intent), "RECEIPT")
run.broker.say("COMMIT", text(record("intent", held[0], server="bank", tool="pay", digest=digest(PAY), reason="approved")))
equal("used once, it is not used again: no record, no receipt", run.intent(PAY), intent + 2)
run.close()
like("and not decided again", look.send(held[0], "alice", "deny", "", "AAAA"), "no call that stands held")
look.close()
equal("a recorder ends with its last client", recorder.ended(), 0)
verify("the ledger verifies")
print("1..%d" % count)
