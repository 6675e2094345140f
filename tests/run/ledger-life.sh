#!/bin/sh
# A ledger's life: made, written, closed, proven; a second recorder; kill -9; tampering.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"

init
is "init makes a key nobody else reads" "$(stat -c %a "$key")" 600
first=$(cat "$work/vkey"); init
is "init twice keeps the key" "$(cat "$work/vkey")" "$first"
is "the public key lies beside it" "$(cat "$pub")" "$first"

serve
is "a recorder says when it listens" "$said" ready
answers=$(printf '%s\n' open attach intent refusal 'outcome 3' 'burst 300' close | client | tr '\n' ';')
is "every record is answered once durable" "$answers" "NOTED 2;NOTED 2;RECEIPT 3;RECEIPT 4;RECEIPT 5;burst 300;NOTED 606;"
ended
is "it ends with its last client" "$status" 0
ok "and takes its socket along" [ ! -e "$sock" ]
audit verify "$ledger" --key "$pub"
is "the ledger verifies" "$status" 0
audit verify "$ledger" --key "$pub" --head 607
is "also against an outside head" "$status" 0
audit verify "$ledger" --key "$pub" --head 608
is "a head it does not reach is incompleteness" "$status" 5
audit show "$ledger"
like "show names the tool" "$told" "*fs/read_file*"
ok "show lets no escape through" sh -c '! "$1/reeve-audit" show "$2" | LC_ALL=C grep -q "$(printf "\033")"' - "$bin" "$ledger"
is "show --json is the records as stored" "$("$bin/reeve-audit" show "$ledger" --json | wc -l)" 607

serve
one=$said
"$bin/reeve-recorder" serve "$ledger" "$key" "$work/s2" 3>/dev/null 2>/dev/null && code=0 || code=$?
is "a second recorder is told the ledger is busy" "$one $code" "ready 75"
mkfifo "$work/in" "$work/out"
client <"$work/in" >"$work/out" & pids="$pids $!"
exec 7>"$work/in" 8<"$work/out"
echo open >&7; read -r _ <&8
echo attach >&7; read -r _ <&8
echo intent >&7; read -r got <&8
is "an intent before the crash" "$got" "RECEIPT 608"
audit verify "$ledger" --key "$pub"
is "a live ledger verifies while its recorder works" "$status" 0
kill -9 "$recorder"; wait "$recorder" 2>/dev/null || :
exec 7>&- 8<&-
audit verify "$ledger" --key "$pub"
is "after kill -9 the intent stands open" "$status" 6
serve; echo | client; ended
like "the next recorder says how it ended" "$("$bin/reeve-audit" show "$ledger" --json | sed -n 610p)" '*"intent":608,"kind":"outcome"*"status":"unknown"*'
audit verify "$ledger" --key "$pub"
is "and the ledger is whole again" "$status" 0

serve
is "a broker may not write a genesis" "$(printf '%s\n' open attach genesis | client | tail -n 1)" gone
ended
serve
is "an outcome of nothing is refused" "$(printf '%s\n' open attach 'outcome 2' | client | tail -n 1)" gone
ended
is "which ends nobody but the culprit" "$status" 0

cp "$ledger/journal" "$work/copy"
audit verify "$work/copy" --key "$pub"
is "a copy verifies like the ledger" "$status" 0
cp "$work/copy" "$work/torn"; printf 'half a frame' >>"$work/torn"
audit verify "$work/torn" --key "$pub"
is "an unfinished tail has its own exit" "$status" 7
"$bin/reeve-recorder" init "$work/l2" "$work/k2/o.key" o >/dev/null
audit verify "$work/copy" --key "$work/k2/o.pub"
is "another key has its own exit" "$status" 4
audit verify "$work/copy"
is "without a key nothing is proven" "$status" 2
flip "$work/copy" 5000
audit verify "$work/copy" --key "$pub"
is "one changed byte is found" "$status" 1
like "and its record named" "$told" "*record [0-9]*"
flip "$ledger/journal" 5000
serve
like "a recorder refuses to write behind it" "$said" "*damaged at record*"
ended
is "and says so by its exit" "$status" 3
done_testing
