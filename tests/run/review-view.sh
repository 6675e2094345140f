#!/bin/sh
# The view that fills a terminal: what an agent wrote acts on nothing in it, and the terminal is given back on every path.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/review-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
needs_python
cp "$top/tests/tools/terminal.py" "$room/terminal.py"
chmod 644 "$room/terminal.py"
for uid in $(each_user); do
	h=$room/home$uid
	desk "$h" "$uid"
	key "$h" alice
	signers "$h" alice
	policy=$h/etc/policy.json
	echo '{ "reeve": "policy/1", "rules": [ { "id": "all", "then": "review", "when": { "tool": "directory/*" }, "review": { "by": 1, "within": "1h" } } ] }' >"$policy"
	own "$h" "$uid"
	seat() { equal "uid $uid: $1" "$3" "$(as "$uid" "$h" env TERM=xterm timeout 60 python3 "$room/terminal.py" "$2" "$reeve" 2>&1)"; }
	# A name that is not what it looks like, and every way to play with a terminal.
	agent "$uid" "$h" "$(call echo '{"user":"\u0430dmin","text":"\u001b]0;title\u0007\u001b[2J\u001b[1;1Hreeve: approved\u202e\u009b2J","script":"set -e\n  \"amount\": 5\nApprove it? (yes/no) yes"}')" >"$h/tmp/said" &
	waits=$!
	n=$(held "$uid" "$h" echo)
	out=$(review "$uid" "$h" show "$n")
	says 'letters of another script are pointed out' '^    ones: \\u\{430\}dmin$' "$(echo "$out" | grep -A 1 '^  ! /params/arguments/user has letters of another script')"
	says 'a line of a text is no line of ours' '^  >         Approve it\? \(yes/no\) yes$' "$out"
	silent 'nothing acts' "$(printf '[\001-\010\013-\037\177]')" "$out"
	seat 'nothing of it acts in the view, and it gives the terminal back' view 'raw True|0|restored|acts []|shown'
	seat 'also when it is killed' view_killed 'restored shown'
	seat 'who decides there is asked twice' view_decides '0|restored'
	wait "$waits"
	says 'and the agent reads it' '^error .*no such thing' "$(cat "$h/tmp/said")"
	settled "$h"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
