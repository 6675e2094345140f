#!/usr/bin/python3
"""tests/hostile/agent.py - the rows of agent_rows.py, sent and judged.

	agent.py send OUT SOCKET [MARKS]	in the jail: each row on a connection of its own
	agent.py judge OUT RECORDS LOG		outside: "ok WHAT" or "no WHAT: why", a line each

Before each row a call of the tool "mark" goes over another connection; so its record parts one row's
records from the next one's.
"""
import hashlib, json, socket, sys
from agent_rows import ROWS, call, line

INIT = line('{"jsonrpc":"2.0","id":"init","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"hostile","version":"1"}}}')
READY = line('{"jsonrpc":"2.0","method":"notifications/initialized"}')
ALIVE = line(call('"alive"', arguments='{"text":"alive"}'))

def talk(path, *parts):
	"""Say it all, hear it all: every line until the other side has no more to say."""
	with socket.socket(socket.AF_UNIX) as s:
		s.settimeout(60)
		s.connect(path)
		for part in parts:
			s.sendall(part)
		s.shutdown(socket.SHUT_WR)
		return b"".join(iter(lambda: s.recv(1 << 16), b"")).splitlines()

def send(out, path):
	with open(out, "w") as to:
		for n, (what, data, *_) in enumerate(ROWS):
			talk(path, INIT, READY, line(call(1, "mark", '{"text":"row %d"}' % n)))
			# What has no end would take the question after it for its own.
			after = ALIVE if data.endswith(b"\n") else b""
			said = [a.decode() if len(a) < 1000 else a[:200].decode(errors="replace") + "..." + str(len(a)) for a in talk(path, INIT, READY, data, after)]
			json.dump([n, said], to)
			to.write("\n")

def shape(text):
	"""An answer in the table's words; None for what is no answer."""
	try:
		a = json.loads(text)
	except ValueError:
		id = json.loads(text[text.index('"id":') + 5:].split(",")[0])
		a = {"id": id, "result": {}}	# too long to keep
	if "method" in a:
		return None
	id = json.dumps(a["id"])
	if "error" in a:
		return f'{a["error"]["code"]} {id}'
	if not a["result"].get("isError"):
		return f"ok {id}"
	return ("refused " if a["result"]["content"][0]["text"].startswith("reeve refused") else "error ") + id

def rows_of(records):
	"""For each row its records in the table's words, those of the mark and of "alive" left out."""
	rows, began, alive = {}, {}, None
	row = None
	for r in map(json.loads, records):
		if r["kind"] == "intent" and r.get("tool") == "mark":
			row = int(r["resource"].split()[1])
			rows[row] = []
		words = None
		if r["kind"] == "intent" and r["action"] == "tool.call":
			began[r["n"]] = (r["tool"], r.get("resource"), row)
			words = f'intent {r["tool"]}'
		elif r["kind"] == "outcome" and r["intent"] in began:
			words = f'outcome {began[r["intent"]][0]} {r["status"]}'
		elif r["kind"] == "refusal" and r["action"] == "tool.call":
			words = f'refusal {r["tool"]} {r["rule"].split(":")[-1] if "rule" in r else r["reason"]}'
		elif r["kind"] in ("refusal", "dropped"):
			words = f'{r["kind"]} {r["reason"]}'
		own = began.get(r["n"] if r["kind"] == "intent" else r.get("intent"), ("", None, None))
		if words and own[0] != "mark" and own[1] != "alive" and row is not None:
			rows[row if own[2] is None else own[2]].append(words)
	return rows

def same_records(want, got):
	if isinstance(want, dict):
		return sorted(got) == sorted(w for w, n in want.items() for _ in range(n))
	# An outcome comes when the tool is done: only what is asked has an order.
	asked = lambda list: [w for w in list if not w.startswith("outcome")]
	return asked(want) == asked(got) and sorted(want) == sorted(got)

def judge(out, records, log):
	told = {n: said for n, said in map(json.loads, open(out))}
	lines = open(records).read().splitlines()
	rows = rows_of(lines)
	def say(right, what, why):
		print(("ok " if right else "no ") + what + ("" if right else ": " + why))
	for n, (what, data, answers, recorded) in enumerate(ROWS):
		got = sorted(filter(None, map(shape, told.get(n, []))))
		alive = data.endswith(b"\n")
		want = sorted([*answers, 'ok "init"', *(['ok "alive"'] if alive else [])])
		say(got == want, f"{what}: the answers" + (", and the session goes on" if alive else ""), f"{got}, not {want}")
		say(same_records(recorded, rows.get(n, ["none"])), f"{what}: the records", f"{rows.get(n)}, not {recorded}")
	received = {"sha256:" + hashlib.sha256(l).hexdigest() for l in open(log, "rb").read().split(b"\n") if b"tools/call" in l}
	judged = {r["digest"] for r in map(json.loads, lines) if r["kind"] == "intent" and r["action"] == "tool.call"}
	say(received == judged and len(judged) > 20, f"the {len(judged)} lines that the server got are those that were judged, byte for byte",
		f"{len(received - judged)} of {len(received)} were not judged, {len(judged - received)} of {len(judged)} not got")

if __name__ == "__main__":
	{"send": send, "judge": judge}[sys.argv[1]](*sys.argv[2:])
