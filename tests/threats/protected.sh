#!/bin/sh
# Names that run later outside: by every way there is, in every moment, and looked at from outside afterwards.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../threats-lib.sh"
have_userns || skip_all 'no user namespaces for this user'
git=$(command -v git) || skip_all 'no git'

# A workspace as an operator has it.
lay_out() {
	as "$uid" "$h" "$git" init -q .
	as "$uid" "$h" sh -c 'printf "#!/bin/sh\nexit 0\n" >.git/hooks/pre-commit && chmod +x .git/hooks/pre-commit
		echo layout >.envrc && mkdir -p .vscode .claude t .git/worktrees/w bare/objects bare/refs bare/hooks && echo "{}" >t/tasks.json
		echo "ref: refs/heads/master" | tee bare/HEAD .git/worktrees/w/HEAD >/dev/null; echo ../.. >.git/worktrees/w/commondir'
}
# What of it somebody trusts: names, kinds, modes and bytes.
trusted() {
	(cd "$h/work" && find . \( -ipath '*/.git/hooks*' -o -ipath '*/.git/config' -o -iname .mcp.json -o -iname .envrc \
		-o -iname commondir -o -ipath '*/.vscode*' -o -path '*bare/*' -o -iname .bashrc -o -ipath '*/.claude/*' \
		-o -path './t/.git' \) ! -type s -printf '%p %y %m %l ' \( -type f -exec sha256sum {} \; -o -printf '\n' \) | sort)
}
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	lay_out
	for family in protected notify_toctou; do
		trusted >"$story/before"
		as "$uid" "$h" cp "$room/bin/$family" .
		attack "$family" "$reeve" run -- "./$family"
		rm "$h/work/$family"
		trusted >"$story/after"
		equal "uid $uid: $family: outside all is as it was" '' "$(diff "$story/before" "$story/after")"
	done
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
