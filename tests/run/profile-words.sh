#!/bin/sh
# reeve profile list, show and check: what they say of a profile is what a run makes of it.
. "$(dirname "$0")/../lib.sh"
h=$room/home uid=$(id -u)
home "$h"
words() { as "$uid" "$h" "$reeve" profile "$@" 2>&1; }
etc=$h/etc
profile() { printf '{ "reeve": "profile/1",\n%s }' "$2" >"$etc/$1.json"; }

says 'help shows an example' 'reeve profile check' "$(words --help)"
fails 'no word is a usage error' 2 as "$uid" "$h" "$reeve" profile
fails 'an unknown word is one' 2 as "$uid" "$h" "$reeve" profile bless
for word in list show check learn import; do
	help=$(words $word --help)
	says "$word --help" "^usage: reeve profile $word" "$help"
	equal "$word --help fits 80 columns" yes "$([ "$(printf '%s\n' "$help" | wc -L)" -le 80 ] && echo yes)"
	fails "$word refuses an option it does not know" 2 as "$uid" "$h" "$reeve" profile $word --bless
done

list=$(words list)
for name in minimal agent node python rust git tool-server entrypoint; do
	says "list has $name with a sentence" "^$name .*\\.\$" "$list"
done
says 'list says which is the default' '^agent \(default\)' "$list"
equal 'a line each, of 80 columns at most' '8 yes' "$(printf '%s\n' "$list" | wc -l) $([ "$(printf '%s\n' "$list" | wc -L)" -le 80 ] && echo yes)"
mkdir -p "$h/config/reeve/profiles"
echo '{ "reeve": "profile/1", "about": "My own.", "extends": "agent" }' >"$h/config/reeve/profiles/agent.json"
echo '{ "reeve": "profile/1", "read": 7 }' >"$h/config/reeve/profiles/broken.json"
says 'the own profile stands before the installed one' '^agent \(default\) +My own\.$' "$(words list)"
says 'and extends the one of the same name' 'read +/usr' "$(words show agent)"
says 'one that is broken is listed with what is wrong' 'broken.json:1:33:' "$(words list)"
fails 'and the status says so' 2 as "$uid" "$h" "$reeve" profile list
equal 'list --json is JSON' agent "$(words list --json | python3 -c 'import json, sys; print([p["name"] for p in json.load(sys.stdin) if p["default"]][0])')"
rm -r "$h/config/reeve/profiles"

cat >"$etc/mine.json" <<X
{ "reeve": "profile/1", "about": "For the test.", "extends": "minimal",
  "read": { "$etc/data": "what it works on" }, "write": { "$h/out": "where results go" },
  "environment": { "pass": { "TOKEN": "a test" }, "set": { "COLOUR": "green" } },
  "limits": { "open_files": 99 }, "because": { "open_files": "enough", "COLOUR": "the nicest" } }
X
mkdir "$etc/data" "$h/out"
show=$(as "$uid" "$h" env TOKEN=do-not-show "$reeve" profile show "$etc/mine.json" 2>&1)
says 'show: a mount with its reason' "^  read +$etc/data" "$show"
says 'show: its reason' 'what it works on$' "$show"
says 'show: a mount of the base with its reason' '^  read +/usr +programs, their libraries' "$show"
says 'show: what can be written' "^  write +$h/out" "$show"
says 'show: the workspace' "^  write +$h/work" "$show"
says 'show: a variable with its reason' '^  COLOUR=green +the nicest$' "$show"
says 'show: what is passed on' "^  TOKEN \\(the operator's\\) +a test\$" "$show"
silent 'show: but not its value' 'do-not-show' "$show"
says 'show: a limit with its reason' '^  open_files +99 +enough$' "$show"
says 'show: a limit of the base' '^  processes +256 ' "$show"
says 'show: protected names' '^  \.git/hooks$' "$show"
says 'show: sockets' '^  /run/reeve/all.sock$' "$show"
says 'show: layers' '^layers +user, mount' "$show"
says 'show: a call that is allowed, with its reason' '^  allow +openat  +[a-z]' "$show"
says 'show: a call that is refused, with its reason' '^  EPERM +ptrace +reads and steers' "$show"
says 'show: all others' 'all others answer ENOSYS$' "$show"
says 'show: the files it is made of' 'profiles/minimal.json$' "$show"
rows=$(grep -cE '^(AGENT|REFUSE)' "$top/src/jail/agent.def")
equal 'show: no row of the table is missing' yes "$([ "$(printf '%s\n' "$show" | grep -cE '^  (allow|E[A-Z]+|kill) ')" -gt $((rows * 8 / 10)) ] && echo yes)"
long=$(as "$uid" "$h" "$reeve" profile show agent | grep -v "$room" | awk 'length > 80 && NF > 1')
equal 'show: 80 columns' '' "$long"
equal 'show --json says the same' "$etc/data what it works on 99" "$(words show --json "$etc/mine.json" | python3 -c '
import json, sys
p = json.load(sys.stdin)
m = [m for m in p["mounts"] if m.get("because") == "what it works on"][0]
print(m["target"], m["because"], [l["most"] for l in p["limits"] if l["name"] == "open_files"][0])')"
if have_userns; then
	inside=$(as "$uid" "$h" "$reeve" run --profile "$etc/mine.json" -- sh -c 'ulimit -n; echo $COLOUR; cat /proc/self/mounts' 2>/dev/null)
	says 'a run has that limit' '^99$' "$inside"
	says 'and that variable' '^green$' "$inside"
	for target in $(words show --json "$etc/mine.json" | python3 -c 'import json, sys; print(*[m["target"] for m in json.load(sys.stdin)["mounts"] if m["kind"] in ("read", "write")])'); do
		says "and the mount $target" " $target " "$inside"
	done
	digest=$(words show --json "$etc/mine.json" | python3 -c 'import json, sys; print(json.load(sys.stdin)["digest"])')
	says 'its record has the digest that show prints' "\"profile\":\"mine $digest\"" "$(records "$h")"
	sum() { sha256sum "$1" | cut -d ' ' -f 1; }
	equal 'which is as the manual says' "$digest" "sha256:$(printf 'mine.json sha256:%s\nminimal.json sha256:%s\n' "$(sum "$etc/mine.json")" "$(sum "$story/profiles/minimal.json")" | sha256sum | cut -d ' ' -f 1)"
else
	skip 'a run has the same' 'no user namespaces for this user'
fi
fails 'show: a name that is none' 2 as "$uid" "$h" "$reeve" profile show nobody
fails 'show: a workspace that cannot be one' 2 as "$uid" "$h" "$reeve" profile show --workspace / agent

# An OCI file: what show prints is what is left of it, with our refusals over it.
cat >"$etc/seccomp.json" <<'X'
{ "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
  { "names": ["read", "write", "ptrace"], "action": "SCMP_ACT_ALLOW" }, { "names": ["socket"], "action": "SCMP_ACT_KILL" } ] }
X
words import --name calls "$etc/seccomp.json" >"$etc/import" && sed -n '/^{/,$p' "$etc/import" >"$etc/calls.json"
show=$(words show "$etc/calls.json")
says 'show: an imported list is in force' '^  allow +read$' "$show"
says 'show: with its own refusals' '^  kill +socket$' "$show"
says 'show: and ours' '^  EPERM +ptrace ' "$show"
silent 'show: which it cannot lift' '^  allow +ptrace' "$show"
silent 'show: what it does not name is not allowed' '^  allow +openat' "$show"
says 'show: but answers its default' 'all others answer EPERM$' "$show"
says 'show: the file takes part' 'etc/seccomp.json$' "$show"
says 'check: another list of calls counts' '^  1.0  own-calls' "$(words check "$etc/calls.json")"

check=$(words check agent)
says 'check: the exposure' ': exposure [0-9]+\.[0-9] of 10$' "$check"
says 'check: each point with its weight' '^  0\.[0-9]  [a-z-]+ +[a-z]' "$check"
says 'check: and what would lower it' 'lower it: ' "$check"
fails 'check: the library is below 2' 0 as "$uid" "$h" "$reeve" profile check --threshold 2 minimal agent node python rust git tool-server entrypoint
fails 'check: above the threshold' 1 as "$uid" "$h" "$reeve" profile check --threshold 0.4 agent
fails 'check: at the threshold' 0 as "$uid" "$h" "$reeve" profile check --threshold 2.2 "$(profile bare '"read": ["/usr"]' && echo "$etc/bare.json")"
fails 'check: just above it' 1 as "$uid" "$h" "$reeve" profile check --threshold 2.1 "$etc/bare.json"
fails 'check: no threshold, no failure' 0 as "$uid" "$h" "$reeve" profile check agent
for bad in 11 -1 x 0x1 1e1 ''; do
	fails "check: --threshold=$bad is none" 2 as "$uid" "$h" "$reeve" profile check "--threshold=$bad" agent
done
profile malformed '"read": 7'
fails 'check: malformed' 2 as "$uid" "$h" "$reeve" profile check "$etc/malformed.json"
fails 'check: malformed among others is still 2' 2 as "$uid" "$h" "$reeve" profile check --threshold 0 "$etc/malformed.json" agent
says 'check: with its place' 'malformed.json:2:9: ' "$(words check "$etc/malformed.json")"
profile secret "\"maybe_read\": [\"$h/.ssh\"], \"environment\": { \"pass\": [\"API_TOKEN\"] }"
says 'check: secrets by their paths' "^  7.0  secrets +$h/.ssh" "$(words check "$etc/secret.json")"
says 'check: secrets by their names' '^  5.0  secret-variables +API_TOKEN' "$(words check "$etc/secret.json")"
says 'check: 10 is the most' 'exposure 10.0 of 10' "$(words check "$etc/secret.json")"
equal 'check --json' '10.0 True' "$(words check --json "$etc/secret.json" | python3 -c 'import json, sys; p = json.load(sys.stdin)[0]; print(p["exposure"], all(q["instead"] for q in p["points"]))')"
says 'check: with a workspace' 'overlap' "$(words check --workspace "$h/out" "$etc/mine.json")"

# The project's own file, in a run; which an agent cannot make, nor change.
if have_userns; then
	as "$uid" "$h" "$reeve" run -- sh -c 'mkdir .reeve; mkdir x; echo "{}" >x/profile.json; mv x .reeve; ln -s x .reeve; ln -s x .Reeve' >/dev/null 2>&1
	equal 'an agent makes no file for the next run' no "$([ -e "$h/work/.reeve" ] || [ -L "$h/work/.reeve" ] && echo yes || echo no)"
	mkdir "$h/work/.reeve"
	as "$uid" "$h" "$reeve" run -- sh -c 'echo "{}" >.reeve/profile.json; mv .reeve y; rmdir .reeve' >/dev/null 2>&1
	equal 'nor in a folder that is there' 'yes no' "$([ -d "$h/work/.reeve" ] && echo yes) $([ -e "$h/work/.reeve/profile.json" ] && echo yes || echo no)"
	rmdir "$h/work/.reeve"
else
	skip 'an agent makes no file for the next run' 'no user namespaces for this user'
fi
mkdir "$h/work/.reeve"
printf '{ "reeve": "profile/1", "without_read": ["/etc/passwd"], "limits": { "open_files": 50 } }' >"$h/work/.reeve/profile.json"
if have_userns; then
	said=$(as "$uid" "$h" "$reeve" run -- sh -c 'ulimit -n; cat /etc/passwd' 2>&1)
	says 'the project takes away' 'passwd: No such file' "$said"
	says 'and lowers' '^50$' "$said"
	says 'which is said' 'work/.reeve/profile.json tightens the profile' "$said"
fi
says 'show shows it' '^  open_files +50$' "$(words show agent | sed 's/ *watchers.*//')"
finish
