"""tests/surface/agent.py - an agent that speaks everything; each step prints one line of TAP words."""
import json, socket, sys

class Agent:
	def __init__(self, path, revision, **can):
		self.socket = socket.socket(socket.AF_UNIX)
		self.socket.connect(path)
		self.file = self.socket.makefile("r")
		self.next, self.news, self.asked, self.answers = 0, [], [], {}
		self.greeting = self.ask("initialize", protocolVersion=revision, capabilities=can, clientInfo={"name": "a", "version": "1"})
		self.say(method="notifications/initialized")

	def say(self, **message):
		self.socket.sendall((json.dumps({"jsonrpc": "2.0", **message}) + "\n").encode())

	def hear(self):
		line = self.file.readline()
		if not line:
			raise SystemExit("hung up")
		return json.loads(line)

	def one(self):
		"""Takes one message: an answer of ours is returned, a question is answered, news is kept."""
		m = self.hear()
		if "method" not in m:
			return m
		if "id" not in m:
			self.news.append(m)
		else:
			self.asked.append(m)
			self.say(id=m["id"], result=self.answers[m["method"]])
		return None

	def begin(self, method, **params):
		self.next += 1
		self.say(id=self.next, method=method, params=params)
		return self.next

	def end(self, id):
		while True:
			m = self.one()
			if m and m["id"] == id:
				return m.get("result", m.get("error"))

	def ask(self, method, **params):
		return self.end(self.begin(method, **params))

	def call(self, tool, meta=None, **args):
		params = {"name": tool, "arguments": args, **({"_meta": meta} if meta else {})}
		return self.ask("tools/call", **params)

def all_of(agent, method, member):
	"""Every page of a list."""
	out, cursor = [], None
	while True:
		page = agent.ask(method, **({} if cursor is None else {"cursor": cursor}))
		out += page[member]
		cursor = page.get("nextCursor")
		if cursor is None:
			return out

def check(what, right, found=None):
	print(("ok " if right else "no ") + what + ("" if right else ": " + json.dumps(found)))

def told(agent, method):
	return [n["params"] for n in agent.news if n["method"] == method]

def joined(revision):
	a = Agent("/run/reeve/all.sock", revision)
	check("the revision asked for", a.greeting["protocolVersion"] == revision, a.greeting)
	check("what is announced", sorted(a.greeting["capabilities"]) == ["completions", "logging", "prompts", "resources", "tools"], a.greeting)
	uris = [r["uri"] for r in all_of(a, "resources/list", "resources")]
	check("resources of both servers, those that could be allowed", sorted(uris) == ["mem://shared", "mem://shared", "mem://x/0", "mem://x/1", "mem://y/0", "mem://y/1"], uris)
	names = [p["name"] for p in all_of(a, "prompts/list", "prompts")]
	check("prompts with their server's name", names == ["x__greet", "y__greet"], names)
	r = a.ask("resources/read", uri="mem://y/1")
	check("a URI finds its server", r["contents"][0]["text"] == "y has mem://y/1", r)
	r = a.ask("resources/read", uri="row://x/7")
	check("by a template", r["contents"][0]["text"] == "x has row://x/7", r)
	for uri in ("mem://shared", "both://1"):
		r = a.ask("resources/read", uri=uri)
		check("what two servers have is nobody's: " + uri, "more than one tool server" in r.get("message", ""), r)
	r = a.ask("resources/read", uri="mem://nobody")
	check("what no server has", r.get("code") == -32602, r)
	r = a.ask("resources/read", uri="mem://secret/x")
	check("what no rule allows", r.get("code") == 403, r)
	r = a.ask("prompts/get", name="y__greet", arguments={"who": "you"})
	check("a prompt", r["messages"][0]["content"]["text"] == "hello you", r)
	r = a.ask("completion/complete", ref={"type": "ref/prompt", "name": "x__greet"}, argument={"name": "who", "value": "w"})
	check("a completion", r["completion"]["values"] == ["wx"], r)
	r = a.ask("completion/complete", ref={"type": "ref/resource", "uri": "row://y/{id}"}, argument={"name": "id", "value": "w"})
	check("a completion of a template", r["completion"]["values"] == ["wy"], r)

def news():
	a = Agent("/run/reeve/x.sock", "2025-11-25")
	b = Agent("/run/reeve/x.sock", "2025-06-18")
	r = a.call("progress", meta={"progressToken": 0})
	check("progress", [p["progress"] for p in told(a, "notifications/progress")] == [0, 1, 2], a.news)
	check("under the agent's own token", all(p["progressToken"] == 0 for p in told(a, "notifications/progress")), a.news)
	b.ask("ping")
	check("and to nobody else", told(b, "notifications/progress") == [], b.news)
	a.ask("resources/subscribe", uri="mem://x/0")
	b.ask("prompts/list")
	a.call("touch", uri="mem://x/0")
	a.call("touch", uri="mem://x/1")
	b.ask("ping")
	check("updates go to who subscribed", told(a, "notifications/resources/updated") == [{"uri": "mem://x/0"}], a.news)
	check("and to nobody else", told(b, "notifications/resources/updated") == [], b.news)
	a.ask("logging/setLevel", level="error")
	a.call("log", level="warning")
	a.call("log", level="critical")
	b.ask("ping")
	check("messages by level", [p["data"] for p in told(a, "notifications/message")] == ["critical"], a.news)
	check("to each by its own", [p["data"] for p in told(b, "notifications/message")] == ["warning", "critical"], b.news)
	a.call("change")
	while not any(n["method"] == "notifications/prompts/list_changed" for n in b.news):
		b.one()
	check("a changed list is told of", [p["name"] for p in b.ask("prompts/list")["prompts"]] == ["greet", "later"], b.news)
	id = a.begin("tools/call", name="hang")
	while not any(p["data"] == "hangs" for p in told(a, "notifications/message")):
		a.one()
	a.say(method="notifications/cancelled", params={"requestId": id, "reason": "SECRET"})
	check("the session goes on after a cancel", a.ask("ping") == {}, a.news)

def asking():
	plain = Agent("/run/reeve/x.sock", "2025-11-25")
	r = plain.call("ask", method="sampling/createMessage", params={"messages": [], "maxTokens": 5})
	check("who declares nothing is asked nothing", r["content"][0]["text"] == '"refused"' and not plain.asked, r)
	a = Agent("/run/reeve/x.sock", "2025-11-25", sampling={}, roots={}, elicitation={"form": {}})
	a.answers = {
		"sampling/createMessage": {"role": "assistant", "model": "m", "content": {"type": "text", "text": "thought"}},
		"elicitation/create": {"action": "accept", "content": {"name": "n"}},
		"roots/list": {"roots": [{"uri": "file:///w"}]},
	}
	r = a.call("offered")
	check("what the policy never allows is not offered", sorted(json.loads(r["content"][0]["text"])) == ["elicitation", "sampling"], r)
	r = a.call("ask", method="sampling/createMessage", params={"messages": [], "maxTokens": 5})
	check("sampling", json.loads(r["content"][0]["text"])["content"]["text"] == "thought", r)
	r = a.call("ask", method="sampling/createMessage", params={"messages": [], "maxTokens": 5000})
	check("not more than policy allows", r["content"][0]["text"] == '"refused"', r)
	r = a.call("ask", method="elicitation/create", params={"message": "who?", "requestedSchema": {"type": "object", "properties": {}}})
	check("elicitation", json.loads(r["content"][0]["text"])["content"] == {"name": "n"}, r)
	r = a.call("ask", method="elicitation/create", params={"message": "go", "mode": "url", "elicitationId": "1", "url": "https://example.com/"})
	check("not by url, which this agent cannot", r["content"][0]["text"] == '"refused"', r)
	r = a.call("ask", method="roots/list", params={})
	check("no roots, which no rule allows", r["content"][0]["text"] == '"refused"', r)
	check("the agent was asked twice", [m["method"] for m in a.asked] == ["sampling/createMessage", "elicitation/create"], a.asked)

def flooded():
	x, y = Agent("/run/reeve/x.sock", "2025-11-25"), Agent("/run/reeve/y.sock", "2025-11-25")
	x.call("flood")
	r = [y.call("offered") for i in range(20)]
	check("a server that floods does not starve another", all("content" in one for one in r), r)
	r = [x.call("offered") for i in range(5)]
	check("nor its own agent", all("content" in one for one in r), r)
	x.call("dry")
	check("and little of it is passed on", len(x.news) < 2000, len(x.news))

for revision in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
	joined(revision)
news()
asking()
flooded()
