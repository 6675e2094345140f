#!/bin/sh
# What a log collector gets: events that are the schema's and whole, once each however often the exporter is killed, and
# all of it through a real rsyslog over TLS and on its own socket.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python3 -c 'import jsonschema' 2>/dev/null || skip_all 'python3-jsonschema is missing: contrib/need check installs it as root'
PATH=$PATH:/usr/sbin
uid=$(id -u) h=$room/home
home "$h" "$uid"
mkdir -p "$h/etc/policies" "$h/config/reeve"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"], "resources": { "echo": "/text" } } } }
J
echo '{ "reeve": "policy/1", "rules": [ { "id": "all", "then": "allow", "when": { "tool": "t/*" } } ] }' >"$h/etc/policies/all.json"
cat >"$h/etc/policies/watch.json" <<'J'
{ "reeve": "policy/1", "layer": "runtime", "unmatched": "pass", "rules": [
    { "id": "no", "then": "refuse", "when": { "args": { "/text": { "prefix": "no" } } }, "why": "not \"that\"] \\ żółć" } ],
  "alerts": [ { "id": "new", "when": { "first": "tool" }, "quiet": "1s", "why": "żółć €" } ] }
J
run() { as "$uid" "$h" "$reeve" run --policy ../etc/policies --tools ../etc/tools.json --agent bot "$@" >"$h/said" 2>&1; }
audit() { "$room/bin/reeve-audit" "$@" 2>&1; }
feed() { "$room/bin/reeve-audit" export "$ledger" "$@" 2>/dev/null; }

# --- a real rsyslog, which is nobody's but ours: TLS on our loopback, and a socket for alerts ---
syslog='' log=$story/syslog
mkdir -m 755 "$log"
unprivileged() { if [ "$uid" = 0 ]; then exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"; else exec "$@"; fi; }
if command -v rsyslogd >/dev/null && [ -e /usr/lib/"$(uname -m)"-linux-gnu/rsyslog/lmnsd_ossl.so ]; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$log/key.pem" -out "$log/ca.pem" -days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost 2>/dev/null
	cat >"$log/rsyslog.conf" <<C
global(workDirectory="$log" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
       defaultNetstreamDriverCAFile="$log/ca.pem" defaultNetstreamDriverCertFile="$log/ca.pem" defaultNetstreamDriverKeyFile="$log/key.pem")
template(name="parts" type="string" string="%app-name% %msgid% %syslogfacility-text%.%syslogseverity-text% %msg%\n")
module(load="imuxsock" SysSock.Use="off")
module(load="imtcp" StreamDriver.Name="ossl" StreamDriver.Mode="1" StreamDriver.AuthMode="anon")
ruleset(name="tls") { action(type="omfile" file="$log/tls" template="parts") }
ruleset(name="local") { action(type="omfile" file="$log/local" template="parts") }
input(type="imtcp" port="0" address="127.0.0.1" listenPortFileName="$log/port" ruleset="tls")
input(type="imuxsock" Socket="$log/log" UseSpecialParser="off" ruleset="local")
C
	chmod 644 "$log/key.pem"
	[ "$uid" != 0 ] || chown -R "$user:$user" "$log"
	unprivileged rsyslogd -n -f "$log/rsyslog.conf" -i "$log/pid" >"$story/rsyslog.said" 2>&1 &
	syslog=$!
	trap 'kill $syslog 2>/dev/null; rm -rf "$story"' EXIT
	while kill -0 $syslog 2>/dev/null && { [ ! -s "$log/port" ] || [ ! -S "$log/log" ]; }; do :; done
	kill -0 $syslog 2>/dev/null || { not_ok 'rsyslogd runs' "$(cat "$story/rsyslog.said")"; syslog=; }
fi
# arrived FILE LINES: wait until so many are there, as long as rsyslogd runs.
arrived() {
	until [ "$(grep -c "" "$1" 2>/dev/null || :)" -ge "$2" ] 2>/dev/null; do
		kill -0 "$syslog" 2>/dev/null || break
		tries=$((${tries:-0} + 1))
		[ $tries -lt 20000 ] || break
	done
}

echo '{ "reeve": "config/1", "alerts": { "syslog": "'"$log/log"'" } }' >"$h/config/reeve/config.json"
run --task 'żółć ]\ "€" 😀' -- sh -c 'for i in 1 no-2 "[]\\\\\"€"; do reeve-call tool t/echo "{\"text\":\"$i\"}"; done; unshare -r true'
run -- sh -c 'reeve-call tool t/fail; reeve-call tool t/echo "{\"text\":\"no\"}"'
settled "$h"
ledger=$(ledger_of "$h") key=$h/state/reeve/keys/default.pub
total=$(records "$h" | wc -l)

# --- OCSF ---
ocsf() { python3 "$top/tests/tools/ocsf.py" "$@"; }
equal 'every record is an event of the schema, and nothing of it is left out' "$total events, 0 wrong" \
	"$(feed --as ocsf --key "$key" | ocsf run,intent,outcome,refusal,close,syscall,alert)"
equal 'so is a record of any kind, with all it can hold and with little' '0 wrong' "$("$room/bin/events" | ocsf \
	genesis,run,intent,refusal,outcome,recovery,close,syscall,file,files,dropped,held,decision,policy,agent,access,purge,epoch,anchor,gap,alert | grep -o '0 wrong')"
equal 'and the checker sees what is not' 'seen seen seen seen seen seen seen' "$(feed --as ocsf | ocsf --changed | tr '\n' ' ' | sed 's/ $//')"
feed --as ocsf >"$room/before"
run -- true
settled "$h"
equal 'what was exported is the same when there is more' "$(cat "$room/before")" "$(feed --as ocsf | head -n "$total")"
total=$(records "$h" | wc -l)

# --- resumed ---
cursor() { "$room/bin/reeve-audit" export "$ledger" --as jsonl --cursor "$room/cursor" 2>/dev/null; }
rm -f "$room/cursor" "$room/out"
if strace -o /dev/null true 2>/dev/null; then
	for call in write fsync rename ftruncate openat; do
		for k in 1 2 4; do
			strace -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$k" \
				"$room/bin/reeve-audit" export "$ledger" --as jsonl --cursor "$room/cursor" --limit 2 >>"$room/out" 2>/dev/null
			[ ! -e "$room/cursor" ] || printf '{"half' >>"$room/out" # a write that was killed in its middle
		done
	done
else
	skip 'killed at every step' 'strace cannot trace here'
fi
rm -f "$room/.cursor."*
cursor >>"$room/out"
equal 'into a file each record comes once, wherever the exporter was killed' "$(records "$h")" "$(cat "$room/out")"
run -- true
settled "$h"
cursor >>"$room/out"
equal 'and goes on with what has come since' "$(records "$h")" "$(cat "$room/out")"
cursor >>"$room/out"
equal 'and is not told twice' "$(records "$h" | wc -l)" "$(wc -l <"$room/out")"

# A reader that throws away a line without an end, and tells what comes again by its number.
cat >"$story/keep.py" <<'P'
import json, sys
with open(sys.argv[1], "ab") as out:
	for line in sys.stdin.buffer:
		if line.endswith(b"\n"): out.write(line)
P
rm -f "$room/cursor" "$room/out"
if strace -o /dev/null true 2>/dev/null; then
	for call in write rename fsync; do
		for k in 1 2; do
			strace -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$k" "$room/bin/reeve-audit" export "$ledger" \
				--as jsonl --cursor "$room/cursor" --limit 2 2>/dev/null | python3 "$story/keep.py" "$room/out"
		done
	done
fi
cursor | python3 "$story/keep.py" "$room/out"
equal 'into a pipe none is missing, and its number tells what comes again' "$(records "$h")" \
	"$(python3 -c 'import json,sys
seen = -1
for line in open(sys.argv[1]):
	n = json.loads(line)["n"]
	if n > seen + 1: print("gap before", n)
	if n == seen + 1: seen = n; print(line, end="")' "$room/out")"
fails 'a cursor and a number are one too many' 2 audit export "$ledger" --as jsonl --cursor "$room/cursor" --after 3
sed -i 's/ [0-9]* \([0-9]* [0-9]* [0-9]*\)$/ 999 \1/' "$room/cursor"
fails 'a ledger that has fewer records than the cursor is not exported' 3 audit export "$ledger" --as jsonl --cursor "$room/cursor"
says 'and why is said' 'records are missing at its end' "$(audit export "$ledger" --as jsonl --cursor "$room/cursor")"
sed -i 's/reeve.local/other.local/' "$room/cursor"
says 'nor by the cursor of another' 'it is the cursor of other.local' "$(audit export "$ledger" --as jsonl --cursor "$room/cursor")"
echo x >"$room/cursor"
says 'nor by what is none' 'this is no cursor' "$(audit export "$ledger" --as jsonl --cursor "$room/cursor")"

# --- rsyslog ---
if [ -n "$syslog" ]; then
	count_of_records=$(records "$h" | wc -l)
	feed --as syslog | openssl s_client -quiet -no_ign_eof -verify_return_error -CAfile "$log/ca.pem" -servername localhost \
		-connect "127.0.0.1:$(cat "$log/port")" >/dev/null 2>"$story/tls.said"
	arrived "$log/tls" "$count_of_records"
	equal 'over TLS every record arrives once at rsyslog, each byte as it is stored' "$(records "$h")" "$(sed 's/^reeve [a-z]* audit\.[a-z]* *//' "$log/tls")"
	equal 'and is understood: facility, severity and kind' 2 "$(grep -c '^reeve refusal audit.warning' "$log/tls")"
	arrived "$log/local" 2
	equal 'an alert is heard at its socket, once' 1 "$(grep -c '^reeve alert audit.warning .*watch:new: żółć € (a tool .*"tool":"echo"' "$log/local")"
	equal 'and no other' 2 "$(wc -l <"$log/local")"
else
	skip 'rsyslog' 'there is no rsyslogd with rsyslog-openssl: contrib/need check installs it as root'
fi
finish
