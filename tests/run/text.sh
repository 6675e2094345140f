#!/bin/sh
# What a tool server says comes to the agent so that nothing hides in it and nothing acts on a terminal, within its
# bounds, without links that programs follow themselves; and the record says what was changed.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] || skip_all 'no python3'
bad_text='a\u202eb\u001b[31mc\udb40\udc41\u200b'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	cp "$top/tests/hostile/showy.py" "$h/tools/"
	server() { printf '"%s": { "kind": "command", "argv": ["%s", "-B", "@TOOLS/showy.py"], "read": ["@TOOLS/showy.py"], "pins": "none"%s }' "$1" "$python" "${2:+, $2}"; }
	tools_file "$h" <<J
{ "reeve": "tools/1", "servers": { $(server v), $(server r '"text": "remove"'), $(server p '"text": "pass"'), $(server s '"result": "1K"'),
  "x": { "kind": "exec", "tools": { "colour": { "description": "d", "argv": ["printf", "%s", "a\u001b[31mb\u202ec"], "params": {} } } } } }
J
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "action": "*" } } ] }' >"$h/etc/policy.json"
	# session SERVER [INPUT] [| OUTPUT]: its lines are standard input; the agent's in $out, the records in $room/records.
	session() {
		{
			echo '{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"elicitation":{}},"clientInfo":{"name":"a","version":"1"}}}'
			echo '{"jsonrpc":"2.0","method":"notifications/initialized"}'
			n=0
			while read -r tool args; do
				n=$((n + 1))
				printf '{"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"%s","arguments":%s,"_meta":{"progressToken":%s}}}\n' "$n" "$tool" "$args" "$n"
			done
			echo '{"jsonrpc":"2.0","id":"list","method":"tools/list"}'
		} >"$h/work/ask"
		rm -rf "$h/state"
		out=$(as "$uid" "$h" timeout 100 "$reeve" run --timeout 90 --policy ../etc/policy.json --tools ../etc/tools.json -- sh -c "${2:-cat ask} | reeve-call mcp $1${3:-}" 2>/dev/null)
		records "$h" >"$room/records"
	}
	line() { printf '%s\n' "$out" | grep -F -- "$1"; }
	hidden=$(printf '\342\200\256|\033|\363\240\201\201|\342\200\213|\\\\u00|\\\\u20')

	session v <<-J
		show {"text":"$bad_text"}
		error {"text":"$bad_text"}
		log {"text":"$bad_text"}
		show {"text":"plain"}
		show {"text":"na\u00efve \u05e9\u05dc\u05d5\u05dd\u200f \u0645\u06cc\u200c\u062e\u0648 \ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67 \u2764\ufe0f\r\n"}
	J
	shown='a\\u{202e}b\\x1b[31mc\\u{e0041}\\u{200b}'
	says "uid $uid: in a result" ok "$(line '"id":1,' | grep -qF "\"text\":\"$shown\"" && echo ok)"
	says "uid $uid: in its structure, names too" ok "$(line '"id":1,' | grep -qF "{\"k$shown\":[\"$shown\"]}" && echo ok)"
	says "uid $uid: in its _meta" ok "$(line '"id":1,' | grep -qF "\"m/n\":\"$shown\"" && echo ok)"
	says "uid $uid: in an error" ok "$(line '"id":2,' | grep -qF "\"message\":\"$shown\",\"data\":\"$shown\"" && echo ok)"
	says "uid $uid: in a log message" ok "$(line 'notifications/message' | grep -qF "$shown" && echo ok)"
	says "uid $uid: in progress" ok "$(line 'notifications/progress' | grep -qF "$shown" && echo ok)"
	all=$out altered=$(grep '"kind":"outcome"' "$room/records")
	# Who has said its last word is asked nothing: this agent says it when it has been asked.
	session v '{ mkfifo gate; cat ask gate; }' " | while read -r line; do printf '%s\\n' \"\$line\"; case \$line in *elicitation/create*) : >gate;; esac; done" <<-J
		ask {"text":"$bad_text"}
	J
	says "uid $uid: in a question" ok "$(line 'elicitation/create' | grep -qF "$shown" && echo ok)"
	out=$all
	says "uid $uid: in descriptions, titles and schemas" ok "$(line '"id":"list"' | grep -qF "\"description\":\"d $shown\",\"title\":\"$shown\"" && echo ok)"
	silent "uid $uid: and nothing of it anywhere" "$hidden" "$(printf '%s\n' "$out" | grep -v '"id":5,')"
	says "uid $uid: what people write stays" ok "$(line '"id":5,' | grep -qF "$(printf 'na\303\257ve \327\251\327\234\327\225\327\235\342\200\217 \331\205\333\214\342\200\214\330\256\331\210 \360\237\221\251\342\200\215\360\237\221\251\342\200\215\360\237\221\247 \342\235\244\357\270\217\\r\\n')" && echo ok)"
	equal "uid $uid: the outcomes say so, where it was so" 2 "$(echo "$altered" | grep -c '"altered":\["text"\]')"

	session r <<-J
		show {"text":"$bad_text"}
	J
	says "uid $uid: removed, sequences whole" ok "$(line '"id":1,' | grep -qF '"text":"abc"' && echo ok)"
	session p <<-J
		show {"text":"$bad_text"}
	J
	says "uid $uid: passed, if so asked" "$(printf '\342\200\256')" "$out"
	silent "uid $uid: and nothing was altered" altered "$(cat "$room/records")"

	session s <<-J
		long {"size":2000}
		long {"size":2000,"of":"\u20ac"}
		image {"size":5000}
		structure {"size":2000}
		link {"uri":"file:///etc/passwd"}
		link {"uri":"JavaScript:alert(1)"}
		link {"uri":"/etc/passwd"}
		link {"uri":"https://example.com/"}
		link {"uri":"note://1"}
		image {"size":4000}
	J
	says "uid $uid: a text is cut" '"id":1,.*x{1024}\\n\[reeve: cut here, 976 bytes were left out\]"}\]' "$out"
	says "uid $uid: between two characters" "\"id\":2,.*$(printf '\342\202\254')\\\\n\\[reeve: cut here, 4977 bytes" "$out"
	says "uid $uid: data is not" '"id":3,.*\[reeve: data of 5000 bytes was left out, 4096 are allowed\]' "$out"
	says "uid $uid: what may be is passed" '"id":10,.*A{4000}' "$out"
	says "uid $uid: a structure neither, and the result is an error" '"id":4,.*structured content was too long.*"isError":true' "$out"
	says "uid $uid: a link to a file" '"id":5,.*\[reeve: a link to file:///etc/passwd was taken out\]' "$out"
	says "uid $uid: to a script" '"id":6,.*\[reeve: a link to JavaScript:alert\(1\) was taken out\]' "$out"
	says "uid $uid: to nothing in particular" '"id":7,.*\[reeve: a link to /etc/passwd was taken out\]' "$out"
	says "uid $uid: the web stays" '"id":8,.*"uri":"https://example.com/"' "$out"
	says "uid $uid: and what only the server knows" '"id":9,.*"uri":"note://1"' "$out"
	equal "uid $uid: four were cut" 4 "$(grep -c '"altered":\["cut"\]' "$room/records")"
	equal "uid $uid: three had a link" 3 "$(grep -c '"altered":\["link"\]' "$room/records")"

	session v <<-J
		long {"size":1048577}
		long {"size":1048000}
	J
	says "uid $uid: one MiB, unless it is said otherwise" ok "$(line '"id":1,' | grep -q 'x\\n\[reeve: cut here, 1 bytes were left out\]' && echo ok)"
	says "uid $uid: and no less" ok "$(line '"id":2,' | grep -q '"text":"end"' && echo ok)"
	out=$(as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- reeve-call tool x/colour '{}' 2>/dev/null)
	equal "uid $uid: what an exec tool prints" 'a\x1b[31mb\u{202e}c' "$out"
	sed 's/"remove"/"hide"/' "$h/etc/tools.json" >"$h/etc/wrong.json"
	says "uid $uid: another word is an error" 'expected "visible", "remove" or "pass", found "hide"' \
		"$(as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/wrong.json -- true 2>&1)"
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
