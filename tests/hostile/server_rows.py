"""tests/hostile/server_rows.py - what becomes of each act of server_acts.py: a table.

A row: the act; what the agent gets: "good" (a result that says so), "error" (a result with isError, of
reeve's own words), "error of the server" (another one), or an error's code; how the call's outcome is
recorded. An act that has no row gives the good answer, and "ok". What is never itself again has a server of
its own.
"""
ALONE = {
	"dies": "d1", "dies with half a line": "d2", "dies with an answer": "d3", "5 MiB without an end, then dies": "d4",
	"deaf": "deaf", "mute": "mute",
}
ENDS = {
	"later": ("error", "timeout"),
	"dies": ("error", "failed"),
	"dies with half a line": ("error", "failed"),
	"deaf": ("error", "timeout"),
	"mute": ("error", "failed"),
	"too many values": ("error of the server", "cut"),
	"one in an error": ("5", "error"),
	"a result of 20 MiB": ("error of the server", "cut"),
	"5 MiB without an end, then dies": ("error", "failed"),
}

# How much of what the server "h" says nobody gets, by why, when all acts are done. News of a call that is
# not there is unsolicited until it is a flood.
DROPPED = {
	("bad-json",): 13,
	("bad-message",): 16,
	("bad-params",): 2,
	("too-long",): 1,
	("no-method",): 4 + 1 + 1000,
	("late",): 39 + 1 + 9 + 1 + 1 + 1,
	("unsolicited", "flooding"): 1 + 3 + 2 + 1000,
}

# What of an answer is not as the server wrote it, as its outcome says.
ALTERED = {
	**{f"one in {where}": ["text"] for where in ("structured content", "a key", "_meta", "annotations", "a resource", "a link", "the type", "an error")},
	"a text that hides": ["text"], "a result of 5 MiB": ["cut"], "a link to a file": ["link"], "a link that is a program": ["link"],
}
