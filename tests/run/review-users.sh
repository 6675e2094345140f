#!/bin/sh
# Reviewers who are other users: by a socket of their group they see what is held and decide on it, and do nothing else;
# who is not of the group does not reach it, nor does an agent, wherever it is jailed.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/review-lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'other users take root'
have_userns || skip_all 'no user namespaces for this user'
needs_python
command -v ssh-keygen >/dev/null || skip_all 'no ssh-keygen: contrib/need check installs openssh-client as root'
gid=60 group=$(getent group 60 | cut -d: -f1)
[ -n "$group" ] || skip_all 'there is no group 60'
reviewer=54322 stranger=54323
# As in lib.sh, but owner and reviewer are in the group, too.
become() {
	as_uid=$1 as_home=$2 groups=$1
	shift 2
	[ "$as_uid" = "$stranger" ] || groups=$as_uid,$gid
	cd "$as_home/work" || exit 99
	exec setpriv --reuid "$as_uid" --regid "$as_uid" --groups "$groups" env -i HOME="$as_home" PATH="$room/bin:$PATH" LANG=C.UTF-8 \
		XDG_STATE_HOME="$as_home/state" XDG_RUNTIME_DIR="$as_home/run" XDG_CONFIG_HOME="$as_home/config" "$@"
}
# The protocol in python, and the tables that it reads.
mkdir -p "$room/t/tests/tools" "$room/t/src/wire" "$room/t/src/model"
cp "$top/tests/tools/review_wire.py" "$room/t/tests/tools/"
cp "$top/src/wire/msg.def" "$room/t/src/wire/"
cp "$top"/src/model/*.def "$room/t/src/model/"
cat >"$room/t/tests/tools/beyond.py" <<'P'
import struct, sys
from review_wire import Peer, record, text

def ask(name, body, look=True):
    peer = Peer(sys.argv[1])
    if look:
        peer.say("LOOK")
    peer.say(name, body)
    kind, _, said = peer.hear()
    print(name.lower(), kind.lower(), said[4:].decode(errors="replace"))

ask("REVEAL", struct.pack("<QQ", 1, 99) + text("curious"))
ask("DESTROY", text("destroy operational 2020-01-01 2030-01-01"))
ask("OPEN", record("run", agent="bot", owner="root"), look=False)
ask("ATTACH", struct.pack("<Q", 1), look=False)
P
for who in $reviewer $stranger; do home "$room/home$who" "$who"; done
for uid in $(each_user); do
	h=$room/home$uid door=$room/home$uid/door sock=$room/home$uid/door/review.sock
	desk "$h" "$uid"
	key "$h" alice
	signers "$h" alice
	policy=$h/etc/review.json
	cat >"$policy" <<'J'
{ "reeve": "policy/1", "rules": [ { "id": "ask", "then": "review", "when": { "tool": "directory/*" },
  "review": { "by": ["alice@example.com"], "within": "1h" } } ] }
J
	mkdir "$door"
	own "$h" "$uid"
	chgrp "$gid" "$door"
	chmod 750 "$door"
	set_to() { echo "{ \"reeve\": \"config/1\", \"review\": { \"socket\": \"$1\", \"group\": \"$group\" } }" >"$h/config/reeve/config.json"; }
	other() { other_uid=$1; shift; as "$other_uid" "$room/home$other_uid" "$reeve" review --socket "$sock" "$@" </dev/null 2>&1; }

	# Who starts the recorder knows of it, or not: and who comes later says so.
	plain() { as "$uid" "$h" "$reeve" run --policy "$policy" --tools ../etc/tools.json "$@" 2>&1; }
	echo '{ "reeve": "config/1" }' >"$h/config/reeve/config.json"
	mkfifo "$h/first" "$h/told"
	as "$uid" "$h" "$reeve" review follow --json </dev/null >"$h/told" 2>&1 &
	exec 5<"$h/told"
	until [ -n "$(find "$h/run/reeve" -name '*.sock')" ]; do :; done
	set_to "$sock"
	out=$(plain --status-fd 3 -- true 3>&1)
	says "uid $uid: where a recorder is there without it, a run says so, and what helps" "cannot review at $sock: .* made anew" "$out"
	says 'also to a program' "\"event\":\"degraded\",\"review\":\"$sock\"" "$out"
	says 'and so does who reviews' "cannot review at $sock" "$(review "$uid" "$h" list)"
	exec 5<&-
	plain -- true >/dev/null	# a change, by which who follows hears that nobody reads
	kill "$(pgrep -f "reeve review follow --json" -u "$uid")" 2>/dev/null
	settled "$h"

	# Started by a run, and by a review: it has it.
	equal "uid $uid: a recorder that a run starts has it" '' "$(plain -- true)"
	settled "$h"
	as "$uid" "$h" "$reeve" review follow --json </dev/null >"$h/told" 2>&1 &
	exec 5<"$h/told"
	until [ -S "$sock" ]; do :; done
	says "uid $uid: a recorder that a review starts hears other users" 'nothing is held' "$(other $reviewer list)"
	agent "$uid" "$h" "$(call assign_license '{"user":"ada@example.com","license":"E5"}')" >"$h/tmp/said" &
	waits=$!
	n=$(held "$uid" "$h" assign_license)
	equal 'it is of its owner and the group' "$uid $gid 660" "$(stat -c '%u %g %a' "$sock")"
	says 'another user lists what is held' "^$n +waiting" "$(other $reviewer list)"
	says 'and sees it' '"user": *"ada@example.com"' "$(other $reviewer show "$n")"
	fails "uid $uid: who is not of the group does not get there" 3 other $stranger list
	says 'and hears that' 'review.sock: Permission denied' "$(other $stranger list)"
	chmod 751 "$door"
	fails 'nor where the folder lets him: the file does not' 3 other $stranger list
	chmod 750 "$door"
	out=$(as $reviewer "$room/home$reviewer" python3 "$room/t/tests/tools/beyond.py" "$sock")
	says "uid $uid: no reviewer there reads payloads of the past" '^reveal (turned_away|gone)' "$out"
	says 'nor destroys them' '^destroy (turned_away|gone)' "$out"
	says 'nor opens a run' '^open gone' "$out"
	says 'nor is anybody'"'"'s broker' '^attach gone' "$out"
	other $reviewer approve "$n" --as alice@example.com --reason seen --statement >"$room/st$uid"
	ssh-keygen -q -Y sign -n review@reeve -f "$h/keys/alice" "$room/st$uid" 2>/dev/null
	fails 'nor decides without a signature' 1 other $reviewer approve "$n" --as alice@example.com --reason other --signature "$room/st$uid.sig"
	says "uid $uid: with one he does" "^$n approved" "$(other $reviewer approve "$n" --as alice@example.com --reason seen --signature "$room/st$uid.sig")"
	wait "$waits"
	says 'and it is done' '^answer done: assign_license$' "$(cat "$h/tmp/said")"

	# The agent, while it is there: by its path, by the folders of other processes, and by a descriptor that it might have.
	cat >"$h/work/reach.py" <<'P'
import glob, os, socket, sys
here = sys.argv[1]
def reaches(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        s.connect(path)
        return True
    except OSError:
        return False
ways = [here, os.path.relpath(here)] + [p + here for p in glob.glob("/proc/*/root") + glob.glob("/proc/*/cwd")]
ways += [os.path.join(p, os.path.basename(here)) for p in glob.glob("/proc/*/cwd") + glob.glob("/proc/self/fd/*")]
try:
    fd = os.open(os.path.dirname(here), os.O_PATH)
    ways.append("/proc/self/fd/%d/%s" % (fd, os.path.basename(here)))
except OSError:
    pass
print("there", os.path.exists(here), "reached", [w for w in ways if reaches(w)])
P
	equal "uid $uid: the agent does not see it, nor reach it" 'there False reached []' "$(plain -- python3 reach.py "$sock")"
	equal 'nor does one with a network' 'there False reached []' "$(plain --network -- python3 reach.py "$sock")"
	says 'though its user does, outside' "^there True reached .'$sock'" "$(as "$uid" "$h" python3 reach.py "$sock")"
	fails "uid $uid: no jail holds its folder" 2 plain --workspace "$door" -- true
	kill "$(pgrep -f "reeve review follow --json" -u "$uid")" 2>/dev/null
	exec 5<&-
	settled "$h"
	equal "uid $uid: with the recorder it is gone" no "$([ -e "$sock" ] && echo yes || echo no)"
	if [ "$uid" = 0 ]; then
		contained() { as 0 "$h" docker_like --pid1 --user 0 "$reeve" run --without=namespaces,names --policy "$policy" --tools ../etc/tools.json "$@" 2>&1; }
		equal 'nor is it reached in a container' 'there True reached []' "$(contained -- python3 reach.py "$sock")"
		equal 'nor there by one with a network' 'there True reached []' "$(contained --network -- python3 reach.py "$sock")"
	fi
	settled "$h"
	holds 'the ledger is whole' verify "$h"

	# wrong WHAT PATTERN: no run begins, nor does a review.
	wrong() {
		fails "uid $uid: $1: no run" 2 plain -- true
		says 'and it is said' "$2" "$said"
		says 'nor a review' "$2" "$(review "$uid" "$h" list)"
	}
	chmod 755 "$door"
	wrong 'a folder that all can enter' 'only its group can enter'
	chmod 750 "$door"
	chgrp "$uid" "$door"
	[ "$uid" = "$gid" ] || wrong 'a folder of another group' "must be of group $group"
done
finish
