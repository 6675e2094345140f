#!/bin/sh
# The power fails while a ledger or its keys are written: every prefix of what is written, and what reordering may leave
# of it, under `make crash`; some here.
set -eu
bin=$(cd "${REEVE_BIN:-build/release}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "${REEVE_CRASH:-}" = whole ]; then each=16; else each=0; fi
"$bin/tools/power" "$bin" "$work" "${EACH:-$each}" ${SUBJECT:+"$SUBJECT"}
