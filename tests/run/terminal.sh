#!/bin/sh
# The agent's terminal: its own, as large as the operator's, and the operator's is given back on every path.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3 to sit at a terminal'
cp "$top/tests/tools/terminal.py" "$room/terminal.py"
chmod 644 "$room/terminal.py"
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	at() { as "$uid" "$h" env TERM=xterm timeout 120 python3 "$room/terminal.py" "$1" "$reeve" $2 2>&1; }
	seat() { equal "uid $uid: $1" "$3" "$(at "$2" "${4:-}")"; }
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [{ "id": "all", "then": "allow", "when": { "tool": "*/*" } }] }' >"$h/etc/policy.json"
	echo '{ "reeve": "tools/1", "servers": { "broken": { "kind": "command", "argv": ["/bin/false"] } } }' | tools_file "$h"
	chmod 644 "$h/etc/policy.json" "$h/etc/tools.json"

	seat 'it is as large as the operator'"'"'s' size '41 132|0'
	seat 'and stays so' resize 'columns=100, lines=50|0'
	seat '^C is the agent'"'"'s' interrupt 'raw True|130|restored'
	seat '^Z stops the job, and fg goes on with it' stop 'same|same|status=0|same'
	seat 'where no shell can continue it, ^Z does not stop it' orphaned '0|restored'
	seat 'an agent that stops itself over and over stops it once' stopped_often '1 stops'
	seat 'nor does one that stops itself stop its time' stopped_late 'Exit 124'
	seat 'behind, it writes and takes no terminal, until it comes to the front' background 'status=0|same'
	seat 'modes set inside stay inside' modes_after '3|restored'
	seat 'the terminal is given back when out of time' timeout 'raw True|124|restored'
	seat 'when ended by SIGTERM' kill_term 'raw True|1 relay|143|restored'
	seat 'when the launcher is killed' kill_launcher 'raw True|1 relay|137|restored'
	seat 'when the relay is killed, which ends the run' kill_relay 'raw True|1 relay|125|restored'
	seat 'when the recorder is killed, which ends the run' kill_recorder 'raw True|1 relay|125|restored'
	seat 'what reeve says ends with a return while the terminal is raw' staircase 'raw True|0' "--policy $h/etc/policy.json --tools $h/etc/tools.json"
	seat 'a hangup reaches the agent' hangup 'hangup'
	seat 'a megabyte is shown to its last byte' flood '0|intact'
	seat 'what is typed ahead waits' typed_flood '0|intact'
	seat 'what is no terminal outside is none inside' descriptors 'ttt|ptt|tpt|ppt|ttp|ptp|tpp|ppp'
	seat 'a file is written as it is' to_file "0|b'a\\nb\\n'"
	seat 'line ends are treated once' line_ends '0|firstRNsecond'
	seat 'nothing can be typed for the operator' inject "0|4 refused|none done|no tty|there ['0', 'ptmx']|0 typed|restored"
	seat 'without a terminal there is none to find' no_terminal 'none'
	says "uid $uid: the ledger is whole" 'whole|ok|true' "$(verify "$h" 2>&1)"
done
finish
