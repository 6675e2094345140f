"""review_attack.py BIN WORK - hostile brokers, reviewers and owners against a recorder: what review-attack.sh tells as TAP."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from review_wire import Reviewer, Run, digest, record, text  # noqa: E402

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


def start():
    reading, writing = os.pipe()
    process = subprocess.Popen([BIN + "/reeve-recorder", "serve", LEDGER, KEY, SOCK], preexec_fn=lambda: os.dup2(writing, 3), pass_fds=(3,))
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.readline() == "ready\n"
    return process


def key(name):
    path = "%s/%s" % (WORK, name)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
    with open(path + ".pub", encoding="ascii") as f:
        return " ".join(f.read().split()[:2])


def path(name):
    return "%s/%s" % (WORK, name)


subprocess.run([BIN + "/reeve-recorder", "init", LEDGER, KEY, "t"], check=True, stdout=subprocess.DEVNULL)
alice, stolen = key("alice"), key("stolen")
BEFORE = ("alice %s\nalice %s\n" % (alice, stolen)).encode()
AFTER = ("alice %s\n" % alice).encode()
recorder = start()
first = Run(SOCK, BEFORE, tools="sha256:a", workspace="/home/ann/shop", environment="test").attach()
PAY = b'{"path":"report.txt"}'
look = Reviewer(SOCK)

# --- the same bytes, and yet another thing ---
held = first.hold(PAY, pin="sha256:1")
equal("a call is approved", look.decide(path("stolen"), held[0], "alice"), "approved")
for what, how in (("another server", {"server": "vault"}), ("another tool", {"tool": "refund"}), ("another definition of the tool", {"pin": "sha256:2"}),
                  ("another action", {"action": "resource.read"}), ("another rule", {"rule": "p:other"}), ("another policy", {"policy": digest(b"p")})):
    other = first.hold(PAY, **{"pin": "sha256:1", **how})
    ok("the same bytes for %s are another held call" % what, other[0] > held[0] and other[1] == "waiting", other)
same = {"tools": "sha256:a", "workspace": "/home/ann/shop", "environment": "test"}
for what, signers, how in (("after a key was taken off the list of signers", AFTER, {}), ("with other tools", BEFORE, {"tools": "sha256:b"}),
                           ("in another folder", BEFORE, {"workspace": "/home/ann"}), ("in production", BEFORE, {"environment": "production"})):
    run = Run(SOCK, signers, **{**same, **how}).attach()
    other = run.hold(PAY, pin="sha256:1")
    ok("a later run %s does not get what was approved before" % what, other[0] > held[0] and other[1] == "waiting", other)
    if signers is AFTER:
        got = look.decide(path("stolen"), other[0], "alice")
        ok("nor does the key that was taken off count there", "alice" in got and got not in ("approved", "waiting"), got)
    equal("nor can its broker take it unasked", run.intent(PAY, held[0], pin="sha256:1"), "gone")
    run.close()
run = Run(SOCK, BEFORE, **same).attach()
equal("one where all is the same does", run.hold(PAY, pin="sha256:1")[:2], (held[0], "approved"))
for what, how in (("server", {"server": "vault"}), ("tool", {"tool": "refund"}), ("definition", {"pin": "sha256:2"}), ("action", {"action": "prompt.get"})):
    equal("but not for another " + what, run.intent(PAY, held[0], **{"pin": "sha256:1", **how}), "gone")
    run.close()
    run = Run(SOCK, BEFORE, **same).attach()
    run.hold(PAY, pin="sha256:1")
ok("only for what was approved", isinstance(run.intent(PAY, held[0], pin="sha256:1"), int))
run.close()

# --- more than its share ---
flood = [first.hold(b"%d" % i, within=600) for i in range(256)]
ok("one agent does not fill the ledger with held calls", flood[-1][:2] == (0, "withdrawn") and flood[-1][5].startswith("as much"), flood[-1])
other = Run(SOCK, BEFORE, agent="other").attach()
equal("others are held beside it", other.hold(PAY)[1], "waiting")
large = bytes(4 << 20)
pieces = [large[:60000]] * (len(large) // 60000)
big = [other.hold(b"".join(pieces) + b"%d" % i, pieces=pieces + [b"%d" % i])[1] for i in range(17)]
equal("nor its memory", big[-1], "withdrawn")
third = Run(SOCK, BEFORE, agent="third").attach()
equal("where others find room as well", third.hold(b"".join(pieces), pieces=pieces)[1], "waiting")
gone = third.hold(b"a secret of third's")
equal("what is denied", look.decide(path("alice"), gone[0], "alice", "deny", "no"), "denied")
got = look.see(gone[0])
ok("is nobody's to see any more, but the owner's, who is written down", isinstance(got, str) and "ended" in got, got)
other.broker.say("COMMIT", text(record("decision", held[0], decision="approve", reviewer="alice")))
equal("a broker decides nothing", other.broker.hear()[0], "gone")
for one in (first, other, third, look):
    one.close()
recorder.kill()
recorder.wait()
got = subprocess.run([BIN + "/reeve-audit", "verify", LEDGER, "--key", WORK + "/k/t.pub"], capture_output=True, text=True, check=False)
ok("and the ledger verifies", got.returncode == 0, got.stdout + got.stderr)


def verify():
    return subprocess.run([BIN + "/reeve-audit", "verify", LEDGER, "--key", WORK + "/k/t.pub"], capture_output=True, text=True, check=False)


# --- an owner who would rather have had another history ---
os.rename(LEDGER + "/signers", WORK + "/kept")
got = verify()
ok("without the list of signers it says what it could not look at", "by keys that no list was there for" in got.stdout, got.stdout)
with open(WORK + "/kept", "rb") as f:
    bent = f.read().replace(stolen.encode(), alice.encode())
with open(LEDGER + "/signers", "wb") as f:
    f.write(bent)
got = verify()
ok("a list that was changed is no list", "by keys that no list was there for" in got.stdout, got.stdout)
os.rename(WORK + "/kept", LEDGER + "/signers")
with open(WORK + "/now", "wb") as f:
    f.write(AFTER)
got = subprocess.run([BIN + "/reeve-audit", "verify", LEDGER, "--key", WORK + "/k/t.pub", "--signers", WORK + "/now"], capture_output=True, text=True, check=False)
equal("an auditor whose list does not have the key sees that", got.returncode, 4)
for word in (b'"decision":"approve"', b'"within":600'):
    for folder, _, files in os.walk(LEDGER):
        for file in files:
            with open(os.path.join(folder, file), "rb") as f:
                whole = f.read()
            if word in whole and file != "signers":
                with open(os.path.join(folder, file), "wb") as f:
                    f.write(whole.replace(word, word[:-2] + (b"x" if word[-1:] == b'"' else b"9") + word[-1:], 1))
                got = verify()
                ok("a record that was altered is seen: %s in %s" % (word.decode(), file), got.returncode != 0, got.stdout)
                with open(os.path.join(folder, file), "wb") as f:
                    f.write(whole)
got = verify()
equal("put back, it verifies again", got.returncode, 0)
print("1..%d" % count)
