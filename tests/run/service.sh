#!/bin/sh
# The recorder as a service under a user of its own, by the words of its units and without systemd: who may have runs
# recorded, what he can claim, and that he can do nothing else to the ledger.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'other users take root'
have_userns || skip_all 'no user namespaces for this user'
command -v ssh-keygen >/dev/null || skip_all 'no ssh-keygen: contrib/need check installs openssh-client as root'
command -v python3 >/dev/null || skip_all 'no python3 for what systemd does'
units=$top/contrib/systemd
# Users: each tenant's recorder, two that run agents for acme, one for beta, an auditor, and nobody's. Groups: see groups_of.
acme=61001 beta=61101 ann=61010 bob=61011 eve=61110 aud=61012 out=61999
mkdir "$room/lib" "$room/sock" "$room/t" "$room/t/src" "$room/t/tests" "$room/t/tests/tools"
chmod 755 "$room/lib" "$room/sock"
cp -r "$top/src/wire" "$top/src/model" "$room/t/src/"
cp "$top"/tests/tools/*.py "$room/t/tests/tools/"
chmod -R a+rX "$room/t"

groups_of() {
	case $1 in
	"$ann" | "$bob") echo "$1,61001,61002" ;;
	"$eve") echo "$1,61101,61102" ;;
	"$aud") echo "$1,61001,61003" ;;
	*) echo "$1" ;;
	esac
}
become() {
	as_uid=$1 as_home=$2 groups=$(groups_of "$1")
	shift 2
	cd "$as_home/work" || exit 99
	exec setpriv --reuid "$as_uid" --regid "$as_uid" --groups "$groups" env -i HOME="$as_home" PATH="$room/bin:$PATH" LANG=C.UTF-8 \
		XDG_STATE_HOME="$as_home/state" XDG_RUNTIME_DIR="$as_home/run" XDG_CONFIG_HOME="$as_home/config" "$@"
}
# serves TENANT UID WORD...: its sockets are there when this returns; what it says goes to $room/TENANT.said.
serves() {
	tenant=$1 uid=$2
	shift 2
	rm -f "$room/$tenant.pipe"
	mkfifo "$room/$tenant.pipe"
	set -- python3 "$top/tests/tools/activate.py" "$units" "$tenant" --put /var/lib/reeve-recorder="$room/lib" \
		--put /run/reeve-recorder="$room/sock" --put /usr/local/libexec/reeve="$room/bin" --as "reeve-$tenant=$uid" \
		--as "reeve-$tenant-run=$((uid + 1))" --as "reeve-$tenant-review=$((uid + 2))" "$@"
	"$@" >"$room/$tenant.pipe" 2>>"$room/$tenant.stderr" &
	eval "$tenant"_pid=$!
	case $tenant in acme) exec 5<"$room/acme.pipe"; read -r _ <&5 ;; *) exec 6<"$room/$tenant.pipe"; read -r _ <&6 ;; esac
}
acme_pid='' beta_pid='' driver=''
trap 'for driver in $acme_pid $beta_pid; do kill "$driver" 2>/dev/null; done; wait; rm -rf "$story"' EXIT
for who in $ann $bob $eve $aud $out 0; do
	home "$room/home$who" "$who"
	mkdir -p "$room/home$who/config/reeve"
	echo "{ \"reeve\": \"config/1\", \"ledger\": { \"socket\": \"$room/sock/%i$([ "$who" = $aud ] && echo .review).sock\", \"user\": \"$([ "$who" = "$eve" ] && echo $beta || echo $acme)\",
		\"folder\": \"$room/lib/%i/ledger\" } }" >"$room/home$who/config/reeve/config.json"
	chown -R "$who" "$room/home$who"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$room/home$who/etc/policy.json"
done
# of UID COMMAND...: as that user, both outputs.
of() { of_uid=$1; shift; as "$of_uid" "$room/home$of_uid" "$@" 2>&1; }
run() { run_uid=$1; shift; of "$run_uid" "$reeve" run --policy ../etc/policy.json "$@"; }
ledger=$room/lib/acme/ledger keys=$room/lib/acme/keys sock=$room/sock/acme.sock
shown() { "$room/bin/reeve-audit" show "$ledger" --json; }
# python UID: standard input, as that user, with the protocol at hand.
python() { (cd "$room/t/tests/tools" && become "$1" "$room/home$1" env PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$room/t/tests/tools" SOCK="${2:-$sock}" python3 - 2>&1); }

serves acme $acme --word idle=0
serves beta $beta

# Made by whoever asks first, who gets the key that the recorder says.
fails 'the ledger is made by whoever connects first' 0 of $ann "$reeve" init --tenant acme
key=$(of $ann "$reeve" init --tenant acme | tail -1)
equal 'and its key is that of the recorder' "$(cat "$keys/acme.pub")" "$key"
equal 'a run is recorded there' 'inside' "$(run $ann --tenant acme -- echo inside)"
record=$(shown | grep '"kind":"run"')
says 'under the uid that the kernel says' "\"uid\":${ann}[,}]" "$record"
says 'whose owner follows from that' "\"owner\":\"uid-$ann\",\"owner_by\":\"uid\"" "$record"
silent 'and this user has no key and no ledger of his own' . "$(find "$room/home$ann/state" -name '*.key' -o -name journal)"
says 'who ran it can show it' '^command +echo inside' "$(of $ann "$reeve" show --tenant acme last)"
holds 'and verify it' of $ann "$reeve" audit verify "$ledger" --key "$keys/../acme.pub" --key "$key"
equal 'of its folder the group can read, and nobody else' '750 750 640 640 700 600' \
	"$(cd "$room/lib/acme" && stat -c %a . ledger ledger/journal ledger/head keys keys/acme.key | tr '\n' ' ' | sed 's/ $//')"

# What the owner cannot.
cat >"$room/t/touch.sh" <<'S'
exec 2>/dev/null
for file in journal head signers vault; do
	for act in 'printf x >>' 'truncate -s 0' 'mv -f /etc/hostname' 'chmod 666' 'rm'; do eval "$act $1/ledger/$file </dev/null" && echo "could $act $file"; done
done
for file in keys/acme.key keys/acme.vault ledger/vault.keys; do cat "$1/$file" && echo "could read $file"; done
for where in . ledger keys ..; do touch "$1/$where/mine" && echo "could write into $where"; done
mv "$1/ledger" "$1/gone" && echo 'could move it away'
rm -rf "$1"
rm "$2" </dev/null && echo 'could remove the socket'
true
S
lies_there() { (cd "$room/lib/acme" && find . -type f -exec cksum {} + | sort); }
before=$(lies_there)
for who in $ann $out; do silent "uid $who can neither change the ledger nor read a key" . "$(of $who sh "$room/t/touch.sh" "$room/lib/acme" "$sock")"; done
equal 'and all of it is as it was' "$before" "$(lies_there)"

# Who may come.
equal 'another user of the group is recorded beside him' 'too' "$(run $bob --tenant acme -- echo too)"
says 'who is of no group is told so, and nothing runs' "uid $out may not connect to $sock: .* of group 61002" "$(run $out --tenant acme -- echo never)"
says 'nor does who is of another tenant' "uid $eve may not connect to $sock" "$(run $eve --tenant acme -- echo never)"
equal 'whose runs go to a ledger of its own' 'mine' "$(run $eve --tenant beta -- echo mine)"
says 'a tenant that has no recorder gets none' 'no recorder at .*gamma.sock' "$(run $ann --tenant gamma -- echo never)"
says 'a recorder of another user than was set is none' "who listens at $room/sock/beta.sock is neither" \
	"$(sed -i "s/\"$beta\"/\"$acme\"/" "$room/home$eve/config/reeve/config.json"; run $eve --tenant beta -- echo never)"
sed -i "s/\"$acme\"/\"$beta\"/" "$room/home$eve/config/reeve/config.json"

# What a launcher of one's own making can claim.
run $ann --tenant acme --owner root -- echo never >"$room/t/claim"
says 'another owner is not taken' "who answers for uid $ann here is uid-$ann, not root" "$(cat "$room/t/claim")"
python $ann >"$room/t/lies" <<'P'
import os, struct
from review_wire import *
sock = os.environ["SOCK"]
def opened(what, **more):
    run = Run(sock, **more)
    print(what, run.opened, run.why if run.opened == "HALT" else "")
    return run
opened("tenant", tenant="beta", owner_by="uid").close()
opened("none", owner_by="uid").close()
opened("agents", tenant="acme", owner="ceo", owner_by="agents").close()
run = opened("silent", tenant="acme", owner="root", owner_by="uid", agent="mine").attach()
run.intent(b"x", owner="root", agent="other", tenant="beta")
run.launcher.say("NOTE", record("agent", agent="other", owner="root"))
print("note", run.launcher.hear()[0])
run.close()
for name in ("OPEN", "CLOSE", "NOTE", "DECIDE", "REVEAL"):
    peer = Peer(sock)
    peer.say(name, record("genesis") if name != "REVEAL" else struct.pack("<QQ", 0, 9) + text("why"))
    print(name, peer.hear()[0])
peer = Peer(sock)
peer.say("LOOK")
there = opened("there", tenant="acme", owner_by="uid")
peer = Peer(sock)
peer.say("ANCHOR", b"\1")
print("ANCHOR", peer.hear()[0])
there.close()
peer = Peer(sock)
peer.say("LOOK")
for name, body in (("REVEAL", struct.pack("<QQ", 1, 9) + text("curious")),
                   ("DESTROY", b"\0" + text("pii") + text("") + text("2099-01-01") + text("mine"))):
    peer.say(name, body)
    kind, _, said = peer.hear()
    print(name, kind, said[4:].decode())
P
lies=$(cat "$room/t/lies")
says 'nor another tenant' '^tenant HALT this is the recorder of tenant acme, not of beta' "$lies"
says 'nor none' '^none HALT .* not of none' "$lies"
says 'nor a file of agents that only he has' "^agents HALT who answers for uid $ann here is uid-$ann, not ceo" "$lies"
says 'a name that was only guessed is set right' '^silent NOTED' "$lies"
says 'a record about another agent ends the connection' '^note gone' "$lies"
equal 'as does what no launcher says' 'OPEN gone CLOSE gone NOTE gone DECIDE gone REVEAL gone' "$(echo "$lies" | grep -E '^(OPEN|CLOSE|NOTE|DECIDE|REVEAL) gone' | tr '\n' ' ' | sed 's/ $//')"
says 'nobody else keeps its second record' '^ANCHOR gone' "$lies"
says 'payloads are not shown to who only runs agents' '^REVEAL TURNED_AWAY payloads are shown to .*owner alone' "$lies"
says 'nor destroyed for him' '^DESTROY TURNED_AWAY payloads are destroyed by .*owner alone' "$lies"
made=$(shown | grep "\"agent\":\"mine\"")
says 'in the ledger it is who the kernel said' "\"owner\":\"uid-$ann\".*\"uid\":$ann" "$made"
silent 'and nothing of what was claimed' '"owner":"root"|"agent":"other"|"tenant":"beta"' "$(shown)"

# Whoever carries records away by reeve is in the ledger; a payload is root's to open, and that is, too.
says 'what is exported has the word that it is' '"action":"audit.export"' "$(of $ann "$reeve" audit export "$ledger" --as jsonl)"
says 'and that it was is recorded' "\"action\":\"audit.export\".*\"kind\":\"access\".*\"uid\":$ann,.*\"why\":\"export $ledger --as jsonl\"" "$(shown)"
of $aud "$reeve" audit export "$room/sock/../lib/acme/ledger/journal" --as csv >/dev/null
says 'an auditor does it by the socket of reviewers, under any name' "\"uid\":$aud,.*--as csv" "$(shown)"
says 'which opens no run' 'the recorder hung up' "$(run $aud --tenant acme -- echo never)"
says 'who is of no group is told why, before anything else' 'nothing is taken of .* that its recorder does not know of.*may not connect' \
	"$(cp "$room/home$ann/config/reeve/config.json" "$room/home$out/config/reeve/"; chmod 755 "$room/lib/acme" "$ledger"; of $out "$reeve" audit export "$ledger" --as jsonl; chmod 750 "$room/lib/acme" "$ledger")"
cp -r "$ledger" "$room/t/copy"
chmod -R a+rX "$room/t/copy"
before=$(shown | wc -l)
holds 'a copy is read without a word' of $ann "$reeve" audit export "$room/t/copy" --as jsonl
equal 'as is everything by the rights of files' "$before" "$(shown | wc -l)"
number=$(python $ann <<'P'
import os
from review_wire import *
run = Run(os.environ["SOCK"], tenant="acme", owner_by="uid").attach()
run.broker.say("PAYLOAD", b"what was asked", run.broker.tag + 1)
run.broker.say("COMMIT", text(record("intent", action="tool.call", server="bank", tool="pay", digest=digest(b"x"), reason="rule-allows")), run.broker.tag)
print(run.broker.number()[1])
P
)
equal 'root opens a payload' 'what was asked' "$(of 0 "$reeve" ledger reveal "$number" --why audit --tenant acme)"
says 'and that is recorded first' '"kind":"access".*"uid":0,.*"why":"audit"' "$(shown)"
says 'who ran it does not' 'owner alone' "$(of $ann "$reeve" ledger reveal "$number" --why curious --tenant acme)"

# Reviewers have a socket of their own, and a run shows its agent neither.
ssh-keygen -q -t ed25519 -N '' -f "$room/t/key"
mkfifo "$room/t/held"
chown $ann "$room/t/held"
python $ann >"$room/t/holder" <<P &
import os
from review_wire import *
run = Run(os.environ["SOCK"], signers=b"alice $(cut -d' ' -f1,2 "$room/t/key.pub")\n", tenant="acme", owner_by="uid").attach()
print(run.hold(b"pay", owner="root", agent="other")[1])
open("$room/t/held", "w").close()
open("$room/t/held").read()
P
holder=$!
cat "$room/t/held"
says 'of who the kernel said' "\"kind\":\"held\".*\"owner\":\"uid-$ann\"" "$(shown)"
says 'reviewers find it by their own socket' 'pay' "$(of $aud "$reeve" review --socket "$room/sock/acme.review.sock" list)"
says 'who runs agents is not let in there' 'ermission denied' "$(of $ann "$reeve" review --socket "$room/sock/acme.review.sock" list)"
: >"$room/t/held"
wait "$holder"
equal 'a call was held' waiting "$(cat "$room/t/holder")"
sed "s|\"read\": *{|& \"$room/sock\": \"curiosity\",|" "$story/profiles/agent.json" >"$room/t/open.json"
says 'no agent may see a socket' "$room/sock" "$(run $ann --tenant acme --profile "$room/t/open.json" -- echo never)"
says 'the doctor has been there' "^fine +recorder +a service of uid $acme" "$(of $ann sh -c "sed s/%i/acme/ ../config/reeve/config.json >../tmp/c && mkdir -p ../tmp/reeve && mv ../tmp/c ../tmp/reeve/config.json && XDG_CONFIG_HOME=$room/home$ann/tmp $reeve doctor")"
says 'and says what keeps somebody out' "^missing recorder " "$(of $out "$reeve" doctor)"

# A run is its own process's: another of the same group brings it no broker, and a later one of the same user neither.
mkfifo "$room/t/go" "$room/t/run"
chown $ann "$room/t/go" "$room/t/run"
python $ann >"$room/t/own" <<P &
import os
from review_wire import *
run = Run(os.environ["SOCK"], tenant="acme", owner_by="uid")
with open("$room/t/run", "w") as f:
    f.write("%d" % run.run)
open("$room/t/go").read()
run.attach()
print("own", run.intent(b"x") > 0)
open("$room/t/run", "w").close()
print(run.launcher.hear()[0], run.broker.hear()[0])
P
own=$!
number=$(cat "$room/t/run")
for who in $ann $bob; do
	equal "uid $who: another process is not its broker" gone "$(python $who <<P
import os, struct
from review_wire import *
peer = Peer(os.environ["SOCK"])
peer.say("ATTACH", struct.pack("<Q", $number))
print(peer.hear()[0])
P
)"
done
: >"$room/t/go"
cat "$room/t/run"

# It ends when nobody is there, and is there again; nobody of these can end it.
pid=$(pgrep -f "^[^ ]*reeve-recorder serve $room/lib/acme/")
says 'nobody who runs agents can end it' 'not permitted' "$(of $ann sh -c "kill -9 $pid")"
silent 'nor look into it' . "$(of $ann sh -c "cat /proc/$pid/environ /proc/$pid/mem 2>/dev/null")"
kill "$acme_pid"
wait "$acme_pid" 2>/dev/null
equal 'told to end it does, in order' 'ended 0' "$(tail -1 <&5)"
wait $own
equal 'the one that opened a run brings its own broker, and both hear of the end' 'own True
gone gone' "$(cat "$room/t/own")"
silent 'nothing was left behind its last commit' 'unfinished' "$("$room/bin/reeve-audit" verify "$ledger" --key "$keys/acme.pub" 2>&1)"
serves acme $acme --word idle=0
mkfifo "$room/t/until" "$room/t/there"
become $ann "$room/home$ann" "$reeve" run --policy ../etc/policy.json --tenant acme -- sh -c 'echo there; cat' \
	<"$room/t/until" >"$room/t/there" 2>"$room/t/killed" &
its=$!
exec 7>"$room/t/until"
read -r _ <"$room/t/there"
kill -9 "$(pgrep -f "^[^ ]*reeve-recorder serve $room/lib/acme/")"
wait $its
equal 'a run whose recorder is killed ends, too' 125 $?
exec 7>&-
equal 'and the next finds the next recorder' 'again' "$(run $ann --tenant acme -- echo again)"
says 'which has closed it' '"kind":"close".*"status":"lost"' "$(shown)"
kill "$acme_pid"
wait "$acme_pid" 2>/dev/null

# Whose list of owners there is may run what it says.
cat >"$room/owners" <<L
# agent owner uid...
coder	ada $ann 12	# who writes
*	bob $bob
L
serves acme $acme --word owners="$room/owners"
equal 'a listed agent runs' 'listed' "$(run $ann --tenant acme --agent coder -- echo listed)"
says 'and the list says whose it is' '"agent":"coder".*"owner":"ada","owner_by":"agents"' "$(shown)"
says 'another agent does not' "uid $ann may not run agent \"agent\" here" "$(run $ann --tenant acme -- echo never)"
equal 'a user may be listed for any' 'any' "$(run $bob --tenant acme -- echo any)"
says 'as himself' '"owner":"bob","owner_by":"uid"' "$(shown)"
says 'and for no one else' 'who answers for uid .* here is bob, not ada' "$(run $bob --tenant acme --owner ada -- echo never)"
fails 'the ledger is whole' 0 "$room/bin/reeve-audit" verify "$ledger" --key "$keys/acme.pub"
"$room/bin/reeve-recorder" init "$room/t/l" "$room/t/k/t.key" t >/dev/null
says 'without a socket nothing is served' 'no socket was passed' "$("$room/bin/reeve-recorder" serve "$room/t/l" "$room/t/k/t.key" - 2>&1)"
kill "$acme_pid"
wait "$acme_pid" 2>/dev/null

# Nor are those who approve the launcher's to name, where the recorder's operator names them.
echo "alice $(cut -d' ' -f1,2 "$room/t/key.pub")" >"$room/allowed_signers"
chmod 644 "$room/allowed_signers"
serves acme $acme --word signers="$room/allowed_signers"
cat "$room/allowed_signers" >"$room/home$ann/config/reeve/allowed_signers"
equal 'a run with the list of signers that counts' 'listed' "$(run $ann --tenant acme -- echo listed)"
echo "mallory $(cut -d' ' -f1,2 "$room/t/key.pub")" >>"$room/home$ann/config/reeve/allowed_signers"
says 'with another one there is none' 'allowed_signers is not the list by which reviewers sign here \(sha256:' "$(run $ann --tenant acme -- echo never)"

# What one user does with it costs another nothing: he asks and reads no answer, sends descriptors with no byte, leaves more
# payloads unfinished than there is memory for, and has calls held of agents that he makes up. As both users, one after the other.
# Nor do several who take all they get: of places, and of what brokers wait for.
pid=$(pgrep -f "^[^ ]*reeve-recorder serve $room/lib/acme/")
cat >"$room/t/neighbour.py" <<'P'
import os, socket, sys
from review_wire import *
sock, allowed, pid, ann, bob = sys.argv[1], open(sys.argv[2], "rb").read(), *map(int, sys.argv[3:])
def of(uid, make, **more):
    os.seteuid(uid)
    made = make(sock, **more)
    os.seteuid(0)
    return made
def run(uid, agent):
    return of(uid, lambda *at, **more: Run(*at, **more).attach(), signers=allowed, tenant="acme", owner_by="uid", agent=agent)
os.setgroups([61002])
deaf = of(bob, Peer)
deaf.socket.settimeout(8)
try:
    while deaf.tag < 9000:
        deaf.say("OPEN", record("run", agent="x", tenant="beta"))
except OSError as e:
    print("deaf", type(e).__name__)
there = of(ann, Peer)
there.say("LOOK")
def heard():
    there.say("VOUCH")
    return there.hear()[0], len(os.listdir("/proc/%d/fd" % pid))
before = heard()
for _ in range(20):
    mute = of(bob, Peer)
    socket.send_fds(mute.socket, [b""], [0, 0])
    mute.hear()
    mute.close()
print("mute", heard() == before)
def stays(uid):
    try:
        one = of(uid, Peer)
        one.socket.settimeout(8)
        one.say("LOOK")
        one.say("VOUCH")
        return one.hear()[0] == "VOUCHED" and one
    except OSError:
        return None
crowd = []
for uid in (bob, 62001, 62002, 62003):
    one = stays(uid)
    while one:
        crowd.append(one)
        one = stays(uid)
one = stays(ann)
print("places", bool(one))
for one in crowd + [there] + [one] * bool(one):
    one.close()
his = [run(bob, "n%d" % (0 if 2 <= n < 18 else n)) for n in range(64)]
print("held", [one.hold(b"%d" % n)[1] for one in his[:2] for n in range(129)].count("waiting"))
print("waits", {said[5] for one in his[2:18] for _ in range(256) for said in [one.hold(b"0")] if said[1] != "waiting"})
for one in his:
    for _ in range(70):
        one.broker.say("PAYLOAD", b"x" * 60000, 999)
    one.intent(b"heard")
print("room", run(ann, "hers").hold(b"y" * 60000)[1::4])
P
neighbour=$(cd "$room/t/tests/tools" && PYTHONDONTWRITEBYTECODE=1 timeout 120 python3 - "$sock" "$room/allowed_signers" "$pid" $ann $bob <"$room/t/neighbour.py" 2>&1)
says 'who reads no answer is cut off, and nobody waits for him' '^deaf (BrokenPipe|ConnectionReset)Error' "$neighbour"
says 'descriptors that come with no byte are not kept' '^mute True$' "$neighbour"
says 'users who take all the places they get leave some' '^places True$' "$neighbour"
says 'and what they wait for, many times over' '^waits .*too many held calls are waited for' "$neighbour"
says 'agents that a user makes up have one share of what is held' '^held 25[3-6]$' "$neighbour"
says 'and what he leaves unfinished leaves room' "^room \\('waiting', ''\\)" "$neighbour"

# Keys, while a run goes on: root takes one out of use, nobody revokes one; with the service stopped its user does.
cp "$room/allowed_signers" "$room/home$ann/config/reeve/allowed_signers"
sed -i '$d' "$room/home$ann/config/reeve/allowed_signers"
mkfifo "$room/home$ann/work/gate"
chown $ann "$room/home$ann/work/gate"
run $ann --tenant acme -- sh -c 'echo ready; cat gate >/dev/null' >"$room/going" & going=$!
until grep -q ready "$room/going"; do kill -0 $going 2>/dev/null || break; done
revoke() { setpriv --reuid $acme --regid $acme --clear-groups "$room/bin/reeve-recorder" revoke "$ledger" "$keys/acme.key" "$keys/acme.key" "$@" read=group 2>&1; }
says 'who may run agents ends no epoch' 'the ledger.s owner alone' "$(of $ann "$reeve" ledger rotate --tenant acme)"
says 'root does' '^epoch [0-9]+ began with record' "$(of 0 "$reeve" ledger rotate --tenant acme)"
says 'but does not revoke by it' 'is a service.s: stop it' "$(of 0 "$reeve" ledger rotate --tenant acme --revoke all --why stolen)"
says 'nor its user while it serves' 'a recorder serves this ledger, and is not to have the root' "$(revoke all stolen)"
echo >"$room/home$ann/work/gate"
wait $going
kill "$acme_pid"
wait "$acme_pid" 2>/dev/null
says 'with the service stopped he does' '^epoch [0-9]+ began with record' "$(revoke all stolen)"
fails 'and verify names what that key has signed' 10 "$room/bin/reeve-audit" verify "$ledger" --key "$keys/acme.pub"
serves acme $acme
equal 'and runs go on' 'on' "$(run $ann --tenant acme -- echo on)"
finish
