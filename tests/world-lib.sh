# tests/world-lib.sh - a small internet: a network namespace of the story's own, with public and private addresses,
# names, a test CA and real servers, none of them the machine's. Sourced, not run; world_enter comes before tests/lib.sh.
# shellcheck shell=sh
#
# world_enter "$0": the story goes on in a network and a mount namespace of its own; the servers are in a second network,
# beyond a wire, because no address of this machine is the world's. Nothing of the host is changed: /etc/hosts,
# resolv.conf and passwd are other files there.
world_enter() {
	case "${REEVE_WORLD:-}" in
	inside) return 0 ;;
	made) world_furnish && REEVE_WORLD=inside exec sh "$1" ;;
	*)
		if [ "$(id -u)" = 0 ]; then set -- "$1" -nm; else set -- "$1" -cnm --keep-caps; fi
		# shellcheck disable=SC2086
		unshare $2 ${3:-} true 2>/dev/null || { echo '1..0 # SKIP no network namespaces for this user'; exit 0; }
		# shellcheck disable=SC2086
		REEVE_WORLD=made exec unshare $2 ${3:-} sh "$1"
		;;
	esac
	echo 'Bail out! no world'
	exit 1
}

# Public addresses, and those that nobody may be led to. All of them are here: what gets through is heard.
world_public='93.184.216.10 93.184.216.20 93.184.216.53 93.184.216.66 93.184.216.67'
world_private='10.9.8.7 172.16.9.9 192.168.77.1 100.64.0.9 169.254.169.254 168.63.129.16 198.51.100.9'
world_public6='2606:2800:220:1::10 2606:2800:220:1::66'
world_private6='fd00:9::7 fd00:ec2::254 64:ff9b::a09:807'

# Those whose certificates are good.
world_names='www.test registry.test git.test db.test hosts.test api.test evil.test'

world_furnish() {
	world_etc=$(mktemp -d)
	chmod 755 "$world_etc"
	ip link set lo up
	mkfifo "$world_etc/hold"
	unshare -n sh -c 'read -r _ <"$1"' sh "$world_etc/hold" & # the other network lives as long as this
	world_net=$! world_here=$(readlink /proc/self/ns/net)
	export world_etc world_net
	while [ "$(readlink "/proc/$world_net/ns/net")" = "$world_here" ]; do kill -0 "$world_net" || return 1; done
	ip link add here type veth peer name there netns "$world_net" || return 1
	ip address add 93.184.217.1/30 dev here && ip address add 2606:2800:221::1/64 dev here nodad && ip link set here up
	world_there sh -c 'ip link set lo up && ip link set there up && ip address add 93.184.217.2/30 dev there &&
		ip address add 2606:2800:221::2/64 dev there nodad && echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start' || return 1
	ip route add default via 93.184.217.2 && ip -6 route add default via 2606:2800:221::2 || return 1
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
	for world_one in $world_public $world_private; do world_there ip address add "$world_one/32" dev lo || return 1; done
	for world_one in $world_public6 $world_private6; do world_there ip address add "$world_one/128" dev lo nodad || return 1; done
	printf '127.0.0.1 localhost\n93.184.216.10 hosts.test\n' >"$world_etc/hosts"
	echo 'nameserver 93.184.216.53' >"$world_etc/resolv.conf"
	{
		cat /etc/passwd
		getent passwd 54321 >/dev/null || echo 'tester:x:54321:54321:tester:/tmp:/bin/sh'
	} >"$world_etc/passwd"
	chmod 644 "$world_etc"/*
	for world_one in hosts resolv.conf passwd; do
		mount --bind "$world_etc/$world_one" "/etc/$world_one" || return 1
	done
}

# world_there COMMAND...: in the network where the servers are.
world_there() { nsenter --net="/proc/$world_net/ns/net" "$@"; }

# world_begin: the CA, the names and the servers that are python. Sets $world, and $world_uid, who runs the servers.
# shellcheck disable=SC2154
world_begin() {
	world=$room/world world_uid=$(id -u) world_pids=
	[ "$world_uid" != 0 ] || world_uid=$user
	mkdir -p "$world/www" "$world/git"
	world_certificates >"$room/openssl.log" 2>&1 || { not_ok 'a test CA' "$(cat "$room/openssl.log")"; finish; }
	cp "$top/tests/tools/world.py" "$top/tests/tools/world_names.py" "$world/"
	: >"$world/heard" && : >"$world/asked"
	chown -R "$world_uid:$world_uid" "$world"
	trap world_end EXIT
	if [ "$(id -u)" != 0 ]; then # it made the networks, and needs no right to them any more
		printf '#!/bin/sh\nexec setpriv --inh-caps=-all --ambient-caps=-all %s "$@"\n' "$reeve" >"$room/bin/plain"
		chmod 755 "$room/bin/plain"
		reeve=$room/bin/plain
	fi
	world_serve_here python3 "$world/world.py" "$world" here 2>"$room/world.log"
	world_answers 127.0.0.1 80 $! || { not_ok 'the loopback begins' "$(cat "$room/world.log")"; finish; }
	world_serve python3 "$world/world.py" "$world" 2>"$room/world.log"
	world_answers 93.184.216.10 8000 $! || { not_ok 'the world begins' "$(cat "$room/world.log")"; finish; }
}
# world_serve COMMAND...: in the background, in the other network, as who runs the servers, until the story ends.
# world_serve_here: in this one.
world_serve() { world_start nsenter --net="/proc/$world_net/ns/net" "$@"; }
world_serve_here() { world_start env "$@"; }
world_start() {
	world_one=$1
	shift
	case "$world_one" in nsenter) world_one="nsenter $1" && shift ;; esac
	# What is in our own PATH may be ours alone.
	set -- --inh-caps=-all env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	if [ "$world_uid" = "$(id -u)" ]; then set -- --ambient-caps=-all "$@"
	else set -- --reuid "$world_uid" --regid "$world_uid" --clear-groups "$@"
	fi
	# shellcheck disable=SC2086
	$world_one setpriv "$@" &
	world_pids="$world_pids $!"
}
world_end() {
	for world_one in $world_pids $world_net; do kill "$world_one" 2>/dev/null; done
	wait
	rm -rf "$story" "$world_etc"
}
world_certificates() (
	cd "$world" || exit 1
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=reeve test CA' -keyout ca.key -out ca.pem \
		-addext keyUsage=critical,keyCertSign -addext basicConstraints=critical,CA:TRUE &&
		openssl req -newkey rsa:2048 -nodes -subj '/CN=www.test' -keyout server.key -out server.csr &&
		printf 'subjectAltName=DNS:%s,IP:93.184.216.10\nextendedKeyUsage=serverAuth\n' "$(echo "$world_names" | sed 's/ /,DNS:/g')" >server.ext &&
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem
)

# What the world heard, and was asked by name: JSON lines.
world_heard() { cat "$world/heard" 2>/dev/null; }
world_asked() { cat "$world/asked" 2>/dev/null; }
world_forget() { : >"$world/heard" && : >"$world/asked"; }

# world_nginx: www.test and registry.test, files; what is beneath /cgi and git.test, from the world's own server.
world_nginx() {
	command -v nginx >/dev/null || return 1
	mkdir -p "$world/tmp"
	cat >"$world/nginx.conf" <<N
daemon off;
pid $world/tmp/nginx.pid;
error_log $world/tmp/error.log;
events { worker_connections 256; }
http {
	map \$https \$in_clear { '' 1; default 0; }
	access_log $world/access.log combined if=\$in_clear;
	default_type application/json;
	types { text/plain txt; application/gzip tgz; }
	client_body_temp_path $world/tmp/body; proxy_temp_path $world/tmp/proxy; fastcgi_temp_path $world/tmp/fcgi;
	uwsgi_temp_path $world/tmp/uwsgi; scgi_temp_path $world/tmp/scgi;
	client_max_body_size 64m;
	ssl_certificate $world/server.pem; ssl_certificate_key $world/server.key;
	server {
		listen 93.184.216.10:80; listen 93.184.216.10:443 ssl; listen [2606:2800:220:1::10]:80;
		server_name www.test hosts.test six.test;
		root $world/www;
		location /cgi/ { proxy_pass http://127.0.0.1:8000; }
	}
	server { listen 93.184.216.10:80; listen 93.184.216.10:443 ssl; server_name registry.test; root $world/npm; try_files \$uri \$uri/index.json =404; }
	server {
		listen 93.184.216.10:443 ssl; server_name git.test;
		location / { proxy_pass http://127.0.0.1:8000; proxy_request_buffering off; }
	}
}
N
	chown -R "$world_uid:$world_uid" "$world"
	world_serve nginx -c "$world/nginx.conf" -p "$world" 2>"$room/nginx.log"
	world_answers 93.184.216.10 443 "$!" || { not_ok 'nginx begins' "$(cat "$room/nginx.log" "$world/tmp/error.log")"; finish; }
}
# world_answers ADDRESS PORT PID: once something listens there; no, if that process has ended.
world_answers() {
	until python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])))' "$1" "$2" 2>/dev/null; do
		kill -0 "$3" 2>/dev/null || return 1
	done
}
