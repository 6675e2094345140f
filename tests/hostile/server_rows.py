"""tests/hostile/server_rows.py - what becomes of each act of server_acts.py: a table.

A row: the act; what the agent gets: "good" (a result that says so), "error" (a result with isError, of
reeve's own words); how the call's outcome is recorded. An act that has no row gives the good answer, and
"ok". What is never itself again has a server of its own.
"""
ALONE = {"deaf": "deaf", "mute": "mute"}
ENDS = {
	"later": ("error", "timeout"),
	"dies": ("error", "failed"),
	"dies with half a line": ("error", "failed"),
	"deaf": ("error", "timeout"),
	"mute": ("error", "failed"),
	"5 MiB without an end, then dies": ("error", "failed"),
}
