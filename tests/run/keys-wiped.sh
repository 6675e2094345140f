#!/bin/sh
# Of a key that is over nothing is left: not in the memory of the recorder that signed with it, and not in the file.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'only root reads the memory of a recorder'
command -v python3 >/dev/null || skip_all 'no python3 to search memory with'
# Each secret in TENANT.epoch, in base64.
secrets() { tr '\0' '\n' <"${key%.key}.epoch" | grep '^PRIVATE' | cut -d+ -f5-; }
# found SECRET: in how many places of the recorder's memory it, its text and what signing derives from it are; of the file.
cat >"$work/found.py" <<'END2'
import base64, hashlib, sys
secret, pid, path = sys.argv[1:]
seed = base64.b64decode(secret)[1:]
half = bytearray(hashlib.sha512(seed).digest())
forms = [seed, secret.encode(), seed.hex().encode(), bytes(half[:32]), bytes(half[32:])]
half[0], half[31] = half[0] & 248, half[31] & 63 | 64
forms.append(bytes(half[:32]))
hits = read = 0
with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
    for line in maps:
        span, rights = line.split()[:2]
        if rights[0] != "r" or "[v" in line:
            continue
        begin, end = (int(x, 16) for x in span.split("-"))
        mem.seek(begin)
        bytes_ = mem.read(end - begin)
        read += len(bytes_)
        hits += sum(bytes_.count(f) for f in forms)
assert read > 1 << 20
print("memory" if hits else "-", "file" if any(f in open(path, "rb").read() for f in forms) else "-")
END2
found() { python3 "$work/found.py" "$1" "$recorder" "${key%.key}.epoch"; }

init
first=$(secrets)
mv "$key" "$work/root"
root=$(cut -d+ -f5- "$work/root")
mkfifo "$work/words"
serving=epoch-records=10
serve
client <"$work/words" >"$work/answers" & talker=$!; pids="$pids $talker"
exec 9>"$work/words"
said_so() { until [ "$(grep -c . "$work/answers")" -ge "$1" ]; do kill -0 $talker || break; done; }
printf '%s\n' open attach >&9
said_so 2
is "the key that signs is in memory and file" "$(found "$first")" "memory file"
is "the root, carried away, is not" "$(found "$root")" "- -"
printf '%s\n' intent refusal intent refusal intent refusal intent refusal intent refusal intent refusal >&9
said_so 14
is "when it is over, it is in neither" "$(found "$first")" "- -"
is "another one signs" "$(found "$(secrets)")" "memory file"
printf '%s\n' 'burst 1000' >&9
said_so 15
is "nor behind a hundred more" "$(found "$first")" "- -"
is "nobody reads that memory but root" "$(python3 -c 'import os, sys; os.setgid(65534); os.setuid(65534); open("/proc/" + sys.argv[1] + "/mem")' "$recorder" 2>&1 | tail -1 | cut -d: -f1)" PermissionError
is "and it dumps no core" "$(grep 'core file' "/proc/$recorder/limits" | tr -s ' ' | cut -d' ' -f5,6)" "0 0"
ok "what keys lie in is locked" [ "$(sed -n 's/^VmLck:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$recorder/status")" -gt 0 ]
ok "and left out of any dump" grep -q '^VmFlags:.* lo .*dd' "/proc/$recorder/smaps"
echo close >&9; exec 9>&-
wait $talker; ended
is "all ends well" "$status" 0
done_testing
