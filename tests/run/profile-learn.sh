#!/bin/sh
# A profile and a policy are learnt from a recorded run: they pass their own checks, the same run works under
# them, and what was too broad is not in them unless it is named.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/data/deep" "$h/.ssh" "$h/work/sub"
	echo 'a line' >"$h/work/file.txt"
	echo 'another' >"$h/work/sub/file.txt"
	echo 'data' >"$h/data/deep/one"
	echo 'data' >"$h/data/deep/two"
	echo 'secret' >"$h/.ssh/id_ed25519"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": {
  "x": { "kind": "exec", "workspace": "read", "tools": {
    "cat": { "description": "a file", "argv": ["cat", "--", "{path}"], "resource": "/path",
             "params": { "path": { "type": "string" } } },
    "say": { "description": "one of some words", "argv": ["echo", "{word}"], "resource": "/word",
             "params": { "word": { "type": "string" } } },
    "shell": { "description": "anything", "argv": ["sh", "-c", "{what}"], "params": { "what": { "type": "string" } } },
    "upper": { "description": "upper case", "argv": ["tr", "a-z", "A-Z"], "stdin": "{text}",
               "params": { "text": { "type": "string" } } } } } } }
J
	echo '{ "reeve": "policy/1", "layer": "action", "rules": [
		{ "id": "all", "then": "allow", "when": { "tool": "x/*" } }, { "id": "not", "then": "refuse", "when": { "tool": "x/upper" } } ] }' >"$h/etc/policy.json"
	printf '{ "reeve": "profile/1", "extends": "agent", "read": { "%s": "for the test" } }' "$h/data" >"$h/etc/mine.json"
	cat >"$h/work/agent.sh" <<'J'
reeve-call tool x/cat '{"path": "file.txt"}'
reeve-call tool x/cat '{"path": "sub/file.txt"}'
reeve-call tool x/say '{"word": "hello"}'
reeve-call tool x/upper '{"text": "quiet"}' 2>/dev/null || echo refused
cat "$1/data/deep/one"
J
	chown -R "$uid:$uid" "$h"
	# shellcheck disable=SC2317 # by fails and says
	run() { as "$uid" "$h" "$reeve" run --tools ../etc/tools.json "$@" -- sh agent.sh "$h" 2>/dev/null; }
	learn() { as "$uid" "$h" "$reeve" profile learn --tools ../etc/tools.json --out ../etc "$@" 2>&1; }
	wanted='a line
another
hello
refused
data'
	equal "uid $uid: the run itself" "$wanted" "$(run --profile ../etc/mine.json --policy ../etc/policy.json)"

	# As it was, and with the paths that were opened.
	printf '/usr/bin/cat\n%s/data/deep/one\n/etc/ld.so.cache\n/nowhere\n' "$h" >"$h/etc/opened"
	said=$(learn --profile ../etc/mine.json --name same 2)
	got=$?
	equal "uid $uid: learnt" 0 "$got"
	says "uid $uid: it says what was called" '^  x/cat +2 times' "$said"
	says "uid $uid: and what was refused" '^  x/upper +1 times' "$said"
	says "uid $uid: and what it cannot know" 'files were opened is not in a ledger' "$said"
	says "uid $uid: it extends what the run used" '"extends": ".*/etc/mine.json"' "$(cat "$h/etc/same.json")"
	fails "uid $uid: options may stand behind the run" 0 as "$uid" "$h" "$reeve" profile learn 2 --profile ../etc/mine.json --tools ../etc/tools.json --name behind --out ../etc
	equal "uid $uid: and mean the same there" "$(cd "$h/etc" && sed 's/"same"/"behind"/' same.json)" "$(cat "$h/etc/behind.json")"
	fails "uid $uid: a value behind the last option is asked for" 2 as "$uid" "$h" "$reeve" profile learn 2 --out
	says "uid $uid: by its name" '[-][-]out needs' "$said"
	learn --profile ../etc/mine.json --name narrow --files ../etc/opened "$(ledger_of "$h")" >"$room/said" || not_ok "uid $uid: learnt from a list" "$(cat "$room/said")"
	for name in same narrow; do
		fails "uid $uid: $name passes profile check" 0 as "$uid" "$h" "$reeve" profile check --threshold 3 ../etc/$name.json
		fails "uid $uid: $name-policy passes policy check" 0 as "$uid" "$h" "$reeve" policy check --strict ../etc/$name-policy.json
		equal "uid $uid: the same run works under $name" "$wanted" "$(run --profile ../etc/$name.json --policy ../etc/$name-policy.json)"
	done
	policy=$(cat "$h/etc/narrow-policy.json")
	says "uid $uid: the rule names the tool" '"tool": "x/cat"' "$policy"
	silent "uid $uid: no rule is a pattern" '"tool": "[^"]*\*' "$policy"
	silent "uid $uid: what was refused has none" 'x/upper' "$policy"
	under() { as "$uid" "$h" "$reeve" run --profile ../etc/narrow.json --policy ../etc/narrow-policy.json -- sh -c "$1" 2>&1; }
	says "uid $uid: not another file" 'no rule' "$(under "reeve-call tool x/cat '{\"path\": \"/etc/passwd\"}'")"
	says "uid $uid: not another word" 'no rule' "$(under "reeve-call tool x/say '{\"word\": \"rm\"}'")"
	says "uid $uid: what was not opened is not there" 'No such file' "$(under 'cat /etc/passwd')"
	says "uid $uid: what was opened is" '^data$' "$(under "cat $h/data/deep/one")"

	# A folder of the workspace, where all that was read lies in one.
	mkdir -p "$h/work/sub/deep" "$h/work/sub2"
	echo deeper >"$h/work/sub/deep/file" && echo other >"$h/work/sub2/file"
	as "$uid" "$h" "$reeve" run --tools ../etc/tools.json --profile ../etc/mine.json --policy ../etc/policy.json -- sh -c '
		reeve-call tool x/cat "{\"path\": \"sub/deep/file\"}"; reeve-call tool x/cat "{\"path\": \"$PWD/sub/file.txt\"}"' >/dev/null 2>&1
	learn --profile ../etc/mine.json --name folder "$(ledger_of "$h")" >"$room/said" || not_ok "uid $uid: learnt of a folder" "$(cat "$room/said")"
	says "uid $uid: the rule is for that folder" '"under": "sub"$' "$(cat "$h/etc/folder-policy.json")"
	under() { as "$uid" "$h" "$reeve" run --profile ../etc/folder.json --policy ../etc/folder-policy.json -- reeve-call tool x/cat "{\"path\": \"$1\"}" 2>&1; }
	says "uid $uid: what lies there can be read" '^deeper$' "$(under sub/deep/file)"
	says "uid $uid: what lies beside it cannot" 'no rule' "$(under sub2/file)"

	# Too broad: not granted, unless by name.
	as "$uid" "$h" "$reeve" run --tools ../etc/tools.json --profile ../etc/mine.json --policy ../etc/policy.json -- reeve-call tool x/shell '{"what": "echo hi"}' >/dev/null 2>&1
	printf '%s\n' / /etc /home /root "$h" "$h/.ssh/id_ed25519" /etc/shadow /var/run "$room/neighbour/x" /usr/bin/cat /sys/kernel >"$h/etc/broad"
	said=$(learn --profile ../etc/mine.json --name broad --files ../etc/broad "$(ledger_of "$h")")
	got=$?
	equal "uid $uid: broad grants end with 1" 1 "$got"
	for broad in / /etc "$h" "$h/.ssh/id_ed25519" x/shell; do
		says "uid $uid: $broad is refused and said" "^  $broad( |\$)" "$said"
		silent "uid $uid: $broad is not granted" "\"$broad\"[:,]|\"tool\": \"$broad\"" "$(cat "$h/etc/broad.json" "$h/etc/broad-policy.json")"
	done
	[ ! -e /root ] || says "uid $uid: nor is /root" '^  /root( |$)' "$said"
	[ ! -e /etc/shadow ] || says "uid $uid: nor is /etc/shadow" '^  /etc/shadow( |$)' "$said"
	said=$(learn --profile ../etc/mine.json --name named --files ../etc/broad --grant /etc/shadow --grant x/shell --grant "$h/.ssh" "$(ledger_of "$h")")
	says "uid $uid: named, it is granted" '"x/shell"' "$(cat "$h/etc/named-policy.json")"
	says "uid $uid: a path beneath what is named is" "\"$h/.ssh(/id_ed25519)?\":" "$(cat "$h/etc/named.json")"
	silent "uid $uid: and no longer refused" '^  (/etc/shadow|x/shell) .*(keys|executes)' "$said"
	says "uid $uid: but the rest is" '^  /etc( |$)' "$said"

	# strace's own lines are a list, too.
	cat >"$h/etc/strace" <<J
12 openat(AT_FDCWD, "$h/data/deep/two", O_RDONLY|O_CLOEXEC) = 3
12 openat(AT_FDCWD, "$h/work/file.txt", O_RDONLY) = 3
12 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = -1 ENOENT (No such file or directory)
12 execve("/usr/bin/cat", ["cat"], 0x7ffc /* 9 vars */) = 0
J
	learn --profile agent --name traced --files ../etc/strace 2 >"$room/said" || not_ok "uid $uid: strace" "$(cat "$room/said")"
	says "uid $uid: a new path becomes its folder" "\"$h/data/deep\": \"opened, but not" "$(cat "$h/etc/traced.json")"
	silent "uid $uid: what could not be opened is not there" 'etc/passwd' "$(cat "$h/etc/traced.json")"

	fails "uid $uid: nothing is written over" 2 as "$uid" "$h" "$reeve" profile learn --profile agent --out ../etc --tools ../etc/tools.json --name traced 2
	fails "uid $uid: a run that is none" 2 as "$uid" "$h" "$reeve" profile learn --out ../etc --name x 77
	fails "uid $uid: a ledger that is none" 2 as "$uid" "$h" "$reeve" profile learn --out ../etc --name x /nowhere
	fails "uid $uid: a profile that has changed must be named" 2 as "$uid" "$h" sh -c 'echo >>../etc/mine.json; exec "$0" profile learn --out ../etc --name x 2' "$reeve"
	fails "uid $uid: another tool file" 2 as "$uid" "$h" sh -c 'echo >>../etc/tools.json; exec "$0" profile learn --profile ../etc/mine.json --tools ../etc/tools.json --out ../etc --name x 2' "$reeve"
	fails "uid $uid: a list that is cut off" 2 as "$uid" "$h" sh -c 'printf /etc/pas >../etc/cut; exec "$0" profile learn --profile agent --files ../etc/cut --out ../etc --name x 2' "$reeve"
	equal "uid $uid: none of these left a file" no "$([ -e "$h/etc/x.json" ] && echo yes || echo no)"
done
finish
