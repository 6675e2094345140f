#!/bin/sh
# Agents that are not ours, in the jail, against a model that says what a script says: each asks for a tool
# that policy allows, for one that it refuses, is told so, and goes on to another. The ledger then holds
# exactly that. They are told of their tools by what reeve config prints, and start as it says.
. "$(dirname "$0")/../lib.sh"
here=$top/tests/agents
have_userns || skip_all 'no user namespaces for this user'
command -v node >/dev/null || skip_all 'node is missing: make check-agents installs it as root'

installed=$top/build/agents
if ! cmp -s "$here/package-lock.json" "$installed/installed"; then
	mkdir -p "$installed"
	cp "$here/package.json" "$here/package-lock.json" "$installed/"
	(cd "$installed" && npm ci --no-audit --no-fund --ignore-scripts >"$room/npm.log" 2>&1) ||
		skip_all "npm cannot install the agents: $(grep -m 1 -iE "reason:|err(or)?.* code" "$room/npm.log")"
	cp "$here/package-lock.json" "$installed/installed"
fi
# Where any user may execute them, wherever the checkout lies: by a link if that can be.
cp -al "$installed/node_modules" "$room/agents" 2>/dev/null || { rm -rf "$room/agents"; cp -a "$installed/node_modules" "$room/agents"; }
chmod -R a+rX "$room/agents"
opencode=
for try in "$room"/agents/opencode-linux-*/bin/opencode; do
	[ -n "$opencode" ] || ! HOME=$story timeout 60 "$try" --version >/dev/null 2>&1 || opencode=$try
done

# What each agent needs beside its tools: which model, and where.
model_of() {
	case $1 in
	codex) printf 'model = "stub"\nmodel_provider = "stub"\n[model_providers.stub]\nname = "stub"\nbase_url = "http://127.0.0.1:8111/v1"\nwire_api = "responses"\n' ;;
	gemini-cli) echo '{ "security": { "auth": { "selectedType": "gemini-api-key" } } }' ;;
	opencode) echo '{ "model": "stub/stub", "small_model": "stub/stub", "provider": { "stub": { "npm": "@ai-sdk/openai-compatible",
		"options": { "baseURL": "http://127.0.0.1:8111/v1", "apiKey": "none" }, "models": { "stub": {} } } } }' ;;
	esac
}
# its_config AGENT HOME [--http]: both, in the file that reeve config names, in the workspace.
its_config() {
	as "$uid" "$2" "$reeve" config "$1" --tools ../etc/tools.json ${3:+"$3"} >"$room/tools.conf" 2>"$room/start" || return
	model_of "$1" >"$room/model.conf"
	file=$(sed -n 's/^  reeve config .* >//p' "$room/start")
	case $file in
	*.toml) cat "$room/model.conf" "$room/tools.conf" ;;
	*) node -e 'const [a, b] = process.argv.slice(1).map((f) => JSON.parse(require("fs").readFileSync(f))); console.log(JSON.stringify({ ...a, ...b }))' \
		"$room/model.conf" "$room/tools.conf" ;;
	esac >"$2/work/$file"
}
# Each by its name on a command line, as reeve config says it; in a folder of the jail's own system.
mkdir "$room/bin/agents"
link() { [ -z "$2" ] || ln -s "$2" "$room/bin/agents/$1"; }
link codex "$(ls "$room"/agents/@openai/codex-linux-*/vendor/*/bin/codex 2>/dev/null | head -n 1)"
link gemini "$(readlink -f "$room/agents/.bin/gemini")"
link opencode "$opencode"

# One line for each record of this run about a tool or a message, in the ledger's order.
story_of() {
	tail -n +"$(($1 + 1))" "$room/records" | node -e '
		const lines = require("fs").readFileSync(0, "utf8").split("\n").filter(Boolean).map((l) => JSON.parse(l));
		const what = new Map();
		for (const r of lines) {
			if (r.kind === "intent") what.set(r.n, `${r.action} ${r.server}${r.tool ? "/" + r.tool : ""}`);
			if (r.kind === "intent" && r.action === "tool.call") console.log(`intent ${r.server}/${r.tool} ${r.rule ?? ""}`.trim());
			if (r.kind === "refusal") console.log(`refusal ${r.action === "tool.call" ? `${r.server}/${r.tool} ${r.rule ?? r.reason}` : `${r.action} ${r.reason}`}`);
			if (r.kind === "outcome" && !what.get(r.intent)?.startsWith("server.start")) console.log(`outcome ${what.get(r.intent)?.split(" ")[1]} ${r.status}`);
		}'
}

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] } } }
J
	cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "talk", "then": "allow", "when": { "tool": ["t/echo", "t/fail"] } },
  { "id": "never", "then": "refuse", "when": { "tool": "t/fail", "args": { "/id": { "equal": "no" } } }, "why": "that one is not for agents" } ] }
J
	echo '{ "reeve": "profile/1", "extends": "agent", "read": { "'"$room/agents"'": "the agents", "'"$room/bin/agents"'": "their names" },
		"environment": { "set": { "PATH": "'"$room/bin/agents"':/usr/local/bin:/usr/bin:/bin", "GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": "http://127.0.0.1:8111", "GEMINI_MODEL": "gemini-2.5-flash",
		"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": "http://127.0.0.1:8111/v1", "OPENAI_MODEL": "stub" } } }' >"$h/etc/profile.json"
	echo '[["echo", {"text": "hello"}], ["fail", {"id": "no"}], ["echo", {"text": "and on"}]]' >"$h/work/steps.json"
	cp "$here/model.mjs" "$h/work/"
	[ "$uid" = "$(id -u)" ] || chown -R "$uid:$uid" "$h"
	for agent in codex opencode gemini-cli codex--http opencode--http gemini-cli--http; do
		what="uid $uid: $agent" fell=$bad http=
		case $agent in *--http) http=--http agent=${agent%--http} what="uid $uid: $agent by HTTP" ;; esac
		its_config "$agent" "$h" "$http" || not_ok "$what: reeve config" "$(cat "$room/start")"
		start=$(sed -n 's/^  reeve run .* -- \(.*\) TASK$/\1/p' "$room/start")
		[ "$agent" != opencode ] || [ -n "$opencode" ] || { skip "$what" 'none of its programs runs on this machine'; continue; }
		before=$(records "$h" 2>/dev/null | wc -l)
		rm -f "$h/work/log"
		echo "exec node model.mjs steps.json log 8111 $start 'use your tools'" >"$h/work/go"
		as "$uid" "$h" timeout 200 "$reeve" run --timeout 150 ${http:+"$http"} --profile ../etc/profile.json --policy ../etc/policy.json --tools ../etc/tools.json -- \
			sh go >"$room/said" 2>&1 </dev/null
		equal "$what: ends well" 0 "$?"
		says "$what: says what the model said last" 'all done' "$(cat "$room/said")"
		records "$h" >"$room/records"
		equal "$what: the ledger holds what it asked, and nothing else" "intent t/echo talk
outcome t/echo ok
refusal t/fail never
intent t/echo talk
outcome t/echo ok" "$(story_of "$before" | sed 's/policy[:.]//')"
		last=$(grep '^{"answers"' "$h/work/log" | tail -n 1)
		says "$what: the first answer reached the model" 'hello' "$last"
		says "$what: so did the refusal, with its rule and its reason" 'reeve refused t/fail: rule [a-z:]*never: that one is not for agents' "$last"
		says "$what: and it went on" 'and on' "$last"
		silent "$what: the model understood every request" '^\{"error"' "$(cat "$h/work/log")"
		[ "$bad" = "$fell" ] || { tail -n 30 "$room/said"; cut -c1-300 "$h/work/log"; } | sed 's/^/# /'
	done
	holds "uid $uid: the ledger is whole" verify "$h"
done
finish
