#!/bin/sh
# Two verifiers that were written apart, and ledgers with epochs and segments that were made to divide them: crafted by
# the holder of a key, or changed by somebody without one. Whether all is well both must answer alike.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"
command -v python3 >/dev/null || skip_all "python3 is not here"
python3 "$(dirname "$0")/../tools/differ.py" "$bin/reeve-audit" "$work"
