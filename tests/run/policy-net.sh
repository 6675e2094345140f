#!/bin/sh
# What a security team says of connections before anybody makes one: cases, explanations, and what is wrong
# where. The shipped library is held to its cases.
. "$(dirname "$0")/../lib.sh"
p=$room/p
mkdir -p "$p"
cat >"$p/web.json" <<'J'
{ "reeve": "policy/1", "rules": [
  { "id": "docs", "then": "allow", "when": { "host": ["docs.example", "*.docs.example"], "port": [443, [8000, 8099]] } },
  { "id": "read", "then": "allow", "when": { "host": "api.example", "port": 443, "method": ["GET", "HEAD"], "path": "/v2" } },
  { "id": "no-admin", "then": "refuse", "when": { "host": "api.example", "path": "/v2/admin" }, "why": "nobody's but ours" },
  { "id": "db", "then": "allow", "when": { "scheme": "unix", "path": "/run/postgresql" } } ] }
J
cat >"$p/web.cases" <<'C'
allow  rule-allows=web:docs {"action":"net.connect","host":"docs.example","port":443}
allow  rule-allows=web:docs {"action":"net.connect","host":"a.b.docs.example","port":8099}
allow  rule-allows=web:docs net/docs.example:8000
refuse no-rule              net/docs.example:8100
refuse no-rule              net/xdocs.example:443
allow  rule-allows=web:read net/api.example:443 {"method":"GET","path":"/v2/things"}
refuse rule-refuses=web:no-admin {"action":"net.connect","host":"api.example","port":443,"method":"GET","path":"/v2/admin/x"}
# a tunnel may hold what is refused
refuse undecidable=web:no-admin  {"action":"net.connect","host":"api.example","port":443}
refuse undecidable=web:no-admin  {"action":"net.connect","host":"api.example","port":443,"method":"GET","path":"/v2/x/../admin"}
allow  rule-allows=web:db   {"action":"net.connect","path":"/run/postgresql/.s.PGSQL.5432"}
refuse no-rule              net//run/postgresqlx
@ action=tool.call
refuse no-rule              net/docs.example:443
C
explain() { "$reeve" policy explain "$@" 2>&1; }

fails 'cases of connections hold' 0 "$reeve" policy test "$p"
fails 'and nothing is to be warned of' 0 "$reeve" policy check --strict "$p"
said=$(explain "$p" net/docs.example:80)
says 'explain: the verdict' '^refuse no-rule  net/docs.example:80$' "$said"
says 'explain: what is missing' 'web:docs must match: port \[443,\[8000,8099\]\], found 80' "$said"
silent 'explain: rules about other hosts are not listed' 'web:read' "$said"
says 'explain: the smallest rule' '^\{"id":"docs.example-80","then":"allow","when":\{"host":"docs.example","port":80\}\}$' "$said"
printf '%s\n' "$said" | sed -n 's/^{"id"/{ "reeve": "policy\/1", "rules": [&/; s/}}$/&] }/p' >"$room/small.json"
says 'which allows it' '^allow rule-allows=small:docs.example-80' "$(explain "$room/small.json" net/docs.example:80)"
said=$(explain --args '{"method":"DELETE","path":"/v2/x"}' "$p" net/API.example:443)
says 'explain: a request' 'web:read must match: method \["GET","HEAD"\], found "DELETE"' "$said"
says 'explain: its smallest rule' '"method":"DELETE","path":"/v2/x"' "$said"
says 'explain: on standard input' '^allow rule-allows=web:db  net//run/postgresql/x$' \
	"$(echo '{"action":"net.connect","path":"/run/postgresql/x"}' | explain "$p" -)"
says 'explain: what a terminal would obey is shown' 'judged of "/a\\u001b\[2J"' \
	"$(explain --args '{"path":"/a\u001b[2J","method":"GET"}' "$p" net/api.example:443)"
says 'explain: what is no connection' 'expected net/HOST:PORT' "$(explain "$p" net/docs.example)"
fails 'is an error' 2 explain "$p" net/docs.example
says 'explain: half a connection' '"host" and "port"' "$(echo '{"action":"net.connect","host":"docs.example"}' | explain "$p" -)"

# wrong WHAT PATTERN WHEN: a rule of that, on line 2
wrong() {
	printf '{ "reeve": "policy/1", "rules": [\n{ "id": "r", "then": "allow", "when": %s } ] }\n' "$3" >"$room/wrong.json"
	said=$("$reeve" policy check "$room/wrong.json" 2>&1)
	[ $? = 2 ] || said="not refused: $said"
	says "$1" "wrong.json:2:[0-9]+: $2" "$said"
}
wrong 'a host that is a URL' '"host": expected a host' '{ "host": "https://a.example/" }'
wrong 'a port that is text' '"port": expected a number from 1' '{ "port": "443" }'
wrong 'ports upside down' '"port"' '{ "port": [[443, 80]] }'
wrong 'a network with bits behind it' '"cidr": expected a network' '{ "cidr": "10.0.0.1/8" }'
wrong 'a scheme nobody speaks' '"scheme": expected tcp, tls' '{ "scheme": "gopher" }'
wrong 'a method in small letters' '"method"' '{ "method": "get" }'
wrong 'a path that goes up' '"path": expected a path' '{ "path": "/a/../b" }'
wrong 'another action' '"action": host, port' '{ "action": "tool.call", "host": "a.example" }'
wrong 'another server' 'it can never match' '{ "server": "fs", "host": "a.example" }'
wrong 'a name in a network' 'it can never match' '{ "host": "a.example", "cidr": "10.0.0.0/8" }'
printf 'allow rule-allows {"action":"net.connect","host":"a.example","port":443,"sni":"x"}\n' >"$room/small.cases"
says 'a case with an unknown member' 'small.cases:1: there is no member "sni"' "$("$reeve" policy test "$room/small.json" 2>&1)"
printf 'allow rule-allows {"action":"tool.call"}\n' >"$room/small.cases"
says 'a case of another action as an object' 'small.cases:1: expected "action": "net.connect"' "$("$reeve" policy test "$room/small.json" 2>&1)"
cat >"$room/lint.json" <<'J'
{ "reeve": "policy/1", "rules": [
  { "id": "all", "then": "allow", "when": { "host": "*.example" } },
  { "id": "one", "then": "allow", "when": { "host": "a.example", "port": 443 } },
  { "id": "net", "then": "refuse", "when": { "cidr": "10.0.0.0/8" } } ] }
J
said=$("$reeve" policy check "$room/lint.json" 2>&1)
says 'a rule in the shadow of another' 'lint:one can never matter: lint:all' "$said"
says 'a network that refuses every name' 'lint:net refuses every name, too' "$said"
fails 'the library holds its cases' 0 "$reeve" policy test "$top/policies"
fails 'and warns of nothing' 0 "$reeve" policy check --strict "$top/policies/package-registries.json"
finish
