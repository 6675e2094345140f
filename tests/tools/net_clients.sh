#!/bin/sh
# net_clients.sh - the programs that agents start, at work in the test's own internet. Prints "ok WHAT" or "not ok WHAT:
# FOUND" a line, then "done". Usage: net_clients.sh proxied|direct PROGRAM...
set -u
way=$1
shift
here=$PWD
export CURL_CA_BUNDLE="$here/ca.pem" GIT_SSL_CAINFO="$here/ca.pem" NODE_EXTRA_CA_CERTS="$here/ca.pem" SSL_CERT_FILE="$here/ca.pem"
export GIT_CONFIG_GLOBAL="$here/gitconfig" GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
if [ "$way" = direct ]; then
	unset HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
fi
room=$here/$way
mkdir -p "$room"
cd "$room" || exit 99

# same WHAT EXPECTED COMMAND...: its last line is that.
same() {
	what=$1 want=$2
	shift 2
	got=$("$@" 2>"$room/stderr" | tail -n 1)
	if [ "$got" = "$want" ]; then echo "ok $what"; else echo "not ok $what: $got $(tail -n 5 "$room/stderr" | tr '\n' ' ')"; fi
}
holds() {
	what=$1
	shift
	if "$@" >"$room/stderr" 2>&1; then echo "ok $what"; else echo "not ok $what: status $? $(tail -n 5 "$room/stderr" | tr '\n' ' ')"; fi
}
sum() { sha256sum "$1" | cut -d ' ' -f 1; }

curl_works() {
	same 'curl: a page' 'hello from www' curl -sS http://www.test/hello.txt
	same 'curl: a page over TLS' 'hello from www' curl -sS https://www.test/hello.txt
	same 'curl: two pages over one connection' 'hello from www' curl -sS https://www.test/hello.txt https://www.test/hello.txt
	same 'curl: an address' 'hello from www' curl -sS http://93.184.216.10/hello.txt
	curl -sS https://www.test/large.bin -o large.bin
	same 'curl: 32 MiB come whole' "$(cat "$here/large.sum")" sum large.bin
	same 'curl: 32 MiB go whole' "$(cat "$here/large.sum")" curl -sS --data-binary @large.bin https://www.test/cgi/digest
	same 'curl: and in chunks, without TLS' "$(cat "$here/large.sum")" curl -sS -H 'Transfer-Encoding: chunked' --data-binary @large.bin http://www.test/cgi/digest
	[ "$way" = direct ] || same 'curl: by SOCKS' 'hello from www' curl -sS --proxy "$ALL_PROXY" https://www.test/hello.txt
	curl -sS https://www.test/hello.txt https://www.test/missing https://www.test/cgi/head -o /dev/null -o /dev/null -o head.json
	holds 'curl: a missing page is the server'\''s 404' test "$(curl -s -o /dev/null -w '%{http_code}' https://www.test/missing)" = 404
}
# In /tmp: in the workspace .git/config and .git/hooks cannot be written.
git_works() {
	mkdir -p "/tmp/$way" && cd "/tmp/$way" || return
	holds 'git: clone' git clone -q https://git.test/repo.git repo
	cd repo || return
	same 'git: what was cloned is there' 'first' git log --format=%s
	seq 100000 >"numbers.$way"
	git add . && git commit -q -m "by $way"
	holds 'git: push' git push -q origin HEAD:"refs/heads/$way-$(id -u)"
	cd .. || return
	holds 'git: clone of what was pushed' git clone -q -b "$way-$(id -u)" https://git.test/repo.git again
	same 'git: and it is the same' "$(sum "repo/numbers.$way")" sum "again/numbers.$way"
}
npm_works() {
	mkdir -p npm && cd npm || return
	printf '{ "name": "x", "version": "1.0.0", "private": true }\n' >package.json
	holds 'npm: install' npm install --registry https://registry.test/ --cafile "$here/ca.pem" --no-audit --no-fund --no-update-notifier \
		--cache "$room/npm-cache" hello-reeve
	same 'npm: what was installed runs' 'hello from the registry' node -e 'console.log(require("hello-reeve"))'
	cd "$room" || return
}
python_works() {
	same 'python: urllib' 'hello from www' python3 -c 'import urllib.request as r; print(r.urlopen("http://www.test/hello.txt").read().decode().strip())'
	same 'python: urllib over TLS' 'hello from www' python3 -c 'import urllib.request as r; print(r.urlopen("https://www.test/hello.txt").read().decode().strip())'
	same 'python: an upload' "$(cat "$here/large.sum")" python3 -c 'import urllib.request as r
print(r.urlopen("https://www.test/cgi/digest", open("'"$here"'/large.bin", "rb").read()).read().decode().strip())'
}
node_works() {
	same 'node: fetch' 'hello from www' node -e 'fetch("https://www.test/hello.txt").then(r => r.text()).then(t => console.log(t.trim()))'
	same 'node: fetch without TLS' 'hello from www' node -e 'fetch("http://www.test/hello.txt").then(r => r.text()).then(t => console.log(t.trim()))'
	[ "$way" = direct ] || same 'node: by CONNECT' 'hello from www' node -e '
		const proxy = new URL(process.env.HTTPS_PROXY);
		require("http").request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path: "www.test:443", headers: { Host: "www.test:443" } })
			.on("connect", (r, s) => require("tls").connect({ socket: s, servername: "www.test" })
				.on("data", d => console.log(String(d).trim()))
				.end("GET /hello.txt HTTP/1.1\r\nHost: www.test\r\nConnection: close\r\n\r\n")).end()'
}
ssh_works() {
	set -- -F none -i "$here/id" -o UserKnownHostsFile="$here/known_hosts" -o StrictHostKeyChecking=yes -o BatchMode=yes
	# It knows no proxy of its own.
	[ "$way" = direct ] || set -- "$@" -o ProxyCommand="python3 $here/net_socks.py %h %p"
	login=$(cat "$here/login")
	same 'ssh: a command' 'hello from ssh' ssh "$@" "$login@ssh.test" 'echo hello from ssh'
	# shellcheck disable=SC2016
	same 'ssh: 32 MiB through it' "$(cat "$here/large.sum")  -" sh -c 'in=$1; shift; ssh "$@" sha256sum <"$in"' sh "$here/large.bin" "$@" "$login@ssh.test"
	holds 'ssh: and back by scp' scp -q "$@" "$login@ssh.test:$(cat "$here/remote")/hello.txt" from-ssh.txt
	same 'ssh: what came is it' 'hello from www' cat from-ssh.txt
}
# It knows no proxy: both ways it goes by name and port, and by a socket of the host that the profile names.
psql_works() {
	export PGCONNECT_TIMEOUT=60 PGPASSFILE="$here/none"
	name="host=db.test user=tester dbname=postgres"
	same 'psql: a query' 5050 psql -AtX "$name sslmode=disable" -c 'select sum(n) from generate_series(1, 100) n'
	same 'psql: a large answer' 600000 psql -AtX "$name sslmode=disable" -c 'select n from generate_series(1, 600000) n'
	same 'psql: over TLS' 5050 psql -AtX "$name sslmode=require" -c 'select sum(n) from generate_series(1, 100) n'
	same 'psql: by a unix socket' 5050 psql -AtX "host=$(cat "$here/socket") user=tester dbname=postgres" -c 'select sum(n) from generate_series(1, 100) n'
}
# What nobody allows: each says so in the words of its protocol, and at once.
refused_works() {
	if [ "$way" = proxied ]; then
		same 'curl: a refused tunnel is 403' 403 curl -s -o /dev/null -w '%{http_connect}' https://evil.test/
		same 'curl: a refused request is 403' 403 curl -s -o refused.txt -w '%{http_code}' http://evil.test/
		holds 'curl: and a sentence' grep -q 'evil.test' refused.txt
	else
		curl -s http://evil.test/
		same 'curl: a refused name does not resolve' 6 sh -c 'curl -s http://evil.test/; echo $?'
		holds 'curl: a refused address is not connected' sh -c 'curl -s http://93.184.216.66/; case $? in 7 | 52 | 56) ;; *) false ;; esac'
		holds 'curl: another port of an allowed host neither' sh -c 'curl -s http://www.test:5432/; case $? in 7 | 52 | 56) ;; *) false ;; esac'
	fi
	holds 'git: a refused clone fails' sh -c '! git clone -q https://evil.test/repo.git refused'
	holds 'python: a refused request fails' sh -c '! python3 -c "import urllib.request as r; r.urlopen(\"https://evil.test/\")" 2>/dev/null'
	holds 'node: a refused fetch fails' sh -c '! node -e "fetch(\"https://evil.test/\").catch(() => process.exit(7))" 2>/dev/null'
}
for program; do
	"${program}_works"
	cd "$room" || exit 99
done
echo 'done'
