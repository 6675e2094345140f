# tests/lib.sh - what every story needs: TAP, a room of its own, an ordinary user. Sourced, not run.
# shellcheck shell=sh
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${REEVE_BIN:-$top/build/release}
count=0 bad=0
story=$(mktemp -d)
room=$story/room
chmod 755 "$story"
trap 'rm -rf "$story"' EXIT
user=54321	# an ordinary user: nobody's, and without a line in /etc/passwd

[ -x "$bin/reeve" ] || { echo "Bail out! no programs in $bin: run make tests"; exit 1; }

# The programs and profiles where any user may execute them, wherever the checkout lies.
mkdir "$room" "$room/bin" "$story/profiles"
cp "$bin"/reeve* "$room/bin/" 2>/dev/null
cp "$bin"/tools/* "$bin"/threats/* "$bin"/platform/* "$room/bin/" 2>/dev/null
cp "$top"/profiles/*.json "$story/profiles/"
chmod -R a+rX "$story"
reeve=$room/bin/reeve

ok() { count=$((count + 1)); echo "ok $count - $1"; }
not_ok() {
	count=$((count + 1)) bad=$((bad + 1))
	echo "not ok $count - $1"
	[ -z "${2:-}" ] || echo "$2" | sed 's/^/# /'
}
skip() { count=$((count + 1)); echo "ok $count - $1 # SKIP $2"; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }
finish() { echo "1..$count"; [ "$bad" = 0 ]; exit; }

# holds WHAT COMMAND...: it ends with 0.  fails WHAT STATUS COMMAND...: it ends with that status.
fails() {
	what=$1 want=$2
	shift 2
	said=$("$@" 2>&1)
	got=$?
	if [ "$got" = "$want" ]; then ok "$what"; else not_ok "$what" "status $got, not $want: $said"; fi
}
holds() {
	name=$1
	shift
	fails "$name" 0 "$@"
}
# says WHAT PATTERN TEXT: a line of the text matches.  silent WHAT PATTERN TEXT: none does.
says() { if printf '%s\n' "$3" | grep -qE -- "$2"; then ok "$1"; else not_ok "$1" "no \"$2\" in: $3"; fi; }
silent() { if printf '%s\n' "$3" | grep -qE -- "$2"; then not_ok "$1" "\"$2\" in: $3"; else ok "$1"; fi; }
equal() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected: $2
found:    $3"; fi; }

# home DIR [UID]: an empty home and state there; later commands of `as` work in it.
home() {
	mkdir -p "$1/work" "$1/etc" "$1/tools" "$1/run" "$1/tmp"
	cp "$room/bin/mcp_server" "$1/tools/"
	[ -z "${2:-}" ] || chown -R "$2:$2" "$1"
	chmod 700 "$1/run"
}
# tools_file HOME: standard input becomes its tool file; @TOOLS is where its tool servers' programs lie. What
# servers say of themselves is taken as it comes, where the file does not say otherwise: pins have a story of their own.
tools_file() {
	sed -e "s|@TOOLS|$1/tools|g" -e '/"pins"/!s/"kind": *"\(command\|url\)",/& "pins": "none",/g' >"$1/etc/tools.json"
}
# become UID HOME COMMAND...: exec it as that user, with that home, in its work folder. For "&": $! is
# the command itself.  as: the same, and come back.
become() {
	as_uid=$1 as_home=$2
	shift 2
	cd "$as_home/work" || exit 99
	set -- env -i HOME="$as_home" PATH="$room/bin:$PATH" LANG=C.UTF-8 XDG_STATE_HOME="$as_home/state" \
		XDG_RUNTIME_DIR="$as_home/run" XDG_CONFIG_HOME="$as_home/config" "$@"
	[ "$as_uid" = "$(id -u)" ] || set -- setpriv --reuid "$as_uid" --regid "$as_uid" --clear-groups "$@"
	exec "$@"
}
as() { (become "$@"); }
# each_user: the ids the stories run as: root (if we are) and an ordinary user.
each_user() { if [ "$(id -u)" = 0 ]; then echo "0 $user"; else id -u; fi; }
ledger_of() { echo "$1/state/reeve/ledgers/default"; }
# settled HOME [TENANT]: once its recorder, which ends after the run and cuts the journal to size last, has ended.
settled() { while pgrep -f "^reeve-recorder serve $1/state/reeve/ledgers/${2:-default} " >/dev/null; do :; done; }
records() { "$room/bin/reeve-audit" show "$(ledger_of "$1")" --json; }
verify() { "$room/bin/reeve-audit" verify "$(ledger_of "$1")" --key "$1/state/reeve/keys/default.pub"; }
have_userns() { unshare -Ur true 2>/dev/null; }
