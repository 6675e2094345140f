# ledger-lib.sh - what the ledger-*.sh stories share. Not a story itself.
bin=$(cd "${REEVE_BIN:-build/release}" && pwd)
work=$(mktemp -d)
pids=
count=0

clean() {
	[ -z "${KEEP:-}" ] || cp "$work/stderr" "$KEEP"
	for p in $pids; do kill -9 "$p" 2>/dev/null || :; done
	umount "$work/disk" 2>/dev/null || :
	chmod -R u+w "$work" 2>/dev/null || :
	rm -rf "$work"
}
trap clean EXIT

skip_all() { echo "1..0 # SKIP $1"; exit 0; }

[ -x "$bin/tools/recorder_client" ] || skip_all "recorder_client is not built"

ok() {		# ok WHAT CONDITION...
	what=$1; shift; count=$((count + 1))
	if "$@"; then echo "ok $count - $what"; else echo "not ok $count - $what"; fi
}
is() {		# is WHAT GOT EXPECTED
	count=$((count + 1))
	if [ "$2" = "$3" ]; then echo "ok $count - $1"; else
		echo "not ok $count - $1"; echo "# got:      $2"; echo "# expected: $3"; fi
}
like() {	# like WHAT GOT PATTERN
	count=$((count + 1))
	case $2 in $3) echo "ok $count - $1";; *) echo "not ok $count - $1"; echo "# got: $2";; esac
}
# flip FILE AT: the byte there becomes one that it was not.
flip() {
	was=$(dd if="$1" bs=1 skip="$2" count=1 status=none | od -An -tx1)
	if [ "$was" = ' 58' ]; then printf Y; else printf X; fi | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
done_testing() { echo "1..$count"; }

# The ledger under test; $work may be replaced before calling.
ledger=$work/l/t key=$work/k/t.key pub=$work/k/t.pub sock=$work/s
init() { "$bin/reeve-recorder" init "$ledger" "$key" t >"$work/vkey"; }

# Start a recorder; its first line on descriptor 3 is in $said when this returns. serve N: its Nth fdatasync fails.
# $serving: its options, NAME=VALUE.
serving=
serve() {
	rm -f "$work/ready"; mkfifo "$work/ready"
	# shellcheck disable=SC2086
	env ${1:+LD_PRELOAD="$bin/tools/eio.so" REEVE_EIO="$1"} \
		"$bin/reeve-recorder" serve "$ledger" "$key" "$sock" $serving 3>"$work/ready" 2>>"$work/stderr" &
	recorder=$!; pids="$pids $recorder"
	said=; read -r said <"$work/ready" || :
}
client() {	# words on stdin, answers on stdout
	"$bin/tools/recorder_client" "$sock"
}
ended() {	# exit status of the recorder into $status
	status=0; wait "$recorder" || status=$?
}
audit() {	# exit status into $status, output into $told
	status=0; told=$("$bin/reeve-audit" "$@" 2>&1) || status=$?
}
