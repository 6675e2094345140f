#!/bin/sh
# The manual says what the programs say, and formats without a complaint.
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1
for page in docs/man/*; do
	silent "$page ends no line with a backslash that joins it to the next" '.' "$(grep '[^\\]\\$' "$page")"
	silent "$page formats cleanly" '.' "$(mandoc -Tlint -Wwarning "$page" 2>&1; groff -mdoc -ww -Tutf8 "$page" 2>&1 >/dev/null)"
done
for word in $("$reeve" --help | awk '/^  [a-z]/ && !/^  reeve/ { print $1 }'); do
	says "reeve.1 has the word $word" "^\.It Cm $word" "$(cat docs/man/reeve.1)"
done
for option in $("$reeve" run --help | sed -n 's/^  --\([a-z]*\).*/\1/p'); do
	says "reeve.1 has the option --$option" "Fl -$option" "$(cat docs/man/reeve.1)"
done
for word in $("$reeve" profile --help | awk '/^  [a-z]/ && !/^  reeve/ { print $1 }'); do
	says "reeve.1 has the word profile $word" "^\.It Cm $word" "$(cat docs/man/reeve.1)"
	for option in $("$reeve" profile "$word" --help | sed -n 's/^  --\([a-z]*\).*/\1/p' | grep -v help); do
		says "reeve.1 has the option --$option of profile $word" "Fl -$option" "$(cat docs/man/reeve.1)"
	done
done
for option in $("$reeve" review --help | sed -n 's/^  --\([a-z]*\).*/\1/p' | grep -v help); do
	says "reeve-review.1 has the option --$option" "Fl -$option" "$(cat docs/man/reeve-review.1)"
done
for point in $(sed -n 's/^	{ "\([a-z-]*\)", [0-9]*,.*/\1/p' src/profile/exposure.c); do
	says "reeve-profile.5 has the point $point" "^\.It Cm $point , No [0-9]" "$(cat docs/man/reeve-profile.5)"
done
for member in $(sed -n 's/^	{ "\([a-z_]*\)", JSON_.*/\1/p' src/profile/profile.c src/profile/project.c); do
	says "reeve-profile.5 has the member $member" "(^|[ ,])$member([ ,]|\$)" "$(grep -E '^\.(It )?Cm' docs/man/reeve-profile.5)"
done
for line in $(sed -n 's/^\(FIELD\|KIND\|REASON\)([A-Z_]*,[^"]*"\([a-z._-]*\)".*/\2/p' src/model/*.def); do
	says "reeve-ledger.5 has the word $line" "(^|[^a-z])$line([^a-z]|$)" "$(cat docs/man/reeve-ledger.5)"
done
for name in $(sed -n 's/^MSG(\([A-Z]*\),.*/\1/p' src/wire/msg.def); do
	says "reeve-wire.7 has the message $name" "$name" "$(cat docs/man/reeve-wire.7)"
done
for name in $(sed -n 's/^NAME("\([^"]*\)".*/\1/p' src/jail/names.def); do
	says "reeve-profile.5 has the protected name $name" "^\.Pa $(printf '%s' "$name" | sed 's/\./\\./g')( ,)?$" "$(cat docs/man/reeve-profile.5)"
done
for word in $("$room/bin/reeve-audit" --help | awk '/^  reeve-audit [a-z]+ +[A-Z-]/ { print $2 }' | sort -u); do
	says "the pages of ledgers have the word $word" "Cm $word|reeve-audit $word" "$(cat docs/man/reeve-ledger.5 docs/man/reeve-audit.1)"
	says "reeve.1 has the word audit $word" "^\.Cm $word" "$(cat docs/man/reeve.1)"
done
for option in $("$room/bin/reeve-audit" query --help | sed -n 's/^  --\([a-z-]*\).*/\1/p' | grep -v color); do
	says "the pages have the option --$option of reeve-audit" " --?$option( |\$)" "$(cat docs/man/reeve-ledger.5 docs/man/reeve.1 docs/man/reeve-audit.1)"
done
for word in run init doctor policy review ledger workspace config show 'tools list' 'tools pin' 'tools scan' 'profile list' 'profile show' \
	'profile check' 'profile learn' 'profile import' tools profile audit; do
	# shellcheck disable=SC2086
	wide=$("$reeve" $word --help | wc -L)
	equal "reeve $word --help fits 80 columns" yes "$([ "$wide" -gt 0 ] && [ "$wide" -le 80 ] && echo yes || echo "$wide columns")"
done
for word in $("$reeve" --help | awk '/^  [a-z]/ && !/^  reeve/ { print $1 }' | grep -v '^help$\|^version$'); do
	says "the synopsis of reeve.1 has the word $word" "^\.(Cm|Nm reeve) $word|^\.Cm $word" "$(sed -n '/^.Sh SYNOPSIS/,/^.Sh DESC/p' docs/man/reeve.1)"
done
for program in reeve reeve-audit reeve-call; do
	help=$("$room/bin/$program" --help)
	equal "$program --help fits a screen" yes "$([ "$(printf '%s\n' "$help" | wc -l)" -le 40 ] && [ "$(printf '%s\n' "$help" | wc -L)" -le 80 ] && echo yes)"
	says "$program --help shows an example" '^[Ee]xamples?:' "$help"
done
for word in $(sed -n 's/^    reeve \(ledger\|audit\) *\([a-z]*\).*/\1:\2/p' README.md | sort -u); do
	says "what README says by reeve $word is a word" "reeve(-audit| ledger) ${word#*:} " "$("$reeve" "${word%:*}" --help)"
done
for word in verify query; do
	wide=$("$room/bin/reeve-audit" "$word" --help | wc -L)
	equal "reeve-audit $word --help fits 80 columns" yes "$([ "$wide" -le 80 ] && echo yes || echo "$wide columns")"
done
finish
