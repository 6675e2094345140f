#!/bin/sh
# "workspace": "cow": nothing reaches the workspace before the operator says so, what would is in the
# ledger by digest, and whatever the agent or anybody else arranges, commit writes nothing else and
# nowhere else. THREATS: links and swapped names, names obeyed later, terminal escapes.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
flat() { tr '\n' ' ' | sed 's/ $//'; }
esc=$(printf '\033')

for uid in $(each_user); do
	h=$room/home$uid
	home "$h" "$uid"
	sed '0,/"read"/s//"workspace": "cow", "read"/' "$story/profiles/agent.json" >"$h/etc/cow.json"
	mkdir "$h/outside"
	chown "$uid:$uid" "$h/outside"
	me() { as "$uid" "$h" "$@"; }
	# agent SCRIPT: one run; its number is then in $run.
	agent() {
		me "$reeve" run --profile "$h/etc/cow.json" -- sh -c "$1" >"$h/said" 2>&1
		status=$?
		run=$(me "$reeve" workspace list 2>/dev/null | awk 'END { print $1 }')
		copy=$h/state/reeve/cow/default/$run
	}
	ws() { me "$reeve" workspace "$@"; }
	# fresh: the workspace as every part of the story finds it.
	fresh() {
		[ ! -d "$h/work" ] || chmod -R u+rwx "$h/work"	# what a run shut must not keep an ordinary user out
		rm -rf "$h/work"
		mkdir "$h/work"
		chown "$uid:$uid" "$h/work"
		me sh -c 'echo one >a; echo two >b; mkdir -p d/e; echo deep >d/e/f; echo run >tool; chmod 755 tool; ln -s a link'
	}
	tree() { (cd "$h/work" && find . -name .git -prune -o -printf '%P %y %m %l\n' | sort; cd "$h/work" && find . -name .git -prune -o -type f -exec sha256sum {} + | sort); }

	fresh
	before=$(tree)
	agent 'echo more >>a; rm b; mv d moved; mkdir new; echo x >new/x; chmod 700 tool; rm link; ln -s new link
		printf "\0\1" >binary; cp a copy; cat a; ls'
	equal "uid $uid: the agent ends well" 0 "$status"
	says "uid $uid: it sees its own changes" '^more$' "$(cat "$h/said")"
	equal "uid $uid: and the workspace has none of them" "$before" "$(tree)"
	says "uid $uid: the run's last line names the way to them" "^reeve: changes in a copy of the workspace: [1-9][0-9]*\. Look with reeve workspace diff $run, " "$(cat "$h/said")"
	says "uid $uid: where it works, reeve doctor says so" '^fine +overlay +can be mounted' "$(me "$reeve" doctor)"
	said=$(ws diff "$run" 2>&1)
	for line in 'changed  file    a  4 -> 9 bytes' '[+]more' 'removed  file    b' 'removed  folder  d$' 'removed  file    d/e/f' \
		'added    file    moved/e/f' 'mode     file    tool .*0755 -> 0700' 'changed  link    link -> new' 'added    file    binary' '\(no text'; do
		says "uid $uid: diff shows $line" "$line" "$said"
	done
	fails "uid $uid: changes are a difference" 1 ws diff "$run" --stat
	# The ledger, the manifest and the files themselves say the same.
	recorded=$(records "$h" | grep '"kind":"file"' | grep "\"run\":${run}[,}]")
	equal "uid $uid: a record for each name" "$(wc -l <"$copy/manifest")" "$(printf '%s\n' "$recorded" | wc -l)"
	says "uid $uid: with the digest before" "\"before\":\"sha256:$(sha256sum <"$h/work/a" | cut -c1-64)\".*\"path\":\"a\"" "$recorded"
	says "uid $uid: and after" "\"after\":\"sha256:$(sha256sum <"$copy/upper/a" | cut -c1-64)\".*\"path\":\"a\"" "$recorded"
	files=$(records "$h" | grep '"kind":"files"' | grep "\"run\":${run}[,}]")
	says "uid $uid: and the digest of the manifest" "\"digest\":\"sha256:$(sha256sum <"$copy/manifest" | cut -c1-64)\"" "$files"
	says "uid $uid: and how many" "\"count\":$(wc -l <"$copy/manifest")[,}]" "$files"
	says "uid $uid: audit show names them" 'changed file +a +sha256' "$("$room/bin/reeve-audit" show "$(ledger_of "$h")" --run "$run")"
	fails "uid $uid: commit" 0 ws commit "$run"
	equal "uid $uid: what is there now is what the agent left" 'a 644 binary 644 copy 644 link 777 moved 755 new 755 tool 700' \
		"$(cd "$h/work" && find . -mindepth 1 -maxdepth 1 -printf '%P %m\n' | sort | flat)"
	equal "uid $uid: content and all" 'one more deep x' "$(cd "$h/work" && { cat a moved/e/f new/x; } | flat)"
	fails "uid $uid: once more does nothing" 0 ws commit "$run"
	says "uid $uid: it is listed as taken over" "^$run .* committed " "$(ws list 2>&1)"
	fails "uid $uid: discard" 0 ws discard "$run"
	equal "uid $uid: leaves nothing" no "$([ -e "$copy" ] && echo yes || echo no)"
	fails "uid $uid: of a run that there is not" 2 ws diff "$run"

	# Folders that become files, files that become folders, a folder made anew.
	fresh
	agent 'rm -rf d; echo now >d; rm a; mkdir -p a/in; echo y >a/in/y; rm link; mkdir link; echo z >link/z; chmod 500 a/in'
	fails "uid $uid: kinds change places" 0 ws commit "$run"
	equal "uid $uid: as the agent left them" 'now y z 500' "$(cd "$h/work" && { cat d a/in/y link/z; stat -c %a a/in; } | flat)"
	fresh
	agent 'rm -rf d; mkdir d; echo new >d/g'
	says "uid $uid: a folder made anew hides the old one's content" 'removed  file    d/e/f' "$(ws diff "$run" 2>&1)"
	fails "uid $uid: commit removes it" 0 ws commit "$run"
	equal "uid $uid: and only it" 'g' "$(ls "$h/work/d")"

	fresh
	before=$(tree)
	agent 'echo gone >a'
	fails "uid $uid: what is discarded" 0 ws discard "$run"
	equal "uid $uid: never was" "$before" "$(tree)"

	# Changed outside: after the run, and during it.
	agent 'echo agent >a; echo agent >b'
	echo person >"$h/work/a"
	fails "uid $uid: what was changed outside meanwhile is a conflict" 1 ws commit "$run"
	says "uid $uid: that is named" '^refused  a: it was changed outside meanwhile' "$said"
	equal "uid $uid: and nothing else is done either" two "$(cat "$h/work/b")"
	fails "uid $uid: the rest can be had by name" 0 ws commit "$run" --only b
	equal "uid $uid: and is" 'person agent' "$(cat "$h/work/a" "$h/work/b" | flat)"
	ws discard "$run" >/dev/null
	fresh
	mkfifo "$h/go" "$h/ready"
	chown "$uid:$uid" "$h/go" "$h/ready"
	(me "$reeve" run --profile "$h/etc/cow.json" -- sh -c 'echo agent >a; echo ready; read x' <"$h/go" >"$h/ready" 2>/dev/null) &
	exec 8>"$h/go"
	read -r _ <"$h/ready"
	run=$(ws list 2>/dev/null | awk 'END { print $1 }')
	says "uid $uid: while it goes on it is listed so" "^$run .* busy " "$(ws list 2>&1)"
	fails "uid $uid: and neither taken over" 3 ws commit "$run"
	fails "uid $uid: nor discarded" 3 ws discard "$run"
	me sh -c 'echo person >a'
	exec 8>&-
	wait
	rm -f "$h/go" "$h/ready"
	fails "uid $uid: what was changed outside during the run is a conflict" 1 ws commit "$run"
	says "uid $uid: that says so" 'a: it was changed outside while the run went on' "$said"
	equal "uid $uid: and stays" person "$(cat "$h/work/a")"
	fresh
	agent 'rm -rf d; echo n >new'
	echo mine >"$h/work/d/mine"
	echo mine >"$h/work/new"
	fails "uid $uid: a folder that holds something new stays" 1 ws commit "$run"
	says "uid $uid: named" '^refused  d: it holds something' "$said"
	says "uid $uid: and what is new on both sides too" '^refused  new: it was changed outside' "$said"
	equal "uid $uid: all of it" 'deep mine mine' "$(cd "$h/work" && { cat d/e/f d/mine new; } | flat)"

	# Ways out: links in the workspace and in the copy, planted when nobody looks any more.
	fresh
	agent 'echo evil >d/e/f; echo evil >d/e/g; mkdir dir; echo evil >dir/file'
	mv "$h/work/d/e" "$h/work/d/real"
	ln -s "$h/outside" "$h/work/d/e"
	echo mine >"$h/outside/f"
	fails "uid $uid: a link put where a folder was" 1 ws commit "$run"
	equal "uid $uid: leads commit nowhere" 'mine f' "$({ cat "$h/outside/f"; ls "$h/outside"; } | flat)"
	ln -s "$h/outside" "$h/work/dir"
	fails "uid $uid: nor does one where a new folder would come" 1 ws commit "$run" --only dir
	equal "uid $uid: nothing came outside" f "$(ls "$h/outside")"
	rm -f "$h/outside/f"
	fresh
	agent 'echo evil >a; mkdir dir; echo evil >dir/file'
	echo secret >"$h/outside/secret"
	rm "$copy/upper/a"
	ln -s "$h/outside/secret" "$copy/upper/a"
	fails "uid $uid: a link planted in the copy" 1 ws commit "$run"
	says "uid $uid: is seen" '^refused  a: the copy was changed after the run' "$said"
	silent "uid $uid: and diff does not follow it" 'secret$' "$(ws diff "$run" 2>&1 | grep -v 'link')"
	rm "$copy/upper/a"
	echo other >"$copy/upper/a"
	fails "uid $uid: other bytes in the copy" 1 ws commit "$run"
	echo evil >"$copy/upper/a"
	sed -i 's/"path":"dir"/"path":"..\/outside"/' "$copy/manifest"
	fails "uid $uid: another manifest than the ledger has" 1 ws commit "$run"
	says "uid $uid: is called that" 'changed after the run|not what reeve writes' "$said"
	sed -i 's/"path":"..\/outside"/"path":"dir"/; s/"size":5/"size":6/' "$copy/manifest"
	fails "uid $uid: also if every line is well-formed" 1 ws commit "$run"
	says "uid $uid: by its digest" 'not the one the ledger has' "$said"
	equal "uid $uid: nothing was done" one "$(cat "$h/work/a")"
	fails "uid $uid: it can be discarded" 0 ws discard "$run"

	# Names that run later, kinds that must not come, names that talk to terminals.
	fresh
	me git init -q . 2>/dev/null
	me git -c user.name=n -c user.email=e commit -q --allow-empty -m first
	agent 'echo change >>a && git add a && git -c user.name=n -c user.email=e commit -qm second && git log --oneline | wc -l'
	says "uid $uid: git commit inside" '^2$' "$(cat "$h/said")"
	fails "uid $uid: is taken over" 0 ws commit "$run"
	says "uid $uid: and git outside sees it" 'second' "$(me git log --oneline 2>&1)"
	fresh
	agent 'mkfifo pipe; echo fine >fine; cp /bin/true lends; chmod 2755 lends; printf x >"$(printf "esc\033[2J\nline")"; touch "$(printf "bad\377")"; rm a; ln -s /etc/passwd a'
	said=$(ws diff "$run" 2>&1)
	silent "uid $uid: no escape reaches the terminal by a name" "$esc" "$said"
	says "uid $uid: it is shown as what it is" 'esc\\x1b\[2J\\x0aline' "$said"
	says "uid $uid: bytes that are no text too" 'bad\\xff' "$said"
	says "uid $uid: a link says where it leads" 'a -> /etc/passwd' "$said"
	says "uid $uid: the record of a strange name holds the digest of all of it" "\"digest\":\"sha256:$(printf 'bad\377' | sha256sum | cut -c1-64)\"" "$(records "$h" | grep '"kind":"file"' | grep bad)"
	fails "uid $uid: a FIFO and a set-group-id file" 1 ws commit "$run"
	says "uid $uid: are refused by name" '^refused  pipe: neither file' "$said"
	says "uid $uid: each" '^refused  lends: a set-user-id or set-group-id' "$said"
	silent "uid $uid: and what says so is harmless" "$esc" "$said"
	fails "uid $uid: the rest can be had" 0 ws commit "$run" --only fine --only "$(printf 'esc\033[2J\nline')" --only "$(printf 'bad\377')"
	equal "uid $uid: and is there" 'fine x' "$(cd "$h/work" && { cat fine esc*; } | flat)"
	agent 'printf "\033]0;owned\007text\n" >escapes'
	silent "uid $uid: no escape reaches the terminal by a content" "$esc" "$(ws diff "$run" 2>&1)"
	silent "uid $uid: nor as JSON" "$esc" "$(ws diff "$run" --json 2>&1)"
	# Hiding: closed folders and files, and marks that only an overlay may write.
	fresh
	agent 'mkdir shut; echo hidden >shut/h; chmod 000 shut/h shut; echo o >a; chmod 000 a'
	said=$(ws diff "$run" 2>&1)
	says "uid $uid: a shut folder hides nothing" 'added    file    shut/h' "$said"
	says "uid $uid: nor a shut file" 'changed  file    a .*mode 0644 -> 0000' "$said"
	fails "uid $uid: they can be taken over" 0 ws commit "$run"
	equal "uid $uid: shut" '0 0' "$(cd "$h/work" && { stat -c %a shut a; } | flat)"
	chmod 700 "$h/work/shut"
	fresh
	agent 'echo x >n; chmod 000 .'
	says "uid $uid: a shut workspace hides nothing" 'added    file    n ' "$(ws diff "$run" 2>&1)"
	agent 'python3 -c "
import os
for name in (\"user.overlay.opaque\", \"user.overlay.whiteout\", \"user.overlay.redirect\"):
    try:
        os.setxattr(\"d\", name, b\"y\")
    except OSError:
        pass
os.mkdir(\"marked\")
" 2>/dev/null; touch marked; rm -f d/nothing'
	silent "uid $uid: the agent cannot write the overlay's own marks" 'removed' "$(ws diff "$run" 2>&1)"

	# Deep and many.
	fresh
	agent 'i=0; while [ $i -lt 300 ]; do mkdir n && cd n || exit; i=$((i + 1)); done; echo deep >f'
	says "uid $uid: 300 folders deep" 'n/n/f  5 bytes' "$(ws diff "$run" 2>&1 | grep -a 'file')"
	fails "uid $uid: can be discarded" 0 ws discard "$run"
	agent 'python3 -c "
import os
for i in range(5000):
    os.mkdir(\"n\"); os.chdir(\"n\")
" 2>/dev/null || { i=0; while [ $i -lt 900 ]; do mkdir nnnnnnnn && cd -P nnnnnnnn || exit 0; i=$((i + 1)); done; }'
	equal "uid $uid: deeper than any path is a failure that is said" 125 "$status"
	says "uid $uid: in the ledger" '"kind":"files".*"status":"failed"' "$(records "$h" | grep "\"run\":${run}[,}]")"
	fails "uid $uid: nothing of it can be taken over" 1 ws commit "$run"
	fails "uid $uid: and all of it discarded" 0 ws discard "$run"
	agent 'mkdir many; cd many; seq 1 10000 | xargs touch; seq 1 10000 | sed s/^/x/ | head -n 200 | xargs mkdir'
	equal "uid $uid: ten thousand files" 0 "$status"
	says "uid $uid: are counted" '"count":10201[,}]' "$(records "$h" | grep '"kind":"files"' | tail -n 1)"
	fails "uid $uid: and taken over" 0 ws commit "$run"
	equal "uid $uid: all" 10200 "$(find "$h/work/many" -mindepth 1 | wc -l)"

	# A launcher that dies, a commit that is cut short.
	fresh
	mkfifo "$h/ready"
	chown "$uid:$uid" "$h/ready"
	(become "$uid" "$h" "$reeve" run --profile "$h/etc/cow.json" -- sh -c 'echo lost >a; echo ready; exec sleep 1000' >"$h/ready" 2>/dev/null) &
	launcher=$!
	read -r _ <"$h/ready"
	kill -9 "$launcher"
	wait "$launcher" 2>/dev/null
	rm -f "$h/ready"
	run=$(ws list 2>/dev/null | awk 'END { print $1 }')
	says "uid $uid: a launcher that was killed leaves a run not closed" "^$run .* not closed " "$(ws list 2>&1)"
	says "uid $uid: whose changes can be seen" 'changed  file    a' "$(ws diff "$run" 2>&1)"
	fails "uid $uid: and not taken over" 1 ws commit "$run"
	equal "uid $uid: the workspace never had them" one "$(cat "$h/work/a")"
	fails "uid $uid: only discarded" 0 ws discard "$run"
	fresh
	agent 'echo agent >a; rm -rf d; echo d >d; mkdir m; echo m >m/m; rm b'
	echo agent >"$h/work/a"
	rm -rf "$h/work/d"
	mkdir -m 700 "$h/work/m"
	chown "$uid:$uid" "$h/work/m"
	echo half >"$h/work/.reeve-commit-$run"
	chown "$uid:$uid" "$h/work/.reeve-commit-$run"
	fails "uid $uid: a commit that was cut short is done by the next" 0 ws commit "$run"
	equal "uid $uid: whole" 'agent d m 755 a d link m m/m tool' "$(cd "$h/work" && { cat a d m/m; stat -c %a m; find . -mindepth 1 -printf '%P\n' | sort; } | flat)"

	# What would make the promise untrue is an error before anything starts.
	fresh
	printf '{ "reeve": "tools/1", "servers": { "fs": { "kind": "command", "argv": ["@TOOLS/mcp_server"], "read": ["%s/tools"], "workspace": "write" } } }' "$h" | tools_file "$h"
	fails "uid $uid: a tool server that may write the workspace" 2 me "$reeve" run --profile "$h/etc/cow.json" --tools "$h/etc/tools.json" -- true
	says "uid $uid: is an error" 'past the copy' "$said"
	sed 's/"workspace": "cow",/"workspace": "cow", "write": ["'"$(echo "$h" | sed 's/\//\\\//g')"'\/work\/d"],/' "$h/etc/cow.json" >"$h/etc/past.json"
	fails "uid $uid: so is a grant within it" 2 me "$reeve" run --profile "$h/etc/past.json" -- true
	printf '{ "reeve": "tools/1", "servers": { "x": { "kind": "exec", "workspace": "write", "tools": { "t": { "description": "d", "argv": ["/bin/true"], "params": {} } } } } }' | tools_file "$h"
	fails "uid $uid: a tool of argv that may write the workspace" 2 me "$reeve" run --profile "$h/etc/cow.json" --tools "$h/etc/tools.json" -- true
	says "uid $uid: likewise" 'past the copy' "$said"
	fails "uid $uid: a state within the workspace" 2 me env XDG_STATE_HOME="$h/work/state" "$reeve" run --profile "$h/etc/cow.json" -- true
	fails "uid $uid: and a jail without mounts" 2 me "$reeve" run --profile "$h/etc/cow.json" --without=mount -- true
	equal "uid $uid: nothing was begun" no "$([ -e "$(echo "$h"/state/reeve/cow/default/new-*)" ] && echo yes || echo no)"
	fails "uid $uid: the ledger is whole" 0 verify "$h"
	for run in $(ws list 2>/dev/null | awk 'NR > 1 { print $1 }'); do
		fails "uid $uid: run $run can be discarded" 0 ws discard "$run"
	done
	equal "uid $uid: and nothing is left" '' "$(ls "$h/state/reeve/cow/default")"
done
finish
