#!/bin/sh
# A call that two people must approve: who counts, who is turned away, signatures made elsewhere, time that runs out,
# an agent that asks again, a recorder that is killed, a reviewer who is another user; and an agent who reaches none of it.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/review-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
needs_python
license() { call assign_license "{\"user\":\"$1@example.com\",\"license\":\"E5\"}"; }
# turned WHAT PATTERN COMMAND...: it exits with 1, and says so.
turned() {
	what=$1 pattern=$2
	shift 2
	out=$("$@")
	equal "$what" 1 $?
	says 'and it is said why' "$pattern" "$out"
}
for uid in $(each_user); do
	h=$room/home$uid
	desk "$h" "$uid"
	for name in alice bob carol mallory; do key "$h" $name; done
	signers "$h" alice bob carol
	policy=$h/etc/four.json
	cat >"$policy" <<'J'
{ "reeve": "policy/1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": "directory/*" } },
  { "id": "four-eyes", "then": "review", "when": { "tool": "directory/assign_license" },
    "review": { "by": ["people"], "count": 2, "within": "1h" } },
  { "id": "at-once", "then": "review", "when": { "tool": "directory/update_user" },
    "review": { "by": ["alice@example.com"], "within": "1s", "wait": "1s" } } ] }
J
	echo '{ "reeve": "reviewers/1", "groups": { "people": ["alice@example.com", "bob@example.com"] } }' >"$h/config/reeve/reviewers.json"
	own "$h" "$uid"
	decide() { review "$uid" "$h" "$@" --reason 'seen'; }

	agent "$uid" "$h" "$(license ada)" >"$h/tmp/said" &
	waits=$!
	n=$(held "$uid" "$h" assign_license)
	fails "uid $uid: nothing is approved for want of a reason" 1 review "$uid" "$h" approve "$n"
	turned 'nor where another payload was looked at' 'is sha256:.*, not sha256:0' decide approve "$n" --digest sha256:0
	turned 'nor by who has no key' 'does not let .* sign' decide approve "$n" --key ../keys/mallory --as alice@example.com
	turned 'nor by who is not asked' 'carol' decide approve "$n" --key ../keys/carol --as carol@example.com
	says "uid $uid: one of two is not enough" "^$n has your approval, record [0-9]+; it is waiting: more is needed" "$(decide approve "$n")"
	turned 'and does not count twice' 'alice' decide approve "$n"
	turned 'nor under another name' 'does not let .*/alice sign as bob' decide approve "$n" --key ../keys/alice --as bob@example.com

	# Signed elsewhere, with ssh-keygen alone.
	as "$uid" "$h" sh -c "'$reeve' review approve $n --as bob@example.com --reason seen --statement >st && ssh-keygen -q -Y sign -n review@reeve -f ../keys/alice st && mv st.sig alice.sig &&
		ssh-keygen -q -Y sign -n file -f ../keys/bob st && mv st.sig file.sig && ssh-keygen -q -Y sign -n review@reeve -f ../keys/bob st" 2>/dev/null
	turned 'a signature of his name by her key is turned away' '.' decide approve "$n" --as bob@example.com --signature alice.sig
	turned 'and one made for something else' 'does not sign this decision' decide approve "$n" --as bob@example.com --signature file.sig
	turned 'and his own with other words' 'does not sign this decision' review "$uid" "$h" approve "$n" --as bob@example.com --reason other --signature st.sig
	turned 'or for a denial' 'does not sign this decision' decide deny "$n" --as bob@example.com --signature st.sig
	holds 'ssh-keygen says that it is good' as "$uid" "$h" sh -c 'ssh-keygen -q -Y verify -n review@reeve -I bob@example.com -f ../config/reeve/allowed_signers -s st.sig <st'
	says "uid $uid: and so says reeve: now there are two" "^$n approved, record" "$(decide approve "$n" --as bob@example.com --signature st.sig)"
	wait "$waits"
	says 'and it is done' '^answer done: assign_license$' "$(cat "$h/tmp/said")"
	turned 'it is used, and its signature is good for nothing else' '.' decide approve "$n" --as bob@example.com --signature st.sig

	# The agent gives up; the recorder is killed; it asks again, unchanged, in a new run.
	agent "$uid" "$h" "$(license eve)" >"$h/tmp/said" &
	waits=$!
	n=$(held "$uid" "$h" assign_license)
	says "uid $uid: one has approved" "^$n has your approval" "$(decide approve "$n")"
	kill -9 "$(pgrep -f "^reeve-recorder serve $(ledger_of "$h") ")"
	wait "$waits"
	agent "$uid" "$h" "$(license eve)" >"$h/tmp/said" &
	waits=$!
	equal 'what was held stands, also without that recorder' "$n" "$(held "$uid" "$h" assign_license)"
	until says_json=$(review "$uid" "$h" show "$n" --json) && printf '%s' "$says_json" | grep -q '"fits":true'; do :; done
	says 'with the approval it has' '"decision":"approve".*"reviewer":"alice@example.com"' "$says_json"
	says 'and the other one completes it' "^$n approved" "$(decide approve "$n" --key ../keys/bob --as bob@example.com)"
	wait "$waits"
	says 'for who asked again' '^answer done: assign_license$' "$(cat "$h/tmp/said")"
	equal 'once' 1 "$(grep -c eve "$h/tmp/done")"

	# Time runs out: into no.
	out=$(agent "$uid" "$h" "$(call update_user '{"user":"ada@example.com"}')")
	says "uid $uid: what nobody approves in time is not done" '^error ' "$out"
	settled "$h"
	n=$(records "$h" | sed -n 's/.*"kind":"held".*"n":\([0-9]*\),.*"tool":"update_user".*/\1/p')
	turned 'nor approved later' '.' decide approve "$n"
	equal 'it was not done' '' "$(grep update_user "$h/tmp/done")"

	# The agent finds no socket to speak to a recorder, nor keys.
	out=$(as "$uid" "$h" "$reeve" run --policy "$policy" --tools ../etc/tools.json -- python3 -c '
import glob, os
print("sockets", [p for p in glob.glob("/run/**/*.sock", recursive=True) + glob.glob(os.path.dirname(os.getcwd()) + "/**/*.sock", recursive=True) if not p.startswith("/run/reeve/")])
print("recorder", [p for p in glob.glob("/run/reeve/*") if "default-" in p], "keys", glob.glob(os.path.dirname(os.getcwd()) + "/keys/*"))' 2>/dev/null)
	equal "uid $uid: the agent sees neither socket nor key" "sockets []
recorder [] keys []" "$out"
	settled "$h"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
