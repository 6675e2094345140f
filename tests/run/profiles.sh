#!/bin/sh
# The library: under each profile a real program of its kind works, and what must fail does. THREATS: out of
# the jail.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
neighbour=$room/neighbour	# another user's home
mkdir -p "$neighbour"
echo secret-neighbour >"$neighbour/diary"
chmod -R a+rX "$neighbour"

# under PROFILE WHAT PATTERN SCRIPT: what the script says under that profile matches.
under() {
	says "uid $uid: $1: $2" "$3" "$(as "$uid" "$h" env GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a \
		GIT_COMMITTER_EMAIL=a@b TOKEN=leaked timeout 120 "$reeve" run --profile "$1" ${tools:+--tools "$tools"} ${policy:+--policy "$policy"} -- sh -c "$4" 2>&1)"
}
tools='' policy=''

# What must fail, whatever the profile is for. Each line says "reached" if it does not.
forbidden='
for f in ~/.ssh/id_ed25519 ~/.aws/credentials /etc/shadow /etc/ssl/private /root/.profile '"$neighbour/diary"'; do
	[ -e "$f" ] && cat "$f"/* "$f" 2>/dev/null && echo "reached $f"
done
[ -e '"$neighbour"' ] && echo "reached the neighbour"
for s in /run/docker.sock /var/run/docker.sock /run/dbus/system_bus_socket /run/containerd/containerd.sock /run/user; do
	[ -e "$s" ] && echo "reached $s"
done
for d in /usr /usr/bin /etc /bin /lib; do
	(echo x >"$d/reeve-test-file") 2>/dev/null && echo "reached $d"
done
(echo >/etc/passwd) 2>/dev/null && echo "reached passwd"
for a in 192.0.2.1/80 127.0.0.1/22 169.254.169.254/80; do
	bash -c "echo >/dev/tcp/$a" 2>/dev/null && echo "reached $a"
done
env | grep -q leaked && echo "reached the environment"
echo done with all'

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/.ssh" "$h/.aws"
	echo secret-key >"$h/.ssh/id_ed25519"
	echo secret-aws >"$h/.aws/credentials"
	chown -R "$uid:$uid" "$h"
	as "$uid" "$h" sh -c 'git init -q . && git config user.name a && git config user.email a@b'

	for profile in minimal agent node python rust git tool-server entrypoint; do
		said=$(as "$uid" "$h" env TOKEN=leaked timeout 60 "$reeve" run --profile $profile -- sh -c "$forbidden" 2>&1)
		says "uid $uid: $profile: the list of what must fail was tried" '^done with all$' "$said"
		silent "uid $uid: $profile: and all of it failed" '^reached|secret-' "$said"
	done

	under minimal 'a shell, and programs of the system' '^42 work$' 'n=$(seq 1 42 | tail -n 1); echo "$n $(basename "$PWD")"; test -w .'
	under minimal 'tools that write files' '^it is there$' 'mkdir -p d && echo it is there >d/f && sort d/f | tee d/g'
	under git 'init, commit and log in /tmp' '^[0-9a-f]* in tmp$' 'cd /tmp && git init -q r && cd r && echo x >f && git add f && git commit -qm "in tmp" && git log --oneline'
	under git 'a commit in the workspace' '^[0-9a-f]* in the workspace$' 'echo $$ >f && git add f && git commit -qm "in the workspace" && git log --oneline'
	under git 'who commits is passed on' '^a <a@b>$' 'git log -1 --format="%an <%ae>"'
	under agent 'git works there too' '^[0-9a-f]* by the agent$' 'echo x >g && git add g && git commit -qm "by the agent" && git log --oneline'
	if command -v node >/dev/null && [ -x "$(command -v node)" ] && [ "$(command -v node)" = /usr/bin/node ]; then
		under node 'a server of its own, asked by itself' '^200 hello$' 'node -e "
			const http = require(\"http\");
			const s = http.createServer((q, a) => a.end(\"hello\")).listen(0, \"127.0.0.1\", () =>
				http.get({ port: s.address().port, host: \"127.0.0.1\" }, (a) => {
					a.on(\"data\", (d) => { console.log(a.statusCode, String(d)); s.close(); }); }));"'
		under node 'threads, TLS and files' '^ok 2$' 'node -e "
			require(\"tls\").createSecureContext(); require(\"fs\").writeFileSync(\"n\", \"2\");
			new (require(\"worker_threads\").Worker)(\"require(\\\"worker_threads\\\").parentPort.postMessage(2)\", { eval: true })
				.on(\"message\", (m) => console.log(\"ok\", m));"'
		under node 'npm' '^[0-9]+\.[0-9]+\.' 'npm --version'
		under node 'an npm project' '^it ran$' 'mkdir -p p && cd p && npm init -y >/dev/null && npm pkg set scripts.go="echo it ran" && npm run -s go'
		under agent 'node works there too' '^v[0-9]' 'node --version'
	else
		skip "uid $uid: node" 'there is no /usr/bin/node'
	fi
	if [ -x /usr/bin/python3 ]; then
		under python 'sqlite, ssl and threads' '^1 True 3$' 'python3 -c "
import sqlite3, ssl, threading, hashlib
c = sqlite3.connect(\"db\"); c.execute(\"create table if not exists t (a)\"); c.execute(\"delete from t\"); c.execute(\"insert into t values (1)\"); c.commit()
ssl.create_default_context(); out = []
t = threading.Thread(target=lambda: out.append(3)); t.start(); t.join()
print(c.execute(\"select a from t\").fetchone()[0], ssl.HAS_TLSv1_3, out[0])"'
		under python 'processes and a socket of its own' '^\[1, 4, 9\] pong$' 'cat >m.py <<"X"
import multiprocessing, socket
def square(n): return n * n
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool: squares = pool.map(square, [1, 2, 3])
    s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); a, _ = s.accept()
    a.sendall(b"pong"); print(squares, c.recv(4).decode())
X
python3 m.py'
		under python 'a virtual environment' '^/.*/work/venv$' 'python3 -m venv --without-pip venv && venv/bin/python -c "import sys; print(sys.prefix)"'
	else
		skip "uid $uid: python" 'there is no /usr/bin/python3'
	fi
	# A toolchain in somebody's home is not there: the operator lists it.
	sysroot=$(rustc --print sysroot 2>/dev/null)
	if [ -n "$sysroot" ] && command -v cc >/dev/null && as "$uid" "$h" "$sysroot/bin/rustc" --version >/dev/null 2>&1; then
		cat >"$h/etc/rust-here.json" <<X
{ "reeve": "profile/1", "extends": "rust", "read": { "$sysroot": "this machine's toolchain" },
  "environment": { "set": { "PATH": "$sysroot/bin:/usr/local/bin:/usr/bin:/bin" } } }
X
		[ "$sysroot" != /usr ] || echo '{ "reeve": "profile/1", "extends": "rust" }' >"$h/etc/rust-here.json"
		under "$h/etc/rust-here.json" 'rustc' '^hello$' 'echo "fn main() { println!(\"hello\"); }" >h.rs && rustc -o /tmp/h h.rs && /tmp/h'
		under "$h/etc/rust-here.json" 'cargo' '^hello from cargo$' 'mkdir -p c/src && cd c && printf "[package]\nname = \"c\"\nversion = \"0.1.0\"\nedition = \"2021\"\n" >Cargo.toml &&
			echo "fn main() { println!(\"hello from cargo\"); }" >src/main.rs && cargo build -q && target/debug/c'
	else
		skip "uid $uid: rust" 'no toolchain that this user may execute'
	fi

	# A tool server works under its profile: the one of the tests, and one from npm if it is there.
	tools_file "$h" <<X
{ "reeve": "tools/1", "servers": { "s": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] } } }
X
	echo '{ "reeve": "policy/1", "layer": "action", "rules": [ { "id": "all", "then": "allow", "when": { "tool": "*/*" } } ] }' >"$h/etc/policy.json"
	tools=$h/etc/tools.json policy=$h/etc/policy.json
	under tool-server 'a tool server' '^s__echo' 'reeve-call list'
	modules=$top/build/peers/node_modules
	if [ -d "$modules/@modelcontextprotocol/server-everything" ] && [ -x /usr/bin/node ]; then
		mkdir -p "$h/tools/node_modules"
		cp -r "$modules/." "$h/tools/node_modules/"
		chmod -R a+rX "$h/tools"
		tools_file "$h" <<X
{ "reeve": "tools/1", "servers": { "e": { "kind": "command", "workspace": "none", "read": ["@TOOLS"],
  "argv": ["node", "@TOOLS/node_modules/@modelcontextprotocol/server-everything/dist/index.js"] } } }
X
		under tool-server 'a server from npm' 'Echo: hello' "reeve-call tool e/echo '{\"message\": \"hello\"}'"
	else
		skip "uid $uid: tool-server: a server from npm" 'tests/peers/sdk.sh installs it'
	fi
	tools='' policy=''

	under entrypoint 'the programs of the image' '^1 work$' 'echo "$CI $(basename "$PWD")"'
	# Where a container gives no namespaces, the operator gives layers up by name; the profile never does.
	silent "uid $uid: entrypoint: gives no layer up itself" 'given-up|without' "$(cat "$story/profiles/entrypoint.json"; records "$h" | grep '"profile":"entrypoint')"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
