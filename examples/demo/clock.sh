#!/bin/sh
# The demo's tool server: it speaks MCP on standard input and output, and says itself what its one tool is.
about='Tells the time.'
while read -r line; do
	id=$(printf '%s' "$line" | sed -n 's/.*"id":\("[^"]*"\|[0-9]*\).*/\1/p')
	case $line in
	*'"method":"initialize"'*)
		result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"clock","version":"1"}}' ;;
	*'"method":"tools/list"'*)
		result='{"tools":[{"name":"now","description":"'$about'","inputSchema":{"type":"object"}}]}' ;;
	*'"method":"tools/call"'*)
		result='{"content":[{"type":"text","text":"'$(date -u +%H:%M)' UTC"}]}' ;;
	*) continue ;;
	esac
	printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
done
