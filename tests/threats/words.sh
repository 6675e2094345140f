#!/bin/sh
# What an agent writes into records plays no tricks on who reads them: arguments, names, errors. THREATS: "Also".
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
raw=$(printf '[\001-\010\013-\037\177]|\302[\200-\237]|\342\200[\213-\217\252-\256]|\342\201[\246-\251]|\363\240')
escape=$(printf 'a\033]0;title\007\033[2J\033[31m\r\nrefused everything\n\302\233\342\200\256\363\240\201\201\177b')
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	as "$uid" "$h" "$reeve" run --task "$escape" --agent "$escape" -- sh -c 'true' "$escape" 2>/dev/null
	# Names it may not make, each holding one trick; and calls refused with tricks in their registers.
	as "$uid" "$h" "$reeve" run -- sh -c 'mkdir -p .git/hooks "$1"; echo x >".git/hooks/$1"; echo x >"$1/.envrc"; mkdir -p .vscode
		mv .vscode "$1"; ln -s "$1" .mcp.json; unshare -U true' sh "$(printf '\033[31mred\302\233\342\200\256\n{"kind":"close"}')" >/dev/null 2>&1
	shown=$("$room/bin/reeve-audit" show "$(ledger_of "$h")")
	says "uid $uid: refused names are shown" '\.envrc' "$shown"
	LC_ALL=C silent "uid $uid: show prints no control character and no turned text" "$raw" "$shown"
	json=$(records "$h")
	LC_ALL=C silent "uid $uid: nor does a record of what it did hold one" "$raw" "$(printf '%s\n' "$json" | grep '"kind":"syscall"')"
	equal "uid $uid: each record is one line of its own" "$(printf '%s\n' "$json" | wc -l)" "$(printf '%s\n' "$json" | grep -c '^{"')"
	equal "uid $uid: none was forged" "$(printf '%s\n' "$json" | grep -c '"kind":"run"')" "$(printf '%s\n' "$json" | grep -c '"boot":.*"kind":"close"')"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
