#!/bin/sh
# A ledger that is somebody's trap for who reads it: every text in it, and a time that is none, for a terminal, a spreadsheet
# or a collector of logs. What a person reads has nothing that acts, and a line is a record's.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
command -v python3 >/dev/null || skip_all "python3 is missing"
tools=$(cd "$(dirname "$0")/../tools" && pwd)
init
serve
PYTHONPATH=$tools timeout 60 python3 - "$sock" >"$work/wrote" <<'P'
import sys
from review_wire import *
EVIL = "=1+1|x\x1b]0;o\x07\x9b31m\r\nLine: y\t\u202e\u2028\u200b\U000e0041\uff1d<script>\"'`],\\ =cs1=z"
sent = {}
for name, rest in words("src/model/fields.def", "FIELD"):
    name, form, by, most = (word.strip(' \t"') for word in rest.split(")")[0].split(",")[:4])
    if by == "SENDER" and form != "NUMBER" and name != "asked_of":
        text_ = EVIL.encode()[:int(most) - 1].decode(errors="ignore")
        sent[name] = [text_] if form == "LIST" else text_
run = Run(sys.argv[1], agent=EVIL[:40], owner="\uff1d1+1").attach()
for kind, say in [(k, run.broker) for k in ("intent", "refusal", "dropped", "alert", "policy")] + [(k, run.launcher) for k in ("syscall", "file", "files", "agent")]:
    for name, said in sent.items():
        body = record(kind, **{**{"action": "tool.call", "server": "s", "tool": "t", "agent": "a"}, name: said})
        say.say("NOTE" if say is run.launcher else "COMMIT", body if say is run.launcher else text(body))
        got, index = say.number()
        assert got in ("NOTED", "RECEIPT"), (kind, name, got)
        if kind == "intent":
            run.broker.say("COMMIT", text(record("outcome", index, status=EVIL[:16], why=EVIL)))
            assert run.broker.hear()[0] == "RECEIPT"
print(len(sent), "texts")
P
ended
like "every text that can be recorded is" "$(cat "$work/wrote")" "?? texts"
audit verify "$ledger" --key "$pub"
is "and the ledger is whole" "$status" 0

# Then by who made it all himself: what a recorder would never write.
cp -r "$ledger" "$work/made"
python3 "$tools/frames.py" "$work/made/journal" set 2 time '"\u001b[8m\u001b]0;\u0007\u009b2J\r\n12"'
python3 "$tools/frames.py" "$work/made/journal" set 3 time '"\u001b[2J"'
python3 "$tools/frames.py" "$work/made/journal" set 4 time
python3 "$tools/frames.py" "$work/made/journal" set 6 time '"2026-11-21T23:08:59.a b=c"'
python3 "$tools/frames.py" "$work/made/journal" set 7 time '"2026-11-21T23:08:59 evil app"'
python3 "$tools/frames.py" "$work/made/journal" set 5 time '"2026-11-21T23:08:5\u001b.000000Z"'
printf '%s\n' '{"record":3,"missing":"\u001b[2J\nx"}' >"$work/payloads"
cat >"$work/look.py" <<'P'
import csv, io, re, subprocess, sys, unicodedata
acts = re.compile("[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\u2028\u2029\u202a-\u202e\u200b\u2066-\u2069\U000e0000-\U000e0fff]")
audit, made, payloads, count = sys.argv[1], sys.argv[2:4], sys.argv[4], int(sys.argv[5])
for ledger in made:
    for words in ("show", "query", "did a", "who 3", "who 4", "trace 3", "trace 4", "stats", "replay 2", "replay 2 --payloads " + payloads,
                  "query --csv", "export --as csv", "export --as cef", "export --as syslog"):
        word, *more = words.split()
        got = subprocess.run([audit, word, ledger, *more, "--no-index"] if word not in ("stats", "replay", "who", "trace", "show") else [audit, word, ledger, *more],
                             capture_output=True, timeout=60)
        said = (got.stdout + b"\n" + got.stderr).decode()
        wrong = ["signal %d" % -got.returncode] if got.returncode < 0 else []
        if "csv" in words:
            for row in csv.reader(io.StringIO(got.stdout.decode(), newline="")):
                wrong += [cell for cell in row if len(row) != 21 or re.match("[=+@\t\r\uff1d\uff0b\uff0d\uff20-]", cell)]
            said = said.replace("\r\n", "\n")
        elif "cef" in words:
            wrong += [line for line in got.stdout.decode().splitlines() if not re.match(r"CEF:0(\|([^|\\]|\\.)*){6}\|([A-Za-z0-9]+=([^=\\]|\\.)*)*$", line)]
        elif "syslog" in words:
            lines = got.stdout.decode().split("\n")[:-1]
            wrong += [line for line in lines if not re.match(r'<\d+>1 \S+ \S+ \S+ \S+ \S+ \[reeve@32473( \w+="([^"\\\]]|\\.)*")*\] {.*}$', line)]
            said = ""  # behind the brackets stand the record's own bytes
        wrong += acts.findall(said)
        count += 1
        print("%sok %d - %s of a %s" % ("not " if wrong else "", count, words.replace(payloads, "FILE"), "forged ledger" if ledger == made[1] else "ledger"))
        for one in wrong[:2]:
            print("# " + ascii(one)[:200])
P
timeout 100 python3 "$work/look.py" "$bin/reeve-audit" "$ledger" "$work/made" "$work/payloads" "$count" | tee "$work/looked"
count=$((count + $(grep -cE '^(not )?ok' "$work/looked")))
is "all of it was looked at" "$(grep -cE '^(not )?ok' "$work/looked")" 28
done_testing
