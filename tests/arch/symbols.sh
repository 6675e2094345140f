#!/bin/sh
# What a program does not link, it cannot do. Read from the binaries, not from the Makefile.
. "$(dirname "$0")/../lib.sh"
needs() { readelf -d "$room/bin/$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
calls() { nm -D --undefined-only "$room/bin/$1" | awk '{ print $NF }' | sed 's/@.*//'; }

silent 'the recorder links no JSON parser' 'jansson' "$(needs reeve-recorder)"
silent 'the recorder holds no JSON symbol' '^json_|_json_' "$(nm "$room/bin/reeve-recorder" | awk '{ print $NF }')"
says 'the recorder links libsodium' 'libsodium' "$(needs reeve-recorder)"
silent 'the broker signs nothing and makes no key' 'crypto_sign|crypto_secretbox|crypto_aead' "$(calls reeve-broker)"
silent 'the broker calls nothing that executes or forks' '^(execv|execve|execvp|fork|vfork|posix_spawn|system|popen|clone)$' "$(calls reeve-broker)"
silent 'the broker calls nothing that connects' '^(connect|socket|bind|getaddrinfo)$' "$(calls reeve-broker)"
silent 'the broker opens no file by name' '^(open|open64|openat|fopen|fopen64|opendir|creat)$' "$(calls reeve-broker)"
silent 'the porter signs nothing and makes no key' 'crypto_' "$(calls reeve-porter)"
silent 'the porter calls nothing that executes or forks' '^(execv|execve|execvp|fork|vfork|posix_spawn|system|popen|clone)$' "$(calls reeve-porter)"
silent 'the porter calls nothing that connects or listens' '^(connect|socket|bind|listen|getaddrinfo)$' "$(calls reeve-porter)"
silent 'the porter opens no file by name' '^(open|open64|openat|fopen|fopen64|opendir|creat)$' "$(calls reeve-porter)"
silent 'the proxy signs nothing and makes no key' 'crypto_sign|crypto_secretbox|crypto_aead' "$(calls reeve-proxy)"
silent 'the proxy calls nothing that executes or forks' '^(execv|execve|execvp|fork|vfork|posix_spawn|system|popen|clone)$' "$(calls reeve-proxy)"
silent 'the proxy calls nothing that connects or listens' '^(connect|socket|bind|listen|getaddrinfo)$' "$(calls reeve-proxy)"
silent 'the proxy opens no file by name' '^(open|open64|openat|fopen|fopen64|opendir|creat)$' "$(calls reeve-proxy)"
silent 'nobody else links libmicrohttpd' 'microhttpd' "$(for p in reeve reeve-broker reeve-recorder reeve-audit reeve-call; do needs $p; done)"
silent 'the auditor links no seccomp and no sockets' 'seccomp|cap-ng' "$(needs reeve-audit)"
silent 'the auditor calls nothing that connects' '^(connect|socket|bind)$' "$(calls reeve-audit)"
silent 'the launcher signs nothing' 'crypto_sign' "$(calls reeve | grep -v '^crypto_sign_verify_detached$')"
silent 'the courier calls nothing that executes or forks' '^(execv|execve|execvp|fork|vfork|posix_spawn|system|popen|clone|listen|accept4?)$' "$(calls reeve-courier)"
silent 'the courier holds no key of the ledger' 'crypto_sign|libsodium' "$(calls reeve-courier; needs reeve-courier)"
silent 'the dialer calls nothing that executes, forks or listens' '^(execv|execve|execvp|fork|vfork|posix_spawn|system|popen|clone|listen|accept4?|bind)$' "$(calls reeve-dialer)"
silent 'the dialer leaves names to libc-ares alone' '^(getaddrinfo|gethostbyname|res_query|dlopen)$' "$(calls reeve-dialer)"
silent 'the dialer holds no key of the ledger and reads no JSON' 'crypto_|libsodium|jansson' "$(calls reeve-dialer; needs reeve-dialer)"
says 'only the dialer links libc-ares' '^reeve-dialer $' "$(for p in "$room"/bin/reeve*; do case " $(needs "${p##*/}" | tr '\n' ' ')" in *libcares*) printf '%s ' "${p##*/}" ;; esac; done)"
says 'only the courier links libcurl' '^reeve-courier $' "$(for p in "$room"/bin/reeve*; do case " $(needs "${p##*/}" | tr '\n' ' ')" in *libcurl*) printf '%s ' "${p##*/}" ;; esac; done)"
silent 'the inspector calls nothing that executes or forks' '^(execv|execve|execvp|fork|vfork|posix_spawn|system|popen|clone)$' "$(calls reeve-inspector)"
silent 'the inspector calls nothing that connects or listens' '^(connect|socket|bind|listen|accept4?|getaddrinfo)$' "$(calls reeve-inspector)"
says 'only the inspector links libssl' '^reeve-inspector $' "$(for p in "$room"/bin/reeve*; do case " $(needs "${p##*/}" | tr '\n' ' ')" in *libssl*) printf '%s ' "${p##*/}" ;; esac; done)"
silent 'the witness calls nothing that executes, forks or connects' '^(execv|execve|execvp|fork|vfork|posix_spawn|system|popen|clone|connect)$' "$(calls reeve-witness)"
silent 'the witness reads no JSON' 'jansson' "$(needs reeve-witness)"
silent 'reeve-call needs no library inside the jail' '.' "$(needs reeve-call)"
for p in reeve reeve-broker reeve-recorder reeve-porter reeve-proxy reeve-courier reeve-dialer reeve-inspector reeve-witness reeve-audit; do
	case $p in reeve-audit) more=crypto ;; reeve-porter | reeve-witness) more='seccomp|microhttpd' ;; reeve-courier) more='seccomp|curl' ;; reeve-dialer) more='seccomp|cares' ;; reeve-inspector) more='seccomp|ssl|crypto' ;; *) more=seccomp ;; esac
	silent "$p links no other library" 'XX' "$(needs $p | grep -vE "^(libjansson|libsodium|libc|lib($more))\.so|^ld-linux" | sed 's/^/XX /')"
	says "$p is relocated read-only at start" 'BIND_NOW|FLAGS_1.*NOW' "$(readelf -d "$room/bin/$p")"
	says "$p is position-independent" 'DYN' "$(readelf -h "$room/bin/$p")"
	says "$p has no executable stack" 'GNU_STACK.*RW ' "$(readelf -lW "$room/bin/$p")"
done
silent 'nothing is setuid' '.' "$(find "$room/bin" -perm /6000)"
says 'struct receipt is made in one file only' '^1$' "$(grep -l 'struct receipt {' "$top"/src/*/*.[ch] | wc -l)"
says 'and that file is broker/commit.c' 'broker/commit.c' "$(grep -l 'struct receipt {' "$top"/src/*/*.[ch])"
finish
