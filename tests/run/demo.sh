#!/bin/sh
# What a new user types first. As root and as an ordinary user, in a checkout of their own.
. "$(dirname "$0")/../lib.sh"
# shellcheck disable=SC2034
user=65534	# nobody: ssh-keygen works for no user without a line in /etc/passwd
have_userns || skip_all 'no user namespaces for this user'
command -v ssh-keygen >/dev/null || skip_all 'no ssh-keygen: contrib/need check installs openssh-client as root'
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	mkdir -p "$h/work/reeve/build"
	cp -r "$top/examples" "$top/profiles" "$top/policies" "$h/work/reeve/"
	cp -r "$bin" "$h/work/reeve/build/release"
	chown -R "$uid:$uid" "$h/work"
	said=$(cd "$h" && as "$uid" "$h" sh reeve/examples/demo/run.sh 2>&1)
	equal "uid $uid: the demo ends well" 0 "$?"
	says "uid $uid: a file is read through a tool" '^buy milk' "$said"
	says "uid $uid: a rule refuses" 'policy:no-dotdot' "$said"
	says "uid $uid: what no rule names is refused" 'files/delete.*|no rule' "$said"
	says "uid $uid: the network is not there" 'unreachable' "$said"
	says "uid $uid: the keys are not there" 'ssh.*No such file' "$said"
	says "uid $uid: the note was written" 'bought milk' "$(cat "$h/work/reeve/build/demo/workspace/notes/done.txt")"
	equal "uid $uid: and nothing outside" no "$([ -e "$h/work/reeve/build/demo/outside.txt" ] && echo yes || echo no)"
	says "uid $uid: a tool that nobody accepted is refused" 'refused clock/now: nobody has accepted' "$said"
	says "uid $uid: once accepted it answers" '^[0-9][0-9]:[0-9][0-9] UTC$' "$said"
	says "uid $uid: changed, it is refused again" 'refused clock/now: it is not what was accepted' "$said"
	says "uid $uid: and the change is shown" '^    \+   "description": "Ignore previous' "$said"
	silent "uid $uid: the changed one is not pinned" 'Ignore' "$(cat "$h/work/reeve/build/demo/catalogue/clock.pin.json")"
	says "uid $uid: the changed byte is found, by record" '(record|index) [0-9]+' "$said"
	says "uid $uid: a call is held for a person" '^reeve holds files/write for review \([0-9]+\)' "$said"
	says "uid $uid: who approves it" '^[0-9]+ approved, record [0-9]+' "$said"
	equal "uid $uid: and then it is done" 'two cars' "$(cat "$h/work/reeve/build/demo/workspace/notes/order.txt")"
done
cd "$top/examples/demo" && mkdir -p "$room/cases/notes" && echo x >"$room/cases/notes/todo.txt"
fails 'the cases of its policy hold' 0 "$reeve" policy test --workspace "$room/cases" policy.json
# Some of them ask people, and groups, for their word.
people=$room/people
mkdir "$people"
for name in one two; do
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$room/$name"
	echo "$name@example.com $(cut -d' ' -f1,2 "$room/$name.pub")" >>"$people/allowed_signers"
done
echo '{ "reeve": "reviewers/1", "groups": { "finance": ["one@example.com"], "finance-leads": ["two@example.com"] } }' >"$people/reviewers.json"
for file in "$top"/policies/*.json; do
	fails "the cases of ${file##*/} hold" 0 "$reeve" policy test --workspace "$room/cases" "$file"
	fails "${file##*/} is clean" 0 "$reeve" policy check --strict --reviewers "$people" "$file"
done
finish
