#!/bin/sh
# Tools called from a shell in the jail: what is allowed is done, what is not is refused with a sentence,
# and what an exec tool is given is never more than its declared words.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	echo 'a line' >"$h/work/file.txt"
	ln -s /etc/passwd "$h/work/link"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": {
  "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"], "workspace": "read" },
  "hidden": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] },
  "broken": { "kind": "command", "argv": ["/nowhere/at/all"] },
  "x": { "kind": "exec", "workspace": "read", "deadline": "5s", "tools": {
    "cat": { "description": "a file", "argv": ["cat", "--", "{path}"], "resource": "/path",
             "params": { "path": { "type": "string", "max_length": 64 } } },
    "head": { "description": "some lines", "argv": ["head", "-n", "{lines}", "{path}"],
              "params": { "path": { "type": "string" }, "lines": { "type": "integer", "minimum": 1, "maximum": 9, "default": "1" } } },
    "upper": { "description": "upper case", "argv": ["tr", "a-z", "A-Z"], "stdin": "{text}",
               "params": { "text": { "type": "string" } } },
    "false": { "description": "fails", "argv": ["sh", "-c", "echo oops; exit 3"], "params": {} },
    "yes": { "description": "never ends", "argv": ["yes"], "params": {} },
    "hang": { "description": "never says a thing", "argv": ["sleep", "1000"], "params": {} } } } } }
J
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "t", "then": "allow", "when": { "tool": ["t/echo", "t/env", "broken/*", "nobody/*"] } },
  { "id": "cat", "then": "allow", "when": { "tool": "x/cat", "args": { "/path": { "under": "." } } } },
  { "id": "rest", "then": "allow", "when": { "tool": ["x/head", "x/upper", "x/false", "x/yes", "x/hang"] } } ] }
J
	# call STATUS WHAT PATTERN TOOL JSON
	call() {
		out=$(as "$uid" "$h" env SECRET=leak "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool "$4" "$5" 2>&1)
		got=$?
		if [ "$got" = "$1" ] && printf '%s\n' "$out" | grep -qE -- "$3"; then ok "uid $uid: $2"; else not_ok "uid $uid: $2" "status $got, wanted $1 and \"$3\": $out"; fi
	}
	call 0 'a command tool' '^hello$' t/echo '{"text":"hello"}'
	call 0 'an exec tool' '^a line$' x/cat '{"path":"file.txt"}'
	call 0 'with its default' '^a line$' x/head '{"path":"file.txt"}'
	call 0 'a text on its stdin' '^QUIET$' x/upper '{"text":"quiet"}'
	call 0 'a value stays one word' '^\$\(ID\); "A B"$' x/upper '{"text":"$(id); \"a b\""}'
	call 1 'no rule allows it' 'no rule' t/die '{}'
	call 1 'a path out of the workspace' 'no rule' x/cat '{"path":"../../../../etc/passwd"}'
	call 1 'by a link' 'no rule' x/cat '{"path":"link"}'
	call 1 'an absolute one' 'no rule' x/cat '{"path":"/etc/passwd"}'
	call 1 'by /proc' 'no rule' x/cat '{"path":"/proc/self/cwd/file.txt"}'
	call 1 'a number where a string belongs' '.' x/cat '{"path":5}'
	call 1 'a value too long' '.' x/head "{\"lines\":12,\"path\":\"file.txt\"}"
	call 1 'a value of another type' '.' x/head '{"lines":"1; id","path":"file.txt"}'
	call 1 'a real where an integer belongs' '.' x/head '{"lines":1.5,"path":"file.txt"}'
	call 1 'a missing value' '.' x/upper '{}'
	call 1 'a value nobody declared' '.' x/upper '{"text":"a","argv":["id"]}'
	call 1 'an option in place of a value' '.' x/head '{"path":"--version"}'
	silent "uid $uid: and it was not executed" 'coreutils' "$out"
	call 1 'an exec tool that fails' 'oops' x/false '{}'
	call 1 'a server that cannot be started' 'while it was starting|does not read what it is sent' broken/x '{}'
	call 3 'an unknown server' 'has it that tool server' nobody/x '{}'
	call 2 'arguments that are no JSON' 'arguments: expected' x/cat '{path'
	call 1 'an exec tool that never ends' '.' x/hang '{}'
	out=$(as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- sh -c 'reeve-call tool x/yes "{}" 2>&1 | wc -c')
	equal "uid $uid: endless output is cut" yes "$([ "$out" -gt 1000 ] && [ "$out" -lt 2000000 ] && echo yes)"
	call 0 'no variable of the operator reaches a server' 'PATH' t/env '{}'
	silent "uid $uid: none at all" 'leak' "$out"
	list=$(as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call list 2>/dev/null)
	says "uid $uid: what may be allowed is listed" 'echo' "$list"
	silent "uid $uid: what never can be is not" 'hidden|die|garbage' "$list"
	silent "uid $uid: and its server was not started" '"server":"hidden"' "$(records "$h")"

	out=$(as "$uid" "$h" "$reeve" run --tools ../etc/tools.json -- reeve-call tool t/echo '{"text":"x"}' 2>&1)
	equal "uid $uid: no policy, no action" 1 $?
	says "uid $uid: and it says why" 'no --policy' "$out"
	equal "uid $uid: an intent for every outcome" "$(records "$h" | grep -c '"kind":"intent"')" "$(records "$h" | grep -c '"kind":"outcome"')"
	says "uid $uid: the digest of what was judged is that of what was executed" yes \
		"$(records "$h" | awk -F'"' '/"kind":"intent"/ { match($0, /"digest":"[^"]*"/); d = substr($0, RSTART + 10, 71); match($0, /"n":[0-9]*/); n = substr($0, RSTART + 4, RLENGTH - 4); digest[n] = d }
			/"kind":"outcome"/ && /"executed"/ { match($0, /"executed":"[^"]*"/); d = substr($0, RSTART + 12, 71); match($0, /"intent":[0-9]*/); n = substr($0, RSTART + 9, RLENGTH - 9); seen++; if (digest[n] != d) bad++ }
			END { print (seen > 5 && !bad) ? "yes" : "no " seen " " bad }')"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
done
finish
