#!/bin/sh
# How much may be asked: past a quota a call is refused with a sentence that says when to try again, and whoever is
# not past one notices nothing. Who goes on asking makes a few records, not one each.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
# asks N TOOL ARGUMENTS: the lines of an agent that calls it N times, all at once.
asks() {
	echo '{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"a","version":"1"}}}'
	for n in $(seq "$1"); do echo "{\"jsonrpc\":\"2.0\",\"id\":$n,\"method\":\"tools/call\",\"params\":{\"name\":\"$2\",\"arguments\":$3}}"; done
}
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	server() { printf '"%s": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["@TOOLS"], "pins": "none"%s }' "$1" "${2:+, $2}"; }
	echo "{ \"reeve\": \"tools/1\", \"quota\": { \"connection\": { \"calls_per_minute\": 60 }, \"run\": { \"bytes_out_per_minute\": 100000000 } }, \"servers\": {
		$(server free), $(server rate '"quota": { "calls_per_minute": 5 }'), $(server flight '"deadline": "2s", "quota": { "in_flight": 3 }'),
		$(server held '"quota": { "held": 2 }'), $(server out '"quota": { "bytes_out_per_minute": 500 }'),
		$(server in '"quota": { "bytes_in_per_minute": "1K" }') } }" | tools_file "$h"
	echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [ { "id": "all", "then": "allow", "when": { "action": "*" } } ] }' >"$h/etc/policy.json"
	text='{"text":"said"}'
	asks 50 echo "$text" >"$h/work/fifty"
	asks 500 echo "$text" >"$h/work/flood"
	asks 20 echo "$text" >"$h/work/twenty"
	asks 6 echo "$text" >"$h/work/six"
	asks 6 hang '{}' >"$h/work/hang"
	asks 1 echo "{\"text\":\"$(head -c 1000 /dev/zero | tr '\0' x)\"}" >"$h/work/large"
	asks 1 big '{"size":5000}' >"$h/work/big"
	# run COMMAND: in the jail; its output in $out, what became of it in $room/records.
	run() {
		rm -rf "$h/state"
		out=$(as "$uid" "$h" timeout 100 "$reeve" run --timeout 90 --policy ../etc/policy.json --tools ../etc/tools.json -- sh -c "$1" 2>/dev/null)
		records "$h" >"$room/records"
	}
	got() { printf '%s\n' "$out" | grep -cE -- "$1"; }
	recorded() { grep -c "$1" "$room/records"; }

	run 'reeve-call mcp rate <fifty'
	equal "uid $uid: five in a minute, and no more" '5 45' "$(got '"text":"said"') $(got 'calls_per_minute 5, and that is used up')"
	says "uid $uid: it says when to try again" 'this tool server may have .* Try again in [0-9]+ second' "$out"
	equal "uid $uid: as results that a model reads" 45 "$(got 'used up.*"isError":true')"
	equal "uid $uid: one refusal is recorded by itself" 1 "$(recorded '"kind":"refusal"')"
	equal "uid $uid: the others are counted" '"count":10 "count":45' "$(grep '"kind":"dropped"' "$room/records" | grep over-quota | grep -o '"count":[0-9]*' | xargs -n2 printf '%s %s' | sed 's/count:/"count":/g')"
	holds "uid $uid: the ledger is whole" verify "$h"

	run 'reeve-call mcp rate <fifty >a & reeve-call mcp free <twenty >b; wait; cat b'
	equal "uid $uid: another server is not harmed" '20 0' "$(got '"text":"said"') $(got 'used up')"
	run 'reeve-call mcp free <flood >a & reeve-call mcp free <twenty >b; wait; cat b'
	equal "uid $uid: another connection is not harmed" '20 0' "$(got '"text":"said"') $(got 'used up')"
	run 'reeve-call mcp free <flood'
	equal "uid $uid: sixty of this connection" '60 440' "$(got '"text":"said"') $(got 'this connection may have calls_per_minute 60')"
	run 'reeve-call mcp free <twenty; reeve-call mcp free <twenty; reeve-call mcp free <twenty; reeve-call mcp free <twenty'
	equal "uid $uid: a new connection has its own" 80 "$(got '"text":"said"')"

	run 'reeve-call mcp flight <hang'
	equal "uid $uid: three at once" '3 3' "$(got 'did not answer within') $(got 'in_flight 3. Try again when one of those')"
	run 'reeve-call mcp flight <twenty >a; reeve-call mcp flight <hang >b; cat a b'
	equal "uid $uid: those answered are not at once any more" 3 "$(got 'did not answer within')"
	run 'reeve-call mcp held <six; reeve-call mcp held <six'
	says "uid $uid: two wait for a server to start" 'this tool server may have held 2' "$out"
	equal "uid $uid: and are answered when it has, as is what comes then" '8 4' "$(got '"text":"said"') $(got 'held 2')"
	run 'reeve-call mcp out <large; reeve-call mcp out <six'
	says "uid $uid: what never fits is told so" 'this call alone takes [0-9]*: make it smaller' "$out"
	equal "uid $uid: bytes out" yes "$([ "$(got '"text":"said"')" -ge 1 ] && [ "$(got 'bytes_out_per_minute 500, and that is used up')" -ge 1 ] && echo yes)"
	run 'reeve-call mcp in <big; reeve-call mcp in <six'
	equal "uid $uid: bytes in: what comes after is refused" '1 6' "$(got xxxxx) $(got 'bytes_in_per_minute 1024, and that is used up')"

	wrong() {
		sed "s|\"servers\"|\"quota\": $1, \"servers\"|; s|\"quota\": { \"connection\".*100000000 } }, ||" "$h/etc/tools.json" >"$h/etc/wrong.json"
		said=$(as "$uid" "$h" "$reeve" run --policy ../etc/policy.json --tools ../etc/wrong.json -- true 2>&1)
		equal "uid $uid: $1 is an error" 2 $?
		says "uid $uid: that says where" "$2" "$said"
	}
	wrong '{ "run": { "calls": 1 } }' 'unknown member "calls"'
	wrong '{ "agent": {} }' 'unknown member "agent"'
	wrong '{ "run": { "held": 0 } }' 'wrong.json:.*expected a number from 1'
	wrong '{ "run": { "bytes_in_per_minute": "much" } }' 'expected a number from 1, or a size'
	wrong '{ "run": { "in_flight": -1 } }' 'expected a number from 1'
done
finish
