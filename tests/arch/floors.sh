#!/bin/sh
# The shape of the tree: data goes one way, functions and files stay small.
. "$(dirname "$0")/../lib.sh"
cd "$top" || exit 1
holds 'every include goes down the floors' contrib/check-floors src
holds 'no function over 60 lines, no file over 400' contrib/check-size src
mkdir -p "$room/up/base"
cp src/FLOORS "$room/up/"
echo '#include "wire/wire.h"' >"$room/up/base/x.c"
touch "$room/up/base/x.h" "$room/up/base/x.def"
fails 'an include upwards is found' 1 contrib/check-floors "$room/up"
echo '#include <jansson.h>' >"$room/up/base/x.c"
fails 'a foreign header is found' 1 contrib/check-floors "$room/up"
{ echo 'int f(void)'; echo '{'; seq 70; echo '}'; } >"$room/up/base/x.c"
fails 'a long function is found' 1 contrib/check-size "$room/up"
finish
