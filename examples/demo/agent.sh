#!/bin/sh
# The demo's agent: a shell script in the jail. It asks for what policy allows, for what it refuses,
# for what nobody has named, and then tries to get out by itself.
say() { printf '\nagent: %s\n' "$*"; }

say 'reading notes/todo.txt through a tool'
reeve-call tool files/read '{"path": "notes/todo.txt"}'

say 'writing notes/done.txt through a tool'
reeve-call tool files/write '{"path": "notes/done.txt", "text": "bought milk\n"}'

say 'writing outside the folder that policy allows'
reeve-call tool files/write '{"path": "../outside.txt", "text": "gotcha\n"}'

say 'calling a tool that no rule names'
reeve-call tool files/delete '{"path": "notes/todo.txt"}'

say 'trying the network directly'
bash -c 'exec 3<>/dev/tcp/192.0.2.1/80' 2>&1 | sed 's/^/  /'

say 'looking for ssh keys directly'
ls "$HOME/.ssh" 2>&1 | sed 's/^/  /'
exit 0
