#!/bin/sh
# A run that demands a signed policy has the very files that somebody signed who may, or it does not begin.
. "$(dirname "$0")/../lib.sh"
have_userns || skip_all 'no user namespaces for this user'
command -v ssh-keygen >/dev/null || skip_all 'no ssh-keygen: contrib/need check installs openssh-client as root'
for uid in $(each_user); do
	h=$room/home$uid c=$room/home$uid/config/reeve
	home "$h" "$uid"
	mkdir -p "$c/policies/catalogue" "$h/keys" "$h/other"
	chown -R "$uid:$uid" "$h/config" "$h/keys" "$h/other"
	d=$c/policies
	echo '{ "reeve": "policy/1", "rules": [ { "id": "m", "then": "allow", "when": { "tool": "t/echo" } } ] }' >"$d/base.json"
	echo '{ "reeve": "policy/1", "layer": "global", "unmatched": "pass", "rules": [] }' >"$d/company.json"
	echo '{ "reeve": "catalogue/1", "server": "t", "tools": { "echo": { "class": "low" } } }' >"$d/catalogue/t.json"
	echo 'not read by a run' >"$d/notes.txt"
	# ssh-keygen works for nobody who is not in /etc/passwd; signatures are made by whoever we are.
	for who in kim rob; do ssh-keygen -q -t ed25519 -N '' -C '' -f "$h/keys/$who"; done
	print=$(ssh-keygen -lf "$h/keys/kim.pub" | cut -d' ' -f2 | sed 's/+/[+]/g')
	# signers [OPTIONS]: kim may sign policies, with these options more; rob may approve.
	signers() {
		echo "kim namespaces=\"policy@reeve\"${1:-} $(cat "$h/keys/kim.pub")"
		echo "rob namespaces=\"review@reeve\" $(cat "$h/keys/rob.pub")"
	}
	signers >"$c/allowed_signers"
	sign() { as "$(id -u)" "$h" "$reeve" policy sign "$d" --key "${1:-$h/keys/kim}" 2>&1; }
	# shellcheck disable=SC2120 # holds and fails give it options
	verify() { as "$uid" "$h" "$reeve" policy verify "$d" "$@" 2>&1; }
	run() { as "$uid" "$h" "$reeve" run "$@" -- true 2>&1; }
	# refused WHAT PATTERN [OPTION...]: such a run does not begin, and says why.
	refused() {
		what=$1 pattern=$2
		shift 2
		fails "uid $uid: $what: no run" 2 run --signed "$@"
		says 'and it is said' "$pattern" "$(run --signed "$@")"
	}
	# altered WHAT PATTERN: and the folder is not verified either; then it is as it was signed.
	altered() {
		refused "$1" "$2"
		fails 'nor is it verified' 1 verify
		rm -rf "$d"
		cp -a "$h/kept" "$d"
	}

	fails "uid $uid: nobody has signed it" 1 verify
	refused 'nobody has signed it' 'is not signed: there is no policy.manifest in it; reeve policy sign makes it'
	holds "uid $uid: it is signed" sign
	says 'by kim, as far as anybody asks' "signed by kim with $print" "$(verify)"
	says 'ssh-keygen says so too' 'Good "policy@reeve" signature for kim' \
		"$(ssh-keygen -Y verify -f "$c/allowed_signers" -I kim -n policy@reeve -s "$d/policy.manifest.sig" <"$d/policy.manifest" 2>&1)"
	equal 'every file that a run reads is named, in order' 'base.json catalogue/t.json company.json ' "$(cut -d' ' -f2 "$d/policy.manifest" | tr '\n' ' ')"
	holds 'by its digest' sh -c "cd '$d' && sed 's/^sha256://; s/ /  /' policy.manifest | sha256sum -c --strict"
	holds "uid $uid: a run that demands it begins" run --signed
	settled "$h"
	says 'its record says who signed' "\"policy_by\":\"kim $print\"" "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
	holds 'one that does not begins as well' run
	settled "$h"
	silent 'and says nothing of it' 'policy_by' "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
	before=$(records "$h" | wc -l)
	cp -a "$d" "$h/kept"

	echo ' ' >>"$d/base.json"
	altered 'a byte more in a file' 'is not what was signed: base.json was altered or added since'
	cp "$d/base.json" "$d/more.json"
	altered 'a file more' 'more.json was altered or added'
	echo '{ "reeve": "policy/1", "rules": [] }' >"$d/more.json"
	altered 'a harmless file more' 'is not what was signed: more.json was altered or added since'
	rm "$d/company.json"
	altered 'a file less' 'is not what was signed: company.json was there then'
	mv "$d/company.json" "$d/a.json"
	altered 'a file of another name' 'is not what was signed: a.json was altered or added since'
	sed -i 's/low/high/' "$d/catalogue/t.json"
	altered 'another word in the catalogue' 'catalogue/t.json was altered or added since'
	rm -r "$d/catalogue"
	altered 'no catalogue' 'catalogue/t.json was there then'
	rm "$d/policy.manifest.sig"
	altered 'no signature' 'is not signed: there is no policy.manifest.sig in it'
	rm "$d/policy.manifest"
	altered 'no manifest' 'is not signed: there is no policy.manifest in it'
	echo ' ' >>"$d/base.json"
	sed -i "s|^sha256:.* base.json|sha256:$(sha256sum <"$d/base.json" | cut -d' ' -f1) base.json|" "$d/policy.manifest"
	altered 'a manifest that was brought up to date by nobody' 'policy.manifest.sig: the signature is not one of this text by this key'
	sed -i '3,4d' "$d/policy.manifest.sig"
	altered 'half a signature' 'policy.manifest.sig: '
	ssh-keygen -q -Y sign -f "$h/keys/kim" -n file <"$d/policy.manifest" >"$d/policy.manifest.sig"
	altered "kim's signature for another use" 'must be made with ssh-keygen -Y sign -n policy@reeve'
	sign "$h/keys/rob" >/dev/null
	altered 'the signature of somebody else' 'is signed by SHA256:.*, which is now no key of anybody who may sign policy@reeve'
	signers ',valid-before="20200101Z"' >"$c/allowed_signers"
	altered 'a key that is past its time' 'no key of anybody who may sign policy@reeve'
	: >"$c/allowed_signers"
	altered 'a list without anybody' 'no key of anybody who may sign policy@reeve'
	signers >"$c/allowed_signers"
	refused 'a file in place of a folder' 'what can be signed is a folder of policies, not a file' --policy "$d/base.json"
	refused 'a catalogue from elsewhere' 'a signed policy has its own' --catalogue "$h/other"
	holds "uid $uid: its own catalogue may be named" run --signed --catalogue "$d/catalogue"
	settled "$h"
	before=$((before + 2))

	# config TEXT: set for all runs.
	config() { echo "{ \"reeve\": \"config/1\", \"policy\": $1 }" >"$c/config.json"; }
	config '{ "signed_by": ["kim"] }'
	echo ' ' >>"$d/base.json"
	fails "uid $uid: signed_by demands it of every run" 2 run
	says 'and it is said' 'base.json was altered' "$(run)"
	rm -rf "$d"
	cp -a "$h/kept" "$d"
	holds 'which begins otherwise' run
	settled "$h"
	says 'with the name' '"policy_by":"kim SHA256' "$(records "$h" | grep '"kind":"run"' | tail -n 1)"
	{ signers; echo "sue $(cat "$h/keys/rob.pub")"; } >"$c/allowed_signers"
	config '{ "signed_by": ["sue"] }'
	fails "uid $uid: kim is not sue" 2 run
	says 'and it is said' 'is not signed by who must: SHA256:.* is not a key of sue' "$(run)"
	fails 'nor does verify take one for the other' 1 verify --by sue
	holds 'but of two' verify --by sue --by kim
	fails 'a name that nobody has is a slip' 2 verify --by sus
	# wrong TEXT WHERE: the file is refused, with line and column.
	wrong() {
		config "$1"
		fails "uid $uid: $1 starts nothing" 2 run
		says 'and is told where' "config.json:$2" "$(run)"
	}
	wrong '{ "signed_by": [] }' '1:49: expected who may sign policies'
	wrong '{ "signed_by": [1] }' '1:50: expected a name'
	wrong '{ "signed_by": ["kim", "rob"] }' '1:57: .*no key of that name that may sign policy@reeve'
	wrong '{}' '1:34: .*signed_by'
	rm "$c/config.json"
	equal "uid $uid: what was refused left nothing in the ledger" "$((before + 2))" "$(records "$h" | wc -l)"

	echo '{ "reeve": "policy/1", "rules": [ 1 ] }' >"$d/base.json"
	fails "uid $uid: what no run would take is not signed" 2 sign
	says 'and it is said where' 'base.json:1:35' "$(sign)"
	equal 'nothing was written' "$(cat "$h/kept/policy.manifest.sig")" "$(cat "$d/policy.manifest.sig")"
	cp "$h/kept/base.json" "$d/a name.json"
	rm "$d/base.json"
	fails 'nor is a file whose name is two words' 2 sign
	rm "$d/a name.json"
	cp "$h/kept/base.json" "$d/"
	fails 'a key that is not there signs nothing' 3 sign "$h/keys/nobody"
	fails 'nor does none' 2 as "$uid" "$h" "$reeve" policy sign "$d"
	holds 'what was signed is signed' verify
done
finish
