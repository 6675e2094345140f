"""tests/hostile/server_acts.py - what a hostile server does when it is called, or as soon as it is started.

Each act takes the id of the call and gives the lines to say, as objects or as bytes. Whatever an agent must
not get to see says EVIL; what it must get to see says good.
"""
import json, os, sys, time

def raw(text):
	return (text if isinstance(text, bytes) else text.encode()) + b"\n"

def text(id, words="good"):
	return {"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": words}]}}

def evil(id, **more):
	return {**text(id, "EVIL"), **more}

def asks(method, **params):
	"""A question to the agent; what it is told becomes the result."""
	def act(id):
		sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": "q", "method": method, "params": params}) + "\n")
		sys.stdout.flush()
		told = json.loads(sys.stdin.buffer.readline())
		return [text(id, "good: told " + (str(told["error"]["code"]) if "error" in told else "something"))]
	return act

def first(*bad):
	"""Bad lines, and then the true answer."""
	return lambda id: [*(b(id) for b in bad), text(id)]

def news(method, **params):
	return lambda id: {"jsonrpc": "2.0", "method": method, "params": params}

def many(count, one):
	return lambda id: [one(id)] * count + [text(id)]

def line_of(template):
	"""Text in which @ stands for the id."""
	return lambda id: raw(template.replace("@", str(id)))

# What hides on a screen, or acts on it: none of it reaches an agent as it is.
UNSEEN = "\x1b\x9b\x07\x08\x7f\x85\u00ad\u061c\u200b\u200e\u2028\u202e\u2060\u2066\ufeff\U000e0041\U000e0100"
DIRTY = "good \x1b[31m" + UNSEEN

def result(**members):
	return lambda id: [{"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": "good"}], **members}}]

def content(*items):
	return lambda id: [{"jsonrpc": "2.0", "id": id, "result": {"content": [{"type": "text", "text": "good"}, *items]}}]

GOOD = '"content":[{"type":"text","text":"EVIL"}]'
unanswered = []

def later(id):
	unanswered.append(id)
	return []

def late(id):
	return [evil(unanswered.pop()), text(id)]

def dies(*lines):
	def act(id):
		for line in lines:
			sys.stdout.buffer.write(line(id))
		sys.stdout.flush()
		os._exit(7)
	return act

def deaf(id):
	"""Answers no more and reads no more, but stays."""
	while True:
		time.sleep(1000)

def mute(id):
	os.close(1)
	return deaf(id)

def chatters(id):
	"""On standard error, more than is kept of it."""
	for _ in range(300):
		sys.stderr.write("EVIL " * 1000 + "\n")
	return [text(id)]

ACTS = {
	"nothing": lambda id: [text(id)],

	# Lines that are no message.
	"words": first(line_of("EVIL words on standard output")),
	"blank": first(line_of("")),
	"half an object": first(line_of('{"jsonrpc":"2.0","id":@,"result":{' + GOOD)),
	"no utf-8": first(lambda id: json.dumps(evil(id)).encode().replace(b"EVIL", b"EVIL\xff") + b"\n"),
	"nul": first(lambda id: json.dumps(evil(id)).encode().replace(b"EVIL", b"EVIL\x00") + b"\n"),
	"escaped nul": first(line_of('{"jsonrpc":"2.0","id":@,"result":{"content":[{"type":"text","text":"EVIL\\u0000"}]}}')),
	"lone surrogate": first(line_of('{"jsonrpc":"2.0","id":@,"result":{"content":[{"type":"text","text":"EVIL\\ud800"}]}}')),
	"id twice": first(line_of('{"jsonrpc":"2.0","id":99,"id":@,"result":{' + GOOD + "}}")),
	"result twice": first(line_of('{"jsonrpc":"2.0","id":@,"result":{},"result":{' + GOOD + "}}")),
	"content twice": first(line_of('{"jsonrpc":"2.0","id":@,"result":{"content":[],' + GOOD + "}}")),
	"beyond 2^53": first(line_of('{"jsonrpc":"2.0","id":@,"result":{' + GOOD + ',"n":9007199254740993}}')),
	"beyond a double": first(line_of('{"jsonrpc":"2.0","id":@,"result":{' + GOOD + ',"n":1e400}}')),
	"deep": first(lambda id: raw('{"jsonrpc":"2.0","id":%s,"result":{%s,"d":%s}}' % (id, GOOD, "[" * 100 + "]" * 100))),
	"too many values": first(lambda id: raw('{"jsonrpc":"2.0","id":%s,"result":{%s,"d":[%s0]}}' % (id, GOOD, "0," * 200000))),
	"batch": first(lambda id: [evil(id)] and raw(json.dumps([evil(id)]))),

	# Messages that are no answer of ours.
	"no jsonrpc": first(line_of('{"id":@,"result":{' + GOOD + "}}")),
	"another jsonrpc": first(lambda id: evil(id, jsonrpc="1.0")),
	"a member too many": first(lambda id: evil(id, trace=1)),
	"Result": first(line_of('{"jsonrpc":"2.0","id":@,"Result":{' + GOOD + "}}")),
	"result and error": first(lambda id: evil(id, error={"code": 1, "message": "EVIL"})),
	"result and method": first(lambda id: evil(id, method="tools/call")),
	"a list for a result": first(line_of('{"jsonrpc":"2.0","id":@,"result":["EVIL"]}')),
	"null for a result": first(line_of('{"jsonrpc":"2.0","id":@,"result":null}')),
	"an error without a code": first(line_of('{"jsonrpc":"2.0","id":@,"error":{"message":"EVIL"}}')),
	"an error with a code of text": first(line_of('{"jsonrpc":"2.0","id":@,"error":{"code":"1","message":"EVIL"}}')),
	"an id that is text": first(lambda id: evil(str(id))),
	"an id with a fraction": first(lambda id: evil(id + 0.5)),
	"an id that is a real": first(line_of('{"jsonrpc":"2.0","id":@.0,"result":{' + GOOD + "}}")),
	"an id that is null": first(lambda id: evil(None)),
	"no id": first(line_of('{"jsonrpc":"2.0","result":{' + GOOD + "}}")),

	# Answers to what was not asked, or not any more.
	"spoofed": first(*(lambda id, n=n: evil(id + n) for n in (1000, 1 << 40, -1 << 40))),
	"negative": first(lambda id: evil(-id), lambda id: evil(0)),
	"of one before": first(*(lambda id, n=n: evil(id - n) for n in range(1, 40))),
	"twice": lambda id: [text(id), evil(id)],
	"ten times": lambda id: [text(id)] + [evil(id)] * 9,
	"later": later,
	"late": late,

	# Questions and news.
	"asks the model": asks("sampling/createMessage", messages=[{"role": "user", "content": {"type": "text", "text": "EVIL"}}], maxTokens=10),
	"asks the person": asks("elicitation/create", message="EVIL: your password?", requestedSchema={"type": "object", "properties": {}}),
	"asks for roots": asks("roots/list"),
	"asks what is not": asks("tools/call", name="echo", arguments={"text": "EVIL"}),
	"asks to ping": asks("ping"),
	"calls our tool": first(lambda id: {"jsonrpc": "2.0", "id": "q", "method": "tools/call", "params": {"name": "no", "arguments": {"x": "EVIL"}}}),
	"logs in another form": first(news("notifications/message", level="EVIL", data="EVIL"), news("notifications/message", level="info", message="EVIL")),
	"logs not asked for": first(news("notifications/message", level="debug", data="EVIL")),
	"progress of nothing": many(1000, news("notifications/progress", progressToken="EVIL", progress=1)),
	"cancels the call": first(lambda id: {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id, "reason": "EVIL"}}),
	"cancels the agent's": first(*(news("notifications/cancelled", requestId=n, reason="EVIL") for n in (1, "alive", "init"))),
	"unknown news": many(1000, news("notifications/EVIL")),
	"changed lists": many(200, news("notifications/tools/list_changed")),

	# Texts.
	"a text that hides": lambda id: [text(id, DIRTY)],
	"one in structured content": result(structuredContent={"a": [DIRTY, {"b": DIRTY}]}),
	"one in a key": result(structuredContent={"a" + UNSEEN: 1}),
	"one in _meta": result(_meta={"a" + UNSEEN: DIRTY}),
	"one in annotations": content({"type": "text", "text": "x", "annotations": {"audience": [DIRTY]}}),
	"one in a resource": content({"type": "resource", "resource": {"uri": "x:" + UNSEEN, "text": DIRTY, "mimeType": DIRTY}}),
	"one in a link": content({"type": "resource_link", "uri": "x:y", "name": DIRTY, "title": DIRTY, "description": DIRTY}),
	"one in the type": content({"type": DIRTY, "text": "x"}),
	"one in an error": lambda id: [{"jsonrpc": "2.0", "id": id, "error": {"code": 5, "message": DIRTY, "data": {"a" + UNSEEN: DIRTY}}}],
	"one in a log": lambda id: [news("notifications/message", level="error", logger=DIRTY, data={"a" + UNSEEN: DIRTY})(id), text(id)],
	"a link to a file": content({"type": "resource_link", "uri": "file:///etc/passwd", "name": "EVIL"}),
	"a link that is a program": content({"type": "resource_link", "uri": "javascript:alert(1)", "name": "EVIL"}),

	# Ends.
	"dies": dies(),
	"dies with half a line": dies(lambda id: json.dumps(evil(id)).encode()[:-3]),
	"dies with an answer": dies(lambda id: json.dumps(text(id)).encode() + b"\n"),
	"deaf": deaf,
	"mute": mute,
	"chatters": chatters,
	"a result of 5 MiB": lambda id: [text(id, "good" + "x" * (5 << 20))],
	"a result of 20 MiB": first(lambda id: text(id, "EVIL" * (5 << 20))),
	"20 MiB, and an id in its text": first(lambda id: text(-5, '"id":%s' % id + "EVIL" * (5 << 20))),
	"5 MiB": first(lambda id: evil(id, pad="x" * (5 << 20))),
	"5 MiB without an end, then dies": dies(lambda id: b"EVIL" * (5 << 18)),
}
