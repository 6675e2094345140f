#!/bin/sh
# What an operator sets for all his runs: a good config.json changes nothing of a run, a bad one starts nothing.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/config/reeve" "$h/open" "$h/mine"
	group=$(id -gn)
	chown -R "$uid:$uid" "$h/config" "$h/mine" "$h/open"
	chmod 777 "$h/open"
	chmod 750 "$h/mine"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$h/etc/policy.json"
	run() { as "$uid" "$h" "$reeve" run --policy ../etc/policy.json -- true 2>&1; }
	set_to() { echo "$1" >"$h/config/reeve/config.json"; }

	set_to '{ "reeve": "config/1", "about": "x", "hooks": { "held": ["true", "a b"] } }'
	holds "uid $uid: with a hook a run is what it was" run
	# wrong TEXT WHERE: refused with line and column, by one line.
	wrong() {
		set_to "$1"
		fails "uid $uid: $1 starts nothing" 2 run
		says 'and is told where' "config.json:$2" "$(run)"
		equal 'in one line' 1 "$(run | wc -l)"
	}
	wrong '{ "reeve": "config/2" }' '1:12: expected "config/1"'
	wrong '{ "reeve": "config/1", "hook": {} }' '1:24: unknown member "hook"'
	wrong '{ "reeve": "config/1", "hooks": { "hold": [] } }' '1:35: unknown member "hold"'
	wrong '{ "reeve": "config/1", "hooks": { "held": [] } }' '1:43: expected a command'
	wrong '{ "reeve": "config/1", "hooks": { "held": [""] } }' '1:44: expected a text'
	wrong '{ "reeve": "config/1", "hooks": { "held": ["x", 1] } }' '1:49: expected a text'
	wrong '{ "reeve": "config/1", "review": { "socket": "/x" } }' '1:34: .*group'
	wrong "{ \"reeve\": \"config/1\", \"review\": { \"socket\": \"x.sock\", \"group\": \"$group\" } }" '1:46: expected the absolute path'
	wrong "{ \"reeve\": \"config/1\", \"review\": { \"socket\": \"/$(printf '%0120d' 0)\", \"group\": \"$group\" } }" '1:46: too long for a socket: at most 107'
	wrong "{ \"reeve\": \"config/1\", \"review\": { \"socket\": \"$h/mine/s\", \"group\": \"no such group\" } }" '1:[0-9]+: there is no group "no such group"'
	wrong "{ \"reeve\": \"config/1\", \"review\": { \"socket\": \"$h/none/s\", \"group\": \"$group\" } }" "1:46: there is no folder $h/none"
	wrong "{ \"reeve\": \"config/1\", \"review\": { \"socket\": \"$h/open/s\", \"group\": \"$group\" } }" "1:46: $h/open must be a folder of uid $uid"
	[ "$uid" = 0 ] || wrong "{ \"reeve\": \"config/1\", \"review\": { \"socket\": \"$h/mine/s\", \"group\": \"root\" } }" "1:[0-9]+: uid $uid is not in group root"
	second() { wrong "{ \"reeve\": \"config/1\", \"second\": $1 }" "1:[0-9]+: $2"; }
	second '[]' '"second": expected an object'
	second '{ "journald": true }' 'unknown member "journald"'
	second '{ "journal": 1 }' 'expected true, false, or the absolute path'
	second '{ "syslog": "log" }' 'expected true, false, or the absolute path'
	second '{ "spine": true, "every": 0 }' 'expected a number from 1 to 3600'
	second '{ "witnesses": [ { "url": "ftp://w", "key": "w+1+a" } ] }' '"url" must begin with https://'
	second '{ "witnesses": [ { "url": "https://w", "key": "w" } ] }' '"key" must be the witness'
	second '{ "witnesses": [ { "url": "https://w", "key": "w+1+a" } ], "quorum": 2 }' 'expected a number from 1 to 1'
	wrong 'nothing' '1:1: '
	rm "$h/config/reeve/config.json"
	fails "uid $uid: a hook without a command starts nothing" 2 as "$uid" "$h" "$reeve" run --on-held '' -- true
	holds "uid $uid: and without the file all is as it was" run
done
finish
