#!/bin/sh
# A recorder killed at its n-th system call, or that call fails or does half: each n under `make crash`, some here.
set -eu
bin=$(cd "${REEVE_BIN:-build/release}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "${REEVE_CRASH:-}" = whole ]; then step=1; else step=9; fi
"$bin/tools/nth" "$bin" "$work" "$step"
