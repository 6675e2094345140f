#!/bin/sh
# The helpdesk of the field: a password is reset, a licence waits for a person and is given by a signature made by
# ssh-keygen, an admin role is refused by guard and nobody can review it away, and what nobody has foreseen is asked
# of a person, who says no. Through MCP, under policies/helpdesk.json as it is.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/review-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
needs_python
for uid in $(each_user); do
	h=$room/home$uid
	desk "$h" "$uid"
	key "$h" alice
	signers "$h" alice
	cp "$top/policies/helpdesk.json" "$h/etc/helpdesk.json"
	policy=$h/etc/helpdesk.json
	own "$h" "$uid"

	out=$(agent "$uid" "$h" "$(call reset_password '{"user":"ada@example.com","must_change":true,"ticket":"T-1"}')")
	says "uid $uid: a password is reset" '^answer done: reset_password$' "$out"

	# A licence: the agent waits, and sees that it does; a person looks, and signs.
	agent "$uid" "$h" "$(call assign_license '{"user":"ada@example.com","license":"E5"}' \
		'{"reeve/trigger":"ticket T-2","reeve/reason":"she starts on Monday"}')" >"$h/tmp/said" &
	waits=$!
	n=$(held "$uid" "$h" assign_license)
	licence=$n
	equal "uid $uid: a licence is held, and not given" '' "$(grep assign_license "$h/tmp/done")"
	out=$(review "$uid" "$h" show "$n")
	says 'the reviewer sees what is asked' '^  tool.call \| directory/assign_license$' "$out"
	says 'to the last byte' '^  \|       "license": "E5"$' "$out"
	says 'which rule holds it' '^  held by   helpdesk:licence-change: a licence costs money' "$out"
	says 'and what the agent claims, as claims' '^The agent claims, and nobody has checked$' "$out"
	says 'behind a mark' '^  > reason she starts on Monday$' "$out"
	digest=$(review "$uid" "$h" show "$n" --raw | sha256sum | cut -d' ' -f1)
	says 'the bytes are those of the digest' "^  digest sha256:$digest$" "$out"
	says 'an approval is signed and recorded' "^$n approved, record [0-9]+: it may be done once$" \
		"$(review "$uid" "$h" approve "$n" --reason 'T-2 seen, budget is there')"
	wait "$waits"
	says 'the agent was told that it waits' '^progress held for review' "$(cat "$h/tmp/said")"
	says 'and gets what it asked for' '^answer done: assign_license$' "$(cat "$h/tmp/said")"
	equal 'the licence was given once' 'assign_license {"license": "E5", "user": "ada@example.com"}' "$(grep assign_license "$h/tmp/done")"

	# An administrator: no rule is asked, and there is nothing to approve.
	out=$(agent "$uid" "$h" "$(call assign_role '{"user":"ada@example.com","role":"Global Administrator"}')")
	says "uid $uid: an admin role is refused by guard" '^error .*No agent may' "$out"
	settled "$h"
	role=$(records "$h" | sed -n 's/.*"guard":"admin-role".*"n":\([0-9]*\).*/\1/p')
	fails 'and cannot be reviewed: there is no such held call' 1 review "$uid" "$h" approve "$role" --reason 'let it'

	# What nobody has foreseen: held, looked at, denied; the agent reads why.
	agent "$uid" "$h" "$(call update_user '{"user":"ada@example.com","name":"Eve"}')" >"$h/tmp/said" &
	waits=$!
	n=$(held "$uid" "$h" update_user)
	says "uid $uid: what nobody has foreseen is denied" "^$n denied" "$(review "$uid" "$h" deny "$n" --reason 'names come from the registry')"
	wait "$waits"
	says 'and the agent reads who said so, and why' '^error .*alice@example.com.*names come from the registry' "$(cat "$h/tmp/said")"
	equal 'nothing else was done' 'reset_password
assign_license' "$(cut -d' ' -f1 "$h/tmp/done")"

	settled "$h"
	all=$(records "$h")
	says "uid $uid: the ledger has what was held" '"claims":\["trigger ticket T-2","reason she starts on Monday"\].*"kind":"held"' "$all"
	says 'who decided, with the signature' '"decision":"approve".*"reviewer":"alice@example.com".*"signature":"U1NIU0lH' "$all"
	says 'what was approved' '"kind":"intent".*"reason":"approved"' "$all"
	says 'and executed, byte for byte' "\"approved\":\"sha256:$digest\".*\"executed\":\"sha256:$digest\"" "$all"
	says 'the call is traced, and who was asked' '^    asked of      1. 1 of alice@example.com$' "$("$room/bin/reeve-audit" trace "$(ledger_of "$h")" "$licence")"
	says 'a decision can be asked for' "^[0-9]+ .* approve $licence  by alice@example.com  T-2 seen" \
		"$("$room/bin/reeve-audit" query "$(ledger_of "$h")" --where decision=approve 2>/dev/null)"
	holds 'and is whole' verify "$h"
	stats=$("$room/bin/reeve-audit" stats "$(ledger_of "$h")" 2>&1)
	says 'an auditor sees who decided how much' '^ +1  alice@example.com approved' "$stats"
	says 'how soon' '^ +[12]  within ' "$stats"
	says 'how held calls ended' '^ +1  approved and done' "$stats"
	says 'and which rule could decide by itself' '^asked for a review, and approved every time' "$stats"
	equal 'what was held is asked for as a verdict' 2 "$("$room/bin/reeve-audit" query "$(ledger_of "$h")" --where verdict=review 2>/dev/null | wc -l)"
	who=$("$room/bin/reeve-audit" who "$(ledger_of "$h")" "$(echo "$all" | sed -n 's/.*"decision":"approve".*"n":\([0-9]*\).*/\1/p' | head -n 1)" 2>&1)
	says 'who approved: a person, and no agent' '^  by +a person, who signed it$' "$who"
	says 'by name' '^  reviewer +alice@example.com$' "$who"
	says 'what was held was asked by the agent' '^  by +an AI agent, in its jail$' "$("$room/bin/reeve-audit" who "$(ledger_of "$h")" "$n" 2>&1)"
	trace=$("$room/bin/reeve-audit" trace "$(ledger_of "$h")" "$n" 2>&1)
	says 'the trace of a denied call says who, and why' 'names come from the registry' "$trace"
	says 'and that nothing was done' 'nothing was executed' "$trace"
done
finish
