# tests/review-lib.sh - a desk where calls are held: an agent, a tool server, people with keys. Sourced after lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154
user=65534	# nobody: ssh-keygen works for no user without a line in /etc/passwd
needs_python() { command -v python3 >/dev/null || skip_all 'no python3 for an agent and its tool server'; }
# desk HOME UID: a home with a tool server that writes down what it does to tmp/done, and an agent in its work folder.
desk() {
	home "$1" "$2"
	mkdir -p "$1/config/reeve" "$1/keys"
	: >"$1/tmp/done"
	cp "$top/tests/tools/directory.py" "$1/tools/"
	cp "$top/tests/tools/asker.py" "$1/work/"
	tools_file "$1" <<J
{ "reeve": "tools/1", "servers": { "directory": { "kind": "command", "argv": ["python3", "@TOOLS/directory.py"],
  "read": ["@TOOLS"], "write": ["$1/tmp"], "env": { "DONE": "$1/tmp/done" } } } }
J
}
# own HOME UID: all in it is theirs, and there is a ledger.
own() { chown -R "$2" "$1"; chmod -R go-rwx "$1/keys"; as "$2" "$1" "$reeve" init >"$1/tmp/init" 2>&1; }
# key HOME NAME: an ssh key of that name.  signers HOME NAME...: these may sign, each by the key of the name.
key() { ssh-keygen -q -t ed25519 -N '' -C "$2" -f "$1/keys/$2"; }
signers() {
	signers_home=$1
	shift
	for name; do echo "$name@example.com $(cut -d' ' -f1,2 "$signers_home/keys/$name.pub")"; done >"$signers_home/config/reeve/allowed_signers"
	# The one who signs where nobody says who.
	echo "{ \"reeve\": \"config/1\", \"review\": { \"key\": \"$signers_home/keys/$1\", \"name\": \"$1@example.com\" } }" >"$signers_home/config/reeve/config.json"
}
# call TOOL ARGUMENTS [META]: as the agent takes it.
call() { printf '{"name":"directory__%s","arguments":%s,"_meta":%s}' "$1" "$2" "${3:-{\}}"; }
# agent UID HOME CALL...: a run of it, under $policy; what it is told.
agent() {
	agent_uid=$1 agent_home=$2
	shift 2
	as "$agent_uid" "$agent_home" "$reeve" run --policy "$policy" --tools ../etc/tools.json -- python3 asker.py "$@" 2>/dev/null
}
review() { review_uid=$1 review_home=$2; shift 2; as "$review_uid" "$review_home" "$reeve" review "$@" </dev/null 2>&1; }
# held UID HOME TOOL [STATE]: the number of the held call of that tool, as soon as there is one in that state.
held() {
	as "$1" "$2" timeout 60 "$reeve" review follow --json </dev/null 2>/dev/null |
		sed -n "/\"state\":\"${4:-waiting}\".*\"tool\":\"$3\"/{s/^{\"index\":\([0-9]*\),.*/\1/p;q}"
}
