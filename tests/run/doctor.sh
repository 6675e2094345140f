#!/bin/sh
# reeve doctor: what is missing is named, with what it costs and the command that mends it.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
python=/usr/bin/python3
for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	fails "uid $uid: where every layer can be had it says so" 0 as "$uid" "$h" "$reeve" doctor
	says "uid $uid: in words" '^every layer can be had$' "$said"
	for layer in user mount pid net ipc uts cgroup time landlock capabilities no_new_privs seccomp limits names; do
		says "uid $uid: $layer was really tried" "^fine +$layer +obtained, tested$" "$said"
	done
	says "uid $uid: the kernel's name is the kernel's" "^fine +kernel +$(uname -sr | sed 's/[.+]/\\&/g')" "$said"
	equal "uid $uid: it fits a terminal" yes "$([ "$(printf '%s\n' "$said" | wc -L)" -le 80 ] && echo yes)"
	equal "uid $uid: it makes no state" no "$([ -e "$h/state" ] && echo yes || echo no)"
	cp -r "$room/bin" "$h/part"
	chmod -x "$h/part/reeve-dialer"
	fails "uid $uid: a program that a run may need is not there" 1 as "$uid" "$h" "$h/part/reeve" doctor
	says "uid $uid: it is named" '^missing programs +reeve-dialer cannot be executed$' "$said"
	says "uid $uid: with what that costs" 'costs: a run with --network does not start$' "$said"
	rm -r "$h/part"
	fails "uid $uid: no operand" 2 as "$uid" "$h" "$reeve" doctor now
	fails "uid $uid: whoever reads it is gone" 3 as "$uid" "$h" sh -c '"$0" doctor >/dev/full' "$reeve"
	fails "uid $uid: the same as JSON" 3 as "$uid" "$h" sh -c '"$0" doctor --json >/dev/full' "$reeve"
	fails "uid $uid: a state folder that cannot be written is missing" 1 as "$uid" "$h" env XDG_STATE_HOME="$h/tools/mcp_server" "$reeve" doctor
	says "uid $uid: with what to do" 'XDG_STATE_HOME=' "$said"
done

h=$room/home
home "$h"
# scarce KIND COMMAND...: where no namespace of that kind is left.
scarce() {
	kind=$1
	shift
	(cd "$h/work" && unshare -Ur sh -c 'echo 0 >"/proc/sys/user/max_$1_namespaces"; shift; exec "$@"' sh "$kind" \
		env -i HOME="$h" PATH="$room/bin:$PATH" XDG_STATE_HOME="$h/state" XDG_RUNTIME_DIR="$h/run" "$@")
}
if unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_uts_namespaces' 2>/dev/null; then
	for layer in mount pid net ipc uts cgroup time; do
		kind=$layer
		[ "$layer" != mount ] || kind=mnt
		fails "$layer cannot be had" 1 scarce $kind "$reeve" doctor
		says 'that layer is named as missing' "^missing $layer +not obtained" "$said"
		says 'with what it costs' 'costs: .' "$said"
		says 'and the command that mends it' "fix:   sysctl -w user.max_${kind}_namespaces=[1-9]" "$said"
		way=$(printf '%s\n' "$said" | sed -n 's/^  reeve run \(--without=[a-z,_]*\) \.\.\.$/\1/p')
		also=
		[ "$layer" != mount ] || also=',names'	# which need it
		equal 'and how to run all the same' "--without=$layer$also" "$way"
		silent 'and no other' '^missing' "$(printf '%s\n' "$said" | grep -v "^missing \($layer\|names\) ")"
		fails 'which is true: so named, a run starts' 0 scarce $kind "$reeve" run "$way" -- true
		fails 'and not named, none does' 125 scarce $kind "$reeve" run -- true
	done
	fails 'user cannot be had' 1 scarce user "$reeve" doctor
	says 'that layer is named as missing' "^missing user +not obtained" "$said"
	says 'and what that means' 'no other namespace' "$said"
else
	skip 'layers cannot be had' 'namespaces cannot be made scarce here'
fi
if [ "$(id -u)" = 0 ] && unshare -pmf true 2>/dev/null; then
	contained() { (cd "$h/work" && env -i HOME="$h" PATH="$PATH" XDG_STATE_HOME="$h/state" XDG_RUNTIME_DIR="$h/run" "$room/bin/docker_like" --pid1 "$@"); }
	fails 'in a container' 1 contained "$reeve" doctor
	says 'it says how to run there' 'without=namespaces' "$said"
	equal 'it fits a terminal there too' yes "$([ "$(printf '%s\n' "$said" | wc -L)" -le 80 ] && echo yes)"
	way=$(printf '%s\n' "$said" | sed -n 's/^  reeve run \(--without=[a-z,_]*\) \.\.\.$/\1/p')
	equal 'and names them' '--without=user,mount,pid,net,ipc,uts,cgroup,time,names' "$way"
	fails 'which is true' 0 contained "$reeve" run "$way" -- true
	equal 'it leaves nothing in /tmp' '' "$(find /tmp -maxdepth 1 -name 'reeve-doctor-*' -newer "$room/bin")"
else
	skip 'in a container' 'making the situation takes root'
fi
if [ -x "$python" ]; then
	(scarce uts "$reeve" doctor --json || true) >"$h/doctor.json"
	cat >"$h/look.py" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["reeve"] == "doctor/1" and isinstance(d["fine"], bool), d
assert d["fine"] is False or len(sys.argv) < 3, d
for f in d["facts"]:
    assert f["name"] and f["state"] in ("fine", "note", "missing") and f["value"], f
    assert (f["state"] == "fine") or (f["costs"] and f["fix"]), f
print(" ".join(l["name"] for l in d["layers"] if not l["obtained"]))
P
	equal 'the JSON says the same' uts "$("$python" "$h/look.py" "$h/doctor.json" 2>&1)"
	equal 'in one line' 1 "$(wc -l <"$h/doctor.json")"
else
	skip 'the JSON says the same' 'no python3'
fi
finish
