"""tests/hostile/server_rows.py - what becomes of each act of server_acts.py: a table.

A row: the act; what the agent gets: "good" (a result that says so), "error" (a result with isError, of
reeve's own words), "error of the server" (another one); how the call's outcome is recorded. An act that has no row gives the good answer, and
"ok". What is never itself again has a server of its own.
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
	"a result of 5 MiB": ("good", "cut"),
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
