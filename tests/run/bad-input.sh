#!/bin/sh
# Files of the operator that are wrong: one error with file, line and column, exit 2, nothing started.
. "$(dirname "$0")/../lib.sh"
h=$room/home uid=$(id -u)
home "$h"
cd "$h/work" || exit 1
good_policy='{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }'
good_tools='{ "reeve": "tools/1", "servers": {} }'

# wrong WHAT OPTION PATTERN: the file ./file, given to that option, is refused with that message.
wrong() {
	said=$(as "$uid" "$h" "$reeve" run "--$2" ./file -- touch started 2>&1)
	got=$?
	if [ "$got" = 2 ] && [ "$(printf '%s\n' "$said" | wc -l)" = 1 ] && printf '%s' "$said" | grep -qE "$3"; then
		ok "$2: $1"
	else
		not_ok "$2: $1" "status $got, wanted 2 and \"$3\": $said"
	fi
}

for option in policy profile tools; do
	rm -f file
	wrong 'absent' $option 'file.*No such file'
	: >file
	wrong 'empty' $option 'file:1:1: '
	echo '{ "reeve": ' >file
	wrong 'cut off' $option 'file:[12]:[0-9]+: '
	printf '{\n  "reeve": "%s/1",\n  "reeve": "%s/1" }' $option $option >file
	wrong 'a key twice' $option 'file:3:[0-9]+: .*(duplicate|reeve)'
	printf '{ "reeve": "\377" }' >file
	wrong 'not UTF-8' $option 'file:1:[0-9]+: .*UTF-8'
	head -c 10485760 /dev/zero | tr '\0' ' ' >file
	wrong '10 MiB' $option 'file.*(10485760|larger|more than)'
	echo '[]' >file
	wrong 'no object' $option 'file:1:1: .*object'
	echo '{ "reeve": 5 }' >file
	wrong 'a wrong type' $option 'file:1:[0-9]+: .*"?reeve"?.*string'
	echo '{ "reeve": "policy/99" }' >file
	wrong 'another format' $option 'file:1:[0-9]+: '
	rm file
	mkfifo file
	wrong 'a fifo' $option 'file.*regular'
	rm file
done
# bad WHAT PATTERN MEMBERS: a profile with these, in its second line.
bad() {
	printf '{ "reeve": "profile/1",\n%s }' "$3" >file
	wrong "$1" profile "file:2:$2"
}
bad 'a size of 2^64' '26: .*2\^53' '"limits": { "processes": 18446744073709551616 }'
bad 'a negative size' '26: .*a size from 1.* found -1' '"limits": { "file_size": -1 }'
bad 'an unknown limit' '13: unknown member "memories"' '"limits": { "memories": 1 }'
bad 'a way up' '11: .*without ".."' '"write": ["/srv/../etc"]'
bad 'a target that is missing' '10: /nowhere: No such file' '"read": ["/nowhere"]'
bad 'a grant twice' '18: /usr stands in "read" and again' '"read": ["/usr", "/usr"]'
bad 'read and write of one path' '29: /srv stands in "read" and in "write"' '"read": ["/srv"], "write": ["/srv"]'
bad 'an unknown base' '12: expected the name of another' '"extends": "nobody"'
bad 'a base that is itself' '12: "extends" goes in a circle: file, file' '"extends": "./file"'
ln -s /etc way-out
bad 'a mount that leaves by a link' '11: .*turn it into a link' "\"write\": [\"$h/work/way-out/ssl\"]"
bad 'the same, as the link itself' '11: .*turn it into a link' "\"write\": [\"$h/work/way-out\"]"
bad 'a link that may be missing' '16: .*turn it into a link' "\"maybe_read\": [\"$h/work/way-out/ssl\"]"
rm way-out
printf '{ "reeve": "profile/1", "read": %s' "$(head -c 1000 /dev/zero | tr '\0' '[')" >file
wrong 'deep nesting' profile 'file:1:[0-9]+: .*deep'
{ printf '{ "reeve": "profile/1", "read": ["/'; head -c 1048576 /dev/zero | tr '\0' x; printf '"] }'; } >file
wrong 'more than 1 MiB' profile 'file.*1048[0-9]* bytes, more than'

# What the workspace brings may only tighten, and does not keep quiet when it cannot be read.
mkdir .reeve
# project WHAT PATTERN TEXT: with the good profile, and that as the project's own.
project() {
	printf '{ "reeve": "profile/1",\n%s }' "$3" >.reeve/profile.json
	said=$(as "$uid" "$h" "$reeve" run -- touch started 2>&1)
	got=$?
	if [ "$got" = 2 ] && printf '%s' "$said" | grep -qE "\.reeve/profile\.json.*$2"; then ok "project: $1"; else not_ok "project: $1" "status $got: $said"; fi
}
project 'more to read' ':2:1: "read" could widen' '"read": ["/etc"]'
project 'more to write' ':2:1: "write" could widen' '"write": ["/etc"]'
project 'more of the environment' ':2:1: "environment" could widen' '"environment": { "pass": ["TOKEN"] }'
project 'a higher limit' ':2:26: raises "processes"' '"limits": { "processes": 1000000 }'
project 'tools of its own' ':2:1: "tools" could widen' '"tools": "x.json"'
project 'nonsense' ':2:1: unknown member' '"x": 1'
project 'cut off' ':2:[0-9]+: ' '"limits": {'
echo '{ "reeve": "profile/1" }' >../etc/linked.json
ln -sf "$h/etc/linked.json" .reeve/profile.json
fails 'project: a link is refused, wherever it leads' 2 as "$uid" "$h" "$reeve" run -- touch started
mkdir ../etc/linked && mv ../etc/linked.json ../etc/linked/profile.json && mv .reeve reeve && ln -s "$h/etc/linked" .reeve
fails 'project: and so is a folder that is one' 2 as "$uid" "$h" "$reeve" run -- touch started
rm .reeve && mv reeve .reeve
rm .reeve/profile.json
mkfifo .reeve/profile.json
fails 'project: a fifo is refused' 2 as "$uid" "$h" "$reeve" run -- touch started
rm -r .reeve
echo "$good_policy" | sed 's/"rules"/"rulez"/' >file
wrong 'an unknown key' policy 'file:1:[0-9]+: .*rulez'
printf '{ "reeve": "policy/1", "layer": "action", "version": "1",\n "rules": [\n { "id": "a", "then": "ok", "when": {} } ] }' >file
wrong 'a word that is none' policy 'file:3:[0-9]+: .*"ok".*allow.*refuse'
echo "$good_tools" | sed 's/{}/{ "a b": { "kind": "command", "argv": ["x"] } }/' >file
wrong 'a server name that is none' tools 'file:1:[0-9]+: .*a b'
echo "$good_tools" | sed 's/{}/{ "a_": { "kind": "command", "argv": ["x"] } }/' >file
wrong 'a server name that could end in another' tools 'file:1:[0-9]+: .*"_" at its end'
echo "$good_tools" | sed 's/{}/{ "x": { "kind": "telepathy", "argv": ["x"] } }/' >file
wrong 'an unknown kind' tools 'file:1:[0-9]+: .*telepathy'
equal 'nothing was started' no "$([ -e started ] && echo yes || echo no)"
equal 'and nothing was recorded' no "$([ -e "$(ledger_of "$h")" ] && echo yes || echo no)"
fails 'reeve policy check says the same' 2 as "$uid" "$h" "$reeve" policy check file
fails 'the command stands behind --' 2 as "$uid" "$h" "$reeve" run touch started
fails 'home as workspace is refused' 2 as "$uid" "$h" "$reeve" run --workspace "$h" -- true
fails 'the root as workspace is refused' 2 as "$uid" "$h" "$reeve" run --workspace / -- true

# The agent cannot touch its judge: what it is judged by is in no jail's reach, whoever grants it.
echo "$good_policy" >../etc/policy.json
echo "$good_tools" >../etc/tools.json
# apart WHAT PATTERN OPTION...: with good files, this is refused.
apart() {
	what=$1 pattern=$2
	shift 2
	said=$(as "$uid" "$h" "$reeve" run "$@" -- touch started 2>&1)
	got=$?
	if [ "$got" = 2 ] && printf '%s' "$said" | grep -qE "$pattern"; then ok "$what"; else not_ok "$what" "status $got: $said"; fi
}
cp ../etc/policy.json ../etc/tools.json .
apart 'a policy in the workspace' 'policy.json, by which' --policy policy.json
mkdir sub
apart 'a policy in a folder of the workspace that a link hides' 'by which' --policy "$(ln -sf "$h/work/policy.json" ../etc/link.json && echo ../etc/link.json)"
apart 'a tool file in the workspace' 'tools.json, by which' --tools tools.json
cp "$story/profiles/agent.json" .
apart 'a profile in the workspace' 'agent.json, by which' --profile ./agent.json
rm agent.json policy.json tools.json
apart 'the ledgers as workspace' 'ledgers and keys' --workspace "$(mkdir -p "$h/state/reeve/ledgers/w" && echo "$h/state/reeve/ledgers/w")"
profile() { printf '{ "reeve": "profile/1", "read": ["/usr"], "maybe_read": ["/bin", "/lib", "/lib64"], %s }' "$1" >../etc/p.json; }
profile "\"write\": [\"$h/state\"]"
apart 'a profile that grants the ledgers' 'ledgers and keys' --profile ../etc/p.json
ln -s "$h/state/reeve" ../etc/alias
profile "\"write\": [\"$h/etc/alias\"]"
apart 'by a link' 'ledgers and keys' --profile ../etc/p.json
profile "\"write\": [\"$h/run\"]"
apart 'a profile that grants the recorder'"'"'s socket' 'ledgers and keys' --profile ../etc/p.json
profile "\"write\": [\"$h/etc\"]"
apart 'a profile that grants itself' 'by which' --profile ../etc/p.json
profile "\"write\": [\"$room/bin\"]"
apart 'a profile that grants reeve'"'"'s own programs' 'by which' --profile ../etc/p.json
echo "{ \"reeve\": \"tools/1\", \"servers\": { \"x\": { \"kind\": \"command\", \"argv\": [\"x\"], \"read\": [\"$h/state\"] } } }" >../etc/tools.json
apart 'a tool server that may read the key' 'ledgers and keys' --tools ../etc/tools.json
# server ARGV...: a tool server with that argv.
server() { printf '{ "reeve": "tools/1", "servers": { "x": { "kind": "command", "argv": [%s] %s } } }' "$1" "${2:-}" >../etc/tools.json; }
server '"$WORKSPACE/server"'
apart 'a tool server that the agent can write' 'which the agent can change' --tools ../etc/tools.json
server '"sh", "$WORKSPACE/not-yet.sh"'
apart 'a script that the agent can make' 'which the agent can change' --tools ../etc/tools.json
ln -s /bin/true innocent
server "\"$h/work/innocent\""
apart 'a program named by a link that the agent can turn' 'which the agent can change' --tools ../etc/tools.json
echo x >server.js
server '"node", "server.js"'
apart 'a script by a relative name' 'which the agent can change' --tools ../etc/tools.json
server '"./server.js"'
apart 'a program by a relative name' 'which the agent can change' --tools ../etc/tools.json
server '"node", "--require=$WORKSPACE/server.js"'
apart 'a script after an equals sign' 'which the agent can change' --tools ../etc/tools.json
server '"sh", "-c", "exec $WORKSPACE/server.js"'
apart 'a script in the midst of a word' 'which the agent can change' --tools ../etc/tools.json
server '"true"' ', "env": { "PATH": "$WORKSPACE/bin:/usr/bin" }'
apart 'a PATH through the workspace' 'PATH leads' --tools ../etc/tools.json
server '"true"' ', "env": { "PATH": ".:/usr/bin" }'
apart 'a PATH through the current folder' 'PATH leads' --tools ../etc/tools.json
server '"node"' ', "env": { "NODE_OPTIONS": "--require=$WORKSPACE/server.js" }'
apart 'what a loader takes code from' 'NODE_OPTIONS leads' --tools ../etc/tools.json
apart 'a file as workspace' 'not a folder' --workspace server.js
apart 'a tenant that is none' 'tenant' --tenant '../x'
apart 'an agent without a name' 'agent' --agent ''
server '"true", "--root=$WORKSPACE", "$WORKSPACE"'
fails 'a folder of the workspace may be named' 0 as "$uid" "$h" "$reeve" run --tools ../etc/tools.json -- true
server '"sh", "$WORKSPACE/x.sh"' ', "from_workspace": true'
fails 'and a program in it, when that is said' 0 as "$uid" "$h" "$reeve" run --tools ../etc/tools.json -- true
equal 'and nothing was started' no "$([ -e started ] && echo yes || echo no)"
finish
