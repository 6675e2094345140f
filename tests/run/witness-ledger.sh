#!/bin/sh
# A ledger and its witness: what its owner could do to it shows, and the witness may be killed, or its disk fail, at any
# of its system calls. As root the witness is another user.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
command -v strace >/dev/null || skip_all 'needs strace'

w=$work/w
mkdir "$w"
cp "$bin/reeve-witness" "$bin/tools/fails.so" "$w/"
other=
if [ "$(id -u)" = 0 ]; then
	other='setpriv --reuid 65534 --regid 65534 --clear-groups'
	chmod 755 "$work"; chown 65534:65534 "$w"
fi
witness() {	# witness WORD...: by exec, so that $! is the witness; under strace with the options in $inject
	word=$1; shift
	# shellcheck disable=SC2086
	exec $other ${inject:+strace -D $inject} env ${fails:+LD_PRELOAD="$w/fails.so" REEVE_FAILS="$fails"} "$w/reeve-witness" "$word" --key "$w/key" --state "$w/state" --logs "$w/logs" "$@"
}
inject='' fails=''
begin() {
	rm -f "$w/ready"; mkfifo "$w/ready"
	witness serve --listen 127.0.0.1:0 >"$w/ready" 2>>"$work/stderr" &
	served=$!; pids="$pids $served"
	read -r _ _ at <"$w/ready" || at=
}
stop() { kill -9 "$served" 2>/dev/null || :; wait "$served" 2>/dev/null || :; }
# cosign OLD: of the ledger as it is; $got, $answer.
cosign() {
	"$bin/reeve-audit" growth "$ledger" "$1" --key "$pub" >"$work/body"
	send add-checkpoint
}
send() {	# send WORD: what is in $work/body
	rm -f "$work/answer"
	got=$(curl -s -m 20 -o "$work/answer" -w '%{http_code}' --data-binary "@$work/body" "http://$at/$1") || got="none $got"
	answer=$(cat "$work/answer" 2>/dev/null || :)
}
grow() {
	serve
	printf '%s\n' open attach "$@" close | client >/dev/null
	ended
}
size_of() { "$bin/reeve-audit" growth "$ledger" 0 --key "$pub" | sed -n 4p; }
known() { sed -n 3p "$w/state"/????????????????????????????????*; }

init
"$bin/reeve-audit" trust --key "$pub" >"$w/logs"
vkey=$( (witness init --name witness.example/w) 2>/dev/null)
begin
# A ledger with epochs is brought by its first handover: then it knows who signs.
if "$bin/reeve-audit" growth "$ledger" 0 --epoch 1 --key "$pub" >"$work/body" 2>/dev/null; then
	send add-epoch
else
	cosign 0
fi
like "a new ledger is cosigned" "$got $answer" "200 — witness.example/w *"
first=$(size_of)
grow 'burst 5'
cosign "$first"
like "and so is what it grew to" "$got $(known)" "200 $(size_of)"
cosigned=$(size_of)
{ sed '1,/^$/d' "$work/body"; cat "$work/answer"; } >"$work/cosigned"

printf 'witness one %s\nquorum one\n' "$vkey" | cat "$w/logs" - | sed '/quorum none/d' >"$work/trust"
audit verify "$ledger" --trust "$work/trust" --checkpoint "$work/cosigned"
like "verify says that all is witnessed" "$status $told" "0 *witnesses     ok       all $cosigned records, by the quorum one*"
audit verify "$ledger" --trust "$work/trust"
like "11: without the cosigned checkpoint nothing shows it" "$status $told" "11 *witnesses     FAILED   no record is witnessed*"
cp -a "$ledger" "$work/fork"
grow 'burst 3'
audit verify "$ledger" --trust "$work/trust" --checkpoint "$work/cosigned" --json
like "the unwitnessed tail is counted" "$status $told" "0 *\"the first $cosigned records, by the quorum one; * since then are unwitnessed\"*"
sed '$s/....$/AAA=/' "$work/cosigned" >"$work/forged"
audit verify "$ledger" --trust "$work/trust" --checkpoint "$work/forged"
like "11: a forged cosignature" "$status $told" "11 *witnesses     FAILED   *a cosignature that is not of one*"
cosign "$cosigned"
like "what came since is cosigned" "$got" 200
{ sed '1,/^$/d' "$work/body"; cat "$work/answer"; } >"$work/cosigned"

# The owner, who has the key, puts back the copy of before, and writes another history from there.
honest=$ledger ledger=$work/fork
rm -f "${key%.key}.place"
cosign "$cosigned" 2>/dev/null || :
cosign 0
is "409: a ledger that was put back" "$got $answer" "409 $(known)"
grow 'burst 30'
before=$(known)
cosign "$before"
is "422: and then grown past" "$got $(known)" "422 $before"
audit verify "$ledger" --trust "$work/trust" --checkpoint "$work/cosigned"
like "1: who has the cosigned checkpoint sees another history" "$status $told" "1 *another history*"
ledger=$honest
rm -f "${key%.key}.place"
cosign "$before"
is "200: the honest one is cosigned still" "$got" 200
stop
{ sed -n 1p "$work/cosigned"; printf '%s\n' 99999; sed -n '3,$p' "$work/cosigned"; } >"$work/forged"
audit verify "$ledger" --trust "$work/trust" --checkpoint "$work/forged"
like "a checkpoint that nobody signed is not believed" "$status" "[345]"

# How often each call is made before the first request: by one that is only started.
rm -f "$w/calls"; inject="-o $w/calls"; begin; stop; inject=
before_that() { grep -cE "[0-9 ]*$1\(" "$w/calls" || :; }
told='' old=$(known)
for at_call in 'openat 1' 'write 1' 'fsync 1' 'renameat 1' 'fsync 2' 'sendto|sendmsg|writev 1'; do
	grow refusal
	now=$(size_of) call=${at_call% *} nth=${at_call#* }
	inject="-o /dev/null -e inject=$(echo "$call" | tr '|' ,):signal=SIGKILL:when=$(($(before_that "($call)") + nth))"
	begin
	cosign "$old"
	inject=
	wait "$served" 2>/dev/null || :
	[ "$got" = 'none 000' ] || told="$told $at_call:$got"
	is_known=$(known)
	# Before its new name it is the old one; behind it the new.
	case $at_call in renameat*|openat*|write*|'fsync 1') expected=$old ;; *) expected=$now ;; esac
	[ "$is_known" = "$expected" ] || told="$told $at_call:$is_known"
	begin
	cosign "$old"
	[ "$got $answer" = "409 $is_known" ] || [ "$got" = 200 ] || told="$told $at_call:again:$got"
	cosign "$(known)"
	[ "$got" = 200 ] || told="$told $at_call:on:$got"
	stop
	old=$(known)
done
is "killed at any call, it remembers what was signed, and goes on" "$told" ""

told=
# Two files are opened before, and one is written (the list of calls).
for fails in openat:3 write:2 fsync:1 renameat:1 fsync:2; do
	grow refusal
	begin
	cosign "$old"
	[ "$got" = 500 ] || told="$told $fails:$got"
	! grep -q '^—' "$work/answer" || told="$told $fails:signed"
	cosign "$(known)"
	# After a failed renaming nobody knows what is on disk: it says so, until it is started again.
	case $fails in renameat:*|fsync:2) expected=500 ;; *) expected=200 ;; esac
	[ "$got" = "$expected" ] || told="$told $fails:then:$got"
	fails=
	stop; begin
	cosign "$(known)"
	[ "$got" = 200 ] || told="$told $fails:on:$got"
	stop
	old=$(known)
done
is "a disk that fails at any call: nothing is signed, and then it goes on" "$told" ""
like "and it is said" "$(cat "$work/stderr")" "*No space left on device*Input/output error*"
# Many keys later it is told of each, in order, and of none before the one in between.
begin
for _ in 1 2 3; do "$bin/tools/rotate" "$ledger" "$key" 1; grow 'burst 10'; done
was=$(known)
cosign "$was"
is "403: signed by a key that it does not know yet" "$got $(known)" "403 $was"
"$bin/reeve-audit" growth "$ledger" "$was" --epoch 3 --key "$pub" >"$work/body"
send add-epoch
is "403: nor by way of a later epoch" "$got $(known)" "403 $was"
told='' n=2
while "$bin/reeve-audit" growth "$ledger" "$(known)" --epoch $n --key "$pub" >"$work/body" 2>/dev/null; do
	send add-epoch
	[ "$got" = 200 ] || told="$told $n:$got"
	n=$((n + 1))
done
is "each handover takes it further" "$told $n" " 5"
cosign "$(known)"
is "until it cosigns what there is" "$got $(known)" "200 $(size_of)"
stop
done_testing
