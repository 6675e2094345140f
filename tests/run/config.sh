#!/bin/sh
# Agents are told of their tools: the file that REEVE_MCP_CONFIG names, and what reeve config prints. Each
# is read by a real parser of its format, and says what that agent looks for.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
uid=$(id -u) h=$room/home
home "$h"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": {
  "t": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] },
  "a.b-c": { "kind": "exec", "tools": { "true": { "description": "nothing", "argv": ["true"], "params": {} } } } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": {} } ] }
J
run() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json "$@" 2>"$room/stderr"; }
with_tools() { run --tools ../etc/tools.json "$@"; }

# What is in the jail.
file=$(with_tools -- sh -c 'cat "$REEVE_MCP_CONFIG"')
equal 'the file names every tool server, by command and words' \
	'a.b-c /run/reeve/bin/reeve-call mcp,a.b-c /run/reeve; t /run/reeve/bin/reeve-call mcp,t /run/reeve; ' \
	"$(printf '%s' "$file" | $python -c 'import json, sys
for name, s in sorted(json.load(sys.stdin)["mcpServers"].items()):
	print(name, s["command"], ",".join(s["args"]), s["env"]["REEVE_SOCKETS"], end="; ")')"
equal 'without tool servers it names none' '{}' "$(run -- sh -c 'cat "$REEVE_MCP_CONFIG"' | $python -c 'import json, sys; print(json.load(sys.stdin)["mcpServers"])')"
ask='{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}'
# As an agent does that starts servers with an environment of its own.
cat >"$h/work/follow.py" <<'P'
import json, os, subprocess, sys
for name, s in json.load(open(os.environ["REEVE_MCP_CONFIG"]))["mcpServers"].items():
	said = subprocess.run([s["command"], *s["args"]], env=s["env"], input=sys.argv[1] + "\n", capture_output=True, text=True)
	print(name, json.loads(said.stdout)["result"]["serverInfo"]["name"])
P
both() { says "$1: the command of each entry reaches its server" '^t ' "$said"; says "$1: of every entry" '^a.b-c ' "$said"; }
said=$(with_tools -- $python follow.py "$ask")
both 'in the jail'
if [ "$(id -u)" = 0 ] && unshare -pmf true 2>/dev/null; then
	chown -R "$user:$user" "$h"
	said=$(cd "$h/work" && exec env -i HOME="$h" PATH="$room/bin:$PATH" XDG_STATE_HOME="$h/state" XDG_RUNTIME_DIR="$h/run" XDG_CONFIG_HOME="$h/config" \
		"$room/bin/docker_like" --user "$user" "$reeve" run --without=namespaces,names --policy ../etc/policy.json --tools ../etc/tools.json -- \
		$python follow.py "$ask" 2>"$room/stderr")
	both 'without the mount layer, where it lies elsewhere'
	chown -R 0:0 "$h"
else
	skip 'without the mount layer' 'making the situation takes root'
fi
for change in 'echo x >"$REEVE_MCP_CONFIG"' 'rm -f "$REEVE_MCP_CONFIG"' 'mv "$REEVE_MCP_CONFIG" ~/x' 'chmod 666 "$REEVE_MCP_CONFIG"' 'ln -sf /etc/passwd "$REEVE_MCP_CONFIG"'; do
	equal "the agent cannot change it: ${change%% *}" "$file" "$(with_tools -- sh -c "$change 2>/dev/null; cat /run/reeve/mcp.json")"
done
echo '{ "reeve": "profile/1", "extends": "agent", "environment": { "set": { "REEVE_MCP_CONFIG": "/tmp/mine" } } }' >"$h/etc/mine.json"
fails 'a profile cannot name another' 2 with_tools --profile ../etc/mine.json -- true
says 'show says what it is' 'REEVE_MCP_CONFIG' "$(as "$uid" "$h" "$reeve" profile show --tools ../etc/tools.json agent 2>&1)"

# What reeve config prints, by its own parser: NAME, and of each server its name, words and address.
cat >"$room/read.py" <<'P'
import json, sys, tomllib
agent, text = sys.argv[1], sys.stdin.read()
CALL = "/run/reeve/bin/reeve-call"

def yaml(text):
	"""Blocks of two blanks, whose values are JSON or a plain word: all that goose needs, and strictly."""
	root = {}
	stack = [root]
	for line in text.splitlines():
		deep, rest = divmod(len(line) - len(line.lstrip(" ")), 2)
		assert rest == 0 and "\t" not in line and deep < len(stack), line
		key, colon, value = line.strip().partition(":")
		assert colon, line
		key = json.loads(key) if key[0] == '"' else key
		del stack[deep + 1:]
		assert key not in stack[-1], "twice: " + line
		if value:
			assert value[0] == " ", line
			value = value[1:]
			plain = value.replace("_", "").replace("/", "").replace("-", "").isalpha() and value not in ("true", "false", "yes", "no", "null")
			stack[-1][key] = value if plain else json.loads(value)
		else:
			stack[-1][key] = {}
			stack.append(stack[-1][key])
	return root

def only(entry, *known):
	assert set(entry) <= set(known), entry
	return entry

def codex(e):
	only(e, "command", "args", "url", "default_tools_approval_mode")
	return e.get("args"), e.get("command"), e.get("url")

def servers(http):
	def read(e):
		only(e, "type", "command", "args", "trust", "disabled", http)
		return e.get("args"), e.get("command"), e.get(http)
	return read

def typed(local, remote):
	def read(e):
		assert e["type"] == (remote if "url" in e else local), e
		return servers("url")(e)
	return read

def opencode(e):
	assert e["enabled"] is True
	if e["type"] == "remote":
		return None, None, only(e, "type", "enabled", "url")["url"]
	assert only(e, "type", "enabled", "command")["type"] == "local"
	return e["command"][1:], e["command"][0], None

def cline(e):
	assert e.get("type") == ("streamableHttp" if "url" in e else None) and e["disabled"] is False
	return servers("url")(e)

def goose(e):
	assert e["enabled"] is True and e["type"] == ("streamable_http" if "uri" in e else "stdio") and e["timeout"] == 300
	return e.get("args"), e.get("cmd"), e.get("uri")

parse, top, read = {
	"codex": (tomllib.loads, "mcp_servers", codex),
	"gemini-cli": (json.loads, "mcpServers", servers("httpUrl")),
	"opencode": (json.loads, "mcp", opencode),
	"claude-code": (json.loads, "mcpServers", typed("stdio", "http")),
	"qwen-code": (json.loads, "mcpServers", servers("httpUrl")),
	"cline": (json.loads, "mcpServers", cline),
	"goose": (yaml, "extensions", goose),
}[agent]
for name, entry in sorted(parse(text)[top].items()):
	words, command, url = read(entry)
	assert url or command == CALL, entry
	print(name, url or " ".join(words), end="; ")
P
config() { as "$uid" "$h" "$reeve" config "$@" 2>"$room/start_of"; }
read_as() { agent=$1; shift; config "$agent" "$@" | $python "$room/read.py" "$agent" 2>&1; }
agents=$(config | awk '{ print $1 }')
equal 'the agents that are known' 'codex gemini-cli opencode claude-code qwen-code cline goose' "$(echo $agents)"
for agent in $agents; do
	equal "$agent: all as one" 'reeve mcp; ' "$(read_as "$agent")"
	says "$agent: and how it is started" "reeve run .*-- .*TASK" "$(cat "$room/start_of")"
	equal "$agent: a server each" 'a.b-c mcp a.b-c; t mcp t; ' "$(read_as "$agent" --tools ../etc/tools.json)"
	equal "$agent: by its address" "reeve $(run --http -- sh -c 'echo "$REEVE_MCP_URL"'); " "$(read_as "$agent" --http)"
	says "$agent: and the run has one" 'reeve run --http --' "$(cat "$room/start_of")"
	equal "$agent: by theirs, elsewhere" 'a.b-c http://127.0.0.1:7001/mcp/a.b-c; t http://127.0.0.1:7001/mcp/t; ' \
		"$(read_as "$agent" --tools ../etc/tools.json --url http://127.0.0.1:7001/mcp)"
	silent "$agent: the start is a word for a shell, whole" '.' "$(sed -n 's/^  reeve run/true/p' "$room/start_of" | sh -n 2>&1)"
done
for wrong in nobody 'codex goose' '--bless codex' '--tools /nowhere codex' '--url ftp://x codex' '--url http:// codex' '--tools ../etc/policy.json codex' '--url http://a^b codex' '--http --url http://127.0.0.1:1/mcp codex' '--tools ../etc/tools.json'; do
	# shellcheck disable=SC2086
	fails "refused: $wrong" 2 config $wrong
	equal "and nothing is printed: $wrong" '' "$(config $wrong)"
done
finish
