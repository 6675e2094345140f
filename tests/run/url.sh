#!/bin/sh
# A host that a policy judges is the host that programs connect to: whatever text it stands in, and however they read it.
. "$(dirname "$0")/../lib.sh"
command -v node >/dev/null || skip_all "there is no node here, whose URL would be the other reader"

# The corpus is made by its own rules from a fixed seed: all schemes, hosts and ends, and 200000 of them spoilt.
said=$(node "$top/tests/tools/url_readers.js" "$room/bin/url_host" 200000)
silent 'no text has a host to us that it has to nobody else' '^wrong' "$(printf '%s\n' "$said" | head -n 20)"
says 'texts were read by all three' ' [1-9][0-9]{3,} read by all three' "$said"
says 'and many are read apart by the two' ' [1-9][0-9]{3,} read apart by the two' "$said"
says 'each text was read' ' 0 wrong$' "$said"
finish
