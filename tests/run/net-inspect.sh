#!/bin/sh
# Hosts that a profile names are looked into: rules speak about method and path, a credential goes where it belongs and
# is in no place where the agent is, and who lies about who they are hears nothing.
. "$(dirname "$0")/../world-lib.sh"
world_enter "$0"
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v curl >/dev/null || skip_all 'curl is missing: contrib/need check installs it as root'
world_begin
head -c 25000000 /dev/urandom >"$world/www/large.bin"
mkdir "$world/www/open" "$world/www/closed"
echo 'hello from www' >"$world/www/open/hello.txt"
echo 'not for you' >"$world/www/closed/hello.txt"
world_nginx || skip_all 'nginx is missing: contrib/need check installs it as root'
: >"$world/echoed"
cp "$top/tests/tools/echo_tls.py" "$world/"
chown -R "$world_uid:$world_uid" "$world"
world_serve python3 "$world/echo_tls.py" 93.184.216.20 443 "$world/server.pem" "$world/server.key" "$world/echoed"
world_answers 93.184.216.20 443 "${world_pids##* }" || { not_ok 'the echo server begins'; finish; }

secret='s3cr3t/To+ken==&value'
forms() { # every way in which it could be seen
	printf '%s\n' "$secret" 's3cr3t%2FTo%2Bken%3D%3D%26value' 's3cr3t\\/To+ken==&value' 's3cr3t' 'To+ken' '7333637233742f546f2b6b656e3d3d2676616c7565'
	printf 'us:%s' "$secret" | base64 -w 0 | base64 -w 0 | cut -c 9-40
	printf 'us:%s' "$secret" | base64 -w 0 | od -An -tx1 | tr -d ' ' | tr -d '\n' | cut -c 17-60
	for before in '' u us; do printf '%s%s' "$before" "$secret" | base64 -w 0 | cut -c 5-24; done
}
net_home() {
	home "$1" "$2"
	printf '%s\n' "$secret" >"$1/etc/secret"
	chmod 600 "$1/etc/secret"
	cp "$world/ca.pem" "$world/www/large.bin" "$1/etc/"
	cp "$world/www/large.bin" "$1/work/"
	chown -R "$2:$2" "$1"
	cat >"$1/etc/profile.json" <<-J
		{ "reeve": "profile/1", "extends": "agent", "network": {
		  "inspect": ["www.test", "db.test", "ssh.test"], "authorities": "$1/etc/ca.pem",
		  "credentials": [{ "name": "key", "host": "db.test", "variable": "API_KEY", "file": "$1/etc/secret" }] } }
	J
	cat >"$1/etc/policy.json" <<-J
		{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
		  { "id": "files", "then": "allow", "when": { "host": "www.test", "method": ["GET", "HEAD"], "path": ["/open", "/large.bin", "/v1"] } },
		  { "id": "posts", "then": "allow", "when": { "host": "db.test", "path": "/v1" } },
		  { "id": "liar", "then": "allow", "when": { "host": "ssh.test" } },
		  { "id": "registry", "then": "allow", "when": { "host": "registry.test" } } ] }
	J
}
inside() { (cd "$h/work" && as "$uid" "$h" timeout 100 "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json -- "$@" 2>"$room/stderr"); }
new() { settled "$h"; records "$h" | tail -n +$((seen + 1)) >"$room/new"; seen=$((seen + $(wc -l <"$room/new"))); }
row() {
	rows=$(grep "\"kind\":\"$1\"" "$room/new")
	shift
	for one; do rows=$(echo "$rows" | grep -F -- "$one"); done
	echo "$rows"
}
stored=$(sha256sum /etc/ssl/certs/ca-certificates.crt)

for uid in $(each_user); do
	h=$room/home$uid seen=0
	net_home "$h" "$uid"

	# --- method and path ---
	# shellcheck disable=SC2016
	said=$(inside sh -c 'curl -s https://www.test/open/hello.txt; curl -s -w "%{http_code}\n" https://www.test/closed/hello.txt
		curl -s -w "%{http_code}\n" -X POST -d x https://www.test/open/hello.txt
		curl -s --path-as-is -w "%{http_code}\n" https://www.test/open/../closed/hello.txt
		curl -s --path-as-is -w "%{http_code}\n" https://www.test/open/%2e%2e/closed/hello.txt
		curl -s https://www.test/large.bin | cmp - large.bin && echo the same large file
		env -u HTTPS_PROXY -u https_proxy -u ALL_PROXY -u all_proxy curl -s https://www.test/open/hello.txt | sed "s/^/directly /"
		curl -s --proxy "$ALL_PROXY" https://www.test/open/hello.txt | sed "s/^/by socks /"')
	says "uid $uid: what a rule allows is answered" '^hello from www' "$said"
	silent "uid $uid: what none allows is not" 'not for you' "$said"
	equal "uid $uid: by its path, or method: 403" 2 "$(echo "$said" | grep -c '^403')"
	equal "uid $uid: out of the folder, as it is or encoded: 400" 2 "$(echo "$said" | grep -c '^400')"
	says "uid $uid: the sentence says why" '^reeve refused ' "$said"
	says "uid $uid: a large file is the same" '^the same large file' "$said"
	says "uid $uid: also for who knows no proxy" '^directly hello from www' "$said"
	says "uid $uid: and by SOCKS" '^by socks hello from www' "$said"
	new
	says "uid $uid: an intent has method and path" '"path":"/open/hello.txt"' "$(row intent '"way":"inspected"' '"method":"GET"' '"scheme":"https"')"
	says "uid $uid: and the digest of what was sent" '"digest":"sha256:[0-9a-f]{64}"' "$(row intent '"way":"inspected"')"
	says "uid $uid: a refusal has them too" '"path":"/closed/hello.txt"' "$(row refusal '"way":"inspected"')"
	says "uid $uid: an outcome says what came" '"received":250[0-9]{5}' "$(row outcome '"status":"ok"' '"sni":"www.test"')"

	# --- programs with a trust store of their own ---
	if command -v node >/dev/null; then
		said=$(inside node -e 'require("https").get("https://www.test/open/hello.txt", r => r.pipe(process.stdout))')
		says "uid $uid: node" 'hello from www' "$said"
	fi
	said=$(inside python3 -c 'import urllib.request; print(urllib.request.urlopen("https://www.test/open/hello.txt").read().decode())')
	says "uid $uid: python" 'hello from www' "$said"
	# shellcheck disable=SC2016
	said=$(inside sh -c 'for n in 1 2 3; do printf "%s" "-o /dev/null -w %{http_code}:%{num_connects} https://www.test/open/hello.txt?$n "; done | xargs curl -s; echo
		openssl x509 -noout -subject -ext basicConstraints,nameConstraints -in /run/reeve/authority.pem
		cat /etc/ssl/certs/ca-certificates.crt | grep -c BEGIN; touch /etc/ssl/certs/ca-certificates.crt /run/reeve/authority.pem')
	says "uid $uid: one connection, three questions" '200:1200:0200:0' "$said"
	says "uid $uid: the authority counts for the named hosts alone" 'DNS:db.test' "$said"
	says "uid $uid: the jail trusts one more than the machine" "^$(($(grep -c BEGIN /etc/ssl/certs/ca-certificates.crt) + 1))\$" "$said"

	# --- a host that is not named stays encrypted; who lies is not believed ---
	# shellcheck disable=SC2016
	said=$(inside sh -c 'curl -s https://registry.test/ || echo not ours: $?; curl -s -w "%{http_code}\n" -H "X: $API_KEY" https://ssh.test/v1/plain
		curl -s --connect-to www.test:443:db.test:443 -o /dev/null https://www.test/open/hello.txt || echo other name: $?
		curl -s -H "Host: db.test" -w "%{http_code}\n" https://www.test/open/hello.txt
		curl -s --pinnedpubkey sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= https://www.test/open/hello.txt || echo pinned: $?')
	says "uid $uid: a host that is not named shows its own certificate" 'not ours: 60' "$said"
	says "uid $uid: a server with the wrong certificate: 502" '^502' "$said"
	says "uid $uid: and why" 'certificate of ssh.test is not to be trusted' "$said"
	says "uid $uid: CONNECT to one host, TLS to another" 'other name: 35' "$said"
	says "uid $uid: TLS to one host, Host of another: 400" '^400' "$said"
	says "uid $uid: a pinned key is not ours" 'pinned: 90' "$said"
	new
	says "uid $uid: the wrong certificate is in the ledger" '"status":"refused"' "$(row outcome 'certificate of ssh.test')"
	says "uid $uid: so is the other name" '"host":"db.test"' "$(row refusal '"reason":"bad-connect"' 'names another host')"
	equal "uid $uid: nothing was sent to the liar" 0 "$(grep -c '"Host", "ssh.test"' "$world/echoed")"

	# --- the credential ---
	: >"$world/echoed"
	# shellcheck disable=SC2016
	said=$(inside sh -c 'echo "placeholder $API_KEY"
		for way in plain header base64 hex percent json slow; do echo "== $way"; curl -s -i -H "X-Key: $API_KEY" -u "us:$API_KEY" "https://db.test/v1/$way"; echo; done
		curl -s -w " %{http_code}\n" -H "X-Key: $API_KEY" https://db.test/v1/gzip
		curl -s -r 0-20 -H "X-Key: $API_KEY" https://db.test/v1/plain
		curl -s -w " %{http_code}\n" -o /dev/null -H "X-Key: $API_KEY" https://www.test/v1/other
		curl -s -H "X-Key: $API_KEY" --data-binary @large.bin https://db.test/v1/post
		curl -s -H "X-Key: $API_KEY" -H "Transfer-Encoding: chunked" -T large.bin https://db.test/v1/put
		curl -s -H "X-Key: $API_KEY" https://db.test/v1/length >/dev/null || echo "broken off: $?"
		env; cat /proc/*/environ /proc/*/cmdline | tr "\0" "\n"; cat /run/reeve/*.pem')
	forms >"$room/forms"
	equal "uid $uid: the secret is not in what the agent sees, in no form" '' "$(echo "$said" | grep -anF -f "$room/forms")"
	says "uid $uid: the agent has a placeholder" '^placeholder reeve-' "$said"
	key=$(echo "$said" | sed -n 's/^placeholder //p')
	equal "uid $uid: which it is shown in place of it" yes "$([ "$(echo "$said" | grep -acF "$key")" -ge 8 ] && echo yes)"
	says "uid $uid: the server has the secret, each time" "^1[0-9]\$" "$(grep -cF "\"X-Key\", \"$secret\"" "$world/echoed")"
	says "uid $uid: also within Basic" "Basic $(printf 'us:%s' "$secret" | base64 -w 0)" "$(cat "$world/echoed")"
	silent "uid $uid: a range is not asked for" '"Range"' "$(cat "$world/echoed")"
	says "uid $uid: a compressed answer is refused" 'compressed.* 502|^ 502' "$said"
	equal "uid $uid: 25 MB went out whole, sized and chunked" 2 "$(grep -c "\"digest\": \"$(sha256sum "$world/www/large.bin" | cut -d ' ' -f 1)\"" "$world/echoed")"
	says "uid $uid: a broken answer is broken" 'broken off: (18|56)' "$said"
	new
	equal "uid $uid: it is nowhere in the ledger, the state or the words" '' \
		"$(grep -rlF -f "$room/forms" "$h/state" "$h/work" "$h/run" "$room/new" "$room/stderr" 2>/dev/null | grep -v large.bin)"
	says "uid $uid: another host is sent the placeholder" '"rule":"[^"]*files"' "$(row intent '"path":"/v1/other"')"
	says "uid $uid: the ledger is whole" . "$(verify "$h" 2>&1)"

	# --- secrets that cannot be ---
	printf 'two lines\r\nX-Evil: 1' >"$h/etc/secret"
	fails "uid $uid: a secret that would end a header's line" 2 inside true
	says "uid $uid: is refused by name" 'credential key.*header' "$(cat "$room/stderr")"
done
equal 'the machine trusts who it trusted before' "$stored" "$(sha256sum /etc/ssl/certs/ca-certificates.crt)"
finish
