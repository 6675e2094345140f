#!/bin/sh
# Epochs of a real ledger: they end by records, by hours and on demand, the keys that are over are nowhere, and whoever
# checks starts from the root's verifier key alone.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
second=$(dirname "$0")/../../contrib/verify.py

epochs() { "$bin/reeve-audit" show "$ledger" --json | grep -c '"kind":"epoch"' || :; }
# at SECONDS: a recorder whose time of day is so far from ours, with one run; says how many epochs began by then.
at() {
	was=$(epochs)
	rm -f "$work/ready"; mkfifo "$work/ready"
	# shellcheck disable=SC2086
	env LD_PRELOAD="$bin/tools/clock.so" REEVE_CLOCK="$1" \
		"$bin/reeve-recorder" serve "$ledger" "$key" "$sock" $serving 3>"$work/ready" 2>>"$work/stderr" &
	recorder=$!; pids="$pids $recorder"
	read -r said <"$work/ready" || :
	printf '%s\n' open close | client >/dev/null; ended
	began=$(($(epochs) - was))
}
# The secrets in TENANT.epoch, in base64.
secrets() { tr '\0' '\n' <"${key%.key}.epoch" | grep '^PRIVATE' | cut -d+ -f5-; }
# In which files of ledger and keys one of them is, as text or as its bytes.
left() {
	grep -rlaF "$1" "$work/l" "$work/k" || :
	! command -v python3 >/dev/null || python3 - "$1" "$work/l" "$work/k" <<'END'
import base64, os, sys
seed = base64.b64decode(sys.argv[1])[1:]
assert len(seed) == 32
for top in sys.argv[2:]:
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            if seed in open(path, "rb").read():
                print(path)
END
}

init
is "a new ledger has its first epoch" "$(epochs)" 1
first=$(secrets)
mv "$key" "$work/root"
serving=epoch-records=10
serve
is "a recorder serves without the root's key" "$said" ready
printf '%s\n' open attach 'burst 4000' close | client >"$work/answers"; ended
is "and ends well" "$status" 0
many=$(epochs)
ok "hundreds of keys have signed ($many)" [ "$many" -gt 100 ]
audit verify "$ledger" --key "$pub" --head 8000
is "all of it verifies by the root's verifier key" "$status" 0
if command -v python3 >/dev/null; then
	is "also for the second verifier" "$(python3 "$second" "$ledger" --key "$pub" 2>&1)" "whole: $(sed 's/^0*//' "$ledger/head") records"
fi
is "one secret is there" "$(secrets | wc -l)" 1
is "which can be found" "$(left "$(secrets)")" "${key%.key}.epoch"
is "and the first one nowhere" "$(left "$first")" ""
"$bin/reeve-audit" publish "$ledger" "$work/view" --key "$pub" >/dev/null 2>&1 || :
is "and each is handed over to in what is published" "$(find "$work/view/epochs" -type f | wc -l)" "$many"

# By hours. What a recorder has counted of them ends with it; the ledger says when the epoch began.
rm -rf "$work/l" "$work/k"; init
serving=epoch-hours=2
at 0; is "an epoch that has just begun goes on" "$began" 0
at 7100; is "and so long as it is not over" "$began" 0
at 7300; is "after its hours, the next recorder begins another" "$began" 1
at 7400; is "and one only" "$began" 0
at -90000; is "a clock that was set back to before it began ends it" "$began" 1
at -90000; is "once" "$began" 0
at -90010; is "and a little is nothing" "$began" 0
at 0; is "set right again, hours have gone by" "$began" 1
at 0; is "and one epoch has begun" "$began" 0

# An idle one: a client is there, and says nothing.
was=$(epochs)
rm -f "$work/ready"; mkfifo "$work/ready" "$work/words"
env LD_PRELOAD="$bin/tools/clock.so" REEVE_CLOCK=7198 \
	"$bin/reeve-recorder" serve "$ledger" "$key" "$sock" "$serving" 3>"$work/ready" 2>>"$work/stderr" &
recorder=$!; pids="$pids $recorder"
read -r said <"$work/ready"
client <"$work/words" >"$work/idle" & talker=$!; pids="$pids $talker"
exec 9>"$work/words"
echo open >&9
tries=0
while [ "$(epochs)" = "$was" ] && [ $tries -lt 2000 ]; do tries=$((tries + 1)); done
is "an idle recorder begins one too" "$(epochs)" $((was + 1))
echo close >&9; exec 9>&-
wait $talker; ended
is "and ends well as ever" "$status" 0
audit verify "$ledger" --key "$pub"
is "and all of it verifies" "$status" 0

# By the root: what its thief signed is named, and a lost key is no end.
revoke() { code=0; said=$("$bin/reeve-recorder" revoke "$ledger" "$key" "$@" 2>&1) || code=$?; }
agree() {	# agree WHAT STATUS
	audit verify "$ledger" --key "$pub"
	is "$1: verify" "$status" "$2"
	! command -v python3 >/dev/null || { code=0; python3 "$second" "$ledger" --key "$pub" >"$work/second" 2>&1 || code=$?; is "$1: the second verifier" "$code" "$2"; }
}
rm -rf "$work/l" "$work/k"; init; mv "$key" "$work/root"
serving=epoch-records=10; serve
revoke "$work/root" all 'while it serves'
like "while a recorder serves nothing is revoked" "$code $said" "3 *end its runs*"
printf '%s\n' open attach 'burst 100' | client >/dev/null; ended
rm "${key%.key}.epoch"; serve; ended
like "without its epoch's key no recorder opens it" "$status $said" "3 *restore*"
cp -r "$work/l" "$work/lost"
cp "${key%.key}.pub" "$work/other"; revoke "$work/other" end 'lost'
is "what is no key revokes nothing" "$code" 3
for since in 0 99999 -1 x ''; do revoke "$work/root" "$since" 'lost'; is "nor since \"$since\"" "$code" 3; done
ok "and nothing was changed" cmp -s "$work/l/t/head" "$work/lost/t/head"
revoke "$work/root" end 'lost, not stolen'
like "the root begins another" "$code $said" "0 epoch * began with record *"
agree "a lost key" 0
serving=; serve
is "and a recorder serves again" "$said" ready
printf '%s\n' open close | client >/dev/null; ended
was=$(secrets)
revoke "$work/root" all 'stolen'
is "a stolen one is revoked" "$code" 0
is "and nowhere" "$(left "$was")" ""
agree "a stolen key" 10
like "which records, verify says" "$told" "*records [0-9]* to [0-9]* are signed by epoch *revoked by record*"
revoke "$work/root" end 'next'
agree "what was revoked stays it" 10

for wrong in epoch-hours=0 epoch-hours=87601 epoch-hours=x epoch-records= epoch-records=-1; do
	serving=$wrong; serve; ended
	like "$wrong is refused" "$status $said" "2 *expected a number from 1 to*"
done
done_testing
