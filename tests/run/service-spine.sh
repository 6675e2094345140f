#!/bin/sh
# The spine beside the system service, each recorder and its reeve-anchor under a user of their own: a tenant's ledger is known
# there before its first run, and that it was rolled back or is gone shows, whatever its own user did to it.
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'other users take root'
have_userns || skip_all 'no user namespaces for this user'
command -v python3 >/dev/null || skip_all 'no python3 for what systemd does'
units=$top/contrib/systemd
acme=61001 spine=61201 ann=61010
mkdir "$room/lib" "$room/sock"
chmod 755 "$room/lib" "$room/sock"
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$story"' EXIT
serves() {	# serves TENANT UID WORD...
	tenant=$1 uid=$2
	shift 2
	rm -f "$room/$tenant.pipe"
	mkfifo "$room/$tenant.pipe"
	python3 "$top/tests/tools/activate.py" "$units" "$tenant" --put /var/lib/reeve-recorder="$room/lib" \
		--put /run/reeve-recorder="$room/sock" --put /usr/local/libexec/reeve="$room/bin" --put /run/systemd/journal/socket="$room/journal" \
		--as "reeve-$tenant=$uid" --as "reeve-$tenant-run=$((uid + 1))" --as "reeve-$tenant-review=$((uid + 2))" \
		--as reeve-spine-run=$((spine + 1)) --word idle=0 "$@" >"$room/$tenant.pipe" 2>>"$room/$tenant.stderr" &
	eval "$tenant"_pid=$!
	pids="$pids $!"
	case $tenant in acme) exec 5<"$room/acme.pipe"; read -r _ <&5 ;; *) exec 6<"$room/spine.pipe"; read -r _ <&6 ;; esac
}
acme_pid=''
ends() {	# ends: acme's recorder and its anchor have ended after the run
	while read -r said status <&5 && [ "$said" != ended ]; do :; done
	equal "its recorder has ended" 0 "$status"
}
home "$room/home" $ann
mkdir -p "$room/home/config/reeve"
echo "{ \"reeve\": \"config/1\", \"ledger\": { \"socket\": \"$room/sock/%i.sock\", \"user\": \"$acme\", \"folder\": \"$room/lib/%i/ledger\" } }" >"$room/home/config/reeve/config.json"
echo '{ "reeve": "policy/1", "layer": "action", "version": "1", "rules": [] }' >"$room/home/etc/policy.json"
mkfifo "$room/home/work/go"
chown -R $ann "$room/home"
# run: until its ledger's reeve-anchor, which is started beside the recorder, is connected.
run() {
	rm -f "$room/lib/acme/anchor/known"
	run_it >"$room/said" &
	while kill -0 $! 2>/dev/null && [ ! -e "$room/lib/acme/anchor/known" ]; do :; done
	[ ! -e "$room/lib/acme/anchor/known" ] || echo >"$room/home/work/go"
	wait $!
	cat "$room/said"
}
run_it() {
	(cd "$room/home/work" && setpriv --reuid $ann --regid $ann --groups $ann,$((acme + 1)) env -i HOME="$room/home" PATH="$room/bin:$PATH" \
		XDG_STATE_HOME="$room/home/state" XDG_RUNTIME_DIR="$room/home/run" XDG_CONFIG_HOME="$room/home/config" \
		"$reeve" run --policy ../etc/policy.json --tenant acme -- sh -c 'read -r _ <go; echo inside') 2>&1
}
audit() { "$room/bin/reeve-audit" spine "$room/lib/spine/ledger" "$room/lib" --key "$room/lib/spine/keys/spine.pub" 2>&1; }
of_spine() { "$room/bin/reeve-audit" show "$room/lib/spine/ledger" --json; }

serves acme $acme --drop reeve-recorder-spine.conf --anchor reeve-anchor-spine.conf
silent 'without the spine no recorder of a new ledger serves' inside "$(run)"
kill "$acme_pid" 2>/dev/null; wait "$acme_pid" 2>/dev/null
serves spine $spine
serves acme $acme --drop reeve-recorder-spine.conf --anchor reeve-anchor-spine.conf
says 'with it a run is recorded' inside "$(run)"
ends
entered=$(of_spine | grep '"of":"reeve.local/acme/')
says 'the spine knew its ledger before that run' '"upto":2}$' "$(echo "$entered" | sed -n 1p)"
end=$("$room/bin/reeve-audit" show "$room/lib/acme/ledger" --json | sed -n 's/.*"kind":"close".*"n":\([0-9]*\),.*/\1/p')
says 'and knows where it has come to' "\"upto\":$((end + 1))}$" "$(echo "$entered" | tail -1)"
holds 'against it all is well' audit
says 'each ledger is found beside its keys' '^reeve.local/acme/[0-9a-f]*  ok  nothing is missing' "$(audit)"
says 'the tenant has no way to its files' 'Permission denied' "$(setpriv --reuid $acme --regid $acme --groups $((spine + 1)) ls "$room/lib/spine/ledger" 2>&1)"
cp -a "$room/lib/acme" "$room/kept"
says 'it runs once more' inside "$(run)"
ends
rm -rf "$room/lib/acme"; cp -a "$room/kept" "$room/lib/acme"; rm -f "$room/lib/acme/keys/acme.place"
fails 'rolled back by its own user it fails' 5 audit
says 'by name' 'reeve.local/acme/[0-9a-f]*  FAILED  rolled back from [0-9]* to [0-9]* records' "$(audit)"
rm -rf "$room/lib/acme/ledger"
fails 'deleted, too' 5 audit
says 'by name' 'reeve.local/acme/[0-9a-f]*  FAILED  vanished' "$(audit)"
finish
