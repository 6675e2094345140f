#!/bin/sh
# A person's word, as README.md and reeve(1) tell it: their own lines are executed, one after the other.
. "$(dirname "$0")/../lib.sh"
# shellcheck disable=SC2034
user=65534	# nobody: ssh-keygen works for no user without a line in /etc/passwd
have_userns || skip_all 'no user namespaces for this user'
command -v ssh-keygen >/dev/null || skip_all 'no ssh-keygen: contrib/need check installs openssh-client as root'
# The commands of either, a line each.
told=$(sed -n "/^## A person's word/,/^Editors/s/^    \([a-z].*\)/\1/p" "$top/README.md")
manual=$(sed -n "/^A person's word/,/^The agent is told/p" "$top/docs/man/reeve.1" | sed 's/\\e$/\\/' |
	sed -e ':a' -e '/\\$/{N;s/ *\\\n *//;ba' -e '}' | sed -n 's/^\$ //p')
rule=$(sed -n '/^    { "id": "notes", "then": "review"/p' "$top/README.md")
same() { printf '%s\n' "$1" | sed 's/   *#.*//; s/  *//g'; }
equal 'the manual tells it with the same commands' "$(same "$told")" "$(same "$manual")"
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/agents" "$h/.ssh" "$h/config"
	ln -s config "$h/.config"
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$h/.ssh/id_ed25519"
	# Without "wait" the agent would be kept for 45 seconds each time.
	echo "{ \"reeve\": \"policy/1\", \"rules\": [ $rule ] }" | sed 's/"within"/"wait": "1s", "within"/' >"$h/agents/policy.json"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "files": { "kind": "exec", "workspace": "write", "tools": { "write_file": { "description": "x", "argv": ["touch", "written"] } } } } }
J
	mv "$h/etc/tools.json" "$h/agents/"
	printf '#!/bin/sh\nreeve-call tool files/write_file "{}" 2>&1\n' >"$h/work/my-agent"
	chmod 755 "$h/work/my-agent"
	chown -R "$uid" "$h"
	chmod -R go-rwx "$h/.ssh"
	# does WORDS [NUMBER]: the line with these words, about that held call.
	does() {
		line=$(printf '%s\n' "$told" | grep -F -- "$1" | sed "s/ 3 / ${2:-3} /; s,-- my-agent,-- ./my-agent,")
		as "$uid" "$h" sh -c "${line:-false}" 2>&1
	}
	holds "uid $uid: there is a place for it" does 'mkdir'
	holds 'who reviews is written down' does 'echo'
	says 'the agent is told that its call is held' '^reeve holds files/write_file for review \([0-9]+\) until' "$(does 'reeve run')"
	n=$(does 'review list' | sed -n 's/^\([0-9]*\) *waiting.*/\1/p')
	says 'it is shown' "^Held call $n of tenant default: waiting" "$(does 'review show' "$n")"
	fails 'and was not done' 1 test -e "$h/work/written"
	says 'an approval is recorded' "^$n approved, record [0-9]+" "$(does 'review approve' "$n")"
	holds 'the agent asks again' does 'reeve run'
	holds 'and it is done' test -e "$h/work/written"
	rm -f "$h/work/written"
	says 'once' '^reeve holds files/write_file' "$(does 'reeve run')"
	fails 'and no more' 1 test -e "$h/work/written"
	settled "$h"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
