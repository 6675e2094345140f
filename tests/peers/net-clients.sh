#!/bin/sh
# The programs that agents start, against real servers: each works as it does without a jail, by the proxy that its
# environment names and without one, and each of its connections is in the ledger by name, with what it came to.
. "$(dirname "$0")/../world-lib.sh"
world_enter "$0"
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
world_begin

# --- servers: each is there, or it is said why not ---
programs=''
lacks() { skip "$1" "$2 is missing: contrib/need check installs it as root"; }
echo 'hello from www' >"$world/www/hello.txt"
head -c 33554432 /dev/urandom >"$world/www/large.bin"
sha256sum "$world/www/large.bin" | cut -d ' ' -f 1 >"$room/large.sum"
if world_nginx; then
	if command -v curl >/dev/null; then programs="$programs curl"; else lacks curl curl; fi
	if command -v git >/dev/null; then programs="$programs git"; else lacks git git; fi
	if command -v npm >/dev/null; then programs="$programs npm node"; else lacks npm npm; fi
	programs="$programs python"
else
	lacks 'curl, git, npm, node and python' nginx-light
fi
served() { as "$world_uid" "$room/server" "$@"; }
home "$room/server" "$world_uid"
login=$(id -nu "$world_uid")
if [ -x /usr/sbin/sshd ] && command -v ssh >/dev/null; then
	mkdir "$world/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$world/ssh/host"
	ssh-keygen -q -t ed25519 -N '' -f "$world/ssh/id"
	echo "ssh.test $(cat "$world/ssh/host.pub")" >"$world/ssh/known_hosts"
	cat >"$world/ssh/config" <<-S
		ListenAddress 93.184.216.20:22
		HostKey $world/ssh/host
		AuthorizedKeysFile $world/ssh/id.pub
		PidFile none
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		Subsystem sftp internal-sftp
	S
	chown -R "$world_uid:$world_uid" "$world/ssh"
	world_serve /usr/sbin/sshd -D -e -f "$world/ssh/config" 2>"$room/sshd.log"
	if world_answers 93.184.216.20 22 $!; then programs="$programs ssh"; else not_ok 'sshd begins' "$(cat "$room/sshd.log")"; fi
else
	lacks ssh openssh-server
fi
postgres=$(find /usr/lib/postgresql -name initdb -printf '%h\n' 2>/dev/null | sort | tail -n 1)
if [ -x "$postgres/initdb" ] && command -v psql >/dev/null; then
	mkdir "$room/pg"
	chown "$world_uid" "$room/pg"
	served "$postgres/initdb" -D "$room/pg/data" -U tester -A trust -N >"$room/initdb.log" 2>&1 || not_ok 'initdb' "$(cat "$room/initdb.log")"
	echo 'host all all 93.184.217.0/24 trust' >>"$room/pg/data/pg_hba.conf"
	cp "$world/server.pem" "$world/server.key" "$room/pg/data/"
	chown "$world_uid" "$room/pg/data"/server.*
	chmod 600 "$room/pg/data/server.key"
	world_serve "$postgres/postgres" -D "$room/pg/data" -c listen_addresses=93.184.216.20 -c unix_socket_directories="$room/pg" \
		-c ssl=on -c ssl_cert_file=server.pem -c ssl_key_file=server.key -c fsync=off >"$room/postgres.log" 2>&1
	if world_answers 93.184.216.20 5432 $!; then programs="$programs psql"; else not_ok 'postgres begins' "$(cat "$room/postgres.log")"; fi
else
	lacks psql postgresql
fi

# What git and npm find.
home "$room/seed" "$world_uid"
seed() { as "$world_uid" "$room/seed" env GIT_CONFIG_GLOBAL="$room/gitconfig" "$@"; }
printf '[user]\n\tname = tester\n\temail = tester@test\n[init]\n\tdefaultBranch = main\n[safe]\n\tdirectory = *\n' >"$room/gitconfig"
seed sh -c "git init -q repo && cd repo && cp $world/www/hello.txt . && git add . && git commit -q -m first &&
	git clone -q --bare . $world/git/repo.git && git -C $world/git/repo.git config http.receivepack true" || not_ok 'a repository'
mkdir -p "$world/npm/hello-reeve/-" "$room/package"
echo 'module.exports = "hello from the registry"' >"$room/package/index.js"
echo '{ "name": "hello-reeve", "version": "1.0.0", "main": "index.js" }' >"$room/package/package.json"
tar -C "$room" -czf "$world/npm/hello-reeve/-/hello-reeve-1.0.0.tgz" package
cat >"$world/npm/hello-reeve/index.json" <<J
{ "name": "hello-reeve", "dist-tags": { "latest": "1.0.0" }, "versions": { "1.0.0": { "name": "hello-reeve", "version": "1.0.0", "main": "index.js",
  "dist": { "tarball": "https://registry.test/hello-reeve/-/hello-reeve-1.0.0.tgz",
    "integrity": "sha512-$(openssl dgst -sha512 -binary "$world/npm/hello-reeve/-/hello-reeve-1.0.0.tgz" | base64 -w 0)" } } } }
J
chown -R "$world_uid:$world_uid" "$world/npm"

# --- the agent ---
net_home() {
	home "$1" "$2"
	cp "$top/tests/tools/net_clients.sh" "$top/tests/tools/net_socks.py" "$world/ca.pem" "$world/www/large.bin" "$room/large.sum" \
		"$room/gitconfig" "$1/work/"
	[ ! -d "$world/ssh" ] || cp "$world/ssh/id" "$world/ssh/known_hosts" "$1/work/"
	echo "$login" >"$1/work/login"
	echo "$world/www" >"$1/work/remote"
	echo "$room/pg" >"$1/work/socket"
	chmod 600 "$1/work/id" 2>/dev/null
	chown -R "$2:$2" "$1/work"
	cat >"$1/etc/profile.json" <<-J
		{ "reeve": "profile/1", "extends": "agent",
		  "network": { "ports": [22, 80, 443, 5432], "unix": ["$room/pg/.s.PGSQL.5432"] } }
	J
	cat >"$1/etc/policy.json" <<-J
		{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
		  { "id": "web", "then": "allow", "when": { "host": ["www.test", "registry.test", "git.test", "93.184.216.10"], "port": [80, 443] } },
		  { "id": "shell", "then": "allow", "when": { "host": "ssh.test", "port": 22 } },
		  { "id": "database", "then": "allow", "when": { "host": "db.test", "port": 5432 } },
		  { "id": "socket", "then": "allow", "when": { "scheme": "unix", "path": "$room/pg" } } ] }
	J
}
# counted WHO OUTPUT: what net_clients.sh says becomes our lines; it must have come to its end.
counted() {
	while read -r line; do
		case "$line" in
		'ok '*) ok "$1: ${line#ok }" ;;
		'not ok '*) not_ok "$1: ${line#not ok }" ;;
		esac
	done <<-L
	$2
	L
	says "$1: to the end" '^done$' "$2"
}
# row KIND FIELDS...: records of this kind that have each of them.
row() {
	rows=$(grep "\"kind\":\"$1\"" "$room/new")
	shift
	for one; do rows=$(echo "$rows" | grep -F -- "$one"); done
	echo "$rows"
}

for uid in $(each_user); do
	h=$room/home$uid
	net_home "$h" "$uid"
	[ ! -f "$world/access.log" ] || : >"$world/access.log"
	seen=0
	for way in proxied direct; do
		world_forget
		for program in $programs refused; do
			counted "uid $uid: $way: $program" "$(as "$uid" "$h" timeout 300 "$reeve" run --profile ../etc/profile.json --policy ../etc/policy.json -- \
				sh net_clients.sh "$way" "$program" 2>"$room/stderr"; grep -v 'new ledger\|verifier key' "$room/stderr")"
		done
		settled "$h"
		records "$h" | tail -n +$((seen + 1)) >"$room/new"
		seen=$((seen + $(wc -l <"$room/new")))
		equal "uid $uid: $way: an outcome for each intent" "$(row intent | grep -c .)" "$(row outcome | grep -c .)"
		case "$programs" in *curl*)
			if [ "$way" = proxied ]; then ways='connect http socks'; else ways=direct; fi
			for one in $ways; do
				says "uid $uid: $way: connections by $one are in the ledger by name" '"rule":"[^"]*web"' \
					"$(row intent '"action":"net.connect"' "\"way\":\"$one\"" '"host":"www.test"')"
			done
			says "uid $uid: $way: what a tunnel carried is counted, and where it really went" '"received":3[3-9][0-9]{6}[,}]' \
				"$(row outcome '"status":"ok"' '"address":"93.184.216.10:443"')"
			says "uid $uid: $way: and what it was sent" '"sent":3[3-9][0-9]{6}[,}]' "$(row outcome '"status":"ok"' '"address":"93.184.216.10:443"')"
			;;
		esac
		case "$programs" in *psql*)
			says "uid $uid: $way: the unix socket by its path" '"rule":"[^"]*socket"' "$(row intent '"way":"unix"' ".s.PGSQL.5432")"
			;;
		esac
		says "uid $uid: $way: what was refused is in the ledger" 'evil.test' "$(row refusal)"
		silent "uid $uid: $way: nothing else is" . "$(row refusal | grep -v 'evil.test\|93.184.216.66\|www.test:5432\|"port":5432')"
		equal "uid $uid: $way: and who was refused heard nothing" '' "$(world_heard)"
		silent "uid $uid: $way: nor did a name of it leave" 'evil' "$(world_asked)"
	done
	holds "uid $uid: the ledger is whole" verify "$h"
	case "$programs" in *curl*)
		said=$("$room/bin/reeve-audit" reconcile "$(ledger_of "$h")" --key "$h/state/reeve/keys/default.pub" --with "$world/access.log" --map maps/nginx.json 2>&1)
		equal "uid $uid: what nginx wrote of requests in clear and what the ledger says is the same, request by request" 0 "$?"
		says "uid $uid: and there were some" '^reeve-audit: [1-9][0-9]* matched, 0 missing there, 0 missing here, 0 differ' "$said"
		;;
	esac
done
finish
