#!/bin/sh
# The units of the service, as systemd's own tools read them: sound, confined, and with room for what the recorder does.
. "$(dirname "$0")/../lib.sh"
command -v systemd-analyze >/dev/null || skip_all 'no systemd-analyze: contrib/need check installs systemd as root'
make -s -C "$top" install DESTDIR="$story/root" PREFIX="$story/prefix" >/dev/null 2>&1
mv "$story/root$story/prefix" "$story/prefix"
units=$story/prefix/lib/systemd/system
equal 'installed, they name what was installed' "$story/prefix" "$(cat "$units"/*.service | sed -n "s|^ExecStart=\($story/prefix\)/.*|\1|p" | sort -u)"
for unit in "$units"/*; do
	fails "${unit##*/} is sound" 0 systemd-analyze verify --man=no "$unit"
	silent 'without a word' . "$said"
done
# threshold in tenths: at most 2.0. And the measure can say no.
for unit in "$units"/*.service; do
	fails "${unit##*/} is exposed no more than 2.0" 0 systemd-analyze security --offline=true --no-pager --threshold=20 "$unit"
done
grep -v '^\(Capability\|NoNew\|Protect\|Private\|Restrict\|SystemCall\)' "$units/reeve-recorder@.service" >"$story/bare@.service"
fails 'which one without its walls is' 1 systemd-analyze security --offline=true --no-pager --threshold=20 "$story/bare@.service"
silent 'who asks can be told apart: no namespace of users' '^(PrivateUsers|DynamicUser)=(yes|true|1)' "$(cat "$units/reeve-recorder@.service")"

# Every call of its own list is let through by the unit's, as systemd would put it together.
python3 - "$units/reeve-recorder@.service" "$top/src/jail/calls.def" >"$story/missing" <<'P'
import re, subprocess, sys
def group(name, seen=()):
    out = set()
    for line in subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter", name], capture_output=True, text=True, check=True).stdout.splitlines()[1:]:
        word = line.strip()
        if word.startswith("@"):
            out |= group(word)
        elif word and not word.startswith("#"):
            out.add(word)
    return out
allowed = set()
for line in open(sys.argv[1]):
    if line.startswith("SystemCallFilter="):
        words = line.split("=", 1)[1].strip()
        drop = words.startswith("~")
        for word in words.lstrip("~").split():
            calls = group(word) if word.startswith("@") else {word}
            allowed = allowed - calls if drop else allowed | calls
wanted = set(re.findall(r"^(?:CALL|WHERE)\(RECORDER(?:_SERVING)?, (\w+),", open(sys.argv[2]).read(), re.M))
print("wanted", len(wanted) > 50, "ptrace" in allowed or "mount" in allowed)
print(" ".join(sorted(wanted - allowed)))
P
equal 'the list of calls has room for the recorder, and for no more' 'wanted True False
' "$(cat "$story/missing")
"

# Users, groups and folders, made in a root that holds nothing.
if command -v systemd-sysusers >/dev/null && [ "$(id -u)" = 0 ]; then
	mkdir -p "$story/root/etc" "$story/root/run" "$story/root/var/lib"
	systemd-sysusers --root="$story/root" "$story/prefix/lib/sysusers.d/reeve.conf" >/dev/null 2>&1
	for name in default default-run default-review; do
		says "the group reeve-$name is made" "^reeve-$name:" "$(cat "$story/root/etc/group")"
	done
	says 'and the user, who logs in nowhere' '^reeve-default:.*:/var/lib/reeve-recorder/default:.*nologin' "$(cat "$story/root/etc/passwd")"
	systemd-tmpfiles --root="$story/root" --create "$story/prefix/lib/tmpfiles.d/reeve.conf" >/dev/null 2>&1
	equal "folders are root's, where others find their way" '755
755' "$(cd "$story/root" && stat -c %a run/reeve-recorder var/lib/reeve-recorder)"
else
	skip 'users and folders are made' 'not root, or no systemd-sysusers'
fi
finish
