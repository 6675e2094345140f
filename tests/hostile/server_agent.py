#!/usr/bin/python3
"""tests/hostile/server_agent.py - an agent that calls a hostile server, and what must become of each act.

	server_agent.py send OUT SOCKETS	in the jail: each act over a connection of its own to h.sock
	server_agent.py judge OUT RECORDS	outside: "ok WHAT" or "no WHAT: why", a line each
	server_agent.py starts OUT SOCKETS, judge-starts OUT RECORDS	the same for the servers of server_starts.py
"""
import hashlib, json, socket, sys
from agent import INIT, READY, talk
from agent_rows import call, line
from server_acts import ACTS, UNSEEN
from server_rows import ALONE, ALTERED, DROPPED, ENDS
from server_starts import NAMES, STARTS

def hold(path):
	"""A call of another server's that is in flight until let_go()."""
	s = socket.socket(socket.AF_UNIX)
	s.settimeout(60)
	s.connect(path)
	s.sendall(INIT + READY + line(call(1, "echo", '{"text":"good"}')) + line(call(2, "hang")))
	while b"good" not in s.recv(1 << 16):
		pass
	return s

def let_go(s):
	if not s:
		return []
	with s:
		s.shutdown(socket.SHUT_WR)
		return b"".join(iter(lambda: s.recv(1 << 16), b"")).splitlines()

def send(out, sockets):
	with open(out, "w") as to:
		for act in ACTS:
			held = hold(sockets + "/held.sock") if act == "of one before" else None
			said = talk(f'{sockets}/{ALONE.get(act, "h")}.sock', INIT, READY, line(call(1, "do", json.dumps({"act": act}))), line(call(2, "echo", '{"text":"good"}')))
			other = talk(sockets + "/other.sock", INIT, READY, line(call(1, "echo", '{"text":"good"}')))
			json.dump([act, *([a.decode() for a in heard] for heard in (said, other, let_go(held)))], to)
			to.write("\n")

LIST = line('{"jsonrpc":"2.0","id":1,"method":"tools/list"}')
PING = line('{"jsonrpc":"2.0","id":2,"method":"ping"}')

def starts(out, sockets):
	with open(out, "w") as to:
		for name in NAMES:
			said = [json.loads(a) for a in talk(f"{sockets}/{name}.sock", INIT, READY, LIST, PING)]
			tools = [t for a in said if a.get("id") == 1 for t in a.get("result", {}).get("tools", [])]
			evil = "EVIL" in json.dumps(said) or any(set(s) & set(UNSEEN) for a in said for s in strings(a))
			json.dump([name, [t["name"] for t in tools], evil, [a.get("id") for a in said]], to)
			to.write("\n")

def say(right, what, why):
	print(("ok " if right else "no ") + what + ("" if right else ": " + str(why)[:600]))

def judge_starts(out, records):
	intents, outcomes = {}, {}
	for r in map(json.loads, open(records)):
		if r["kind"] == "intent" and r["action"] == "server.start":
			intents[r["n"]] = r["server"]
		if r["kind"] == "outcome" and r["intent"] in intents:
			outcomes.setdefault(intents[r["intent"]], []).append(r["status"])
	for name, tools, evil, ids in map(json.loads, open(out)):
		*_, want, status = STARTS[NAMES[name]]
		say(tools == want, f"{NAMES[name]}: the agent sees {want or 'nothing'}", tools)
		say(not evil, f"{NAMES[name]}: and nothing else of it", "EVIL")
		say(sorted(map(str, filter(None, ids))) == ["1", "2", "init"], f"{NAMES[name]}: every question has its answer", ids)
		say(outcomes.get(name) == [status], f"{NAMES[name]}: the start is recorded as {status}", outcomes.get(name))

def shape(a):
	if "error" in a:
		return str(a["error"]["code"])
	content = a["result"].get("content")
	said = content[0]["text"] if content else ""
	if a["result"].get("isError"):
		return "error" if said.endswith("The call may or may not have had an effect.") else "error of the server"
	return "good" if said.startswith("good") else said

def judge_dropped(dropped):
	"""The last record of a reason has its whole count; in between there is one for each power of ten."""
	last, counts = {}, {}
	for r in dropped:
		last[r["reason"]] = r["count"]
		counts.setdefault(r["reason"], []).append(r["count"])
	for reasons, count in DROPPED.items():
		got = sum(last.get(reason, 0) for reason in reasons)
		say(got == count, f"what nobody got because of {' or '.join(reasons)} is counted: {count}", got)
	say(set(last) == {reason for reasons in DROPPED for reason in reasons}, "and there is no other reason", last)
	say(all(c[:-1] == [10 ** i for i in range(len(c) - 1)] for c in counts.values()), "the first at once, then by powers of ten", counts)
	say(all(r["server"] == "h" for r in dropped), "by the one server", dropped)
	first = b"EVIL words on standard output"
	say(dropped[0]["digest"] == "sha256:" + hashlib.sha256(first).hexdigest() and dropped[0]["size"] == len(first), "with size and digest of the first", dropped[0])

def strings(value):
	"""Every text of it, names of members too."""
	if isinstance(value, str):
		yield value
	elif isinstance(value, dict):
		for key, inner in value.items():
			yield key
			yield from strings(inner)
	elif isinstance(value, list):
		for inner in value:
			yield from strings(inner)

def judge(out, records):
	told = {act: rest for act, *rest in map(json.loads, open(out))}
	intents, outcomes = {}, {}
	for r in map(json.loads, open(records)):
		if r["kind"] == "intent" and r.get("tool") == "do":
			intents[r["n"]] = r["resource"]
		if r["kind"] == "outcome" and r["intent"] in intents:
			outcomes.setdefault(intents[r["intent"]], []).append((r["status"], r.get("altered", [])))
	judge_dropped([r for r in map(json.loads, open(records)) if r["kind"] == "dropped"])
	for act in ACTS:
		said, other, held = told.get(act, ([], [], []))
		if act == "of one before":
			say([shape(json.loads(a)) for a in held] == ["error"], f"{act}: a call of another server's in flight is not answered by it", held)
		answers = {}
		for a in map(json.loads, said):
			if "id" in a:
				answers.setdefault(a["id"], []).append(shape(a))
		gets, status = ENDS.get(act, ("good", "ok"))
		say(answers.get(1) == [gets], f"{act}: the agent gets one answer, \"{gets}\"", said)
		say(not any("EVIL" in a for a in said), f"{act}: and nothing else of it", said)
		unseen = [s for a in said for s in strings(json.loads(a)) if set(s) & set(UNSEEN)]
		say(not unseen, f"{act}: nothing of it hides or acts", ascii(unseen))
		say("init" in answers and len(answers.get(2, [])) == 1, f"{act}: the session goes on", said)
		say(any('"good"' in a for a in other), f"{act}: another server is not harmed", other)
		say(outcomes.get(act) == [(status, ALTERED.get(act, []))], f"{act}: its outcome is \"{status}\", and what was altered", outcomes.get(act))

{"send": send, "judge": judge, "starts": starts, "judge-starts": judge_starts}[sys.argv[1]](*sys.argv[2:])
