#!/bin/sh
# Something else in the place of each file of a ledger: one clear error or a verdict, never a wait, and nothing but
# that file is worse for it.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
command -v python3 >/dev/null || skip_all "python3 is missing"

serving='segment-bytes=4096'
init
serve
printf '%s\n' open attach 'burst 60' close | client >/dev/null
ended
last=$(cd "$ledger" && ls -d journal.0* | tail -n 1)
segment=$(cd "$ledger" && ls -d journal.0* | sed -n 3p)
mkdir "$work/keys"
cp -rp "$ledger" "$work/kept"
cp -p "$work"/k/* "$work/keys"
audit verify "$ledger" --key "$pub"
is "a ledger of several segments" "$status" 0

# odd KIND PATH: what lies there from now on.
odd() {
	rm -f "$2"
	case $1 in
	FIFO) mkfifo "$2" ;;
	folder) mkdir "$2" ;;
	link) cp -p "$work/kept/${2##*/}" "$work/away" 2>/dev/null || cp -p "$work/keys/${2##*/}" "$work/away"; ln -s "$work/away" "$2" ;;
	loop) ln -s "${2##*/}" "$2" ;;
	nothing) ln -s /nowhere "$2" ;;
	zeros) ln -s /dev/zero "$2" ;;
	terminal) ln -s /dev/tty "$2" ;;
	socket) python3 -c 'import os, socket, sys; os.chdir(os.path.dirname(sys.argv[1])); socket.socket(socket.AF_UNIX).bind(os.path.basename(sys.argv[1]))' "$2" ;;
	device) mknod "$2" c 1 5 2>/dev/null || mkfifo "$2" ;;
	empty) : >"$2"; chmod 600 "$2" ;;
	huge) : >"$2"; chmod 600 "$2"; truncate -s 4T "$2" ;;
	long) cp -p "$work/kept/${2##*/}" "$2" 2>/dev/null || cp -p "$work/keys/${2##*/}" "$2"; truncate -s 4T "$2" ;;
	unreadable) : >"$2"; chmod 0 "$2" ;;
	noise) python3 -c 'import random, sys; random.seed(7); sys.stdout.buffer.write(random.randbytes(200000))' >"$2"; chmod 600 "$2" ;;
	promises) yes "reeve-signers/1 65000 sha256:$(printf '%064d' 0)" | head -n 600000 >"$2"; chmod 600 "$2" ;;
	lines) yes '' | head -n 100000 >"$2"; chmod 600 "$2" ;;
	esac
}
# ends WHAT STATUSES COMMAND...: soon, with one of these, and at most one line of error.
ends() {
	what=$1 codes=$2
	shift 2
	code=0
	timeout -k 1 10 "$@" >"$work/out" 2>"$work/err" || code=$?
	case " $codes " in *" $code "*) ;; *) wrong="$wrong
$what: status $code: $(head -c 300 "$work/err")" ;; esac
	[ "$(wc -l <"$work/err")" -le 1 ] || wrong="$wrong
$what: $(wc -l <"$work/err") lines: $(head -c 300 "$work/err")"
	[ "$code" = 0 ] || [ -s "$work/err" ] || [ -s "$work/out" ] || wrong="$wrong
$what: $code without a word"
}
restore() {
	rm -rf "$ledger" "$work/k"
	cp -rp "$work/kept" "$ledger"
	cp -rp "$work/keys" "$work/k"
}
recorder() {
	rm -f "$work/ready"; mkfifo "$work/ready"
	(exec 3>"$work/ready"; exec timeout -k 1 20 "$bin/reeve-recorder" serve "$ledger" "$key" "$sock" 2>"$work/err") & recorder=$!; pids="$pids $recorder"
	said=; read -r said <"$work/ready" || :
	[ "$said" != ready ] || echo | client >/dev/null
	ended
	case $status in 0 | 3) ;; *) wrong="$wrong
$1: recorder: status $status: $(head -c 300 "$work/err")" ;; esac
	[ "$status" = 0 ] || [ -n "$said" ] || wrong="$wrong
$1: recorder: $status without a word"
}

kinds='FIFO folder link zeros long unreadable noise promises' # `make crash` tries the others too
[ "${REEVE_CRASH:-}" != whole ] || kinds="$kinds loop nothing terminal socket device empty huge lines"
for file in journal "$segment" "$last" head vault vault.keys signers journal.next; do
	wrong='' tried=0
	for kind in $kinds; do
		[ $file = signers ] || [ $kind != promises ] || continue
		odd $kind "$ledger/$file" 2>/dev/null || continue
		tried=$((tried + 1))
		ends "$kind: verify" "0 1 3 4 5 6 7 9" "$bin/reeve-audit" verify "$ledger" --key "$pub"
		ends "$kind: show" "0 1 3" "$bin/reeve-audit" show "$ledger" --json
		ends "$kind: proof" "0 1 2 3 4" "$bin/reeve-audit" proof "$ledger" 3 --key "$pub"
		ends "$kind: publish" "0 1 3 4 5 6 7 9" "$bin/reeve-audit" publish "$ledger" "$work/view" --key "$pub"
		rm -rf "$work/view"
		recorder "$kind"
		ends "$kind: init" "0 3" "$bin/reeve-recorder" init "$ledger" "$key" t
		rm -rf "${ledger:?}/$file"
		[ ! -e "$work/kept/$file" ] || cp -p "$work/kept/$file" "$ledger/$file"
		[ $file != journal ] && [ $file != "$segment" ] || { for other in "$work"/kept/journal.0* "$work/kept/head"; do
			cmp -s "$other" "$ledger/${other##*/}" || wrong="$wrong
$kind: ${other##*/} is changed"; done; }
		restore
	done
	is "in place of $file ($tried kinds)" "$wrong" ""
done
for file in t.key t.vault t.pub; do
	wrong='' tried=0
	for kind in $kinds; do
		case $kind in promises | long) continue ;; esac
		odd $kind "$work/k/$file" 2>/dev/null || continue
		tried=$((tried + 1))
		[ $file != t.pub ] || ends "$kind: verify" "0 2 3" "$bin/reeve-audit" verify "$ledger" --key "$pub"
		[ $file = t.pub ] || recorder "$kind"
		ends "$kind: init" "0 3" "$bin/reeve-recorder" init "$ledger" "$key" t
		rm -rf "$work/k/$file"; cp -p "$work/keys/$file" "$work/k/$file"
		audit verify "$ledger" --key "$pub" --head 120
		[ "$status" = 0 ] || wrong="$wrong
$kind: the ledger is worse for it: $told"
		restore
	done
	is "in place of $file ($tried kinds)" "$wrong" ""
done

# What is given to verify from elsewhere.
wrong=''
for kind in FIFO folder loop zeros socket device empty huge noise lines; do
	odd $kind "$work/given"
	ends "$kind: a checkpoint" "1 2 3 4" "$bin/reeve-audit" verify "$ledger" --key "$pub" --checkpoint "$work/given"
	ends "$kind: signers" "0 2 3" "$bin/reeve-audit" verify "$ledger" --key "$pub" --signers "$work/given"
	ends "$kind: a proof" "1 2 3 4" "$bin/reeve-audit" proof --check "$work/given" --key "$pub"
	ends "$kind: a ledger" "1 3 4" "$bin/reeve-audit" verify "$work/given" --key "$pub"
	rm -rf "$work/given"
done
is "as checkpoint, signers, proof or ledger" "$wrong" ""

# A million signatures below a checkpoint; names and folders without end.
wrong=''
"$bin/reeve-audit" publish "$ledger" "$work/view" --key "$pub" >/dev/null
note=$work/view/checkpoint
python3 -c 'import sys; n = open(sys.argv[1]).read(); sys.stdout.write(n + "\u2014 somebody AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" * 10**6)' "$note" >"$work/million"
cp "$note" "$work/note"; cp "$work/million" "$note"
ends "as head" "3" "$bin/reeve-audit" verify "$ledger" --key "$pub" --checkpoint "$work/million"
ends "as published" "1 3 4" "$bin/reeve-audit" publish "$ledger" "$work/view" --key "$pub"
ends "in a proof of a view" "1 3 4" "$bin/reeve-audit" proof "$work/view" 3 --key "$pub"
ends "as a proof" "1 3 4" "$bin/reeve-audit" proof --check "$work/million" --key "$pub"
is "a million signatures" "$wrong" ""
cp "$work/note" "$note"
deep=$(python3 -c 'print("d/" * 3000)')
ends "a deep path" "3" "$bin/reeve-audit" verify "$work/$deep" --key "$pub"
ends "a long name" "3" "$bin/reeve-audit" verify "$work/$(printf '%0300d' 0)" --key "$pub"
ends "a deep key" "2 3" "$bin/reeve-audit" verify "$ledger" --key "$work/$deep"
ends "a deep ledger" "3" "$bin/reeve-recorder" init "$work/$deep" "$key" t
(cd "$work/view" && mkdir -p "tile/0/$(python3 -c 'print("x000/" * 400)')")
ends "a deep view" "1 3" "$bin/reeve-audit" publish "$ledger" "$work/view" --key "$pub"
(cd "$ledger" && mkdir -p "$(python3 -c 'print("x/" * 400)')" && for n in $(seq 3000); do echo "journal.000000000000000$((n * 8))"; done | xargs touch)
ends "names without end" "0 1 3" "$bin/reeve-audit" verify "$ledger" --key "$pub"
is "deep paths, long names and many of them" "$wrong" ""
done_testing
