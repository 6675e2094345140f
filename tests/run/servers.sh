#!/bin/sh
# Tool servers: each with its own secrets, network, limits and life; none sees another's.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'python3 is missing: make check installs it as root'
helpers=
# shellcheck disable=SC2154
trap 'for p in $helpers; do kill "$p" 2>/dev/null; done; rm -rf "$story"; rm -f /tmp/neighbour-secret-$$ /var/tmp/neighbour-secret-$$ /dev/shm/neighbour-secret-$$; ipcrm -M $((0x5EC40000 + $$ % 65536)) 2>/dev/null' EXIT
cp "$top/tests/tools/neighbour.py" "$room/bin/"
chmod a+rx "$room/bin/neighbour.py"

# The probe itself: outside any jail it finds all there is to find.
mkfifo "$room/hold.in"
mkdir "$room/outside"
outside="HOME=$room/outside TAG=$$ PORT=45732"
# shellcheck disable=SC2086
env $outside SECRET=VICTIM-OUTSIDE python3 "$room/bin/neighbour.py" hold <"$room/hold.in" >"$room/hold.out" &
helpers="$helpers $!"
exec 8>"$room/hold.in"
until grep -q held "$room/hold.out"; do kill -0 $! || { not_ok 'the neighbour starts outside'; finish; }; done
# shellcheck disable=SC2086
found=$(env $outside python3 "$room/bin/neighbour.py" look </dev/null)
for place in '/proc/[0-9]+/environ' /tmp/neighbour-secret /dev/shm/neighbour-secret 'sysv shared memory' 'abstract socket' 'loopback port'; do
	says "outside a jail it finds $place" "$place" "$found"
done

listener=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
python3 -c "
import socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(('127.0.0.1', $listener)); s.listen(50)
a = socket.socket(socket.AF_UNIX); a.bind('\\0reeve-test-$listener'); a.listen(50)
open('$room/listening', 'w').close()
sys.stdin.read()" <"$room/hold.in" &
helpers="$helpers $!"
until [ -e "$room/listening" ]; do kill -0 $! || { not_ok 'a listener starts'; finish; }; done

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$room/bin/neighbour.py" "$h/tools/"
	printf 'VICTIM-FILE\n' >"$h/etc/file"
	printf 'VICTIM-OTHERS' >"$h/etc/others"
	: >"$h/etc/empty"
	chmod 600 "$h/etc/file" "$h/etc/empty"
	chmod 644 "$h/etc/others"
	chown -R "$uid:$uid" "$h"
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": "*/*" } },
  { "id": "not-there", "then": "refuse", "when": { "tool": "*/read", "args": { "/path": { "under": "secret" } } } } ] }
J
	# serve NAME MEMBERS: one more server of the tool file.
	servers=
	serve() { servers="$servers${servers:+,
}\"$1\": { \"kind\": \"command\", \"argv\": [\"python3\", \"@TOOLS/neighbour.py\"], \"read\": [\"@TOOLS\"], \"pins\": \"none\"${2:+, $2} }"; }
	write() { printf '{ "reeve": "tools/1", "servers": {\n%s } }\n' "$servers" | tools_file "$h"; }
	run() { as "$uid" "$h" env FROM_ENV=VICTIM-ENV FROM_ENV_TOO=VICTIM-TOO "$reeve" run --timeout 100 --policy ../etc/policy.json --tools ../etc/tools.json -- "$@"; }
	got() { cat "$h/work/out/$1" 2>/dev/null; }
	# gives NAME WHAT PATTERN
	gives() { says "uid $uid: $2" "$3" "$(got "$1")"; }

	# --- secrets, and who sees them ---
	serve victim "\"secrets\": { \"SECRET\": { \"file\": \"$h/etc/file\" }, \"BY_ENV\": { \"env\": \"FROM_ENV\" }, \"BY_COMMAND\": { \"command\": [\"printf\", \"VICTIM COMMAND\\\\n\\\\n\"] } }, \"workspace\": \"read\""
	serve spy '"workspace": "read"'
	serve other '"secrets": { "OTHER": { "env": "FROM_ENV_TOO" } }'
	serve hosts '"network": "host"'
	serve port "\"network\": [\"localhost:$listener\"]"
	serve limited '"limits": { "open_files": 77, "file_size": "1M", "memory": "512M" }'
	serve required '"limits": { "memory": "512M", "require": "cgroup" }'
	serve beside '"cwd": "workspace"'
	serve module '"env": { "PYTHONPATH": "@TOOLS" }, "cwd": "workspace"'
	write
	sed -i 's|"module": { "kind": "command", "argv": \["python3", "[^"]*"\]|"module": { "kind": "command", "argv": ["python3", "-m", "neighbour"]|' "$h/etc/tools.json"
	printf 'open("/tmp/x","w"); raise SystemExit("THE AGENT RUNS")\n' >"$h/work/neighbour.py"
	cp "$h/work/neighbour.py" "$h/work/json.py"
	cat >"$h/work/script" <<S
mkdir -p out
env >out/agent
call() { n=\$1; shift; reeve-call tool "\$@" >out/\$n 2>&1; echo "status \$?" >>out/\$n; }
call env victim/sums '{}'
call hold victim/hold '{}'
call look spy/look '{}'
call spy-env spy/env '{}'
call other other/sums '{}'
call host-look hosts/look '{}'
call host-connect hosts/connect '{"port":$listener}'
call host-abstract hosts/abstract '{"name":"reeve-test-$listener"}'
call host-bind hosts/bind '{"port":0}'
call port-connect port/connect '{"port":$listener}'
call port-other port/connect '{"port":45732}'
call none-connect spy/connect '{"port":$listener}'
call limits limited/limits '{}'
call required required/limits '{}'
call unlimited spy/limits '{}'
call cwd spy/cwd '{}'
call beside beside/cwd '{}'
call module module/cwd '{}'
call relative spy/read '{"path":"a/b"}'
call absolute spy/read '{"path":"$h/work/a"}'
call into spy/read '{"path":"$h/work/secret/a"}'
call from-there beside/read '{"path":"secret/a"}'
call from-there-too beside/read '{"path":"a"}'
S
	mkdir -p "$h/work/secret"
	run sh script >"$room/said" 2>&1
	status=$?
	if [ $status = 0 ]; then ok "uid $uid: the run ends well"; else not_ok "uid $uid: the run ends well" "status $status: $(tail -n 3 "$room/said")"; fi
	sum() { printf "$1" | sha256sum | cut -c 1-64; } # reeve lets no server say its secret
	gives env 'a secret from a file, without its newline' "\"SECRET\": \"$(sum VICTIM-FILE)\""
	gives env 'one from a variable' "\"BY_ENV\": \"$(sum VICTIM-ENV)\""
	gives env 'one from a command, without one newline' "\"BY_COMMAND\": \"$(sum 'VICTIM COMMAND\n')\""
	gives hold 'the victim leaves it everywhere' '^held$'
	gives look 'its neighbour finds nothing' '^nothing$'
	silent "uid $uid: nor in its environment" 'VICTIM' "$(got spy-env)"
	gives other 'another has its own' "\"OTHER\": \"$(sum VICTIM-TOO)\""
	silent "uid $uid: and no other" '"SECRET"|"BY_ENV"|"BY_COMMAND"' "$(got other)$(got spy-env)"
	silent "uid $uid: the agent has none" 'VICTIM' "$(grep -v '^FROM_' "$h/work/out/agent")"
	silent "uid $uid: not even the variable they came from" 'FROM_ENV' "$(got agent)"
	silent "uid $uid: no record has one" 'VICTIM' "$(records "$h")"
	if grep -q 'did not start' "$h/work/out/host-look"; then
		gives host-look 'a network takes what this kernel lacks' 'ABI 6|landlock'
	else
		gives host-look 'in the network of the host it finds no neighbour in a jail, and no file' '^(nothing|found: loopback port)$'
		gives host-connect 'it connects to a port of the host' '^ok$'
		gives host-abstract 'but to no abstract socket' 'Operation not permitted'
		gives host-bind 'and listens nowhere' 'Permission denied'
		gives port-connect 'a listed port is reached' '^ok$'
		gives port-other 'another one is not' 'Permission denied'
	fi
	gives none-connect 'without a network nothing is reached' 'refused'
	gives limits 'limits of its own' '^77 1048576$'
	if grep -q 'status 0' "$h/work/out/required"; then
		silent "uid $uid: a cgroup holds what only a cgroup can" 'nobody holds' "$(cat "$room/said")"
	else
		gives required 'what is required and cannot be had starts nothing' 'its limits require a cgroup'
		says "uid $uid: what nobody holds is said" 'tool server limited: nobody holds its memory: no cgroup was delegated' "$(cat "$room/said")"
	fi
	silent "uid $uid: which are no other's" '^77 ' "$(got unlimited)"
	gives cwd 'a server stands in its own folder' "^$h$"
	gives beside 'or in the workspace, if the file says so' "^$h/work$"
	gives module 'python loads nothing of the agent there' "^$h/work$"
	gives relative 'a relative path means nothing to who stands elsewhere' 'refused spy/read.*no path of the workspace'
	gives absolute 'an absolute one is judged' '^read$'
	gives into 'and refused where a rule says so' 'refused'
	gives from-there 'who stands in the workspace has relative paths judged there' 'refused'
	gives from-there-too 'and allowed' '^read$'
	rm -f "$h/work/neighbour.py" "$h/work/json.py"

	# --- secrets that cannot be had: one sentence, status 2, and nothing has begun ---
	before=$(records "$h" | wc -l)
	# lacks WHAT SECRET PATTERN [MORE]
	lacks() {
		servers=
		serve s "\"secrets\": { \"T\": $2 }${4:+, $4}"
		write
		said=$(run true 2>&1)
		status=$?
		if [ $status = 2 ]; then says "uid $uid: $1" "$3" "$said"; else not_ok "uid $uid: $1" "status $status: $said"; fi
	}
	lacks 'a file that is not there' '{ "file": "/nowhere/at/all" }' 'secret T of tool server s: /nowhere/at/all: No such file'
	lacks 'a file that others can read' "{ \"file\": \"$h/etc/others\" }" 'others: chmod 600|others can|than its owner: chmod 600'
	lacks 'an empty file' "{ \"file\": \"$h/etc/empty\" }" 'it is empty'
	lacks 'a file that is a device' '{ "file": "/dev/zero" }' 'is no regular file'
	lacks 'a file in a jail' "{ \"file\": \"$h/work/script\" }" 'none may hold'
	lacks 'a variable that is not set' '{ "env": "NOT_SET_AT_ALL" }' 'the variable NOT_SET_AT_ALL is not set'
	lacks 'a command that is not there' '{ "command": ["no-such-command"] }' 'no-such-command: (not found|cannot be executed)'
	lacks 'a command that fails, with its words' '{ "command": ["sh", "-c", "echo locked >&2; exit 4"] }' 'locked'
	says "uid $uid: and its status" 'sh ended with status 4' "$said"
	lacks 'a command that does not end' '{ "command": ["sleep", "1000"], "deadline": "100ms" }' 'has not ended in time'
	lacks 'a command that says too much' '{ "command": ["head", "-c", "70000", "/dev/zero"] }' 'longer than 65536'
	lacks 'a NUL byte' '{ "command": ["printf", "a\\000b"] }' 'a NUL byte'
	printf '{ "reeve": "profile/1", "extends": "agent", "environment": { "pass": ["FROM_ENV"] } }' >"$h/etc/passes.json"
	servers=
	serve s '"secrets": { "T": { "env": "FROM_ENV" } }'
	write
	said=$(as "$uid" "$h" env FROM_ENV=x "$reeve" run --profile ../etc/passes.json --tools ../etc/tools.json -- true 2>&1)
	equal "uid $uid: a secret that the agent would get: status" 2 $?
	says "uid $uid: and the sentence" 'passes it to the agent' "$said"
	equal "uid $uid: nothing of that was begun" "$before" "$(records "$h" | wc -l)"

	# --- how they live ---
	servers=
	serve idle "\"idle\": \"200ms\", \"workspace\": \"write\", \"env\": { \"BYE\": \"\$WORKSPACE/bye\" }"
	serve broken '"env": { "LIFE": "broken" }, "restart": "300ms"'
	serve mute '"env": { "LIFE": "mute" }, "start_deadline": "300ms"'
	serve deaf '"env": { "LIFE": "deaf" }, "idle": "100ms", "workspace": "none"'
	serve loud
	write
	cat >"$h/work/script" <<'S'
mkdir -p out
call() { n=$1; shift; reeve-call tool "$@" >out/$n 2>&1; echo "status $?" >>out/$n; }
call idle1 idle/pid '{}'
until [ -e bye ]; do :; done
call idle2 idle/pid '{}'
call broken1 broken/pid '{}'
call broken2 broken/pid '{}'
call broken3 broken/pid '{}'
cp out/broken3 out/broken4
while grep -q 'in a row' out/broken4; do call broken4 broken/pid '{}'; done
call mute mute/pid '{}'
call deaf1 deaf/cwd '{}'
call loud loud/say '{"size":200000}'
i=0; until [ $i = 3 ] || grep -q status.0 out/deaf2 2>/dev/null; do call deaf2 deaf/cwd '{}'; i=$((i + 1)); done
S
	rm -f "$h/work/bye"
	run sh script >"$room/said" 2>&1
	equal "uid $uid: their run ends well" 0 $?
	gives idle1 'a server that is needed runs' 'status 0'
	gives idle2 'one that was stopped starts again' 'status 0'
	equal "uid $uid: as another process, that had time to say goodbye" different "$([ "$(got idle1)" = "$(got idle2)" ] && echo same || echo different)"
	says "uid $uid: it was started twice" '^2$' "$(records "$h" | grep '"action":"server.start"' | grep -c '"server":"idle"')"
	gives broken1 'one that ends says so' 'ended'
	gives broken2 'it is tried again at once' 'ended'
	gives broken3 'and then it rests, and a call is told how long' 'has failed [2-9] times in a row and is not started again within the next [0-9]+ ms'
	gives broken4 'until it is tried once more' 'ended'
	gives mute 'one that does not get ready is given up' 'did not get ready in time'
	gives deaf1 'one that hears nothing works' 'status 0'
	gives deaf2 'and after it was ended, works again' 'status 0'
	gives loud 'one that talks works' '^said$'

	# --- what they said ---
	said=$(as "$uid" "$h" "$reeve" show last loud 2>&1)
	equal "uid $uid: show SERVER" 0 $?
	says "uid $uid: shows the end of what it said" 'the last line$' "$said"
	says "uid $uid: control characters are visible" 'x1b\[31mred.*u\{202e\}|x1b\[31mred.*202[eE]' "$said"
	silent "uid $uid: and do nothing" "$(printf '\033')" "$said"
	equal "uid $uid: no more is kept than the bound" yes "$([ "$(cat "$h"/state/reeve/runs/default/*/loud.stderr* | wc -c)" -le 131072 ] && echo yes)"
	said=$(as "$uid" "$h" "$reeve" show last 2>&1)
	says "uid $uid: its times say that they are UTC" '^began .*[0-9]Z$' "$said"
	says "uid $uid: show says what the run was" '^command +sh script$' "$said"
	says "uid $uid: how it ended" '^ended .*ended, exit status 0' "$said"
	says "uid $uid: and what every server said" 'I am broken' "$said"
	fails "uid $uid: a server that said nothing" 3 as "$uid" "$h" "$reeve" show last nobody
	fails "uid $uid: a run that is none" 2 as "$uid" "$h" "$reeve" show x
	fails "uid $uid: a run that is not there" 3 as "$uid" "$h" "$reeve" show 99999
	equal "uid $uid: an outcome for each intent" "$(records "$h" | grep -c '"kind":"intent"')" "$(records "$h" | grep -c '"kind":"outcome"')"
	holds "uid $uid: the ledger is whole" verify "$h"
done
exec 8>&-
finish
