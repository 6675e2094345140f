#!/bin/sh
# As a container's entrypoint: no namespaces, an engine's default seccomp profile in force, process 1.
# Given up by name, recorded, and what is left still holds: files, signals, sockets, the tree's end.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'making the situation takes root'
unshare -pmf true 2>/dev/null || skip_all 'no namespaces to make the situation in'
python=/usr/bin/python3
given='user mount pid net ipc uts cgroup time names'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	# contain OPTION|"" COMMAND...: exec it in such a container, with this user's home, in its work folder.
	# contained: the same, and come back.
	contain() {
		option=$1
		shift
		cd "$h/work" || exit 99
		exec env -i HOME="$h" PATH="$room/bin:$PATH" LANG=C.UTF-8 XDG_STATE_HOME="$h/state" XDG_RUNTIME_DIR="$h/run" \
			XDG_CONFIG_HOME="$h/config" "$room/bin/docker_like" ${option:+"$option"} --user "$uid" "$@"
	}
	contained() { (contain "$@"); }
	run() { contained --pid1 "$reeve" run --without=namespaces,names "$@"; }
	says "uid $uid: the situation is what it claims to be" 'not permitted' "$(contained --pid1 unshare -Ur true 2>&1)"

	fails "uid $uid: without --without no agent starts" 125 contained --pid1 "$reeve" run -- touch started
	says "uid $uid: it is said which layers, and what to add" 'user,mount,pid,net,ipc,uts,cgroup.*--without=namespaces,names' "$said"
	equal "uid $uid: nothing was done" no "$([ -e "$h/work/started" ] && echo yes || echo no)"
	fails "uid $uid: one layer named is not all of them" 125 contained --pid1 "$reeve" run --without=user,mount -- true
	says "uid $uid: and it is said which are left" '\(pid,net,ipc,uts,cgroup\)' "$said"
	fails "uid $uid: protected names take the mount layer" 125 contained --pid1 "$reeve" run --without=namespaces -- true
	says "uid $uid: and it is said what to add" '--without=names' "$said"
	fails "uid $uid: a list with a word that is no layer" 2 contained --pid1 "$reeve" run --without=user,magic -- true

	fails "uid $uid: with it the agent runs" 0 run -- true
	first=$(records "$h" | grep '"kind":"run"' | tail -n 1)
	for layer in $given; do
		says "uid $uid: the record says that $layer was given up" "\"$layer given-up untested\"" "$first"
	done
	for layer in landlock no_new_privs seccomp limits; do
		says "uid $uid: the record says that $layer was obtained and tested" "\"$layer( abi-[0-9]+)? obtained tested\"" "$first"
	done
	bounding=
	[ "$uid" = 0 ] || bounding=' bounding-14'
	says "uid $uid: capabilities too, and what the bounding set still holds" "\"capabilities$bounding obtained tested\"" "$first"

	# The exit contract, as process 1.
	fails "uid $uid: the agent's own status" 7 run -- sh -c 'exit 7'
	fails "uid $uid: not found" 127 run -- no-such-program
	fails "uid $uid: not executable" 126 run -- /etc/passwd
	fails "uid $uid: ended by signal 15" 143 run -- sh -c 'kill -15 $$'
	fails "uid $uid: out of time" 124 run --timeout 1 -- sh -c 'while :; do :; done'

	# What is private, and what is out of reach.
	inside() { says "uid $uid: $1" "$2" "$(run -- sh -c "$3" 2>&1)"; }
	echo secret >"$h/secret"
	chmod 644 "$h/secret"
	inside 'the workspace can be written' '^wrote$' 'echo x >file && echo wrote'
	inside 'HOME is private and writable' '^wrote$' 'echo x >~/.rc && [ ~ != "'"$h"'" ] && echo wrote'
	inside 'so is TMPDIR' '^wrote$' 'f=$(mktemp) && echo x >"$f" && echo wrote'
	equal "uid $uid: nothing of it is left" '' "$(ls "$h/run/reeve/jails" 2>/dev/null)"
	inside 'a tree that is hard to remove is removed too' '^made$' 'cd; mkdir -p a/b; i=0; while [ $i -lt 300 ]; do mkdir -p deep-deep-deep-deep; cd deep-deep-deep-deep; i=$((i + 1)); done; chmod 0 ~/a; ln -s "'"$h"'/secret" ~/a-link; echo made'
	equal "uid $uid: nothing of it is left" '' "$(ls "$h/run/reeve/jails" 2>/dev/null)"
	equal "uid $uid: and what a link in it led to is as it was" 'secret 644' "$(cat "$h/secret") $(stat -c %a "$h/secret")"
	inside 'no file of the home' 'denied' "cat $h/secret"
	inside 'no /tmp of the container' 'denied' 'echo x >/tmp/reeve-entrypoint'
	inside 'not the ledger' 'denied' "cat $(ledger_of "$h")/journal"
	inside 'nor truncated' 'denied' "truncate -s 0 $(ledger_of "$h")/journal"
	inside 'not the key' 'denied' "cat $h/state/reeve/keys/default.key"
	inside 'not a list of them' 'denied' "ls $h/state/reeve/keys"
	inside 'not the shadow file' 'denied' 'cat /etc/shadow'
	inside 'the system is read-only' 'denied|Read-only' 'echo x >/usr/bin/reeve-was-here'
	inside 'reeve-call is found' "/run/reeve/bin/reeve-call$" 'command -v reeve-call'
	inside 'the sockets of the broker are there' 'all.sock' 'ls "$(dirname "$REEVE_SOCKET")"'
	inside 'no TCP' 'denied|not supported' 'bash -c "echo >/dev/tcp/127.0.0.1/1"'
	inside 'no signal to launcher, broker or recorder' '^refused$' 'bad=0; for p in /proc/[0-9]*; do p=${p#/proc/}; case $(cat /proc/$p/comm) in reeve*) kill -0 $p 2>/dev/null && bad=1 ;; esac; done; [ $bad = 0 ] && echo refused'
	inside 'no memory, root or program of theirs' '^refused$' 'bad=0; for p in /proc/[0-9]*; do case $(cat $p/comm) in reeve*) for f in mem environ root/ exe fd/0 maps; do head -c 1 $p/$f >/dev/null 2>&1 && bad=$f; done ;; esac; done; [ $bad = 0 ] && echo refused'
	if [ -x "$python" ]; then
		cat >"$h/work/dial.py" <<'P'
import glob, os, socket
got = []
names = [l.split()[-1] for l in open("/proc/net/unix") if "/" in l]
for n in names + glob.glob(os.environ["STATE"] + "/*.sock"):
    if "/jails/" in n: continue
    for kind in socket.SOCK_STREAM, socket.SOCK_SEQPACKET:
        s = socket.socket(socket.AF_UNIX, kind)
        try: s.connect(n)
        except OSError: continue
        got.append(n)
print("reached", [g for g in got if g.startswith(os.environ["STATE"])])
P
		inside 'the recorder is not to be reached by its socket' '^reached \[\]$' "STATE=$h/run/reeve $python dial.py"
	else
		skip "uid $uid: the recorder is not to be reached by its socket" 'no python3'
	fi

	# The broker is there; another's socket is not, wherever it lies.
	cat >"$h/etc/tools.json" <<'J'
{ "reeve": "tools/1", "servers": { "x": { "kind": "exec", "tools": { "say": { "description": "says", "argv": ["echo", "it works"], "params": {} } } } } }
J
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "a", "then": "allow", "when": { "tool": "x/*" } } ] }' >"$h/etc/policy.json"
	says "uid $uid: a call through the broker" '^it works$' "$(run --tools ../etc/tools.json --policy ../etc/policy.json -- reeve-call tool x/say '{}' 2>&1)"
	if [ -x "$python" ]; then
		cat >"$h/work/docker.py" <<'P'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX)
if sys.argv[1] == "outside":
    s.bind("docker.sock")
    os.chmod("docker.sock", 0o777)
    s.listen(1)
    s.settimeout(0)
    print(subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, text=True).stdout.strip())
    try: print("reached", s.accept()[1])
    except OSError: print("not reached")
else:
    try: s.connect("docker.sock")
    except OSError as e: print(e)
P
		rm -f "$h/work/docker.sock"
		said=$(contained '' "$python" docker.py outside "$reeve" run --without=namespaces,names -- "$python" docker.py inside 2>&1)
		says "uid $uid: a socket in the workspace is refused" 'Permission denied' "$said"
		says "uid $uid: and heard nothing" '^not reached$' "$said"
		says "uid $uid: which the ledger tells" '"call":"connect".*"errno":"EACCES"' "$(records "$h" | tail -n 4)"
	else
		skip "uid $uid: a socket in the workspace is refused" 'no python3'
	fi

	# Process 1: orphans, signals, the end of the tree.
	inside 'orphans are reaped' '^zombies 0$' 'for i in 1 2 3 4 5; do (true & exec true) & done; wait; until [ "$(grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l)" = 0 ]; do :; done; echo zombies 0'
	rm -f "$h/said"
	mkfifo "$h/said"
	contain --pid1 "$reeve" run --without=namespaces,names -- sh -c 'trap "echo got TERM; exit 33" TERM; echo up; while :; do :; done' >"$h/said" 2>/dev/null &
	pid=$!
	{
		read -r _
		kill -TERM $pid
		read -r line
	} <"$h/said"
	wait $pid
	equal "uid $uid: SIGTERM reaches the agent, and its status comes back" 'got TERM 33' "$line $?"

	# The same without being process 1: no kernel ends the tree for us.
	outside() { contained '' "$reeve" run --without=namespaces,names "$@"; }
	mark=reeve-stray-$$-$uid
	printf '#!/bin/sh\nexec cat /dev/zero >/dev/null\n' >"$h/work/$mark"
	chmod 755 "$h/work/$mark"
	left() { pgrep -u "$uid" -f "^(/bin/sh |sh |cat |setsid ).*($mark|/dev/zero)" | wc -l; }
	fails "uid $uid: an agent that leaves others behind" 3 outside -- sh -c 'setsid cat /dev/zero >/dev/null & (setsid sh -c "cat /dev/zero >/dev/null; true" &) ; exit 3'
	equal "uid $uid: none is left" 0 "$(left)"
	# Many, each in a session of its own, and still there when the time is over. (What replaces itself faster than
	# anybody looks takes the pid layer or a cgroup: reeve(1), CONTAINERS.)
	fails "uid $uid: a crowd is ended" 124 outside --timeout 1 -- sh -c 'n=0; while [ $n -lt 24 ]; do setsid cat /dev/zero >/dev/null & n=$((n + 1)); done; while :; do wait; done'
	equal "uid $uid: none of it is left" 0 "$(left)"
	for victim in launcher init; do
		rm -f "$h/said"
		mkfifo "$h/said"
		contain '' "$reeve" run --without=namespaces,names -- sh -c 'echo up; setsid cat /dev/zero >/dev/null & (setsid cat /dev/zero >/dev/null &); exec cat /dev/zero >/dev/null' >"$h/said" 2>/dev/null &
		pid=$!
		read -r _ <"$h/said"
		strays=$(pgrep -f -u "$uid" '^cat /dev/zero')
		case $victim in
		launcher) kill -9 $pid ;;
		init) kill -9 "$(ps -o ppid= -p "$(pgrep -o -f -u "$uid" '^cat /dev/zero')" | tr -d ' ')" ;;
		esac
		wait $pid
		status=$?
		equal "uid $uid: $victim killed: its status" 137 "$status"
		for p in $strays; do
			timeout 20 tail --pid="$p" -f /dev/null || not_ok "uid $uid: $victim killed: $p lives on"
		done
		ok "uid $uid: $victim killed: nothing of the agent lives on"
	done
	fails "uid $uid: the next run closes what was left" 0 outside -- true
	equal "uid $uid: every run is closed" "$(records "$h" | grep -c '"kind":"run"')" "$(records "$h" | grep -c '"kind":"close"')"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
