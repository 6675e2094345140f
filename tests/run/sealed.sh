#!/bin/sh
# A run works from a sealed copy of reeve: whoever gets hold of /proc/N/exe inside cannot change what the
# operator executes next (CVE-2019-5736), and the copy still finds the programs that lie beside the original.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	# Programs of this user's own: files that it may write.
	mkdir -p "$h/own/bin" "$h/profiles"
	cp "$room"/bin/reeve "$room"/bin/reeve-* "$h/own/bin/"
	cp "$story"/profiles/*.json "$h/profiles/"
	chown -R "$uid:$uid" "$h/own"
	chmod -R u+w "$h/own"
	own=$h/own/bin/reeve
	before=$(sha256sum "$own"/../reeve 2>/dev/null "$h"/own/bin/reeve*)

	fails "uid $uid: a run of one's own programs" 0 as "$uid" "$h" "$own" run -- true
	says "uid $uid: no program inside can be opened for writing but its own copies" '^refused$' "$(as "$uid" "$h" "$own" run -- sh -c '
		bad=0
		for p in /proc/1/exe /proc/[0-9]*/exe /proc/self/exe; do (: >>"$p") 2>/dev/null && bad=$p; done
		[ "$bad" = 0 ] && echo refused || echo "$bad"' 2>&1)"
	printf '#!/proc/self/exe\n' >"$h/work/self"
	chmod 755 "$h/work/self"
	as "$uid" "$h" "$own" run -- ./self >/dev/null 2>&1
	equal "uid $uid: the programs are what they were" "$before" "$(sha256sum "$own"/../reeve 2>/dev/null "$h"/own/bin/reeve*)"

	rm -f "$h/said"
	mkfifo "$h/said" "$h/work/hold"
	become "$uid" "$h" "$own" run -- sh -c 'echo up; read -r x <hold' >"$h/said" 2>/dev/null &
	pid=$!
	read -r _ <"$h/said"
	equal "uid $uid: it is called what it is called" reeve "$(cat /proc/$pid/comm)"
	if [ "$(id -u)" = 0 ]; then
		init=$(pgrep -P $pid -x reeve)
		for p in "$pid" "$init"; do
			says "uid $uid: $([ "$p" = "$pid" ] && echo launcher || echo init) runs from memory" '^/memfd:' "$(readlink "/proc/$p/exe")"
			cp "/proc/$p/exe" "$story/copy" && says "uid $uid: its last bytes say where it came from" "$own" "$(tail -c 4096 "$story/copy" | tr -d '\0')"
		done
		# As the attack had it: keep it open, wait until nobody executes it, and write then.
		exec 9<"/proc/$pid/exe"
	fi
	: >"$h/work/hold"
	wait $pid
	if [ "$(id -u)" = 0 ]; then
		sh -c 'echo changed 1<>/dev/fd/9' 2>/dev/null
		equal "uid $uid: once it has ended, root itself cannot change it" "$(sha256sum <"$story/copy")" "$(sha256sum </dev/fd/9)"
		exec 9<&-
	fi
	rm "$h/work/hold"
	fails "uid $uid: only a run needs it" 0 as "$uid" "$h" strace -f -o "$h/trace" "$own" version
	silent "uid $uid: other words execute once" 'execveat' "$(cat "$h/trace")"
	fails "uid $uid: a run says what it does" 0 as "$uid" "$h" strace -o "$h/trace" "$own" run --help
	says "uid $uid: a copy is sealed before it is executed" 'F_SEAL_SEAL.F_SEAL_SHRINK.F_SEAL_GROW.F_SEAL_WRITE' "$(grep -B1 execveat "$h/trace")"
	equal "uid $uid: and once" 1 "$(grep -c '^execveat' "$h/trace")"
done
if [ "$(id -u)" = 0 ]; then
	h=$room/home$user
	fails 'a program that this user cannot write is not copied' 0 as "$user" "$h" strace -o "$h/trace" "$reeve" run --help
	silent 'because nobody inside could write it either' 'execveat' "$(cat "$h/trace")"
fi
finish
