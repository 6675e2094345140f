#!/bin/sh
# A witness, as strangers meet it: every answer of C2SP tlog-witness, and that it never signs two histories, whatever is
# sent, however slowly, and whenever it is killed. As root it runs as another user.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
umask 022

# Two logs of others, as published: the checkpoints, proofs and keys of github.com/transparency-dev/witness (omniwitness)
# and of github.com/FiloSottile/litetlog (witness_test.go).
sigsum=sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562
monkeys_5='monkeys
5
41smjBUiAU70EtKlT6lIOIYtRTYxYXsDB+XHfcvu/BE=

— monkeys 202fftzGl3LVoqjXfwCFZZXs8I+5G22+Ek2K0AOyBuSJ/8/CZawNF+6fNlTKOCd622pbzJNkkJFWuw9DbicZCkEx9AY='
monkeys_8='monkeys
8
V8K9aklZ4EPB+RMOk1/8VsJUdFZR77GDtZUQq84vSbo=

— monkeys 202ffoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/eO4QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvDCH7Ag='
monkeys_5_8='ueHWJhj3/ugDTkxQEPcnqyTY5HBcspbDdL8gJah6ENI=
qsZs16ec5AEtgHYv6O7Dp38i0cpBRcP0zuAi5+/NWZ0=
idD3U/ZqKQxIOznNXp6vsSAhKTOV+tPUoq0FPPvP3J4=
KeQLt5yWb0xv6Wr/bzCs/OXz6NhMAiFRddbgGKXe6DM='
sigsum_1="$sigsum
1
KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=

— $sigsum UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY="
sigsum_3="$sigsum
3
RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=

— $sigsum UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go="
sigsum_1_3='KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
sigsum_5="$sigsum
5
QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=

— $sigsum UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww="
sigsum_1_5='KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=
KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='

w=$work/w
mkdir "$w"
cp "$bin/reeve-witness" "$w/"
other=
if [ "$(id -u)" = 0 ]; then
	other='setpriv --reuid 65534 --regid 65534 --clear-groups'
	chmod 755 "$work"; chown 65534:65534 "$w"
fi
# witness WORD...: as another user than the ledger's, where there may be one; by exec, so that $! is the witness.
witness() {
	word=$1; shift
	exec $other env ${preload:+LD_PRELOAD="$preload"} ${fail:+REEVE_EIO="$fail"} "$w/reeve-witness" "$word" --key "$w/key" \
		--state "$w/state" --logs "$w/logs" "$@"
}
preload='' fail=''
begin() {	# begin [WHERE]: a witness at work; $at is where
	rm -f "$w/ready"; mkfifo "$w/ready"
	[ -z "$other" ] || chown 65534 "$w/ready"
	witness serve --listen "${1:-127.0.0.1:0}" >"$w/ready" 2>>"$work/stderr" &
	served=$!; pids="$pids $served"
	read -r _ _ at <"$w/ready" || at=
}
stop() { kill -9 "$served" 2>/dev/null || :; wait "$served" 2>/dev/null || :; }
# post PATH FILE [CURL'S...]: the status into $got, the body into $work/answer, its type into $type.
post() {
	to=$1 sent=$2; shift 2
	got=$(curl -s -m 20 -o "$work/answer" -w '%{http_code} %{content_type}' "$@" -H Expect: -H Content-Type: --data-binary "@$sent" \
		"http://$at$to") || got="none $got"
	type=${got#* } got=${got%% *}
	answer=$(cat "$work/answer" 2>/dev/null || :)
}
# ask OLD HASHES CHECKPOINT: as post, of /add-checkpoint.
ask() {
	{ echo "old $1"; [ -z "$2" ] || printf '%s\n' "$2"; printf '\n%s\n' "$3"; } >"$work/body"
	post /add-checkpoint "$work/body"
}
size_known() { sed -n 3p "$w/state/$(printf %s "$1" | sha256sum | cut -d' ' -f1)"; }

cat >"$w/logs" <<EOF
# whom we witness
log monkeys+db4d9f7e+AULaJMvTtDLHPUcUrjdDad9vDlh/PTfC2VV60JUtCfWT https://monkeys.example/
log $sigsum+5202289b+Af/cLU2Y5BJNP+r3iMDC+av9eWCD0fBJVDfzAux5zxAP
EOF
status=0; told=$(witness init 2>&1) || status=$?
like "without a name there is no key" "$status $told" "3 *needs --name*"
vkey=$(witness init --name witness.example/w 2>/dev/null)
like "init prints the verifier key" "$vkey" "witness.example/w+????????+B*"
is "and again the same" "$(witness init 2>/dev/null)" "$vkey"
is "key and states are its own" "$(stat -c %a "$w/key" "$w/state" "$w/state"/* | sort -u | tr '\n' ' ')" "600 700 "

begin
like "it listens" "$at" "127.0.0.1:*"
ask 0 '' "$monkeys_5"
like "200: the first checkpoint of a log is cosigned" "$got $answer" "200 — witness.example/w *"
is "by one line" "$(wc -l <"$work/answer")" 1
is "and remembered before" "$(size_known monkeys)" 5
ask 5 '' "$monkeys_5"
like "200: again, for who lost the answer" "$got $answer" "200 — witness.example/w *"
ask 0 '' "$monkeys_8"
is "409: from where it is not, with the size that is known" "$got $type $answer" "409 text/x.tlog.size 5"
ask 5 "$(printf '%s\n' "$monkeys_5_8" | head -3)" "$monkeys_8"
is "422: a proof that is too short" "$got $(size_known monkeys)" "422 5"
ask 5 "$(printf '%s\n' "$monkeys_5_8" | sed '2s/^q/r/')" "$monkeys_8"
is "422: a proof that is another" "$got $(size_known monkeys)" "422 5"
ask 5 "$monkeys_5_8" "$monkeys_8"
like "200: a checkpoint that goes on from the last" "$got $answer $(size_known monkeys)" "200 — witness.example/w * 8"
ask 5 "$monkeys_5_8" "$monkeys_8"
is "409: replayed" "$got $answer" "409 8"
ask 5 '' "$monkeys_5"
is "409: rolled back" "$got $answer" "409 8"
ask 8 '' "$monkeys_5"
is "400: it would have shrunk" "$got $(size_known monkeys)" "400 8"
ask 0 "$(printf '%s\n' "$sigsum_1_3" | head -1)" "$sigsum_1"
is "422: from nothing there is nothing to prove" "$got" 422
ask 0 '' "$(printf '%s\n' "$sigsum_1" | sed 1s/sigsum/sigsom/)"
is "404: an origin that it does not know" "$got" 404
ask 0 '' "$(printf '%s\n' "$monkeys_5" | sed "1s,.*,$sigsum,")"
is "403: signed by another log's key" "$got" 403
ask 8 '' "$(printf '%s\n' "$monkeys_8" | sed '3s/^V/W/')"
is "403: signed, but not that" "$got" 403
ask 8 '' "$monkeys_8
— monkeys 202ffoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/eO4QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvDCH7Aj="
is "403: a forged signature beside the good one" "$got" 403
ask 8 '' "$monkeys_8
— monkeys AAAAfoUEboiQYpHzICeaFmoy3RNviHTpAxYrq/eO4QQVQMvu9UebKBMX2MJC76NLthZaKsnKbCA8GxrjePZhvDCH7Ag=
— someone.example/else AAAAfoUEboiQ"
is "200: signatures of unknown keys are passed over" "$got" 200

told=
for old in '' 'old' 'old ' 'old -1' 'old 08' 'old +8' 'old 8 ' 'Old 8' 'old 99999999999999999999' 'old 0x8'; do
	printf '%s\n\n%s\n' "$old" "$monkeys_8" >"$work/body"; post /add-checkpoint "$work/body"; [ "$got" = 400 ] || told="$told '$old':$got"
done
for line in x "$(printf '%s\n' "$monkeys_5_8" | sed 's/$/ /')" "$(printf %064d 0)" "$(yes "${monkeys_5_8%%=*}=" | head -64)"; do
	ask 8 "$line" "$monkeys_8"; [ "$got" = 400 ] || told="$told '$line':$got"
done
for edit in 1d 2d 3d 4d 5d 2s/8/08/ 2s/8/8\ / '3s/=$//' '3s/$/=/' '5s/—/-/' '5s/ / \t/' 's/$/\r/' '4s/$/x/' '3s/$/\n/' '2s/8/+8/' '1s/.*//' \
	'1s/o/\x01/' '1s/o/\xff/'; do
	ask 8 '' "$(printf '%s' "$monkeys_8" | sed "$edit")"; [ "$got" = 400 ] || told="$told '$edit':$got"
done
: >"$work/body"; post /add-checkpoint "$work/body"; [ "$got" = 400 ] || told="$told empty:$got"
printf 'old 8\n\n%s' "$monkeys_8" >"$work/body"; post /add-checkpoint "$work/body"; [ "$got" = 400 ] || told="$told unended:$got"
is "400: whatever is not of the one form" "$told" ""
is "405, 404: another method, another path" "$(curl -s -o "$work/answer" -w '%{http_code} ' "http://$at/add-checkpoint"; \
	curl -s -o "$work/answer" -w '%{http_code}' -d x "http://$at/add-checkpoints")" "405 404"

ask 8 '' "$monkeys_8
— monkeys $(printf %03244d 0)
— witness.example/pq $(printf %03244d 0)"
is "200: and those of another algorithm, as long as ML-DSA's" "$got" 200
ask 8 "$(printf '%s\n' "$monkeys_5_8" | head -1)" "$monkeys_8"
is "422: hashes where it has not grown" "$got $(size_known monkeys)" "422 8"

# Many lines, and more than it takes.
{ printf 'old 8\n\n%s\n' "$monkeys_8"; yes '— someone.example/else AAAAfoUEboiQYpHzICeaFmoy3RNviHTpAxYrq' | head -1000; } >"$work/many"
post /add-checkpoint "$work/many"
is "200: under a thousand signatures of others" "$got" 200
{ cat "$work/many"; yes '— someone.example/else AAAAfoUEboiQYpHzICeaFmoy3RNviHTpAxYrq' | head -1000000; } >"$work/million"
post /add-checkpoint "$work/million"
is "413: a million of them" "$got" 413
post /add-checkpoint "$work/million" -H 'Transfer-Encoding: chunked'
like "nor piece by piece" "$got" "[4n]*"
head -c 300000 "$work/million" >"$work/body"
post /add-checkpoint "$work/body" -H 'Transfer-Encoding: chunked'
is "413: what is not said to be long, and is" "$got" 413
ask 8 '' "$monkeys_8"
is "and it is still there" "$got" 200

# Two at once go on from the same size: one of them is late.
ask 0 '' "$sigsum_1"
is "a second log stands by itself" "$got $(size_known monkeys)" "200 8"
{ printf 'old 1\n%s\n\n%s\n' "$sigsum_1_3" "$sigsum_3"; } >"$work/three"
{ printf 'old 1\n%s\n\n%s\n' "$sigsum_1_5" "$sigsum_5"; } >"$work/five"
clients=
for i in 1 2 3 4 5 6 7 8; do
	for which in three five; do
		curl -s -m 20 -o "$work/$which.$i" -w '%{http_code}\n' --data-binary "@$work/$which" "http://$at/add-checkpoint" >"$work/$which.$i.code" &
		clients="$clients $!"
	done
done
# shellcheck disable=SC2086
wait $clients
is "of sixteen that race, one wins" "$(cat "$work"/three.?.code "$work"/five.?.code | sort | uniq -c | tr -s ' \n' ' ')" " 1 200 15 409 "
case $(grep -l 200 "$work"/*.code) in *three*) won=3 ;; *) won=5 ;; esac
is "and it is the one that is remembered" "$(size_known "$sigsum")" "$won"

# Who says it slowly holds up nobody; connections that say nothing neither.
python3 - "$at" "$work/three" <<'PYTHON' >"$work/slow" 2>&1 || :
import http.client, socket, sys
host, port = sys.argv[1].rsplit(":", 1)
idle = []
for i in range(300):        # more than it keeps
    s = socket.create_connection((host, int(port)))
    s.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nold"[:i % 70])
    idle.append(s)
c = http.client.HTTPConnection(host, int(port), timeout=20)
said = []
for _ in range(3):          # and keeps a connection that asks again
    c.request("POST", "/add-checkpoint", open(sys.argv[2], "rb").read())
    r = c.getresponse()
    said.append(f"{r.status} {r.read().decode().strip()}")
print(", ".join(said))
PYTHON
is "three hundred slow clients do not keep a quick one out" "$(cat "$work/slow")" "409 $won, 409 $won, 409 $won"

status=0; told=$(witness serve --listen 127.0.0.1:0 2>&1) || status=$?
like "no second witness works on the same states" "$status $told" "3 *another witness is at work there*"
stop
begin "$w/socket"
is "on a socket of the file system" "$at" "$w/socket"
at=witness
post /add-checkpoint "$work/three" --unix-socket "$w/socket"
is "it remembers, and answers there" "$got $answer" "409 $won"
stop

# As systemd starts it, with a socket and no word where to listen.
cat >"$work/activate" <<'PYTHON'
import os, socket, sys
s = socket.create_server(("127.0.0.1", 0))
print("-", "-", "%s:%d" % s.getsockname(), flush=True)
if sys.argv[1] == "datagram":
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.execvpe(sys.argv[2], sys.argv[2:], {**os.environ, "LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"})
PYTHON
mkfifo "$work/given"
(witness serve) >/dev/null 2>"$work/said" || :
like "with neither it says what is missing" "$(cat "$work/said")" "*say where to listen*"
other_then=$other other="python3 $work/activate datagram $other"
(witness serve) >/dev/null 2>"$work/said" || :
like "another descriptor is refused" "$(cat "$work/said")" "*no stream socket that listens*"
other="python3 $work/activate stream $other_then"
witness serve >"$work/given" 2>>"$work/stderr" &
served=$!; pids="$pids $served"
read -r _ _ at <"$work/given"
other=$other_then
post /add-checkpoint "$work/three"
is "a socket that it is given serves" "$got $answer" "409 $won"
stop
if command -v systemd-analyze >/dev/null; then
	mkdir "$work/units"
	cp "$(dirname "$0")"/../../contrib/systemd/reeve-witness.* "$work/units/"
	sed -i "s|^ExecStart=[^ ]*|ExecStart=$w/reeve-witness|" "$work/units/reeve-witness.service"
	is "systemd finds nothing wrong with the units" \
		"$(systemd-analyze verify --man=no "$work"/units/reeve-witness.* 2>&1 | grep reeve-witness || :)" ""
	like "and calls it safe" "$(systemd-analyze security --offline=true "$work/units/reeve-witness.service" 2>/dev/null | tail -1)" \
		"*[: ][01].[0-9] *"
fi

# What cannot be read is not served; the others are.
file=$w/state/$(printf monkeys | sha256sum | cut -d' ' -f1)
cp -a "$file" "$w/saved"
flip "$file" 25
begin
ask 8 '' "$monkeys_8"
is "500: a damaged state" "$got" 500
post /add-checkpoint "$work/three"
is "while the other log is served" "$got" 409
stop
told=
for at_byte in 0 1 40 $(($(wc -c <"$w/saved") - 1)); do	# torn
	head -c "$at_byte" "$w/saved" >"$file"
	begin
	ask 8 '' "$monkeys_8"
	told="$told $got"
	stop
done
is "500: a state that was torn, wherever" "$told" " 500 500 500 500"
mv "$file" "$w/damaged"
begin
ask 0 '' "$monkeys_5"
is "500: a state that is gone" "$got" 500
stop
cp "$w/state/$(printf %s "$sigsum" | sha256sum | cut -d' ' -f1)" "$file"; [ -z "$other" ] || chown 65534 "$file"
begin
ask 0 '' "$monkeys_5"
is "500: another log's state in its place" "$got" 500
stop
like "each is said, and what to do" "$(cat "$work/stderr")" "*not served: *damaged*restore it*not served: there is no state of it*"
cp -a "$w/saved" "$file"

done_testing
