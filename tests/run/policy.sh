#!/bin/sh
# What a security team does with policies: layers that bind a run by who it is for, in the ledger word by
# word; and the commands that say beforehand what a policy will say.
. "$(dirname "$0")/../lib.sh"
p=$room/p
mkdir -p "$p/all" "$p/new" "$room/ws"
echo hello >"$room/ws/file.txt"
cat >"$p/all/10-house.json" <<'J'
{ "reeve": "policy/1", "layer": "global", "unmatched": "pass", "rules": [
  { "id": "no-upper", "then": "refuse", "when": { "tool": "x/upper", "args": { "/text": { "glob": "*secret*" } } },
    "why": "secrets are not shouted", "controls": ["SOC2:CC6.1"] } ] }
J
cat >"$p/all/20-finance.json" <<'J'
{ "reeve": "policy/1", "layer": "department", "applies": { "department": ["finance"] }, "unmatched": "pass", "rules": [
  { "id": "no-head", "then": "refuse", "when": { "tool": "x/head" }, "why": "finance reads whole files" } ] }
J
cat >"$p/all/30-tools.json" <<'J'
{ "reeve": "policy/1", "rules": [
  { "id": "cat", "then": "allow", "when": { "tool": "x/cat", "resource": { "glob": "*.txt" }, "args": { "/path": { "under": "." } } },
    "controls": ["ISO27001:A.8.3", "SOC2:CC6.1"] },
  { "id": "rest", "then": "allow", "when": { "tool": ["x/upper", "x/head"] } } ] }
J
cat >"$p/calls.cases" <<'C'
allow  rule-allows=30-tools:rest x/upper {"text":"a"}
@ department=finance
refuse rule-refuses=20-finance:no-head x/head {"path":"file.txt"}
@ department=it
allow  rule-allows=30-tools:rest x/head {"path":"file.txt"}
@ department=it resource=file.txt
allow  rule-allows=30-tools:cat x/cat {"path":"file.txt"}
C
cp "$p/all"/*.json "$p/new"
sed -i 's/"finance"/"it"/' "$p/new/20-finance.json"
explain() { "$reeve" policy explain --workspace "$room/ws" --time 2026-11-21T09:30Z "$@" 2>&1; }

holds 'the layers are read together' "$reeve" policy check "$p/all"
said=$(explain --department finance --args '{"path":"file.txt"}' "$p/all" x/head)
says 'explain: the verdict' '^refuse rule-refuses=20-finance:no-head  x/head$' "$said"
says 'explain: a layer that passes' '^  global +pass' "$said"
says 'explain: a layer that refuses, and why' '^  department +refuse +20-finance:no-head  finance reads whole files' "$said"
says 'explain: a layer that allows' '^  action +allow +30-tools:rest' "$said"
says 'explain: what must change' '^  20-finance:no-head must not match' "$said"
equal 'explain: options may stand behind the call' "$said" "$(explain "$p/all" x/head --department finance --args '{"path":"file.txt"}')"
said=$(explain --department it --args '{"path":"/etc/passwd"}' --resource x "$p/all" x/cat)
says 'explain: a file that does not apply' '20-finance  does not apply: department \["finance"\], found "it"' "$said"
says 'explain: what nearly allows, and what is missing' '30-tools:cat must match: resource glob "\*.txt", found "x" \(and 1 more\)' "$said"
said=$(explain --args '{"path":"file.txt"}' "$p/all" x/head)
says 'explain: a fact nobody gave' '20-finance  only its refusals apply: department \["finance"\], there is none' "$said"
says 'explain: refuses' '^refuse undecidable=20-finance:no-head' "$said"
fails 'explain: an allowed call' 0 explain --department it --args '{"text":"a"}' "$p/all" x/upper
says 'explain: a call on standard input' '^refuse rule-refuses=10-house:no-upper' \
	"$(echo '{"tool":"x/upper","args":{"text":"my secret"},"department":"it"}' | explain "$p/all" -)"
says 'explain: nothing speaks about it' 'a rule of the layer action must allow q/x: there is none' "$(explain --department it "$p/all" q/x)"
says 'explain: nothing invisible reaches the terminal' 'found "a\\u\{202e\}' "$(explain --department it --args '{"path":"a\u202e"}' --resource x "$p/all" x/cat | sed 's/resource.*//'; explain --department it --args '{"text":"a\u202e"}' "$p/all" x/upper | sed 's/judged of/found/')"
mkdir "$room/act"
echo '{ "reeve": "policy/1", "rules": [ { "id": "read", "then": "allow", "when": { "action": "resource.read", "tool": "x/file:///w/*" } } ] }' >"$room/act/a.json"
printf '@ action=resource.read\nallow rule-allows=a:read x/file:///w/a\nrefuse no-rule x/file:///etc/a\n@ agent=b\nrefuse no-rule x/file:///w/a\n' >"$room/act/a.cases"
fails 'test: cases can say which action' 0 "$reeve" policy test "$room/act"
fails 'explain: another action than a call' 0 explain --action resource.read "$room/act" x/file:///w/a
says 'explain: which action a rule speaks about' 'a:read must match: action resource.read, found tool.call' "$(explain "$room/act" x/file:///w/a)"
says 'explain: an action on standard input' '^allow' "$(echo '{"tool":"x/file:///w/a","action":"resource.read"}' | explain "$room/act" -)"
fails 'explain: an action that is none' 2 explain --action tool.cal "$room/act" x/file:///w/a
fails 'explain: arguments that are no object' 2 explain --args '[]' "$p/all" x/cat
fails 'explain: arguments twice' 2 explain --args '{"a":1,"a":2}' "$p/all" x/cat
fails 'explain: no call' 2 explain "$p/all"
fails 'explain: a time that is none' 2 explain --time noon "$p/all" x/cat
echo '{"tool":"x/cat","agnt":"a"}' >"$p/call.json"
says 'explain: a fact that is none' 'there is no fact "agnt"' "$(explain "$p/all" "$p/call.json")"

fails 'diff: nothing changes' 0 "$reeve" policy diff --workspace "$room/ws" --cases "$p/calls.cases" "$p/all" "$p/all"
said=$("$reeve" policy diff --workspace "$room/ws" --cases "$p/calls.cases" "$p/all" "$p/new" 2>&1)
says 'diff: what is refused no more' 'calls.cases:3: x/head: refuse rule-refuses=20-finance:no-head -> allow rule-allows=30-tools:rest' "$said"
says 'diff: what is refused now' 'calls.cases:5: x/head: allow rule-allows=30-tools:rest -> refuse rule-refuses=20-finance:no-head' "$said"
says 'diff: and nothing else' '2 decided alike, 2 changed' "$said"
fails 'diff: changes are a status' 1 "$reeve" policy diff --workspace "$room/ws" --cases "$p/calls.cases" "$p/all" "$p/new"
fails 'diff: without cases' 2 "$reeve" policy diff "$p/all" "$p/new"

sed 's/"global"/"runtime"/' "$p/all/10-house.json" >"$p/runtime.json"
fails 'check: the layer that counts and remembers' 0 "$reeve" policy check "$p/runtime.json"
echo '{ "reeve": "policy/1", "rules": [ { "id": "c", "then": "refuse", "when": { "taint": "private" } } ] }' >"$p/taint.json"
says 'check: what only that layer may ask' 'taint.json:1:[0-9]+: "taint" is for files of the layer "runtime"' "$("$reeve" policy check "$p/taint.json" 2>&1)"
fails 'check: and it is an error' 2 "$reeve" policy check "$p/taint.json"
sed 's/"then": "refuse"/"then": "review"/' "$p/all/10-house.json" >"$p/review.json"
says 'check: a review' '"review": expected beside it who is asked' "$("$reeve" policy check "$p/review.json" 2>&1)"
mkdir -p "$room/people"
for name in alice bob; do
	ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$room/key-$name"
	echo "$name@example.com $(cut -d' ' -f1,2 "$room/key-$name.pub")" >>"$room/people/allowed_signers"
done
echo '{ "reeve": "reviewers/1", "groups": { "leads": ["alice@example.com", "bob@example.com"], "gone": ["carol@example.com"] } }' >"$room/people/reviewers.json"
# asks BY: a policy that asks these, on its second line
asks() { printf '{ "reeve": "policy/1", "rules": [ { "id": "c", "then": "review", "when": {}, "review":\n{ "within": "1h", %s } } ] }\n' "$1" >"$p/asks.json"; }
asks '"by": ["leads"], "count": 2'
fails 'check: a review by who is there' 0 "$reeve" policy check --reviewers "$room/people" "$p/asks.json"
fails 'check: and by nobody, where nobody is' 2 "$reeve" policy check --reviewers "$room" "$p/asks.json"
says 'check: which is said of the rule' 'asks.json:2:[0-9]+: nobody who could approve' "$("$reeve" policy check --reviewers "$room" "$p/asks.json" 2>&1)"
said=$("$reeve" policy check --reviewers "$room" "$p/asks.json" 2>&1)
says 'check: with the file that was looked in' "no key of theirs is in $room/allowed_signers, which is not there" "$said"
silent 'check: and nothing is said to be ok' ', ok$' "$said"
asks '"by": ["leads", "carol@example.con"]'
fails 'check: a name that nobody has is no error beside others' 0 "$reeve" policy check --reviewers "$room/people" "$p/asks.json"
says 'check: but is said' 'asks:c asks carol@example.con, who is nobody in' "$("$reeve" policy check --reviewers "$room/people" "$p/asks.json" 2>&1)"
fails 'check: and strictly taken fails' 1 "$reeve" policy check --strict --reviewers "$room/people" "$p/asks.json"
asks '"by": ["leads"], "count": 3'
says 'check: by too few' 'asks.json:2:[0-9]+: 3 different people must approve, and 2 of them have a key' "$("$reeve" policy check --reviewers "$room/people" "$p/asks.json" 2>&1)"
asks '"by": ["gone"]'
says 'check: by who has no key' 'asks.json:2:[0-9]+: nobody who could approve' "$("$reeve" policy check --reviewers "$room/people" "$p/asks.json" 2>&1)"
asks '"by": ["leads"], "then": [ { "by": ["gone"], "after": "5m" } ]'
says 'check: by nobody later' 'asks.json:2:[0-9]+: nobody who could approve' "$("$reeve" policy check --reviewers "$room/people" "$p/asks.json" 2>&1)"
asks '"by": 3'
says 'check: by more than there are' 'asks.json:2:[0-9]+: 3 different people' "$("$reeve" policy check --reviewers "$room/people" "$p/asks.json" 2>&1)"
echo 'alice@example.com what' >"$room/allowed_signers"
asks '"by": 1'
fails 'check: keys that cannot be read' 2 "$reeve" policy check --reviewers "$room" "$p/asks.json"
rm "$room/allowed_signers"
# one WHAT ERROR TEXT: of this file there is this error, and no second one
one() {
	printf '%s\n' "$3" >"$p/one.json"
	said=$("$reeve" policy check --reviewers "$room" "$p/one.json" 2>&1)
	says "check: $1" "one.json:$2" "$said"
	equal "check: $1, and nothing else" 1 "$(printf '%s\n' "$said" | grep -c .)"
}
one 'nothing is included' '1:24: unknown member "include"' '{ "reeve": "policy/1", "include": [ "one.json" ], "rules": [] }'
one 'a rule that can never match' '1:[0-9]+: it can never match: no "tool" of the rule is of this server' '{ "reeve": "policy/1", "rules": [ { "id": "a", "then": "allow", "when": { "tool": "a/x", "server": "b" } } ] }'
one 'two rules of one name' '2:10: expected an id of its own, found "a" again' '{ "reeve": "policy/1", "rules": [ { "id": "a", "then": "allow", "when": {} },
 { "id": "a", "then": "refuse", "when": {} } ] }'
one 'a layer that is none' '1:33: "layer": expected global, tenant, .*found "house"' '{ "reeve": "policy/1", "layer": "house", "rules": [] }'
one 'a review without saying by whom' '1:[0-9]+: "review": expected beside it who is asked' '{ "reeve": "policy/1", "rules": [ { "id": "a", "then": "review", "when": {} } ] }'
echo '{ "reeve": "policy/1", "rules": [ { "id": "c", "then": "refuse", "when": { "category": "x" } } ] }' >"$p/category.json"
fails 'check: a rule that asks the catalogue' 0 "$reeve" policy check --strict "$p/category.json"
sed 's/"when": {.*} }/"when": { "server": "s" } }, { "id": "d", "then": "refuse", "when": { "server": "s", "class": "high" } }/' "$p/category.json" >"$p/twice.json"
fails 'check: strictly' 1 "$reeve" policy check --strict "$p/twice.json"

mkdir -p "$p/asked" "$p/less"
cat >"$p/asked/pay.json" <<'J'
{ "reeve": "policy/1", "rules": [
  { "id": "any", "then": "allow", "when": { "tool": "pay/*" }, "requires": ["reason"] },
  { "id": "big", "then": "review", "when": { "tool": "pay/refund", "args": { "/amount": { "above": 500 } } },
    "review": { "by": ["leads"], "count": 2, "within": "90m", "then": [ { "by": ["cfo@example.com"], "after": "30m" } ] } },
  { "id": "huge", "then": "review", "when": { "tool": "pay/refund", "args": { "/amount": { "above": 5000 } } }, "review": { "by": 2, "within": "2d" } },
  { "id": "other", "then": "review", "when": { "tool": "pay/look", "scope": "audit" }, "review": { "by": 1, "within": "1h" } } ] }
J
cat >"$p/asked/pay.cases" <<'C'
refuse no-claim=pay:any pay/refund {"amount":5}
@ claims=reason,trigger
allow rule-allows=pay:any pay/refund {"amount":5}
review review=pay:big pay/refund {"amount":501}
review review=pay:big+pay:huge pay/refund {"amount":5001}
refuse undecidable=pay:big pay/refund {"amount":"501"}
refuse undecidable=pay:other pay/look
@ claims=reason scopes=mail,audit
review review=pay:other pay/look
@ claims=reason scopes=none
allow rule-allows=pay:any pay/look
C
says 'test: what is asked of people and of the agent' 'pay.json: 8 passed, 0 failed' "$("$reeve" policy test "$p/asked" 2>&1)"
sed 's/huge {/big {/; s/^review review=pay:big pay/review review=pay:big+pay:huge pay/' "$p/asked/pay.cases" >"$p/less/pay.cases"
sed 's/"count": 2, //' "$p/asked/pay.json" >"$p/less/pay.json"
said=$("$reeve" policy test "$p/less" 2>&1)
says 'test: who else would have been asked' 'pay.cases:4: expected review review=pay:big\+pay:huge, found review review=pay:big$' "$said"
said=$("$reeve" policy diff --cases "$p/asked/pay.cases" "$p/asked" "$p/less" 2>&1)
says 'diff: fewer people are a change' 'pay.cases:4: pay/refund: review review=pay:big by 2 of leads; after 30m also of cfo@example.com; within 90m -> review review=pay:big by 1 of leads' "$said"
says 'diff: of all that ask them' '6 decided alike, 2 changed' "$said"
said=$("$reeve" policy explain --claims reason --args '{"amount":5001}' "$p/asked" pay/refund 2>&1)
says 'explain: it is held' '^review review=pay:big +pay/refund' "$said"
says 'explain: who is asked' '^  pay:big  the word of 2 of leads; after 30m also of cfo@example.com; within 90m' "$said"
says 'explain: and who besides' '^  pay:huge  the word of any 2 of all reviewers; within 2d' "$said"
fails 'explain: which is not to be allowed' 1 "$reeve" policy explain --claims reason --args '{"amount":5001}' "$p/asked" pay/refund
said=$("$reeve" policy explain --args '{"amount":5}' "$p/asked" pay/refund 2>&1)
says 'explain: the agent says nothing' '^refuse no-claim=pay:any +pay/refund' "$said"
says 'explain: what it has to send' '^  pay:any requires the agent.s reasons: say why, and ask again: send "reeve/reason"' "$said"
says 'explain: what would be asked of people' 'pay:big  would review: /amount above 500, found 5' "$said"
said=$("$reeve" policy explain --claims reason "$p/asked" pay/look 2>&1)
says 'explain: a review that cannot be judged' '^  pay:other must be judged: scope "audit", there is none' "$said"
says 'explain: claims are words' 'the claims "because": expected none, or trigger' "$("$reeve" policy explain --claims because "$p/asked" pay/look 2>&1)"

have_userns || { skip 'runs' 'no user namespaces for this user'; finish; }
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	echo 'a line' >"$h/work/file.txt"
	cp -r "$p/all" "$h/etc/policy"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "x": { "kind": "exec", "workspace": "read", "deadline": "5s", "tools": {
    "cat": { "description": "a file", "argv": ["cat", "--", "{path}"], "resource": "/path", "params": { "path": { "type": "string" } } },
    "head": { "description": "a line", "argv": ["head", "-n", "1", "{path}"], "params": { "path": { "type": "string" } } },
    "upper": { "description": "upper case", "argv": ["tr", "a-z", "A-Z"], "stdin": "{text}", "params": { "text": { "type": "string" } } } } } } }
J
	chown -R "$uid" "$h/etc"
	# call STATUS WHAT PATTERN DEPARTMENT TOOL JSON
	call() {
		out=$(as "$uid" "$h" "$reeve" run --policy ../etc/policy --tools ../etc/tools.json --department "$4" -- reeve-call tool "$5" "$6" 2>&1)
		got=$?
		if [ "$got" = "$1" ] && printf '%s\n' "$out" | grep -qE -- "$3"; then ok "uid $uid: $2"; else not_ok "uid $uid: $2" "status $got, wanted $1 and \"$3\": $out"; fi
	}
	call 0 'a call that all layers let pass' '^a line$' it x/cat '{"path":"file.txt"}'
	call 0 'another department' '^a line$' it x/head '{"path":"file.txt"}'
	call 1 'this department' 'finance reads whole files' finance x/head '{"path":"file.txt"}'
	call 1 'the whole house' 'secrets are not shouted' it x/upper '{"text":"a secret"}'
	call 1 'what could hide it' 'secrets are not shouted' it x/upper '{"text":"a sec\u200bret"}'
	listed=$(as "$uid" "$h" "$reeve" run --policy ../etc/policy --tools ../etc/tools.json --department finance -- reeve-call list 2>/dev/null)
	says "uid $uid: what it may have is listed" 'x__cat' "$listed"
	silent "uid $uid: what its department must not have is not" 'x__head' "$listed"
	ledger=$(find "$h" -name journal -printf '%h\n' | head -n 1)
	shown=$(as "$uid" "$h" "$reeve" audit show --json "$ledger" 2>&1)
	says "uid $uid: the ledger has the department" '"department":"finance"' "$shown"
	says "uid $uid: and every layer's answer" '"layers_said":\["global pass","department refuse 20-finance:no-head","action allow 30-tools:rest"\]' "$shown"
	says "uid $uid: and what could not be judged" '"layers_said":\["global undecidable 10-house:no-upper"' "$shown"
	says "uid $uid: and what was let pass" '"layers_said":\["global pass","action allow 30-tools:cat"\]' "$shown"
	says "uid $uid: and the controls" '"controls":\["ISO27001:A.8.3","SOC2:CC6.1"\]' "$shown"
	says "uid $uid: show tells the layers" 'layers +global pass, department refuse 20-finance:no-head' "$(as "$uid" "$h" "$reeve" audit show "$ledger" 2>&1)"
	cp "$p/asked/pay.json" "$h/etc/pay.json"
	says "uid $uid: nobody is there to review" 'pay.json:4:[0-9]+: nobody who could approve' "$(as "$uid" "$h" "$reeve" run --policy ../etc/pay.json -- true 2>&1)"
	fails "uid $uid: and nothing starts" 2 as "$uid" "$h" "$reeve" run --policy ../etc/pay.json -- true
	mkdir -p "$h/config/reeve"
	sed 's/^bob@/cfo@/' "$room/people/allowed_signers" >"$h/config/reeve/allowed_signers"
	echo '{ "reeve": "reviewers/1", "groups": { "leads": ["alice@example.com", "cfo@example.com"] } }' >"$h/config/reeve/reviewers.json"
	chown -R "$uid" "$h/config"
	fails "uid $uid: now somebody is" 0 as "$uid" "$h" "$reeve" run --policy ../etc/pay.json -- true
	rm -f "$h/etc/policy/30-tools.json"
	call 1 'without a layer that allows' 'no rule|no such tool|no tool' it x/cat '{"path":"file.txt"}'
done
finish
