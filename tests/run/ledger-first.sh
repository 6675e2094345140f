#!/bin/sh
# A ledger's first start, killed before each of its system calls; and what is on disk before anybody is told.
set -eu
# The recorder lets nobody of its own uid look into it; strace may, as root, also of a user namespace.
[ "$(id -u)" = 0 ] || unshare -Ur true 2>/dev/null || { echo "1..0 # SKIP user namespaces are missing"; exit 0; }
[ "$(id -u)" = 0 ] || exec unshare -Ur sh "$0"
. "$(dirname "$0")/../ledger-lib.sh"
strace -o /dev/null true 2>/dev/null || skip_all "strace cannot trace here"

# killed CALL N: an init that ends before it does CALL for the Nth time; false: it ends before that.
killed() {
	strace -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		"$bin/reeve-recorder" init "$ledger" "$key" t >/dev/null 2>&1 && return 1
	return 0
}

# begun CALL N: one init killed there, another at the same call, a third one left alone: what is wrong then?
begun() {
	at=$work/$1$2
	ledger=$at/l/t key=$at/k/t.key pub=$at/k/t.pub
	killed "$1" "$2" || return 1
	[ ! -e "$key" ] || [ -e "$ledger/journal" ] || bad="$bad $1-$2:key-alone"
	killed "$1" "$2" || :
	init 2>>"$work/stderr" || bad="$bad $1-$2:init"
	[ "$(cat "$work/vkey")" = "$(cat "$pub")" ] || bad="$bad $1-$2:pub"
	serve
	printf '%s\n' open close | client >/dev/null; ended
	audit verify "$ledger" --key "$pub" --head 3
	[ "$said $status" = "ready 0" ] || bad="$bad $1-$2:$said:$told"
	init
	left="$left$(cd "$at" && find . -name '*.new')"
}

steps=0 bad='' left=''
for call in mkdir mkdirat openat write pwrite64 fsync fdatasync ftruncate fchmod link linkat unlink unlinkat; do
	n=1
	while begun "?$call" "$n"; do
		n=$((n + 1)) steps=$((steps + 1))
	done
done
is "an init that is killed anywhere, even twice, leaves what the next one makes whole" "$bad" ""
is "and nothing half-made stays" "$left" ""
ok "it was killed before each of its calls ($steps)" [ "$steps" -gt 40 ]

# The journal has its name, the key has not; and the key that lies there is another's.
ledger=$work/o/t key=$work/o/t.key pub=$work/o/t.pub
init
mv "$key" "$work/away"
"$bin/reeve-recorder" init "$work/o/u" "$work/o/u.key" u >/dev/null
mv "$work/o/u.key" "$key.new"
before=$(cksum "$ledger/journal" "$ledger/head")
code=0; told=$("$bin/reeve-recorder" init "$ledger" "$key" t 2>&1) || code=$?
is "a key that does not fit is not given its name" "$code $([ -e "$key" ] && echo named)" "3 "
like "which is said" "$told" "*journal is there but *t.key is not*another ledger*"
is "and nothing is changed" "$(cksum "$ledger/journal" "$ledger/head")" "$before"
rm "$key.new"; mv "$work/away" "$key"
rm "$ledger/journal"
code=0; told=$("$bin/reeve-recorder" init "$ledger" "$key" t 2>&1) || code=$?
is "a key without its journal starts no new ledger" "$code $([ -e "$ledger/journal" ] && echo made)" "3 "
rm "$key"
code=0; told=$("$bin/reeve-recorder" init "$ledger" "$key" t 2>&1) || code=$?
is "nor does a head that lost its journal" "$code $([ -e "$ledger/journal" ] && echo made)" "3 "

# Names on disk before words: each directory is synced after its last name and before the answer.
at=$work/d
ledger=$at/l/t key=$at/k/t.key pub=$at/k/t.pub
strace -y -qq -o "$work/trace" -e 'trace=?link,?linkat,fsync,write' "$bin/reeve-recorder" init "$ledger" "$key" t >/dev/null
order=$(awk -v key="$at/k/t.key\"" -v journal="$at/l/t/journal\"" '
	/^link/ && index($0, journal) && !index($0, ", \"" key) { printf "journal " }
	/^link/ && index($0, ", \"" key) { printf "key " }
	/^fsync/ && index($0, "/d>") { printf "above " }
	/^fsync/ && index($0, "/d/l>") { printf "l " }
	/^fsync/ && index($0, "/d/l/t>") { printf "t " }
	/^fsync/ && index($0, "/d/k>") { printf "k " }
	/^write\(1</ { print "said"; exit }' "$work/trace")
like "the ledger's directories are durable" "$order" "*above *l *journal t *said"
like "the key's too, and it comes behind them" "$order" "*above *k *journal t *key k *said"
rm "$ledger/head" "$work/ready"; mkfifo "$work/ready"
strace -y -qq -o "$work/trace" -e 'trace=openat,fsync,fdatasync,sendto,sendmsg' \
	"$bin/reeve-recorder" serve "$ledger" "$key" "$sock" 3>"$work/ready" & pids="$pids $!"
read -r said <"$work/ready"
printf '%s\n' open close | client >/dev/null
wait $!
order=$(awk '/^openat/ && /O_CREAT/ && /head/ { made = 1 } /^fdatasync/ { printf "synced " }
	/^fsync/ && index($0, "/d/l/t>") { made = 0 } /^send/ { print made ? "unsynced head " : "told"; exit }' "$work/trace")
is "no receipt before journal and head are on disk" "$order" "synced told"
done_testing
