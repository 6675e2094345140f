#!/bin/sh
# The broker against an agent that knows how it is built.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
[ -x "$python" ] || skip_all 'no python3'
uid=$(id -u) h=$room/home
home "$h"
mkdir -p "$h/etc"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": {
  "t": { "kind": "command", "workspace": "write", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"],
         "env": { "LOG": "$WORKSPACE/log", "TOKEN": "top-secret" }, "resources": { "echo": "/r" } },
  "two": { "kind": "command", "workspace": "write", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"] },
  "x": { "kind": "exec", "tools": { "deploy": { "description": "d", "argv": ["echo", "deployed to {where}"],
         "params": { "where": { "type": "string", "default": "prod" } } },
         "say": { "description": "d", "argv": ["echo", "{what}"], "params": { "what": { "type": "string" } } } } } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": "*/*" } },
  { "id": "no-prod", "then": "refuse", "when": { "tool": "x/deploy", "args": { "/where": { "equal": "prod" } } } },
  { "id": "kept", "then": "refuse", "when": { "tool": "t/echo", "args": { "/p": { "under": "kept" } } } },
  { "id": "big", "then": "refuse", "when": { "tool": "t/echo", "args": { "/n": { "above": 5 } } } } ] }
J
mkdir "$h/work/kept"
run() { as "$uid" "$h" timeout 120 "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json "$@" 2>"$story/stderr"; }
# What a call says, also on stderr, where refusals go.
tell() { run -- sh -c 'exec reeve-call tool "$@" 2>&1' - "$@"; }
cat >"$h/work/c.py" <<'P'
import json, os, socket, sys, threading
INIT = b'{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}\n'
def conn(path="/run/reeve/all.sock"):
    s = socket.socket(socket.AF_UNIX); s.connect(path)
    f = s.makefile("rwb"); f.write(INIT); f.flush(); f.readline()
    return s, f
def line(i, name, args):
    return (json.dumps({"jsonrpc": "2.0", "id": i, "method": "tools/call", "params": {"name": name, "arguments": args}}) + "\n").encode()
def ask(f, i, name, args):
    f.write(line(i, name, args)); f.flush(); return f.readline()
P

# What is judged is what is done, defaults included.
says 'a refused value is refused' 'reeve refused' "$(tell x/deploy '{"where":"prod"}')"
silent 'and is not had by leaving it out' 'deployed to prod' "$(tell x/deploy '{}')"
silent 'a value is never an option' '^-e' "$(tell x/say '{"what":"-e"}')"
says 'a shell never sees it' '[$][(]id[)];`id`' "$(tell x/say '{"what":"$(id);`id`"}')"
says 'a number as text does not disarm a rule' 'reeve refused' "$(tell t/echo '{"n":"9"}')"
says 'nor does ..' 'reeve refused' "$(tell t/echo '{"p":"x/../kept/a"}')"
says 'nor does an array' 'reeve refused' "$(tell t/echo '{"p":["kept/a"]}')"
ln -s kept "$h/work/alias"
says 'nor does a link' 'reeve refused' "$(tell t/echo '{"p":"alias/a"}')"

# Two tools may not meet in one joined name.
sed 's/"two":/"t_":/; s/"x":/"t__":/' "$h/etc/tools.json" >"$h/etc/names.json"
fails 'a server name with __ is refused' 2 run --tools ../etc/names.json -- true
sed 's/"two":/"t_":/' "$h/etc/tools.json" >"$h/etc/names.json"
fails 'and one that ends in _: t_ + b and t + _b would both be t___b' 2 run --tools ../etc/names.json -- true

# A flood of questions about paths must not stop broker and launcher at each other.
cat >"$h/work/flood.py" <<'P'
from c import *
all = [conn() for _ in range(60)]
data = b"".join(line(i, "t__echo", {"p": "kept/%d" % i}) for i in range(60))
for s, _ in all: threading.Thread(target=s.sendall, args=(data,), daemon=True).start()
got = sum(1 for _, f in all for _ in range(60) if f.readline())
print("answered", got)
P
says '3600 questions about paths: every one is answered' 'answered 3600' "$(run -- "$python" -B flood.py)"

# More intents open than a run may have: refused or waited for, not the end of the run.
cat >"$h/work/intents.py" <<'P'
from c import *
all = [conn() for _ in range(17)]
ask(all[0][1], "start", "t__echo", {"text": "x"})
ids = [(f, line(i, "t__hang", {})) for s, f in all[:16] for i in range(64)][:1023]
for f, l in ids: f.write(l)
for _, f in all[:16]: f.flush()
f = all[16][1]
f.write(line(1, "two__echo", {"text": "x"})); f.flush()
print("answered" if f.readline() else "hung up")
P
says 'a server still starts with 1023 calls in flight' 'answered' "$(run -- "$python" -B intents.py)"

# A large policy is none of the agent's doing: it loads, in the memory and with the calls a broker has.
"$python" - "$h/etc/large.json" <<'P'
import json, sys
json.dump({"reeve": "policy/1", "layer": "action", "rules": [{"id": "r%d" % i, "then": "allow", "when": {
    "tool": "t%d/x" % i, "args": {"/a": {"equal": "v", "prefix": "x"}}}} for i in range(10000)]}, open(sys.argv[1], "w"))
P
fails 'a policy of 10000 rules loads' 0 as "$uid" "$h" "$reeve" run --policy ../etc/large.json --tools ../etc/tools.json -- true

# What one line may cost: 8 lines of 4 MiB, each a tree of small arrays.
cat >"$h/work/trees.py" <<'P'
from c import *
s, _ = conn("/run/reeve/t.sock")
tree = b"[]," * 1390000 + b"[]"
def go():
    for i in range(8): s.sendall(b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"hang","arguments":{"a":[' % i + tree + b']}}}\n')
go(); open("up", "w").write("x"); open("hold").read()
P
mkfifo "$h/work/up" "$h/work/hold"
(cd "$h/work" && become "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/tools.json -- "$python" -B trees.py 2>/dev/null) &
job=$!
timeout 30 cat "$h/work/up" >/dev/null
broker=$(pgrep -P "$job" -x reeve-broker || pgrep -n -x reeve-broker)
most=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$broker/status")
timeout 30 sh -c 'echo >"$1/work/hold"' - "$h"
wait "$job"
holds "32 MiB of lines cost the broker less than 256 MiB ($most kB)" test "$most" -lt 262144

# Records of whatever the agent says stay records.
cat >"$h/work/words.py" <<'P'
from c import *
s, f = conn()
for r in ("\x01" * 4000, "\u202e" * 3000, "\U000e0041" * 2000, "\x9b" * 3000, "\u00e9" * 599):
    for i in ("\x01" * 128, "\u202e" * 42, "q" * 128):
        ask(f, i, "t__echo", {"r": r}); last = ask(f, i, "t__" + "\x01" * 125, {"r": r})
print("alive" if last else "gone")
P
says 'control and turned characters everywhere: the session lives' alive "$(run -- "$python" -B words.py)"
silent 'show prints none of them' "$(printf '\033|\001|\302\233|\342\200\256')" "$("$room/bin/reeve-audit" show "$(ledger_of "$h")")"
silent 'and no record holds a turned character' "$(printf '\342\200\256')" "$(records "$h")"

# A tool server's secret is not had by becoming the tool server.
printf '#!/bin/sh\necho "$TOKEN" >stolen\n' >"$h/work/mine"
run -- sh -c 'chmod +x mine; mv mine mcp_server; reeve-call tool t/echo "{}"' >/dev/null
equal 'a program that the agent can write is no tool server' no "$([ -s "$h/work/stolen" ] && echo yes || echo no)"
fails 'the ledger is whole' 0 verify "$h"
finish
