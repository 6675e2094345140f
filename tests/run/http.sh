#!/bin/sh
. "$(dirname "$0")/../lib.sh"
uid=${1:-0} h=$room/home$uid
home "$h" "$uid"
tools_file "$h" <<'J'
{ "reeve": "tools/1", "servers": { "t": { "kind": "command", "workspace": "write",
  "argv": ["@TOOLS/mcp_server"], "env": { "LOG": "$WORKSPACE/log" }, "read": ["@TOOLS"], "deadline": "5s" } } }
J
cat >"$h/etc/policy.json" <<'J'
{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [
  { "id": "all", "then": "allow", "when": { "tool": "t/*" } } ] }
J
cat >"$h/work/c.py" <<'P'
import http.client, os, json, sys, time
url=os.environ['REEVE_MCP_URL']; print(url)
def post(path, body, **hd):
    c=http.client.HTTPConnection('127.0.0.1',7338,timeout=10)
    h={'Content-Type':'application/json','Accept':'application/json, text/event-stream'}; h.update({k.replace('_','-'):v for k,v in hd.items()})
    t=time.time()
    c.request('POST',path,body=json.dumps(body),headers=h)
    r=c.getresponse(); d=r.read(); print(r.status,dict(r.getheaders()),d[:300], round((time.time()-t)*1e3,2)); return r
r=post('/mcp',{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}}})
s=r.getheader('Mcp-Session-Id')
post('/mcp',{"jsonrpc":"2.0","method":"notifications/initialized"},Mcp_Session_Id=s)
for i in range(3): post('/mcp',{"jsonrpc":"2.0","id":i,"method":"tools/call","params":{"name":"t__echo","arguments":{"text":"hi"}}},Mcp_Session_Id=s)
post('/mcp',{"jsonrpc":"2.0","id":1,"method":"ping"})
P
as "$uid" "$h" ${STRACE:-} "$reeve" run --http --timings --policy ../etc/policy.json --tools ../etc/tools.json -- python3 c.py
records "$h" | tail -5
