"""tests/hostile/agent_rows.py - what a hostile agent sends, and what must become of it: a table.

A row: what it is; the bytes, a line or several; the answers, in any order; the records, in order. An answer:
"-32600 1" (an error with that code, for that id), "ok 1" (a result), "refused 1" (a result with isError
that names a rule), "error 1" (any other with isError). A record: "refusal REASON", "refusal TOOL RULE", "intent TOOL",
"outcome TOOL STATUS".
"""
import json

def line(text):
	return (text if isinstance(text, bytes) else text.encode()) + b"\n"

def call(id, tool="echo", arguments='{"text":"x"}', before="", after=""):
	"""A call as text, so that what no JSON writer would write can stand in it."""
	return '{%s"jsonrpc":"2.0","id":%s,"method":"tools/call","params":{"name":"%s","arguments":%s}%s}' % (before, id, tool, arguments, after)

def with_text(value):
	return call(1, arguments='{"text":%s}' % value)

def nested(depth, open="[", close="]"):
	return with_text(open * depth + ("1" if open != "[" else "") + close * depth)

SERVED = ["ok 1"]
DONE = ["intent echo", "outcome echo ok"]
BAD_JSON = (["-32700 null"], ["refusal bad-json"])
BAD_MESSAGE = (["-32600 1"], ["refusal bad-message"])
BAD_NULL = (["-32600 null"], ["refusal bad-message"])
BAD_PARAMS = (["-32602 1"], ["refusal bad-params"])
NO_METHOD = (["-32601 1"], ["refusal no-method"])
SILENT_METHOD = ([], ["refusal no-method"])
FINE = (SERVED, DONE)

def row(what, text, verdict):
	return (what, line(text), *verdict)

PING = '"jsonrpc":"2.0","id":1,"method":"ping"'
ROWS = [
	# Batches: nothing in them is looked at one by one.
	row("a batch of one call", "[" + call(1) + "]", BAD_NULL),
	row("a batch whose second is not allowed", "[" + call(1) + "," + call(2, "no") + "]", BAD_NULL),
	row("an empty batch", "[]", BAD_NULL),
	row("a batch in a batch", "[[" + call(1) + "]]", BAD_NULL),
	row("a batch of notifications", '[{"jsonrpc":"2.0","method":"notifications/initialized"}]', BAD_NULL),

	# Twice: the first one wins here, the last one there.
	row("id twice", '{"id":2,' + PING + "}", BAD_JSON),
	row("jsonrpc twice", '{"jsonrpc":"2.0",' + PING + "}", BAD_JSON),
	row("method twice", '{"method":"tools/list",' + PING + "}", BAD_JSON),
	row("params twice", call(1, after=',"params":{"name":"no","arguments":{}}'), BAD_JSON),
	row("name twice", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"no","arguments":{}}}', BAD_JSON),
	row("arguments twice", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{},"arguments":{"id":"no"}}}', BAD_JSON),
	row("an argument twice", call(1, arguments='{"text":"a","text":"b"}'), BAD_JSON),
	row("an argument twice, once escaped", call(1, arguments='{"text":"a","t\\u0065xt":"b"}'), BAD_JSON),
	row("an argument twice, by two surrogates", call(1, arguments='{"\U0001f600":"a","\\ud83d\\ude00":"b"}'), BAD_JSON),
	row("an argument twice, deep inside", call(1, arguments='{"a":[{"b":{"c":1,"d":2,"c":3}}]}'), BAD_JSON),
	row("an empty key twice", call(1, arguments='{"":1,"":2}'), BAD_JSON),
	row("name twice, once escaped", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\\u0061me":"no"}}', BAD_JSON),

	# Another case: some readers take Name for name.
	row("Method beside method", '{"Method":"tools/list",' + PING + "}", BAD_MESSAGE),
	row("METHOD alone", '{"jsonrpc":"2.0","id":1,"METHOD":"ping"}', BAD_MESSAGE),
	row("ID beside id", '{"ID":2,' + PING + "}", BAD_MESSAGE),
	row("Params beside params", call(1, after=',"Params":{"name":"no"}'), BAD_MESSAGE),
	row("Name beside name", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","Name":"no","arguments":{}}}', BAD_PARAMS),
	row("NAME alone", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"NAME":"echo"}}', BAD_PARAMS),
	row("Arguments beside arguments", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{},"Arguments":{"id":"no"}}}', BAD_PARAMS),
	row("params with a long s", call(1, after=',"param\u017f":{"name":"no"}'), BAD_MESSAGE),
	row("params with a long s, escaped", call(1, after=',"param\\u017f":{"name":"no"}'), BAD_MESSAGE),
	row("arguments with a long s", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","argument\u017f":{}}}', BAD_PARAMS),
	row("method with a full-width letter", '{"jsonrpc":"2.0","id":1,"\uff4dethod":"ping"}', BAD_MESSAGE),
	row("method with a zero-width space", '{"jsonrpc":"2.0","id":1,"method\u200b":"tools/list","method":"ping"}', BAD_MESSAGE),
	row("a method in another case", '{"jsonrpc":"2.0","id":1,"method":"Tools/Call"}', NO_METHOD),
	row("a tool in another case", call(1, "ECHO"), (["refused 1"], ["refusal ECHO no-rule"])),
	row("a member that means nothing", '{"trace":true,' + PING + "}", BAD_MESSAGE),

	# What is no JSON is never passed on.
	row("words", "hello", BAD_JSON),
	row("a string", '"ping"', BAD_NULL),
	row("a number", "1", BAD_NULL),
	row("null", "null", BAD_NULL),
	row("the head of an HTTP request", "POST / HTTP/1.1\r", BAD_JSON),
	("a header before the message", b"Content-Length: 40\r\n" + line("{" + PING + "}"), ["-32700 null", "ok 1"], ["refusal bad-json"]),
	row("an event of a stream", "data: {" + PING + "}", BAD_JSON),
	row("single quotes", "{'jsonrpc':'2.0','id':1,'method':'ping'}", BAD_JSON),
	row("keys without quotes", '{jsonrpc:"2.0",id:1,method:"ping"}', BAD_JSON),
	row("a comma too many", "{" + PING + ",}", BAD_JSON),
	row("a comment", "{" + PING + "/* */}", BAD_JSON),
	row("two objects on a line", "{" + PING + "}{" + PING + "}", BAD_JSON),
	row("words behind it", "{" + PING + "} x", BAD_JSON),
	row("a bracket too many", "{" + PING + "}}", BAD_JSON),
	row("an end missing", "{" + PING, BAD_JSON),
	row("a record separator before it", "\x1e{" + PING + "}", BAD_JSON),
	row("a vertical tab for a blank", "{\x0b" + PING + "}", BAD_JSON),
	row("a blank of Unicode", "{\u00a0" + PING + "}", BAD_JSON),
	row("nothing", "", BAD_JSON),
	row("blanks", "  \t ", BAD_JSON),
	row("a carriage return at the end", "{" + PING + "}\r", (["ok 1"], [])),
	row("blanks around it", " \t{ " + PING + " } ", (["ok 1"], [])),

	# Framing.
	("a newline in a string", line('{"jsonrpc":"2.0","id":1,"method":"pi\nng"}'), ["-32700 null", "-32700 null"], ["refusal bad-json", "dropped bad-json"]),
	("two messages at once", line("{" + PING + "}") + line('{"jsonrpc":"2.0","id":2,"method":"ping"}'), ["ok 1", "ok 2"], []),
	("a half message before the end", b'{"jsonrpc":"2.0","id":1,"method":"pi', [], []),
	row("a message of 4 MiB", with_text('"%s"' % ("a" * ((4 << 20) - len(with_text('""'))))), FINE),
	row("one byte more", with_text('"%s"' % ("a" * ((4 << 20) - len(with_text('""')) + 1))), (["-32600 null"], ["refusal too-long"])),
	row("16 MiB", with_text('"%s"' % ("a" * (16 << 20))), (["-32600 null"], ["refusal too-long"])),
	("a short line behind a long one", line("a" * (5 << 20)) + line("{" + PING + "}"), ["-32600 null", "ok 1"], ["refusal too-long"]),
	("16 MiB that never end", b"a" * (16 << 20), [], []),

	# Text.
	row("a byte order mark", b"\xef\xbb\xbf{" + PING.encode() + b"}", BAD_JSON),
	row("UTF-16", ("{" + PING + "}").encode("utf-16-le"), BAD_JSON),
	row("a byte that is no UTF-8", with_text('"\x00"').encode().replace(b"\x00", b"\xff"), BAD_JSON),
	row("an overlong slash", with_text('"\x00"').encode().replace(b"\x00", b"\xc0\xaf"), BAD_JSON),
	row("an overlong NUL", with_text('"\x00"').encode().replace(b"\x00", b"\xc0\x80"), BAD_JSON),
	row("a surrogate in UTF-8", with_text('"\x00"').encode().replace(b"\x00", b"\xed\xa0\x80"), BAD_JSON),
	row("a point beyond Unicode", with_text('"\x00"').encode().replace(b"\x00", b"\xf4\x90\x80\x80"), BAD_JSON),
	row("a character cut short", with_text('"\x00"').encode().replace(b"\x00", b"\xe2\x82"), BAD_JSON),
	row("a high surrogate alone", with_text('"\\ud800"'), BAD_JSON),
	row("a low surrogate alone", with_text('"\\udc00"'), BAD_JSON),
	row("two surrogates the wrong way round", with_text('"\\ude00\\ud83d"'), BAD_JSON),
	row("a lone surrogate in a key", call(1, arguments='{"\\ud800":1}'), BAD_JSON),
	row("an escaped NUL", with_text('"a\\u0000b"'), BAD_JSON),
	row("an escaped NUL in a key", call(1, arguments='{"text\\u0000":1}'), BAD_JSON),
	row("an escaped NUL in the tool's name", call(1, "echo\\u0000no"), BAD_JSON),
	row("a NUL", with_text('"a\x00b"'), BAD_JSON),
	row("a NUL behind it", "{" + PING + "}\x00", BAD_JSON),
	row("a control character", with_text('"a\x01b"'), BAD_JSON),
	row("a tab in a string", with_text('"a\tb"'), BAD_JSON),
	row("an escape that is none", with_text('"\\x41"'), BAD_JSON),
	row("an escape cut short", with_text('"\\u12"'), BAD_JSON),
	row("two keys that only look the same", call(1, arguments='{"\u00e9":1,"e\u0301":2}'), FINE),

	# Numbers.
	row("a number that is none", with_text("NaN"), BAD_JSON),
	row("infinity", with_text("Infinity"), BAD_JSON),
	row("2^53", with_text("9007199254740992"), BAD_JSON),
	row("2^53 + 1", with_text("9007199254740993"), BAD_JSON),
	row("-2^53 - 1", with_text("-9007199254740993"), BAD_JSON),
	row("2^64 + 1", with_text("18446744073709551617"), BAD_JSON),
	row("beyond a double", with_text("1e400"), BAD_JSON),
	row("below minus a double", with_text("-1e400"), BAD_JSON),
	row("a zero in front", with_text("01"), BAD_JSON),
	row("a plus in front", with_text("+1"), BAD_JSON),
	row("hexadecimal", with_text("0x10"), BAD_JSON),
	row("no digit before the point", with_text(".5"), BAD_JSON),
	row("no digit behind the point", with_text("1."), BAD_JSON),
	row("no digit behind e", with_text("1e"), BAD_JSON),
	row("the largest whole number", call(1, arguments='{"n":9007199254740991}'), FINE),
	row("minus zero", call(1, arguments='{"n":-0}'), FINE),
	row("minus zero with a point", call(1, arguments='{"n":-0.0}'), FINE),
	row("hardly more than nothing", call(1, arguments='{"n":5e-324}'), FINE),

	# Depth and number.
	row("arrays 61 deep in the arguments", call(1, arguments='{"n":%s}' % ("[" * 60 + "]" * 60)), FINE),
	row("arrays 70 deep", nested(70), BAD_JSON),
	row("objects 70 deep", nested(70, '{"a":', "}"), BAD_JSON),
	row("a million brackets", "[" * 1000000, BAD_JSON),
	row("a million braces", '{"a":' * 200000, BAD_JSON),
	row("200,000 values", with_text("[" + "0," * 200000 + "0]"), BAD_JSON),
	row("a key of a megabyte", call(1, arguments='{"%s":1}' % ("k" * (1 << 20))), FINE),

	# Ids.
	("0 and \"0\" are two", line(call(0)) + line(call('"0"')), ["ok 0", 'ok "0"'], DONE * 2),
	row("an id that is null", call("null"), BAD_NULL),
	row("an id that is true", call("true"), BAD_NULL),
	row("an id that is an object", call('{"a":1}'), BAD_NULL),
	row("an id that is an array", call("[1]"), BAD_NULL),
	row("an id with a fraction", call("1.5"), BAD_NULL),
	row("an id with a point", call("1.0"), BAD_NULL),
	row("an id with an exponent", call("1e0"), BAD_NULL),
	row("an id beyond 2^53", call("9007199254740993"), BAD_JSON),
	row("a negative id", call("-7"), (["ok -7"], DONE)),
	row("an empty id", call('""'), (['ok ""'], DONE)),
	row("an id of 200 bytes", call('"%s"' % ("i" * 200)), BAD_NULL),
	("an id in flight", line(call(1, "hang")) + line(call(1)), ["-32600 1", "error 1"], ["intent hang", "refusal id-reused", "outcome hang timeout"]),
	("an id in flight, for a list", line(call(1, "hang")) + line('{"jsonrpc":"2.0","id":1,"method":"tools/list"}'),
		["-32600 1", "error 1"], ["intent hang", "refusal id-reused", "outcome hang timeout"]),

	# Messages.
	row("another jsonrpc", '{"jsonrpc":"1.0","id":1,"method":"ping"}', BAD_MESSAGE),
	row("jsonrpc as a number", '{"jsonrpc":2.0,"id":1,"method":"ping"}', BAD_MESSAGE),
	row("no jsonrpc", '{"id":1,"method":"ping"}', BAD_MESSAGE),
	row("a method that is a number", '{"jsonrpc":"2.0","id":1,"method":7}', BAD_MESSAGE),
	row("no method", '{"jsonrpc":"2.0","id":1}', BAD_MESSAGE),
	row("params that are null", '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}', BAD_MESSAGE),
	row("params that are a list", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["echo",{}]}', BAD_MESSAGE),
	row("a question that is an answer too", '{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', BAD_MESSAGE),
	row("an answer nobody asked for", '{"jsonrpc":"2.0","id":1,"result":{}}', ([], ["refusal unsolicited"])),
	row("an error nobody asked for", '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}', ([], ["refusal unsolicited"])),
	row("an answer that is both", '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}', BAD_MESSAGE),
	row("a call that wants no answer", '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{}}}', SILENT_METHOD),
	row("news of nothing we know", '{"jsonrpc":"2.0","method":"notifications/takeover"}', SILENT_METHOD),
	row("a question no agent may ask", '{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}', NO_METHOD),
	row("another", '{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{}}', NO_METHOD),
	row("a method with a slash too many", '{"jsonrpc":"2.0","id":1,"method":"tools//call"}', NO_METHOD),
	row("a method with a blank", '{"jsonrpc":"2.0","id":1,"method":"tools/call "}', NO_METHOD),
	row("a method of reeve's own", '{"jsonrpc":"2.0","id":1,"method":"reeve/allow"}', NO_METHOD),
	row("initialize again", '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}', BAD_MESSAGE),
	row("cancelling what is not there", '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}', ([], [])),
	row("progress of nothing", '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}', ([], [])),

	# Calls.
	row("a tool that is not allowed", call(1, "no"), (["refused 1"], ["refusal no no-rule"])),
	row("one that a rule refuses", call(1, "do", '{"act":"never"}'), (["refused 1"], ["refusal do never"])),
	("the same tool, by its arguments, again and again", b"".join(line(call(i, "do", '{"act":"%s"}' % ("never" if i % 2 else "nothing"))) for i in range(1, 5)),
		["refused 1", "ok 2", "refused 3", "ok 4"], {"refusal do never": 2, "intent do": 2, "outcome do ok": 2}),
	row("the joined name on the server's own socket", call(1, "h__echo"), (["refused 1"], ["refusal h__echo no-rule"])),
	row("a tool that would call another", call(1, "gateway_invoke_tool", '{"name":"no"}'), (["refused 1"], ["refusal gateway_invoke_tool no-rule"])),
	row("the path of a tool for its name", call(1, "../echo"), (["refused 1"], ["refusal ../echo no-rule"])),
	row("the server's name before it", call(1, "h/echo"), (["refused 1"], ["refusal h/echo no-rule"])),
	row("a blank behind the name", call(1, "echo "), (["refused 1"], ["refusal echo  no-rule"])),
	row("an empty name", call(1, ""), BAD_PARAMS),
	row("a name of 5,000 bytes", call(1, "e" * 5000), BAD_PARAMS),
	row("a name that is a list", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["echo"]}}', BAD_PARAMS),
	row("no name", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{}}}', BAD_PARAMS),
	row("no params", '{"jsonrpc":"2.0","id":1,"method":"tools/call"}', BAD_PARAMS),
	row("arguments that are a list", call(1, arguments="[]"), BAD_PARAMS),
	row("arguments that are a string", call(1, arguments='"{}"'), BAD_PARAMS),
	row("arguments that are null", call(1, arguments="null"), BAD_PARAMS),
	row("no arguments", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"}}', FINE),
	row("a member of params that nobody knows", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{},"tool":"no"}}', BAD_PARAMS),
	row("_meta that is a list", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":[]}}', BAD_PARAMS),
	row("a progress token that is an object", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","_meta":{"progressToken":{}}}}', BAD_PARAMS),
	row("a cursor that is a number", '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":7}}', BAD_PARAMS),
	row("a cursor nobody gave out", '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"../../etc"}}', BAD_PARAMS),
]
