#!/bin/sh
# A recorder killed at its n-th system call, or that call fails or does half: each n under `make crash`, some here.
set -eu
bin=$(cd "${REEVE_BIN:-build/release}" && pwd)
work=$(mktemp -d)
agent=
trap 'kill $agent 2>/dev/null || :; chmod -R u+w "$work"; rm -rf "$work"' EXIT
if [ "${REEVE_CRASH:-}" = whole ]; then step=1; else step=${STEP:-29}; fi
if command -v ssh-agent >/dev/null && command -v ssh-add >/dev/null && command -v ssh-keygen >/dev/null; then
	ssh-keygen -q -t ed25519 -N '' -f "$work/ssh"
	ssh-agent -D -a "$work/agent" >/dev/null 2>&1 & agent=$!
	until SSH_AUTH_SOCK=$work/agent ssh-add -q "$work/ssh" 2>/dev/null; do kill -0 $agent || break; done
fi
"$bin/tools/nth" "$bin" "$work" "$step" ${SUBJECT:+"$SUBJECT"}
