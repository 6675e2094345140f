#!/bin/sh
# Held calls, a recorder and ssh-keygen: what is approved by whom, what is turned away, what survives kill -9.
set -eu
. "$(dirname "$0")/../ledger-lib.sh"

command -v ssh-keygen >/dev/null || skip_all "there is no ssh-keygen"
python3 "$(dirname "$0")/../tools/holds.py" "$bin" "$work"
