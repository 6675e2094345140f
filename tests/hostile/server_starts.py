"""tests/hostile/server_starts.py - a server that is hostile from its first line: what it says to initialize
and to tools/list, and which of its tools an agent then sees. A row: what initialize gives; what each tools/list
gives, given its cursor; the names an agent is to see; and how the start is recorded. None: a usual answer.
"""
from server_acts import DIRTY, UNSEEN

def tool(name="echo", **more):
	return {"name": name, "description": "d", "inputSchema": {"type": "object"}, **more}

def init(**more):
	return {"result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}, **more}}

def tools(*list, **more):
	return lambda cursor: {"result": {"tools": [*list], **more}}

def counted(cursor):
	n = int(cursor or 0)
	return {"result": {"tools": [tool(f"t{n}")], "nextCursor": str(n + 1)}}

def paged(cursor):
	return {"result": {"tools": [tool("one")], "nextCursor": ""}} if cursor is None else {"result": {"tools": [tool("two")]}}

ERROR = {"error": {"code": -32000, "message": "EVIL"}}
OK, FAILED = "ok", "failed"

STARTS = {
	"an error to initialize": (ERROR, None, [], FAILED),
	"another revision": (init(protocolVersion="1999-01-01"), None, [], FAILED),
	"a revision that is a number": (init(protocolVersion=2025), None, [], FAILED),
	"no revision": ({"result": {}}, None, [], FAILED),
	"capabilities that are a list": (init(capabilities=[]), None, [], OK),
	"tools that are not announced": (init(capabilities={}), tools(tool()), [], OK),
	"an error to tools/list": (None, lambda cursor: ERROR, [], FAILED),
	"tools that are an object": (None, lambda cursor: {"result": {"tools": {"echo": tool()}}}, [], FAILED),
	"tools that are missing": (None, lambda cursor: {"result": {}}, [], FAILED),
	"a tool that is a string": (None, tools("echo", tool("good")), ["good"], OK),
	"a tool without a name": (None, tools({"inputSchema": {"type": "object"}}, tool("good")), ["good"], OK),
	"a name that is a number": (None, tools(tool(7), tool("good")), ["good"], OK),
	"an empty name": (None, tools(tool(""), tool("good")), ["good"], OK),
	"a name of 5,000 bytes": (None, tools(tool("n" * 5000), tool("good")), ["good"], OK),
	"a tool without a schema": (None, tools({"name": "echo"}, tool("good")), ["good"], OK),
	"a schema that is text": (None, tools(tool("echo", inputSchema="any"), tool("good")), ["good"], OK),
	"the same name twice": (None, tools(tool("echo", description="good"), tool("echo", description="EVIL")), ["echo"], OK),
	"texts that hide": (None, tools(tool("echo", description=DIRTY, title=DIRTY, annotations={"title": DIRTY}, icons=[{"src": DIRTY}],
		inputSchema={"type": "object", "properties": {"a" + UNSEEN: {"description": DIRTY, "default": DIRTY, "enum": [DIRTY]}}})), ["echo"], OK),
	"instructions that hide": (init(instructions=DIRTY, serverInfo={"name": DIRTY, "version": DIRTY}), tools(tool()), ["echo"], OK),
	"a cursor that is a number": (None, tools(tool(), nextCursor=1), [], FAILED),
	"the same page for ever": (None, tools(tool(), nextCursor="again"), [], FAILED),
	"another page for ever": (None, counted, [], FAILED),
	"an empty cursor": (None, paged, ["one", "two"], OK),
	"5,000 tools": (None, tools(*(tool(f"t{n}") for n in range(5000))), [], FAILED),
	"a description of 3 MiB": (None, tools(tool("echo", description="d" * (3 << 20))), ["echo"], OK),
	"two of them": (None, lambda cursor: {"result": {"tools": [tool(f"t{cursor}", description="d" * (3 << 20))], **({} if cursor else {"nextCursor": "1"})}}, [], FAILED),
}
# The names of servers take no blanks.
NAMES = {f"s{n}": what for n, what in enumerate(STARTS)}
