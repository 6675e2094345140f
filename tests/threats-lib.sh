# tests/threats-lib.sh - programs that tell their rows as tests/threats/threat.h does, as rows of a story. Sourced
# after lib.sh; $uid and $h say as whom and where.
# shellcheck shell=sh disable=SC2154

# rows NAME FILE: each line a program told, as a row of ours.
rows() {
	while read -r line; do
		case $line in
		'ok '*) ok "uid $uid: $1: ${line#ok }" ;;
		'not ok '*) not_ok "uid $uid: $1: ${line#not ok }" ;;
		'skip '*) skip "uid $uid: $1: ${line#skip }" 'the machine has none' ;;
		esac
	done <"$2"
}

# What the ledger says the last run was refused: "CALL ERRNO ARCH", each once.
refused() {
	records "$h" >"$story/records"
	last=$(sed -n '/"kind":"run"/s/.*"n":\([0-9]*\).*/\1/p' "$story/records" | tail -n 1)
	grep "\"run\":$last," "$story/records" |
		sed -n 's/.*"arch":"\([^"]*\)".*"call":"\([^"]*\)".*"errno":"\([^"]*\)".*"kind":"syscall".*/\2 \3 \1/p' | sort -u
}

# attack NAME COMMAND...: run as the user, it tells all its rows and ends with 0, and the ledger tells the same.
attack() {
	name=$1
	shift
	as "$uid" "$h" timeout -k 2 120 "$@" >"$story/told" 2>"$story/stderr"
	status=$?
	equal "uid $uid: $name: every row was tried" '0 1' "$status $(grep -c '^end ' "$story/told")"
	[ "$status" = 0 ] || sed 's/^/# /' "$story/stderr"
	rows "$name" "$story/told"
	equal "uid $uid: $name: what was refused is in the ledger, and nothing else" \
		"$(sed -n 's/^record //p' "$story/told" | sort -u)" "$(refused)"
}

# A workspace as an operator has it.
lay_out() {
	as "$uid" "$h" git init -q .
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
