#!/bin/sh
# A serving recorder killed before each of its system calls, while outcomes and intents go to disk together;
# and a broker that sends what no broker sends.
set -eu
# The recorder lets nobody of its own uid look into it; strace may, as root, also of a user namespace.
[ "$(id -u)" = 0 ] || unshare -Ur true 2>/dev/null || { echo "1..0 # SKIP user namespaces are missing"; exit 0; }
[ "$(id -u)" = 0 ] || exec unshare -Ur sh "$0"
. "$(dirname "$0")/../ledger-lib.sh"
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"
words='open attach intent pair_3 intent refusal outcome_6 pair_5 close'
init
mv "$work/l" "$work/l0"

# One session, killed before its Nth CALL; then another recorder opens the ledger. false: nobody was killed.
killed() {
	cp -r "$work/l0" "$work/l"
	rm -f "${key%.key}.place"	# a copy is served once that was taken away: reeve-ledger(5), Writers
	rm -f "$work/ready"; mkfifo "$work/ready"
	strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		"$bin/reeve-recorder" serve "$ledger" "$key" "$sock" 3>"$work/ready" 2>/dev/null &
	recorder=$!; pids="$pids $recorder"
	said=; read -r said <"$work/ready" || :
	told=; [ "$said" != ready ] || told=$(for w in $words; do echo "$w" | tr _ ' '; done | client 2>/dev/null) || :
	ended
	was=$status
	acked=$(echo "$told" | sed -n 's/^\(RECEIPT\|NOTED\) \([0-9]*\)$/\2/p' | sort -n | tail -n 1)
	serve
	[ "$said" = ready ] || wrong="$wrong $1-$2:$said"
	echo | client >/dev/null; ended
	audit verify "$ledger" --key "$pub" --head $((${acked:-0} + 1))
	[ "$status" = 0 ] || wrong="$wrong $1-$2:acked-$acked:verify-$status"
	"$bin/reeve-audit" show "$ledger" --json >"$work/records"
	for kind in intent outcome; do grep -c "\"kind\":\"$kind\"" "$work/records"; done | uniq | wc -l |
		grep -qx 1 || wrong="$wrong $1-$2:not-closed-once"
	! grep -q '"status":"unknown"' "$work/records" || unknown=$((unknown + 1))
	rm -rf "$work/l"
	[ "$was" != 0 ]
}

kills=0 wrong='' unknown=0
for call in poll recvmsg pwrite64 fdatasync sendmsg fallocate accept4 ftruncate; do
	n=1
	while killed "$call" "$n"; do
		n=$((n + 1)) kills=$((kills + 1))
	done
done
is "killed anywhere, it loses nothing that was acknowledged and closes every intent once" "$wrong" ""
ok "it was killed before each of its calls ($kills)" [ "$kills" -gt 60 ]
ok "and left intents open that are closed as unknown ($unknown)" [ "$unknown" -gt 20 ]

cp -r "$work/l0" "$work/l"
rm -f "${key%.key}.place"
serve
told=$(for w in $words; do echo "$w" | tr _ ' '; done | client | tr '\n' ';'); ended
like "left alone it acknowledges all of it" "$told" "NOTED 2;NOTED 2;RECEIPT 3;RECEIPT 4;RECEIPT 5;RECEIPT 6;*NOTED *"

# What misspeaks is cut off; what of it came before is closed, and the recorder serves on.
for how in 0 1 2 3 4; do
	serve
	told=$(printf '%s\n' open attach intent "bent $how" close | client | tr '\n' ';'); ended
	like "a bent COMMIT ($how) gets no receipt and ends the connection" "$told" "NOTED *;NOTED *;RECEIPT *;gone;gone;NOTED *"
	audit verify "$ledger" --key "$pub"
	is "and the ledger is whole" "$status" 0
done
done_testing
