#!/usr/bin/python3
"""tests/hostile/secret_doors.py - every door a tool server's secret could leave by.

ask NAME: the lines of an agent that tries to send it, and of one that asks the server for it.
judge OUT LOG RECORDS: what the agent got, what the server got, what was recorded. A line each: ok WHAT, or why not.
"""
import base64, json, sys, urllib.parse

SECRET = 'tok-9f/Qz"7+mL%vX_4a'
raw = SECRET.encode()
half = len(SECRET) // 2

def b64(before, url=False, fold=0):
	code = (base64.urlsafe_b64encode if url else base64.b64encode)(b"abcdefg"[:before] + raw + b" and so on").decode()
	return "\r\n".join(code[i:i + fold] for i in range(0, len(code), fold)) if fold else code

SENT = {
	"plain": {"text": SECRET},
	"within a text": {"text": "Bearer " + SECRET + "; x"},
	"nested": {"a": [{"b": [{"c": SECRET}]}]},
	"a member's name": {SECRET: 1},
	"hexadecimal": {"text": "0x" + raw.hex()},
	"upper case": {"text": raw.hex().upper()},
	"of a URL": {"text": "https://x/" + urllib.parse.quote(SECRET, safe="")},
	"every byte of a URL": {"text": "".join("%%%02x" % b for b in raw)},
	"a JSON text": {"text": json.dumps({"k": SECRET})},
	"\\u of JSON": {"text": "".join("\\u%04x" % b for b in raw)},
	"split over two": {"a": SECRET[:half], "b": SECRET[half:]},
	"split over items": {"a": list(SECRET)},
	"split over name and value": {SECRET[:half]: SECRET[half:]},
	"base64 of base64": {"text": base64.b64encode(b64(1).encode()).decode()},
	"base64 split over two": {"a": b64(0)[:17], "b": b64(0)[17:]},
	**{"base64 after %d bytes" % n: {"text": b64(n)} for n in range(3)},
	**{"base64 of URLs after %d bytes" % n: {"text": b64(n, True)} for n in range(3)},
	"base64 in lines": {"text": b64(2, fold=20)},
}
PASSED = {"one byte less": {"text": SECRET[:-1]}, "another": {"text": SECRET[:-1] + "b"}, "reversed": {"text": SECRET[::-1]}}
TOLD = ["plain", "twice", "base64", "hex", "url", "split", "tool error", "member", "structure", "meta", "environment", "error", "progress", "log"]

def lines(server):
	yield {"id": "init", "method": "initialize", "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}}
	yield {"method": "notifications/initialized"}
	for what, args in {**SENT, **PASSED}.items():
		yield {"id": "send " + what, "method": "tools/call", "params": {"name": "echo", "arguments": args}}
	yield {"id": "send the tool", "method": "tools/call", "params": {"name": SECRET, "arguments": {}}}
	yield {"id": SECRET, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": SECRET}}}
	yield {"id": "send the uri", "method": "resources/read", "params": {"uri": "note://" + urllib.parse.quote(SECRET)}}
	yield {"id": "send a prompt's argument", "method": "prompts/get", "params": {"name": "p", "arguments": {"a": SECRET}}}
	yield {"id": "send what to complete", "method": "completion/complete", "params": {"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "a", "value": SECRET}}}
	for how in TOLD:
		yield {"id": "tell " + how, "method": "tools/call", "params": {"name": "tell", "arguments": {"how": how}, "_meta": {"progressToken": how}}}
	yield {"id": "tell a resource", "method": "resources/read", "params": {"uri": "note://1"}}
	yield {"id": "tell a prompt", "method": "prompts/get", "params": {"name": "p"}}
	for what in ("tools", "resources", "prompts"):
		yield {"id": "tell the list of " + what, "method": what + "/list", "params": {}}

def modern(responses, how="ask"):
	yield {"id": how, "method": "tools/call", "params": {"name": "tell", "arguments": {"how": how}, **({"inputResponses": responses, "requestState": SECRET if how == "back" else "s"} if responses else {}),
		"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}}}}}

def forms():
	yield from (SECRET, json.dumps(SECRET)[1:-1], raw.hex(), raw.hex().upper(), urllib.parse.quote(SECRET, safe=""), SECRET[:half], SECRET[half:])
	for n in range(3):
		yield b64(n)[4:24]

def judge(out, log, records):
	got = [json.loads(line) for line in out]
	answers = {m["id"]: m for m in got if "id" in m}
	def want(good, what, found):
		print("ok", what) if good else print("not:", what, "--", json.dumps(found)[:300])
	for what in [*SENT, "the tool"]:
		a = answers.get("send " + what)
		want(a and "which reeve keeps" in json.dumps(a), what + " is refused", a)
	for what in ("the uri", "a prompt's argument", "what to complete"):
		a = answers.get("send " + what)
		want(a and "error" in a and "which reeve keeps" in json.dumps(a), what + " is refused", a)
	for what in PASSED:
		a = answers.get("send " + what)
		want(a and not a["result"].get("isError"), what + " passes", a)
	for what in TOLD:
		a = answers.get("tell " + what)
		want(a and ("removed by reeve]" in json.dumps(a) or "withheld" in json.dumps(a) or what in ("progress", "log")), "told by " + what + ", it is taken out", a)
	for what in ("a resource", "a prompt"):
		want("removed by reeve]" in json.dumps(answers.get("tell " + what)), "told in " + what + ", it is taken out", answers.get("tell " + what))
	for what in ("tools", "resources", "prompts"):
		want("removed by reeve]" in json.dumps(answers.get("tell the list of " + what)), "told in the list of " + what, answers.get("tell the list of " + what))
	for method in ("notifications/progress", "notifications/message"):
		news = [m for m in got if m.get("method") == method]
		want(news and "removed by reeve]" in json.dumps(news), "told in " + method, news)
	said = json.dumps([m for m in got if m.get("id") not in [SECRET, *["send " + w for w in PASSED]]], ensure_ascii=False)
	for form in forms():
		want(form not in said, "the agent has nothing of it in the form " + form[:3] + "...", said)
		want(form not in "".join(records), "the ledger has nothing of it in the form " + form[:3] + "...", None)
	want(SECRET not in "".join(log) and raw.hex() not in "".join(log).lower(), "the server was not sent it", log)
	kinds = [json.loads(r) for r in records]
	refused = [r for r in kinds if r.get("reason") == "held-secret" and r["kind"] == "refusal"]
	want(len(refused) == len(SENT) + 5, "each refusal has a record", len(refused))
	want(all("s/TOKEN" in r["why"] for r in refused), "that names the secret", refused)
	want(sum("secret s/TOKEN" in r.get("altered", []) for r in kinds) >= len(TOLD) - 2, "an outcome says that one was taken out", [r.get("altered") for r in kinds])
	want(any(r["kind"] == "dropped" and r.get("reason") == "held-secret" for r in kinds), "and so does a record of what the server told unasked", None)

if sys.argv[1] == "ask":
	for line in lines(sys.argv[2]):
		print(json.dumps({"jsonrpc": "2.0", **line}))
elif sys.argv[1] == "modern":
	answer = {"answer": {"q": {"action": "accept", "content": {"a": SECRET}}}, "back": {"q": {"action": "cancel"}}}.get(sys.argv[2])
	for line in modern(answer, sys.argv[2]):
		print(json.dumps({"jsonrpc": "2.0", **line}))
elif sys.argv[1] == "secret":
	print(SECRET)
else:
	judge(*[open(name) for name in sys.argv[2:4]], open(sys.argv[4]).readlines())
