#!/bin/sh
# A report is one file that a browser opens without a network, that proves itself there, and in which nothing an agent
# wrote is more than text. What was altered in it is shown as altered.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../ledger-lib.sh"
command -v chromium >/dev/null || skip_all 'no chromium: contrib/need check installs it'
have_userns || skip_all 'no user namespaces for this user'
h=$room/home
uid=$(id -u)
home "$h" "$uid"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"], "resources": { "echo": "/text" } } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "echo", "then": "allow", "when": { "tool": "t/echo" } } ] }
J
run() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json "$@" >/dev/null 2>&1; }
hostile='</script><script>document.title=1</script><img src=x onerror=document.title=2>'
run --agent alpha --task "$hostile" -- sh -c "reeve-call tool t/echo '{\"text\":\"</script><!--<script>\"}'; reeve-call tool t/echo '{\"text\":\"\u202eevil\"}'; reeve-call tool t/fail"
run --agent beta -- reeve-call tool t/echo '{"text":"two"}'
settled "$h"
ledger=$(ledger_of "$h") key=$h/state/reeve/keys/default.pub
audit() { "$room/bin/reeve-audit" "$@" 2>&1; }
report() { "$room/bin/reeve-audit" report "$ledger" --key "$key" "$@" 2>&1; }
page=$room/report.html
# What a browser makes of a page once its check has ended. No network, no profile of anybody's.
opened() {
	timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$room/browser" --proxy-server=127.0.0.1:9 \
		--virtual-time-budget=30000 --dump-dom "file://$1#verify" 2>/dev/null
}
verdict() { opened "$1" | tr -d '\n' | sed 's/.*id="verdict"[^>]*>\([^<]*\)<.*<ul id="findings">\(.*\)<\/ul>.*/\1 \2/; s/<[^>]*>/; /g'; }
report >"$page"
seen=$(opened "$page")
good='Whole and unaltered'
all=$(records "$h" | wc -l)

says 'a browser hashes it, builds the tree and checks the signature' "$good" "$seen"
says 'each finding by itself' "$all records stand in their places, 0 to $((all - 1))" "$seen"
says 'both agents have their row' '>beta</button>' "$seen"
says 'what was refused has its line' 'class="refuse">refuse<' "$seen"
says 'and what was allowed, with its outcome' '>t/echo</td>' "$seen"
equal 'script within a record is text' 0 "$(printf '%s\n' "$seen" | grep -c '<img src=x\|<title>[12]<')"
says 'which can be read' '&lt;img src=x' "$seen"
says 'a letter that turns the line round is shown by its code' '\\u\{202e\}evil' "$seen"
equal 'the file names nothing that would be fetched' 0 "$(grep -cE '(src|href)="?(https?:)?//|@import|url\(' "$page")"
says 'and its policy lets it fetch nothing' "default-src 'none'" "$(head -c 2000 "$page")"

altered() {
	sed "$1" "$page" >"$room/altered.html"
	if cmp -s "$page" "$room/altered.html"; then not_ok "$2" 'nothing was altered'; return; fi
	verdict "$room/altered.html" >"$room/verdict"
	if grep -q '^NOT' "$room/verdict"; then ok "$2"; else not_ok "$2" "$(cat "$room/verdict")"; fi
	says "$2: and it says what" "$3" "$(cat "$room/verdict")"
}
altered 's/"agent":"alpha"/"agent":"alphb"/' 'a record altered' 'do not hash to the root'
altered '/"text\/plain" class="records"/,/<\/script>/{/"kind":"refusal"/d}' 'a record taken out' 'is not what belongs in its place'
altered 's/^\(.*\)"n":3,\(.*\)$/&\n&/' 'a record twice' 'is not what belongs in its place'
altered 's/\("checkpoint":"[^"]*\)AAA/\1AAB/; s/\("checkpoint":"[^\\]*\\n[0-9]*\\n\)./\1_/' 'another root' 'do not hash|NOT CHECKED'
altered 's/\(\\n\\n\xe2\x80\x94 [^ ]* [A-Za-z0-9+/]\{20\}\)./\1_/' 'another signature' 'not signed|cannot be checked'
mark=$(printf '\342\200\224')
altered "s/\\(\\\\n\\\\n\\)\\($mark [^ ]* \\)\\([A-Za-z0-9+\\/]\\{12\\}\\)/\\1\\2\\3AAAA\\\\n\\2\\3/" 'a bad line of its key before the good one' 'not signed|not handed over|cannot be checked'
altered "s/\\(\"checkpoint\":\"[^\"]*\\)\"/\\1what is this\\\\n\"/" 'a line behind the signatures that is none' 'not signed|cannot be checked'
altered 's/"time":"20/"time":"no/' 'times that are none' 'do not hash to the root'
altered 's/"first":0/"first":1/' 'another beginning' 'NOT CHECKED|is not what belongs in its place'

middle=$(records "$h" | sed -n "$((all / 2))p" | sed 's/.*"time":"\([^"]*\)".*/\1/')
report --from "$middle" >"$room/part.html"
says 'a part of the ledger proves itself as well' "$good" "$(verdict "$room/part.html")"
equal 'and begins where it was told to' "$((all - all / 2 + 1))" "$(grep -c '^{.*"n":' "$room/part.html")"
says 'its runs are named, also if they began before' 'alpha|beta' "$(verdict "$room/part.html") $(opened "$room/part.html")"
report --to "$middle" >"$room/part.html"
says 'up to a time: to the checkpoint behind it' "$good" "$(verdict "$room/part.html")"
report --from 2001-01-01 --to 2001-01-02 >"$room/part.html"
says 'of a time in which nothing was' "$good" "$(verdict "$room/part.html")"
equal 'JSON holds the same records, as they are stored' "$(records "$h")" \
	"$(report --json | node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const r=JSON.parse(t);for(const x of r.records)console.log(JSON.stringify(x))})')"
timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$room/browser" --virtual-time-budget=30000 --print-to-pdf="$room/report.pdf" "file://$page" >/dev/null 2>&1
says 'on paper' '^%PDF-' "$(head -c 5 "$room/report.pdf")"
fails 'without a key' 2 "$room/bin/reeve-audit" report "$ledger"
cp -r "$ledger" "$room/copy"
flip "$room/copy/journal" 3000
fails 'a ledger that is not whole has no report' 1 "$room/bin/reeve-audit" report "$room/copy" --key "$key"
finish
