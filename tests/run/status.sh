#!/bin/sh
# --status-fd: lines that a program can read, about a run that does not wait for who reads them.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3 to read JSON'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	# lines OPTION... -- COMMAND: what came on the descriptor, each line a JSON object, as "event member=value ...".
	lines() {
		as "$uid" "$h" sh -c 'exec "$@" 7>status' sh "$reeve" run --status-fd 7 "$@" >/dev/null 2>&1
		python3 - "$h/work/status" <<'P'
import json, sys
for line in open(sys.argv[1]):
    one = json.loads(line)
    print(one.pop("event"), *(f"{k}={v}" for k, v in sorted(one.items())))
P
	}
	seen=$(lines -- sh -c 'exit 3')
	n=$(records "$h" | sed -n 's/.*"kind":"run".*"n":\([0-9]*\).*/\1/p' | tail -n 1)
	says "uid $uid: ready names the run's record" "^ready ledger=$h/state/reeve/ledgers/default pid=[0-9]+ run=$n\$" "$seen"
	says "uid $uid: exit says the agent's status" '^exit reason=ended status=3$' "$seen"
	equal "uid $uid: ready before exit, once each" 'ready exit' "$(printf '%s\n' "$seen" | grep -E '^(ready|exit)' | cut -d' ' -f1 | tr '\n' ' ' | sed 's/ $//')"
	says "uid $uid: out of time" '^exit reason=timeout status=124$' "$(lines --timeout 1 -- sh -c 'while :; do :; done')"
	seen=$(lines -- sh -c 'mkdir -p .git/hooks; unshare -U true; mkdir .git/hooks; exit 0')
	says "uid $uid: a refused call is said" '^refused arch=[a-z0-9_]+ call=unshare count=1 errno=EPERM$' "$seen"
	says "uid $uid: and a protected name" '^refused arch=[a-z0-9_]+ call=mkdir(at)? count=[0-9]+ errno=[A-Z]+ path=\.git/hooks$' "$seen"
	seen=$(lines --profile "$h/no-such.json" -- true)
	equal "uid $uid: what was never started says nothing" '' "$seen"
	printf '{ "reeve": "profile/1", "read": ["/usr"], "maybe_read": ["/bin", "/lib", "/lib64"],\n  "limits": { "memory": "1G", "open_files": 64 } }\n' >"$h/etc/bound.json"
	holder=$(lines --profile "$h/etc/bound.json" -- true >"$h/seen"; records "$h" | grep '"kind":"run"' | tail -n 1 | sed 's/.*"limits":\["memory \([a-z]*\)".*/\1/')
	case $holder in
	none) says "uid $uid: a limit that nobody holds is said" '^degraded limit=memory$' "$(cat "$h/seen")" ;;
	*) silent "uid $uid: a limit that is held is not said to be missing" '^degraded limit=memory$' "$(cat "$h/seen")" ;;
	esac
	silent "uid $uid: an rlimit is held" '^degraded limit=open_files' "$(cat "$h/seen")"
	# The record cannot be written: the ledger's folder is a file.
	mv "$h/state" "$h/kept" && mkdir -p "$h/state/reeve" && : >"$h/state/reeve/ledgers" && chown -R "$uid" "$h/state"
	seen=$(lines -- true)
	says "uid $uid: reeve failed, and why" '^exit reason=failed status=125 why=ledger' "$seen"
	rm -r "$h/state" && mv "$h/kept" "$h/state"

	fails "uid $uid: the agent does not have the descriptor" 0 as "$uid" "$h" sh -c 'exec "$0" run --status-fd 7 -- sh -c "[ ! -e /proc/self/fd/7 ]" 7>status' "$reeve"
	for wrong in 0 1 2 x -1 '' 99999999999 7x 6; do
		fails "uid $uid: --status-fd \"$wrong\" is a mistake" 2 as "$uid" "$h" "$reeve" run --status-fd "$wrong" -- true
	done
	fails "uid $uid: and so is one that can only be read" 2 as "$uid" "$h" sh -c 'exec "$0" run --status-fd 7 -- true 7</dev/null' "$reeve"
	fails "uid $uid: nobody reads any more" 0 as "$uid" "$h" sh -c '{ "$0" run --status-fd 7 -- true 7>&1 >/dev/null 2>&1; echo $? >status; } | true; exit "$(cat status)"' "$reeve"
	fails "uid $uid: a pipe that is full holds up nobody" 0 as "$uid" "$h" timeout 60 python3 -c '
import os, subprocess, sys
r, w = os.pipe()
os.set_blocking(w, False)
try:
    while True: os.write(w, b"x" * 65536)
except BlockingIOError: pass
os.set_blocking(w, True)
done = subprocess.run([sys.argv[1], "run", "--status-fd", str(w), "--", "true"], pass_fds=[w]).returncode
sys.exit(done or not os.get_blocking(w))' "$reeve"
	fails "uid $uid: and what was lost is counted" 0 as "$uid" "$h" timeout 60 python3 -c '
import json, os, subprocess, sys
r, w = os.pipe()
os.set_blocking(w, False)
try:
    while True: os.write(w, b"x" * 4096)
except BlockingIOError: pass
agent = subprocess.Popen([sys.argv[1], "run", "--status-fd", str(w), "--", "cat"], pass_fds=[w],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
agent.stdin.write(b"ready\n"); agent.stdin.flush(); agent.stdout.readline()
os.set_blocking(r, False)
try:
    while True: os.read(r, 65536)
except BlockingIOError: pass
os.set_blocking(r, True)
agent.stdin.close(); agent.wait(); os.close(w)
lines = [json.loads(l) for l in os.fdopen(r).read().lstrip("x").splitlines()]
print(lines)
sys.exit(not (lines[0]["event"] == "dropped" and lines[0]["count"] >= 1 and lines[-1]["event"] == "exit"))' "$reeve"
	fails "uid $uid: a socket serves as well" 0 as "$uid" "$h" timeout 60 python3 -c '
import json, socket, subprocess, sys
a, b = socket.socketpair()
subprocess.run([sys.argv[1], "run", "--status-fd", str(b.fileno()), "--", "true"], pass_fds=[b.fileno()], check=True)
b.close()
sys.exit([json.loads(l)["event"] for l in a.makefile()][-1] != "exit")' "$reeve"
	says "uid $uid: the ledger is whole" 'whole|ok|true' "$(verify "$h" 2>&1)"
done
finish
