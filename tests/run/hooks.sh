#!/bin/sh
# A held call reaches the operator's hook, which is executed as he is, with what he has and nothing of the run's.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v ssh-keygen >/dev/null || skip_all 'no ssh-keygen: contrib/need check installs openssh-client as root'
ssh-keygen -q -t ed25519 -N '' -C alice -f "$story/key"
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/config/reeve" "$h/work/public"
	cp "$story/key" "$story/key.pub" "$h/etc/"
	echo "alice namespaces=\"review@reeve\" $(cut -d' ' -f1,2 "$story/key.pub")" >"$h/config/reeve/allowed_signers"
	echo open >"$h/work/public/x"
	ln -s public "$h/work/link"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "r", "then": "review",
		"review": { "by": ["alice"], "within": "5m", "wait": "4m" },
		"when": { "tool": "see/cat", "args": { "/path": { "under": "public" } } } } ] }' >"$h/etc/policy.json"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "see": { "kind": "exec", "tools": { "cat": { "description": "x",
  "argv": ["cat", "--", "{path}"], "params": { "path": { "type": "string" } } } } } } }
J
	mkfifo "$h/told"
	echo '{ "reeve": "config/1", "hooks": { "held": ["sh", "-c", "{ cat; id -u; echo \"$MARK\"; ls /proc/self/fd | wc -w; pwd; } >\"$HOME/told\""] } }' >"$h/config/reeve/config.json"
	chown -R "$uid:$uid" "$h"
	# held [OPTION...]: begin a run that asks; sets pid, and from what the hook was told: json, as, mark, open.
	held() {
		become "$uid" "$h" env MARK=mine "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json --status-fd 5 "$@" -- \
			reeve-call tool see/cat '{"path":"link/x"}' 5>"$h/status" >"$h/said" 2>&1 &
		pid=$!
		{ read -r json; read -r as; read -r mark; read -r open; read -r where; } <"$h/told"
		n=$(printf '%s' "$json" | sed -n 's/.*"held":\([0-9]*\).*/\1/p')
	}
	end() { kill $pid; wait $pid; }

	held
	says "uid $uid: the hook is told what is held" '"event":"held".*"server":"see","tool":"cat"' "$json"
	says 'who is asked' '"asked":\["alice"\]' "$json"
	equal 'it is executed as the operator' "$uid" "$as"
	equal 'in his environment' mine "$mark"
	equal 'and holds nothing of the run' 4 "$open"
	equal 'nor is it where the agent could lay something for it' / "$where"
	end
	says "uid $uid: and the status lines told of it" "\"event\":\"held\",\"held\":$n,\"what\":\"see/cat waits for alice" "$(cat "$h/status")"

	held --on-held 'cat >"$HOME/told"; exit 3'
	says "uid $uid: a hook of the command line is told in place of the other" '"event":"held"' "$json"
	equal 'and not both' '' "$as"
	end
	equal 'and that it fails is said once' 1 "$(grep -c 'the hook sh ended with status 3' "$h/said")"
	settled "$h"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
