#!/bin/sh
# Names that would run later outside: not made, not changed, by no way there is, and nothing is left of the attempts;
# while git and everything else works as it does outside. THREATS 1.4, 1.5, 1.6, 1.8.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] && [ -x /usr/bin/git ] || skip_all 'no python3 or git'
git() { as "$uid" "$h" git -c user.name=reeve -c user.email=reeve@example.org "$@"; }
inside() { as "$uid" "$h" "$reeve" run -- "$@" 2>"$room/err$uid"; }

# Everything that is there, with its kind, mode, size and what it holds.
picture() { (cd "$h/work" && find . -printf '%P %y %m %s %l\n' | sort && find . -type f -exec sha256sum {} + | sort); }

# Each prints the name of an attempt that got through.
attempts() { cat <<'P'
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
AT = -100
worked = []
def call(number, *args):
    return libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
def attempt(what, run):
    try: got = run()
    except OSError as e: return
    if got is not False and not (isinstance(got, int) and got < 0): worked.append(what)
def text(p): return ctypes.create_string_buffer(os.fsencode(p))
def spill(path, flags):
    fd = os.open(path, flags, 0o644)
    os.write(fd, b"evil")
    os.close(fd)
def how(flags, mode, resolve): return ctypes.create_string_buffer(struct.pack("QQQ", flags, mode, resolve))
def every_way(name):
    folder, leaf = os.path.split(name)
    for flags in ("O_WRONLY", "O_RDWR", "O_WRONLY|O_APPEND", "O_WRONLY|O_CREAT", "O_WRONLY|O_CREAT|O_EXCL",
                  "O_WRONLY|O_CREAT|O_TRUNC", "O_RDONLY|O_CREAT", "O_RDONLY|O_TRUNC", "O_WRONLY|O_NOFOLLOW|O_CREAT"):
        value = eval("|".join("os." + f for f in flags.split("|")))
        attempt(f"open {flags} {name}", lambda: spill(name, value) if value & 3 else os.open(name, value, 0o644))
        attempt(f"openat2 {flags} {name}", lambda: call(437, AT, text(name), how(value, 0o644 if value & os.O_CREAT else 0, 0), 24))
    attempt(f"creat {name}", lambda: call(85, text(name), 0o644))
    attempt(f"openat2 beneath {name}", lambda: call(437, AT, text(name), how(os.O_WRONLY | os.O_CREAT, 0o644, 8), 24))
    attempt(f"mknod {name}", lambda: os.mknod(name))
    attempt(f"mkfifo {name}", lambda: os.mkfifo(name))
    attempt(f"bind {name}", lambda: socket.socket(socket.AF_UNIX).bind(name))
    attempt(f"socket {name}", lambda: os.mknod(name, 0o140644))
    attempt(f"symlink {name}", lambda: os.symlink("/tmp/evil", name))
    attempt(f"link onto {name}", lambda: os.link("mine", name))
    attempt(f"rename onto {name}", lambda: os.rename("mine", name))
    attempt(f"exchange {name}", lambda: call(316, AT, text("mine"), AT, text(name), 2))
    attempt(f"rename a folder onto {name}", lambda: os.rename("folder", name))
    attempt(f"rename away {name}", lambda: os.rename(name, "away"))
    attempt(f"link to {name}", lambda: os.link(name, "alias"))
    attempt(f"unlink {name}", lambda: os.unlink(name))
    attempt(f"truncate {name}", lambda: os.truncate(name, 0))
    attempt(f"slash {name}", lambda: spill(folder + "//./" + leaf if folder else "./" + leaf, os.O_WRONLY | os.O_CREAT))
    attempt(f"absolute {name}", lambda: spill(os.path.abspath(name), os.O_WRONLY | os.O_CREAT))
    attempt(f"by /proc/self/cwd {name}", lambda: spill("/proc/self/cwd/" + name, os.O_WRONLY | os.O_CREAT))
    attempt(f"by /proc/self/root {name}", lambda: spill("/proc/self/root" + os.path.abspath(name), os.O_WRONLY | os.O_CREAT))
    attempt(f"by /proc/PID/cwd {name}", lambda: spill(f"/proc/{os.getpid()}/cwd/" + name, os.O_WRONLY | os.O_CREAT))
    attempt(f"by .. {name}", lambda: spill("folder/../" + name, os.O_WRONLY | os.O_CREAT))
    attempt(f"by a link to {name}", lambda: (os.path.lexists("to") and os.unlink("to"), os.symlink(name, "to"), spill("to", os.O_WRONLY | os.O_CREAT)))
    attempt(f"cut by a link to {name}", lambda: os.truncate("to", 0))
    os.unlink("to")
    def there():
        at = os.open(folder or ".", os.O_PATH | os.O_DIRECTORY)
        os.close(os.open(leaf, os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=at))
    attempt(f"by a descriptor {name}", there)
    def nameless():
        fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o644)
        if call(265, AT, text(f"/proc/self/fd/{fd}"), AT, text(name), 0x400) < 0 and call(265, fd, text(""), AT, text(name), 0x1000) < 0: raise OSError()
    attempt(f"nameless onto {name}", nameless)
    def aliased():
        fd = os.open(name, os.O_RDONLY)
        spill(f"/proc/self/fd/{fd}", os.O_WRONLY)
    attempt(f"by its descriptor {name}", aliased)
    if os.path.isdir(folder):
        os.symlink(folder, "by")
        attempt(f"by a linked folder {name}", lambda: spill("by/" + leaf, os.O_WRONLY | os.O_CREAT))
        os.unlink("by")
os.mkdir("folder"); spill("mine", os.O_WRONLY | os.O_CREAT)
names = sys.argv[1:]
for name in names: every_way(name)
# The way to it: a folder under another name, a link or a file in its place.
for first in (".git", "repo/.git", ".vscode", "deep/.claude", ".cursor", ".config"):
    for there in (first,):
        attempt(f"rename {there} away", lambda: os.path.lexists(there) and (os.rename(there, "away"), os.rename("away", there)))
        attempt(f"link in place of {there}", lambda: os.symlink("folder", there))
        attempt(f"file in place of {there}", lambda: spill(there, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
        attempt(f"rename onto {there}", lambda: os.rename("folder", there))
        attempt(f"exchange {there}", lambda: call(316, AT, text("folder"), AT, text(there), 2))
# A repository that is not called .git, in any order.
import itertools
for n, order in enumerate(itertools.permutations(("HEAD", "objects", "refs", "config"))):
    os.mkdir("bare")
    done = 0
    for part in order:
        try: (os.mkdir if part in ("objects", "refs") else lambda p: spill(p, os.O_WRONLY | os.O_CREAT))("bare/" + part); done += 1
        except OSError: pass
    if done == 4: worked.append(f"bare repository {order}")
    for part in order:
        try: (os.rmdir if part in ("objects", "refs") else os.unlink)("bare/" + part)
        except OSError: pass
    os.rmdir("bare")
# As a folder or a socket.
for name in names: attempt(f"mkdir {name}", lambda: os.mkdir(name)); attempt(f"rmdir {name}", lambda: os.rmdir(name))
os.unlink("mine"); os.rmdir("folder")
print("\n".join(worked + ["end"]))
P
}

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	git init -q -b main repo
	(cd "$h/work" && echo one >repo/file && mkdir -p repo/.vscode deep/er .git/hooks && echo '{}' >repo/.vscode/tasks.json &&
		echo kept >.git/config && echo kept >.git/hooks/pre-commit && echo kept >.envrc && [ "$uid" = "$(id -u)" ] || chown -R "$uid:$uid" "$h/work")
	git -C repo add . && git -C repo commit -qm zero
	attempts >"$h/tmp/attempts.py"
	cp "$h/tmp/attempts.py" "$h/work/attempts.py"
	before=$(picture)

	present='.git/config .git/hooks/pre-commit .envrc repo/.git/config repo/.git/hooks/applypatch-msg.sample repo/.vscode/tasks.json'
	absent='.mcp.json deep/er/.mcp.json deep/er/.envrc .GIT/config .Git/Hooks/x .EnvRC .bashrc deep/.ssh repo/.git/hooks/post-commit
		repo/.git/config.worktree repo/.git/commondir repo/.git/info/attributes .vscode/tasks.json .claude/settings.json .reeve'
	# shellcheck disable=SC2086
	told=$(inside "$python" -B attempts.py $present $absent)
	equal "uid $uid: no attempt gets through" end "$told"
	equal "uid $uid: and nothing is left or changed" "$before" "$(picture)"
	says "uid $uid: a record says it" '"path":"\.git/config"' "$(records "$h")"
	says "uid $uid: the run's first record says that names was obtained and tested" '"names obtained tested"' "$(records "$h")"
	told=$(inside "$python" -B - <<'P'
import os
fold = [".\u0261it", ".git\u200b", ".gi\u200ct", ".git.", ".git ", ".G\u0130t"]
for name in fold[1:5]:
    try: os.mkdir(name); os.mkdir(name + "/hooks"); print(ascii(name))
    except OSError: pass
    try: os.rmdir(name)
    except OSError: pass
for name in (".mcp.\u017fjson", ".env\u200drc", ".\u212aube", ".ba\u017fhrc", ".ENVRC."):
    try: os.close(os.open(name, os.O_CREAT | os.O_WRONLY)); print(ascii(name)); os.unlink(name)
    except OSError: pass
P
)
	equal "uid $uid: other spellings of one name are that name; others are not" "'.mcp.\\u017fjson'
'.\\u212aube'" "$told"

	# A thread that exchanges the path while it is looked at.
	mkdir -p "$h/work/race/free" "$h/work/race/.git"
	echo original >"$h/work/race/.git/config"
	[ "$uid" = "$(id -u)" ] || chown -R "$uid:$uid" "$h/work/race"
	cp "$room/bin/flip" "$h/work/flip"
	says "uid $uid: the race runs" '^1500 turns$' "$(inside sh -c 'cp flip /tmp/flip; /tmp/flip race 1500')"
	equal "uid $uid: and is lost" "original config" "$(cat "$h/work/race/.git/config") $(ls -A "$h/work/race/.git")"
	rm -rf "$h/work/race" "$h/work/flip"

	# Its launcher killed in the midst of it.
	before=$(picture)
	mkfifo "$h/tmp/go"
	chmod 666 "$h/tmp/go"
	become "$uid" "$h" "$reeve" run -- "$python" -B -c 'import os
print("begun", flush=True)
while True:
    try: os.close(os.open(".mcp.json", os.O_CREAT | os.O_WRONLY))
    except OSError: pass' >"$h/tmp/go" 2>/dev/null &
	run=$!
	read -r said <"$h/tmp/go"
	kill -9 $run
	wait $run 2>/dev/null
	equal "uid $uid: $said, killed: nothing is left" "$before" "$(picture)"

	# What is not protected works.
	git_inside() { inside git -C repo -c user.name=reeve -c user.email=reeve@example.org "$@"; }
	cat >"$h/work/story.sh" <<'S'
set -e
git() { command git -c user.name=reeve -c user.email=reeve@example.org "$@"; }
cd repo
echo two >>file; git add file; git commit -qm two
git branch side; git checkout -q side; echo three >other; git add other; git commit -qm three
git checkout -q main; git merge -q --no-ff -m merged side
echo dirty >>file; git stash -q; git stash pop -q; git checkout -q -- file
git rebase -q HEAD~1; git tag v1; git gc -q; git reset -q --hard v1; mkdir sub; git mv other sub/; git commit -qm moved
git status --porcelain; git fsck 2>&1 | grep -v dangling || true; git log --oneline | wc -l
S
	equal "uid $uid: git add, commit, branch, checkout, merge, stash, rebase, gc" 4 "$(inside sh story.sh)"
	says "uid $uid: git config is refused by git's own words" 'could not|unable|error|fatal' \
		"$(git_inside config core.fsmonitor evil; cat "$room/err$uid")"
	says "uid $uid: and by a sentence of ours, once the run has ended" \
		'^reeve: changes of protected names refused: [1-9][0-9]*, the first of repo/\.git/config\. .*reeve-profile\(5\)' "$(cat "$room/err$uid")"
	says "uid $uid: the ledger's timeline names the reason" 'refused rename  protected name repo/\.git/config  EPERM' \
		"$("$room/bin/reeve-audit" show "$(ledger_of "$h")")"
	inside touch harmless
	silent "uid $uid: which is not said where none was refused" 'protected' "$(cat "$room/err$uid")"
	# The same script inside and outside, in two folders: what it says, errors too, and what it leaves.
	cat >"$h/work/same.sh" <<'S'
umask 022
p() { printf '%s: ' "$1"; shift; "$@" >"$TMP" 2>&1; echo "$? $(tail -n 1 "$TMP" | sed 's/^[^ ]*: //')"; }
p 'standard error into a file' sh -c 'sh -c "echo x >/dev/stderr" 2>file; cat file'
p 'a descriptor by /dev/fd' sh -c 'exec 3>f3; echo y >/dev/fd/3; exec 3>&-; cat f3'
p 'a descriptor by /proc' sh -c 'exec 3>>f3; echo z >/proc/self/fd/3; cat f3'
p 'appending' sh -c 'echo a >>app; echo b >>app; cat app'
p 'folders' mkdir -p a/b/c
p 'a slash' mkdir a/q/
p 'rmdir' rmdir a/q/
p 'rename' mv a b
p 'link' ln file file2
p 'symlink' ln -s file link
p 'through it' sh -c 'echo via >link; cat file'
p 'through one to nothing' sh -c 'ln -s nothere dl; echo via >dl; cat nothere'
p 'own folder by /proc' sh -c 'echo sc >/proc/self/cwd/scf; cat scf'
p 'a link there' sh -c 'ln -s /proc/self/cwd/abl l3; echo q >l3; cat abl'
p 'a link out' sh -c 'echo t >"$TMP.t"; ln -s "$TMP.t" lt; echo new >lt; cat "$TMP.t"; rm lt'
p 'cutting' truncate -s 5 file
p 'masks' sh -c 'umask 077; echo x >um; mkdir umd; umask 0; echo x >um2; stat -c %a um umd um2 | tr "\n" " "'
p EEXIST mkdir b
p ENOENT sh -c 'echo x >no/x'
p ENOTDIR mkdir file/x
p EISDIR sh -c 'echo x >b'
p 'EEXIST of a file' sh -c 'set -C; echo x >file'
p ENAMETOOLONG mkdir "$(head -c 300 /dev/zero | tr '\0' a)"
p 'to another file system' mv file2 "$TMP.moved"
p ENOTEMPTY sh -c 'mkdir n; echo x >n/n; rmdir n'
p ELOOP sh -c 'ln -s loop loop; echo x >loop'
p 'ENOTDIR of rename' mv -T b file
p 'EINVAL of rename' mv b b/c/d
p 'copies' cp -a /usr/share/doc/git docs
p 'archives' sh -c 'tar cf t.tar docs && mkdir tt && tar xf t.tar -C tt && ls tt/docs | wc -l'
p 'sqlite' /usr/bin/python3 -c '
import sqlite3
c = sqlite3.connect("db"); c.execute("pragma journal_mode=wal"); c.execute("create table t(x)"); c.execute("insert into t values(1)"); c.commit(); print(c.execute("select * from t").fetchall())'
p 'programs just written' sh -c 'for i in $(seq 60); do cp /bin/true prog && ./prog && rm prog || exit 1; done'
p 'removing' sh -c 'rm -rf docs tt t.tar n b'
ls -A1
S
	mkdir "$h/work/in" "$h/work/out"
	[ "$uid" = "$(id -u)" ] || chown "$uid:$uid" "$h/work/in" "$h/work/out"
	inside sh -c 'cd in; TMP=/tmp/said sh ../same.sh' >"$room/in"
	as "$uid" "$h" sh -c 'cd out; TMP=$HOME/tmp/said sh ../same.sh' >"$room/out"
	equal "uid $uid: the same as outside" "$(cat "$room/out")" "$(cat "$room/in")"
	# What it may not make it may not have made: a tool server that writes the workspace.
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "x": { "kind": "exec", "workspace": "write", "tools": {
  "touch": { "description": "makes a file", "argv": ["touch", "--", "{path}"], "params": { "path": { "type": "string" } } } } } } }
J
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "x", "then": "allow", "when": { "tool": "x/*" } } ] }' >"$h/etc/policy.json"
	tool() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool x/touch "{\"path\":\"$1\"}" 2>&1; }
	says "uid $uid: nor by a tool" 'exit status 1' "$(tool .mcp.json)"
	tool made >/dev/null
	equal "uid $uid: which makes other files" "made" "$(cd "$h/work" && ls -d made .mcp.json 2>/dev/null)"
	says "uid $uid: a record says which tool server it was" '"path":"[^"]*\.mcp\.json".*"server":"x"' "$(records "$h")"
	cat >"$h/work/pipe.py" <<'P'
import os, socket, subprocess, threading
a = socket.socket(socket.AF_UNIX); os.mkdir("s"); a.bind("s/sk"); a.listen()
b = socket.socket(socket.AF_UNIX); b.connect("s/sk"); a.accept()[0].sendall(b"by socket"); print(b.recv(20).decode())
os.mkfifo("p"); t = threading.Thread(target=lambda: print(open("p").read(), flush=True))
def late():
    with open("p", "w") as f: f.write("by pipe")
w = threading.Thread(target=late); w.start(); t.start(); w.join(); t.join()
fd = os.open(".", os.O_TMPFILE | os.O_RDWR); os.write(fd, b"by no name"); os.link(f"/proc/self/fd/{fd}", "named", src_dir_fd=0, follow_symlinks=True); print(open("named").read())
subprocess.run("echo by descriptor >/dev/stdout", shell=True, stdout=open("said", "w")); print(open("said").read(), end="")
os.umask(0o027); os.close(os.open("m", os.O_CREAT | os.O_WRONLY, 0o666)); os.mkdir("d"); print(oct(os.stat("m").st_mode), oct(os.stat("d").st_mode))
P
	equal "uid $uid: sockets, pipes, nameless files, descriptors and modes" "by socket
by pipe
by no name
by descriptor
0o100640 0o40750" "$(inside "$python" -B pipe.py)"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done

# Where names cannot be had the run stops, and says what to do: another's listener above; a kernel without Landlock.
h=$room/scarce uid=$(id -u)
home "$h"
cat >"$h/tmp/scarce.py" <<'P'
import ctypes, os, signal, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def install(rows, flags):
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    libc.prctl(38, 1, 0, 0, 0)
    return libc.syscall(317, 1, flags, ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rows), ctypes.addressof(code))))
allow = (6, 0, 0, 0x7fff0000)
got = install([allow], 8) if sys.argv[1] == "listener" else install([(0x20, 0, 0, 0), (0x15, 0, 1, 444), (6, 0, 0, 0x50000 | 95), allow], 0)
if got < 0: sys.exit(77)
keeper = os.fork()
if keeper == 0: signal.pause()
child = os.fork()
if child == 0: os.execvp(sys.argv[2], sys.argv[2:])
status = os.waitpid(child, 0)[1]
os.kill(keeper, 9)
sys.exit(os.waitstatus_to_exitcode(status))
P
scarce() { what=$1; shift; as "$uid" "$h" "$python" "$h/tmp/scarce.py" "$what" "$reeve" run "$@"; }
scarce listener --without=names -- true 2>/dev/null
if [ $? = 77 ]; then
	skip 'another listener' 'this kernel gives no listener at all'
else
	fails 'a listener above stops the run' 125 scarce listener -- true
	says 'and it says why' 'another supervisor.*--without=seccomp' "$said"
	fails 'without seccomp there are no names' 125 scarce listener --without=seccomp -- true
	says 'and it says so' 'protected names: .*--without=names' "$said"
	fails 'both given up, it runs' 0 scarce listener --without=seccomp --without=names -- touch .envrc
	says 'the ledger says what is missing' '"seccomp given-up untested".*"names given-up untested"' "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
	fails 'and what is refused is still refused' 1 scarce listener --without=seccomp --without=names -- unshare -U true
fi
fails 'without Landlock there are no names' 125 scarce landlock --without=landlock -- true
says 'and it says so' 'protected names: .*--without=names' "$said"
fails 'both given up, it runs' 0 scarce landlock --without=landlock --without=names -- touch .envrc
fails 'what can be had is had, also when it was named' 1 as "$uid" "$h" "$reeve" run --without=names --without=landlock -- touch .mcp.json
equal 'and the name is not there' .envrc "$(ls -A "$h/work")"
# A folder that another thread makes meanwhile: it was not there yet, or it is, but never forbidden.
race() { cat <<'P'
import errno, os, threading
seen = set()
def make(go, path, leaf):
    go.wait()
    for _ in range(4):
        for way in (lambda: os.mkdir(path), lambda: os.close(os.open(leaf, os.O_WRONLY | os.O_CREAT))):
            try: way(); seen.add("made")
            except OSError as e: seen.add(errno.errorcode[e.errno])
for n in range(200):
    go = threading.Barrier(3)
    threads = [threading.Thread(target=make, args=(go, f"d{n}{p}", f"d{n}{p}/leaf")) for p in ("", "/a", "/a/b")]
    for t in threads: t.start()
    for t in threads: t.join()
print(*sorted(seen))
P
}
race >"$h/work/race.py"
equal 'folders that several threads make at once' 'EEXIST ENOENT made' "$(inside "$python" race.py)"
rm -rf "$h/work"/d[0-9]* "$h/work/race.py"
finish
