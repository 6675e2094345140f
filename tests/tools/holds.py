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
        if self.said != "ready":
            print("# the recorder said: %r" % self.said)

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

# --- four eyes, groups, what is turned away ---
recorder = Recorder()
run = Run(SOCK, SIGNERS).attach()
held = run.hold(PAY, asked=("1 2 0 alice bob", "2 1 0 alice carol"))
n = held[0]
look = Reviewer(SOCK)
line = look.query(n)[0]["line"]
said = statement(line, "alice", "approve", "")
good = signature(key("alice"), said)
like("another reason than was signed", look.send(n, "alice", "approve", "because", good), "signature")
like("another decision than was signed", look.send(n, "alice", "deny", "", good), "signature")
like("another reviewer than was signed", look.send(n, "bob", "approve", "", good), "signature")
like("a signature for another namespace", look.send(n, "alice", "approve", "", signature(key("alice"), said, "file")), "another use")
like("somebody who is on no list", look.decide(key("mallory"), n, "mallory"), "no signer has that name")
like("a key under a name that is not its own", look.decide(key("mallory"), n, "alice"), "alice")
like("a signature that is none", look.send(n, "alice", "approve", "", "AAAA"), "signature")
like("what is not base64", look.send(n, "alice", "approve", "", "%%"), "base64")
like("a reason of two lines", look.send(n, "alice", "approve", "a\nreviewer: bob", good), "one line")
like("a decision that there is not", look.send(n, "alice", "expire", "", good), "to approve or to deny")
equal("one of two has approved", look.send(n, "alice", "approve", "", good), "waiting")
told = run.holds()
equal("and the other is waited for", (told[1], told[4]), ("waiting", "bob"))
like("the same once more", look.send(n, "alice", "approve", "", good), "approved %d already" % n)
like("carol is no longer lacked", look.decide(key("carol"), n, "carol"), "have approved %d already" % n)
like("what was signed for one held call fits no other", look.send(1, "alice", "approve", "", good), "no call that stands held")
other = run.hold(PAY + b" ", asked=("1 1 0 alice",))
like("nor one of the same agent", look.send(other[0], "alice", "approve", "", good), "signature")
equal("a denial by one who is asked ends it", look.decide(key("bob"), n, "bob", "deny", "not this sum"), "denied")
told = run.holds()
equal("and its broker hears who and why", (told[1], told[4], told[5]), ("denied", "bob", "not this sum"))
like("then nobody approves it", look.decide(key("carol"), n, "carol", line=line), "no call that stands held")
again = run.hold(PAY, asked=("1 2 0 alice bob", "2 1 0 alice carol"))
ok("asked for again it is another held call", again[0] > n and again[1] == "waiting", again)
like("for which the old approval does not fit", look.send(again[0], "alice", "approve", "", good), "signature")
equal("what was shown of a call that ended is there for a while", look.query(n)[0]["state"], "denied")
look.close()
for word in ("approve", "deny"):
    look = Reviewer(SOCK)
    got = [look.send(other[0], "alice", word, "", good) for _ in range(65)]
    equal("who tries and tries is cut off: " + word, (got[63][:9] != "gone", look.peer.hear()[0]), (True, "gone"))
    look.close()

# --- one key under two names, two keys under one name, an entry whose time is over ---
with open(key("alice.pub"), encoding="ascii") as f:
    alice = " ".join(f.read().split()[:2])
with open(key("bob.pub"), encoding="ascii") as f:
    bob = " ".join(f.read().split()[:2])
with open(key("carol.pub"), encoding="ascii") as f:
    carol = " ".join(f.read().split()[:2])
ODD = ("alice,alias %s\nalice,bob %s\ncarol valid-before=\"20200101Z\" %s\n" % (alice, bob, carol)).encode()
odd = Run(SOCK, ODD).attach()
held = odd.hold(PAY, asked=("1 2 0 alice alias bob carol",))
look = Reviewer(SOCK)
like("a key whose time on the list is over", look.decide(key("carol"), held[0], "carol"), "not valid any more")
equal("a first approval", look.decide(key("alice"), held[0], "alice"), "waiting")
like("the same key under another name", look.decide(key("alice"), held[0], "alias"), "this key has approved")
like("the same name by another key", look.decide(key("bob"), held[0], "alice"), "alice has approved")
equal("another name and another key", look.decide(key("bob"), held[0], "bob"), "approved")
equal("what was approved can still be denied", look.decide(key("alice"), held[0], "alice", "deny", "I was wrong"), "denied")
odd.close()

# --- intents that are not what was approved; runs that are not of its agent ---
held = run.hold(b"one")
equal("approved", look.decide(key("alice"), held[0], "alice"), "approved")
stranger = Run(SOCK, SIGNERS, agent="other").attach()
equal("a broker that did not ask for it is cut off", stranger.intent(b"one", held[0]), "gone")
stranger.close()
stranger = Run(SOCK, SIGNERS, agent="other").attach()
own = stranger.hold(b"one")
ok("another agent's same call is another held call", own[0] != held[0] and own[1] == "waiting", own)
stranger.close()
later = Run(SOCK, SIGNERS).attach()
joined = later.hold(b"one")
equal("a later run of the same agent joins it, approved as it is", joined[:2], (held[0], "approved"))
used = later.intent(b"one", held[0])
ok("and may do it", isinstance(used, int) and used > held[0], used)
equal("which it is told", later.holds()[1], "used")
equal("and so is the run that held it", [run.holds()[1] for _ in range(2)], ["approved", "used"])
later.close()
bent = Run(SOCK, SIGNERS).attach()
held = bent.hold(b"two")
equal("approved", look.decide(key("alice"), held[0], "alice"), "approved")
bent.holds()
equal("an intent of other bytes than were approved costs the broker its connection", bent.intent(b"three", held[0]), "gone")
bent.close()
bent = Run(SOCK, SIGNERS).attach()
bent.broker.say("COMMIT", text(record("intent", 0, digest=digest(b"x"), reason="approved")))
equal("so does one that is approved as nothing", bent.broker.hear()[0], "gone")
bent.close()
bent = Run(SOCK, SIGNERS).attach()
bent.broker.say("COMMIT", text(record("held", 0, digest=digest(b"x"))))
equal("and a held call that comes by COMMIT", bent.broker.hear()[0], "gone")
bent.close()

# --- what cannot be held ---
plain_run = Run(SOCK).attach()
like("without a list of signers nothing is held", plain_run.hold(PAY)[5], "list of signers")
equal("by number nothing", plain_run.hold(PAY)[:2], (0, "withdrawn"))
plain_run.close()
for what, how in (("asked of nobody", {"asked": ()}), ("asked twice of one need by other numbers", {"asked": ("1 1 0 a", "1 2 5 b")}),
                  ("asked of need 2 alone", {"asked": ("2 1 0 alice",)}), ("asked for none", {"asked": ("1 0 0 alice",)}),
                  ("asked for too many", {"asked": ("1 25 0 alice",)}), ("with a step before the first", {"asked": ("1 1 9 alice", "1 1 3 bob")}),
                  ("for no time", {"within": 0}), ("for eight days", {"within": 8 * 86400}), ("without its digest", {"digest": None}),
                  ("without a policy", {"policy": None}), ("for another reason", {"reason": "rule-allows"}),
                  ("with a second line in what is signed", {"tool": "pay\nreviewer: alice"})):
    got = run.hold(b"odd", **how)
    equal("not held: " + what, got[:2], (0, "withdrawn"))
like("what is shown is what the digest says, or nothing", look.see(run.hold(b"real", pieces=[b"fake"])[0]), "not here")
many = run.hold(b"x" * 300000, pieces=[b"x" * 60000] * 5)
equal("a payload in pieces", look.see(many[0]), b"x" * 300000)
short = Peer(SOCK)
short.say("SIGNERS", text(SIGNERS))
short.say("OPEN", record("run", agent="bot", signers=digest(b"other")))
equal("a run that names another list than it brought does not open", short.hear()[0], "gone")
short = Run(SOCK, b"alice ssh-rsa AAAA\n")
equal("one whose list cannot be read is told so", short.opened, "HALT")
short.close()

# --- who an agent is, is said when it changes ---
agent = {"agent": "bot", "owner": "ann", "credentials": ["github v1"]}


def note(**members):
    run.launcher.say("NOTE", record("agent", **members))
    return run.launcher.number()[1]


first = note(**agent)
equal("an agent that is met again is the same record", note(**agent), first)
second = note(**dict(agent, credentials=["github v2"]))
ok("one that changed is another", second > first, second)
equal("and then that", note(**dict(agent, credentials=["github v2"])), second)

# --- kill -9 between each step ---
recorder.kill()
run.close()
look.close()


def step():
    """A recorder that is killed and another one, with a run of the same agent."""
    fresh = Recorder()
    return fresh, Run(SOCK, SIGNERS).attach(), Reviewer(SOCK)


recorder, run, look = step()
standing = {h["n"] for h in look.query()}
ok("what stood held stands after kill -9", {other[0], again[0], many[0]} <= standing, standing)
equal("an agent is known after it too", note(**dict(agent, credentials=["github v2"])), second)
held = run.hold(b"last", asked=("1 2 0 alice bob",))
line = look.query(held[0])[0]["line"]
recorder.kill()
recorder, run, look = step()
equal("a call that was held is approved by the list its run brought", look.decide(key("alice"), held[0], "alice", line=line), "waiting")
equal("its payload comes back out of the vault", look.see(held[0]), b"last")
recorder.kill()
recorder, run, look = step()
like("who approved before cannot again", look.decide(key("alice"), held[0], "alice"), "approved")
equal("another approves", look.decide(key("bob"), held[0], "bob"), "approved")
recorder.kill()
recorder, run, look = step()
joined = run.hold(b"last", asked=("1 2 0 alice bob",))
equal("asked for again it stands approved", joined[:2], (held[0], "approved"))
equal("and its payload is back", look.see(held[0]), b"last")
used = run.intent(b"last", held[0])
ok("it is done", isinstance(used, int), used)
recorder.kill()
recorder, run, look = step()
again = run.hold(b"last", asked=("1 2 0 alice bob",))
ok("but not twice: asked for again it waits", again[0] > used and again[1] == "waiting", again)
run.broker.say("WITHDRAW", again[0].to_bytes(8, "little") + text("the policy changed"))
told = run.holds()
equal("what is withdrawn is over", (told[1], told[5]), ("withdrawn", "the policy changed"))
short = run.hold(b"brief", within=1)
told = run.holds()
equal("what nobody approves in time is over", (told[1], told[5]), ("expired", "not approved in time"))
short = run.hold(b"brief", within=1)
equal("even if it was approved", look.decide(key("alice"), short[0], "alice"), "approved")
run.holds()
told = run.holds()
equal("and not used", (told[1], told[5]), ("expired", "approved, but not used in time"))
equal("then it is not done", run.intent(b"brief2"), told[2] + 1)
like("nor decided", look.send(short[0], "alice", "deny", "", "AAAA"), "no call that stands held")
run.hold(b"left", within=1)
recorder.kill()
recorder = Recorder()
look = Reviewer(SOCK)
run = Run(SOCK, SIGNERS).attach()
deadline = [h["n"] for h in look.query() if h["left"] <= 1]
late = run.hold(b"left", within=1)
ok("a time that ran out while no recorder was there, or soon after, is over", late[1] == "waiting" or run.holds()[1] == "expired", late)
run.close()
look.close()
recorder.ended()
verify("after all that the ledger verifies")
with open(WORK + "/allowed", "wb") as f:
    f.write(SIGNERS + ODD)
verify("also by a list of the auditor's own", "--signers", WORK + "/allowed")
with open(WORK + "/nobody", "wb") as f:
    f.write(("mallory %s\n" % carol).encode())
like("but not by one of strangers", verify("which has its own exit", "--signers", WORK + "/nobody", status=4), "held calls")
shown = audit("show", LEDGER).stdout
ok("show tells who said what in 80 columns", "by bob" in shown and all(len(l) <= 100 for l in shown.splitlines() if "  held" in l or "approve" in l), "")
second_opinion = subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "contrib", "verify.py"), LEDGER, "--key", WORK + "/k/t.pub"], capture_output=True, text=True, check=False)
equal("the second verifier says the same", second_opinion.returncode, 0)
if second_opinion.returncode:
    print("# " + second_opinion.stderr)

# --- other users' socket: only reviewers, so many at most, and none of them in anybody's way ---
GUESTS = WORK + "/guests"
recorder = Recorder("review=" + GUESTS, "group=%d" % os.getgid())
equal("a recorder listens for other users too", recorder.said, "ready")
equal("whom its group lets in", oct(os.stat(GUESTS).st_mode & 0o777), "0o660")
run = Run(SOCK, SIGNERS).attach()
held = run.hold(PAY, asked=("1 1 0 alice",))
for what, name, body in (("opens no run", "OPEN", record("run", agent="bot")), ("brings no list", "SIGNERS", text(SIGNERS)),
                         ("is no broker", "ATTACH", run.run.to_bytes(8, "little"))):
    guest = Peer(GUESTS)
    guest.say(name, body)
    equal("who comes by it " + what, guest.hear()[0], "gone")
    guest.close()
for name, body in (("COMMIT", text(record("refusal"))), ("HOLD", record("held")), ("WITHDRAW", held[0].to_bytes(8, "little") + text("x")),
                   ("NOTE", record("agent", agent="x")), ("CLOSE", record("close"))):
    guest = Reviewer(GUESTS)
    guest.peer.say(name, body)
    equal("a reviewer may not say " + name, guest.peer.hear()[0], "gone")
    guest.close()
guest = Reviewer(GUESTS)
equal("a reviewer there sees what is held", [h["n"] for h in guest.query(follow=True) if h["n"] == held[0]], [held[0]])
crowd = [Peer(GUESTS) for _ in range(40)]
equal("of one user 16 have a place, the others are hung up on", crowd[-1].hear()[0], "gone")
crowd[2].socket.setblocking(False)
try:
    got = crowd[2].hear()[0]
except BlockingIOError:
    got = "there"
equal("but not those who came first", got, "there")
run.hold(b"in a crowd")
mute = [Reviewer(SOCK) for _ in range(60)]
for one in mute:
    one.peer.say("QUERY", (1).to_bytes(1, "little") + bytes(8))
    for _ in range(8):
        one.peer.say("SEE", held[0].to_bytes(8, "little"))
    for _ in range(8):
        one.peer.say("DECIDE", held[0].to_bytes(8, "little") + text("alice") + text("approve") + text("") + text(good))
for one in mute[:10]:
    one.peer.socket.setblocking(False)
    try:
        while True:
            one.peer.say("SEE", (999999).to_bytes(8, "little"))
    except (BlockingIOError, ConnectionError):
        pass
run.broker.socket.settimeout(5)
calls = [run.intent(b"call %d" % i) for i in range(200)]
ok("while 60 ask and do not read, calls go on", all(isinstance(n, int) for n in calls), calls)
changed = guest.stands()
ok("who follows hears of what is held meanwhile", changed["state"] == "waiting" and changed["n"] > held[0], changed)
for one in mute + crowd:
    one.close()
look = Reviewer(GUESTS)
equal("and decides, by the same signature", look.decide(key("alice"), held[0], "alice", "deny", "no"), "denied")
told = guest.stands()
while told["n"] != held[0]:
    told = guest.stands()
equal("which who follows hears", (told["state"], told["decisions"][-1]["reviewer"]), ("denied", "alice"))
run.close()
still = Reviewer(GUESTS)
ok("the run is over; while something waits the recorder stays for them", len(still.query()) > 0)
recorder.kill()
still.close()
if os.getuid() == 0:
    OTHER = 54321
    os.chmod(WORK, 0o711)
    recorder = Recorder("review=" + GUESTS, "group=%d" % OTHER)
    run = Run(SOCK, SIGNERS).attach()
    held = run.hold(PAY, asked=("1 1 0 alice",))
    line = Reviewer(SOCK).query(held[0])[0]["line"]
    base = signature(key("alice"), statement(line, "alice", "approve", ""))
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(OTHER)
        os.setuid(OTHER)
        try:
            Peer(SOCK)
            os._exit(2)
        except PermissionError:
            pass
        guest = Reviewer(GUESTS)
        os._exit(0 if guest.see(held[0]) == PAY and guest.send(held[0], "alice", "approve", "", base) == "approved" else 1)
    equal("another user approves there, and comes nowhere else", os.waitpid(child, 0)[1], 0)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(OTHER + 1)
        os.setuid(OTHER + 1)
        try:
            Peer(GUESTS)
            os._exit(1)
        except PermissionError:
            os._exit(0)
    equal("one who is not of its group does not get in", os.waitpid(child, 0)[1], 0)
    recorder.kill()
verify("and the ledger verifies")
print("1..%d" % count)
