#!/bin/sh
# A tool server elsewhere: over HTTPS, with a certificate that is checked, a secret that nobody else sees, and an answer
# for every call, whatever the server does.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v openssl >/dev/null || skip_all 'openssl is missing: make check installs it as root'
abi=$("$reeve" doctor 2>/dev/null | sed -n 's/.*[Ll]andlock.*[^0-9]\([0-9][0-9]*\).*/\1/p' | head -n 1)
[ "${abi:-0}" -ge 6 ] || skip_all "Landlock is of ABI ${abi:-none}: a network takes 6"
servers=
# shellcheck disable=SC2154
trap 'for p in $servers; do kill "$p" 2>/dev/null; done; rm -rf "$story"' EXIT

# A CA, and certificates: right, of another name, expired, of nobody.
pki=$room/pki
mkdir "$pki"
(
	cd "$pki" || exit 1
	openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=test-ca -days 2
	printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >right.ext
	printf 'subjectAltName=DNS:elsewhere.example\n' >wrong.ext
	for c in right wrong expired; do
		openssl req -newkey rsa:2048 -nodes -keyout $c.key -out $c.csr -subj /CN=$c
		ext=right.ext days=2
		[ $c = wrong ] && ext=wrong.ext
		[ $c = expired ] && days=-1
		openssl x509 -req -in $c.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $days -extfile $ext -out $c.pem
	done
	openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 2
) >"$room/openssl.log" 2>&1
chmod -R a+rX "$pki"
# listen NAME [CERT]: starts one, and sets port_NAME.
listen() {
	python3 "$top/tests/tools/remote.py" "$room/$1.port" "$room/$1.log" ${2:+"$pki/$2.pem" "$pki/$2.key"} 2>"$room/$1.err" &
	servers="$servers $!"
	while [ ! -e "$room/$1.port" ]; do kill -0 $! 2>/dev/null || { not_ok "the server $1 starts" "$(cat "$room/$1.err")"; finish; }; read -r _ <"/proc/$!/stat"; done
	eval "port_$1=\$(cat \"\$room/$1.port\")"
}
: >"$room/openssl.log"
listen right right
listen wrong wrong
listen expired expired
listen self self
listen plain
# shellcheck disable=SC2154
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$pki/ca.pem" "$h/etc/"
	printf 'open sesame "\\\n' >"$h/etc/token"
	chmod 600 "$h/etc/token"
	chown "$uid" "$h/etc/token"
	remote() { printf '"%s": { "kind": "url", "url": "%s", "pins": "none", "deadline": "5s", "start_deadline": "5s" %s }' "$1" "$2" "${3:-}"; }
	ca=", \"ca\": \"$h/etc/ca.pem\""
	{
		printf '{ "reeve": "tools/1", "servers": {'
		remote r "https://127.0.0.1:$port_right/mcp" "$ca, \"headers\": { \"Authorization\": \"Bearer \${TOKEN}\" }, \"secrets\": { \"TOKEN\": { \"file\": \"$h/etc/token\" } }"
		printf ',\n'; remote events "https://127.0.0.1:$port_right/events" "$ca"
		printf ',\n'; remote named "https://localhost:$port_right/mcp" "$ca"
		printf ',\n'; remote wrong "https://127.0.0.1:$port_wrong/mcp" "$ca"
		printf ',\n'; remote expired "https://127.0.0.1:$port_expired/mcp" "$ca"
		printf ',\n'; remote self "https://127.0.0.1:$port_self/mcp" "$ca"
		printf ',\n'; remote system "https://127.0.0.1:$port_right/mcp"
		printf ',\n'; remote plain "http://127.0.0.1:$port_plain/mcp"
		printf ',\n'; remote tls-to-plain "https://127.0.0.1:$port_plain/mcp" "$ca"
		printf ',\n'; remote redirect "http://127.0.0.1:$port_plain/redirect"
		printf ',\n'; remote bad-session "http://127.0.0.1:$port_plain/bad-session"
		printf ',\n'; remote metadata "https://169.254.169.254/mcp" ', "private": true'
		printf ',\n'; remote modern "http://127.0.0.1:$port_plain/modern"
		printf ',\n'; remote nobody 'http://127.0.0.1:1/mcp'
		printf '} }\n'
	} >"$h/etc/tools.json"
	printf '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "tool": "*/*" } } ] }\n' >"$h/etc/policy.json"
	# call NAME TOOL ARGS: as a line of the script that the agent runs; its answer is in out/NAME.
	script='mkdir -p out'
	call() { script="$script
reeve-call tool '$2' '${3:-{\}}' >out/$1 2>&1; echo \"status \$?\" >>out/$1"; }
	call echo r/echo '{"text":"hello"}'
	call headers r/headers
	call events events/echo '{"text":"in events"}'
	call named named/echo '{"text":"by name"}'
	for s in wrong expired self system tls-to-plain redirect bad-session metadata nobody; do call "at-$s" "$s/echo" '{"text":"no"}'; done
	call modern modern/echo '{"text":"without a session"}'
	call modern-headers modern/headers
	call modern-routed modern/routed '{"region":"eu-west","note":" grün","at":{"shard":-7,"dry":true}}'
	call modern-unrouted modern/routed '{"at":{"dry":false}}'
	script="$script
reeve-call list modern >out/modern-list 2>&1"
	call plain plain/echo '{"text":"plain"}'
	for t in redirect html huge long flood batch garbage newline twice other five empty split; do call "$t" "plain/$t"; done
	call ask events/ask
	call cut events/cut
	call slow plain/slow
	call after plain/echo '{"text":"still there"}'
	call lost plain/lost
	# Until the broker has heard that the courier is gone, it may still be given a call.
	script="$script
i=0; until [ \$i = 50 ] || { reeve-call tool plain/echo '{\"text\":\"a new session\"}' >out/anew 2>&1; }; do i=\$((i + 1)); done"
	printf '%s\n' "$script" >"$h/work/script"
	as "$uid" "$h" env HTTPS_PROXY=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 ALL_PROXY=http://127.0.0.1:9 SSL_CERT_FILE=/dev/null \
		"$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- sh script >"$room/said" 2>&1
	status=$?
	if [ "$status" = 0 ]; then ok "uid $uid: the run ends well"; else not_ok "uid $uid: the run ends well" "status $status: $(tail -n 3 "$room/said")"; fi
	got() { cat "$h/work/out/$1" 2>/dev/null; }
	# gives NAME WHAT PATTERN
	gives() { says "uid $uid: $2" "$3" "$(got "$1")"; }
	gives echo 'a call over HTTPS' '^hello$'
	says "uid $uid: the secret stands in its header, byte for byte" 'Authorization": "Bearer open sesame \\"\\\\",' "$(cat "$room/right.log")"
	silent "uid $uid: and reeve does not let it come back" 'sesame' "$(got headers)"
	gives events 'an answer in events' '^in events$'
	gives named 'a server by its name' '^by name$'
	gives plain 'plain HTTP on loopback' '^plain$'
	gives modern 'a server of 2026-07-28' '^without a session$'
	gives modern-headers 'says in headers what its messages say' '"Mcp-Name": "headers"'
	gives modern-routed 'arguments that the server wants in headers are there' '^Region=eu-west Note=..base64.IGdyw7xu.= Shard=-7 Dry=true Missing=-$'
	gives modern-unrouted 'and those that are not given are not' '^Region=- Note=- Shard=- Dry=false Missing=-$'
	gives modern-list 'a tool that wants headers is listed' '^ *(modern/)?routed'
	silent "uid $uid: none that wants what cannot be one" 'no-token|no-name|no-text|taken|fraction|parts' "$(got modern-list)"
	silent "uid $uid: and has no session" 'Session-Id' "$(grep '"path": "/modern"' "$room/plain.log")"
	gives at-wrong 'a certificate of another name is refused' "does not match|no alternative certificate"
	gives at-expired 'an expired one' 'certificate has expired'
	gives at-self 'one of nobody' 'self.signed|unable to get local issuer'
	gives at-system 'one of a CA that the system does not know' 'unable to get local issuer|self.signed'
	gives at-tls-to-plain 'TLS to who speaks none' 'could not be asked'
	gives at-redirect 'a redirect is not followed' 'redirects to https://localhost:1/elsewhere, which is not followed'
	gives at-bad-session 'a session id that is none' 'an id that is none'
	gives at-metadata 'the metadata address is never connected to' '169.254.169.254.*link-local'
	gives at-nobody 'nobody there' 'could not be asked'
	gives redirect 'a redirect of a call, control characters made visible' 'redirects to http://169.254.169.254/\\x1b\[2J'
	gives html 'another content type' 'answered with text/html'
	gives huge 'an answer of 20 MB' 'longer than 16 MiB'
	gives long 'a message of 5 MB' 'more than 4 MiB'
	gives flood 'a flood before the answer' '^late$'
	gives batch 'a batch' 'what is no message'
	gives garbage 'a key twice' 'what is no message'
	gives newline 'a message on several lines' '^late$'
	gives twice 'an answer two times' '^late$'
	gives other 'an answer to something else' 'something else than what was asked'
	gives five 'status 500, in the words of the server' 'status 500: out of \\x1b\[31mpaper'
	gives empty 'a stream without an answer' 'status [13]'
	gives split 'headers that are none' 'could not be asked'
	gives ask 'a question of the server on its own stream is answered' 'the client answered \{\}'
	gives cut 'a stream that was cut is resumed' 'resumed after e7'
	gives slow 'a body that never ends' 'did not answer|timed out'
	gives after 'and the session is still there' '^still there$'
	gives lost 'a session that is lost' 'has ended the session'
	gives anew 'the next call begins another' '^a new session$'
	for t in at-wrong at-expired huge lost five; do gives $t "$t ends the call with a failure" '^status [13]$'; done
	silent "uid $uid: nothing went to where it was redirected" elsewhere "$(cat "$room"/*.log)"
	silent "uid $uid: no byte went past a wrong certificate" '.' "$(cat "$room/wrong.log" "$room/expired.log" "$room/self.log" 2>/dev/null)"
	says "uid $uid: the session is ended when the run is" '"method": "DELETE"' "$(cat "$room/right.log")"
	says "uid $uid: each message names session and revision" '"(Mcp|MCP)-Session-Id": "session-[0-9]+".*' "$(grep 'tools/call' "$room/right.log" | head -n 1)"
	says "uid $uid: the revision too" '"MCP-Protocol-Version": "2025-11-25"|"Mcp-Protocol-Version": "2025-11-25"' "$(grep 'tools/call' "$room/right.log" | head -n 1)"
	silent "uid $uid: the secret is in no record" 'open sesame' "$(records "$h")"
	silent "uid $uid: nor in what is kept of standard error" 'open sesame' "$(cat "$h"/state/reeve/runs/default/*/*.stderr)"
	silent "uid $uid: nor did the other server get it" 'sesame' "$(cat "$room/plain.log")"
	equal "uid $uid: an outcome for each intent" "$(records "$h" | grep -c '"kind":"intent"')" "$(records "$h" | grep -c '"kind":"outcome"')"
	holds "uid $uid: the ledger is whole" verify "$h"
	: >"$room/right.log"
	: >"$room/plain.log"
done
finish
