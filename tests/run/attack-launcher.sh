#!/bin/sh
# What the launcher may be handed: odd descriptors, odd places, somebody else's recorder.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
uid=$(id -u) h=$room/home
home "$h"
run() { as "$uid" "$h" "$reeve" run "$@"; }

# Descriptors the operator closed must not become the launcher's own, seen from inside.
look='(for i in 0 1 2; do readlink /proc/$$/fd/$i; [ ! -d /proc/$$/fd/$i ] || echo directory; done) >fds'
run -- sh -c "$look" <&- 2>/dev/null
silent 'a closed stdin is no descriptor of the launcher' 'signalfd|socket|directory' "$(cat "$h/work/fds")"
run -- sh -c "$look" >&- 2>/dev/null
silent 'nor is a closed stdout' 'signalfd|socket|directory' "$(cat "$h/work/fds")"
run -- sh -c "$look" <&- >&- 2>/dev/null
silent 'both closed: no directory of the host' 'signalfd|socket|directory' "$(cat "$h/work/fds")"
run -- sh -c "$look" <&- >&- 2>&-
silent 'all closed: nothing of the launcher' 'signalfd|socket|directory' "$(cat "$h/work/fds")"
run -- sh -c "$look" <"$h" 2>/dev/null
silent 'a directory as stdin does not get in' 'directory' "$(cat "$h/work/fds")"
echo outside >"$h/secret"
chmod 600 "$h/secret"
if [ -x "$python" ]; then
	cat >"$h/work/out.py" <<'P'
import os
try: os.fchdir(9); os.chdir(".."); os.chmod("secret", 0o666)
except OSError: pass
P
	run -- sh -c 'exec 9<&0 </dev/null; exec "$0" out.py' "$python" <"$h/work" >/dev/null 2>&1
	equal 'so no file outside changes its mode' 600 "$(stat -c %a "$h/secret")"
else
	skip 'so no file outside changes its mode' 'no python3'
fi

# The recorder outlives the run that started it: it must hold nothing of that run's.
mkfifo "$h/work/hold" "$h/work/up"
(run -- sh -c 'echo >up; read -r x <hold' 2>"$h/stderr") &
job=$!
read -r _ <"$h/work/up"
recorder=$(pgrep -f "^reeve-recorder serve $(ledger_of "$h") ")
if held=$(readlink "/proc/$recorder/fd/2" 2>/dev/null); then
	silent 'the recorder does not hold the stderr of the run that started it' "$h/stderr" "$held"
	silent 'nor its folder' '/work$' "$(readlink "/proc/$recorder/cwd")"
else
	skip 'the recorder does not hold the stderr of the run that started it' 'cannot look at it'
fi
echo >"$h/work/hold"
wait "$job"

# What judges the agent is not where it can write.
mkdir -p "$h/etc"
echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
cp "$h/etc/policy.json" "$h/work/policy.json"
fails 'a policy in the workspace is refused' 2 run --policy policy.json -- true
rm "$h/work/policy.json"
ln -s ../etc/policy.json "$h/work/link.json"
fails 'also one named by a link in it, which the agent could turn' 2 run --policy link.json -- true
rm "$h/work/link.json"
fails 'the state as workspace is refused' 2 run --workspace "$h/state" -- true
fails 'the ledgers too' 2 run --workspace "$(ledger_of "$h")" -- true
fails 'the keys too' 2 run --workspace "$h/state/reeve/keys" -- true
fails 'the home itself is refused' 2 run --workspace "$h" -- true
fails 'the root is refused' 2 run --workspace / -- true
sed "s#\"read\":#\"write\": [\"$h/state\"], \"read\":#" "$story/profiles/agent.json" >"$h/etc/wide.json"
fails 'a profile that gives the state is refused' 2 run --profile ../etc/wide.json -- true
mkfifo "$h/etc/fifo.json"
fails 'a FIFO is no policy, and nothing waits for it' 2 timeout 20 env -C "$h/work" HOME="$h" XDG_STATE_HOME="$h/state" \
	XDG_RUNTIME_DIR="$h/run" "$reeve" run --policy "$h/etc/fifo.json" -- true

# A recorder is believed only if it is ours: here another user owns the runtime folder (sudo -E).
if [ "$uid" = 0 ] && [ -x "$python" ]; then
	mkdir -p "$h/theirs/reeve"
	socket=$h/theirs/reeve/default-$(printf %s "$(ledger_of "$h")" | sha256sum | cut -c1-8).sock
	chown -R "$user" "$h/theirs"
	chmod 755 "$story" "$room" "$h"
	mkfifo "$h/listening"
	cat >"$story/forged.py" <<'P'
import os, socket, struct, sys, threading
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind(sys.argv[1]); os.chmod(sys.argv[1], 0o666); s.listen(); print("listening", flush=True)
def serve(c):
    n = 5
    while True:
        m = c.recv(200000)
        if not m: return
        _, t, _, tag = struct.unpack("<HHIQ", m[:16])
        n += 1
        number = struct.unpack("<Q", m[16:24])[0] if t == 1 else 5 if t == 0 else n
        c.send(struct.pack("<HHIQQ", 1, 12 if t == 11 else 2, 8, tag, number))
while True:
    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
P
	chmod 644 "$story/forged.py"
	setpriv --reuid "$user" --regid "$user" --clear-groups "$python" "$story/forged.py" "$socket" >"$h/listening" 2>/dev/null &
	forger=$!
	read -r _ <"$h/listening"
	as "$uid" "$h" env XDG_RUNTIME_DIR="$h/theirs" timeout 60 "$reeve" run -- touch effect 2>/dev/null
	equal 'a recorder of another user is not believed: the agent does not start' no "$([ -e "$h/work/effect" ] && echo yes || echo no)"
	kill "$forger"
	wait "$forger" 2>/dev/null
else
	skip 'a recorder of another user is not believed' 'takes root and python3'
fi
fails 'the ledger is whole' 0 verify "$h"
finish
