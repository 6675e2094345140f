#!/bin/sh
# Held calls on a disk that is full: nothing is approved or done, and everybody is told.
set -eu
command -v ssh-keygen >/dev/null || { echo "1..0 # SKIP there is no ssh-keygen"; exit 0; }
[ "${1:-}" = inside ] || unshare -Urm true 2>/dev/null || { echo "1..0 # SKIP user namespaces are missing"; exit 0; }
[ "${1:-}" = inside ] || exec unshare -Urm sh "$0" inside
. "$(dirname "$0")/../ledger-lib.sh"

mkdir "$work/disk"
mount -t tmpfs -o size=16m tmpfs "$work/disk"
python3 "$(dirname "$0")/../tools/holds_disk.py" "$bin" "$work"
