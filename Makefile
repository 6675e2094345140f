# reeve. `make help` lists every word this file understands.

PREFIX  ?= /usr/local
DESTDIR ?=
MODE    ?= release
OUT     := build/$(MODE)
VERSION := 0.1.0

# The programs, by the folders they link: what a process does not link, it cannot do.
# tests/arch/symbols holds these lists to that. The first folder holds main().
PROGRAMS := reeve reeve-broker reeve-recorder reeve-audit reeve-call
reeve          := cli launcher policy profile wire jail seal json model base
reeve-broker   := broker policy mcp wire jail seal json model base
reeve-recorder := recorder ledger wire jail seal model base
reeve-audit    := audit ledger seal json model base
reeve-call     := call mcp json model base

# The libraries, by the one folder that includes their headers (src/FLOORS).
lib_json := -ljansson
lib_seal := -lsodium
lib_jail := -lseccomp -lcap-ng

CFLAGS  ?= -O2 -g
STRICT  := -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 \
	   -Wconversion -Wsign-conversion -Wswitch-enum -Wimplicit-fallthrough \
	   -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	   -Wcast-qual -Wwrite-strings -Wpointer-arith -Wvla -Wundef -Wdate-time

release.c  := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	      -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero \
	      -fzero-call-used-regs=used-gpr -fPIE
release.ld := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code
asan.c     := -U_FORTIFY_SOURCE -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	      -fno-omit-frame-pointer -fPIE
asan.ld    := -pie -fsanitize=address,undefined

ALL_C  = $(STRICT) $($(MODE).c) $(CFLAGS) $(CPPFLAGS) -DREEVE_VERSION='"$(VERSION)"' \
	 -DREEVE_LIBEXEC='"$(PREFIX)/libexec/reeve"' -DREEVE_DATA='"$(PREFIX)/share/reeve"' \
	 -Isrc -Itests/unit -MMD -MP
ALL_LD = $($(MODE).ld) -Wl,--as-needed $(LDFLAGS)

FOLDERS := $(notdir $(wildcard src/*))
FOLDERS := $(filter-out FLOORS,$(FOLDERS))
objects  = $(patsubst src/%.c,$(OUT)/%.o,$(wildcard src/$(1)/*.c))
archives = $(1:%=$(OUT)/%.a)
libs     = $(foreach f,$(1),$(lib_$(f)))
# A test named test_FOLDER_what links that folder and the floors below it, nothing else.
folder   = $(word 2,$(subst _, ,$(1)))
below    = $(shell sed -n 's/^$(1): *//p' src/FLOORS | tr ' ' '\n' | grep -v '\.h$$\|^-$$')

UNITS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))

all: $(PROGRAMS:%=$(OUT)/%)		## build the programs

define archive
$(OUT)/$(1).a: $(call objects,$(1))
	@rm -f $$@; $$(AR) rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call archive,$(f))))

define program
$(OUT)/$(1): $(call archives,$($(1)))
	$$(CC) $$(ALL_LD) $$(STATIC_$(1)) -o $$@ $(OUT)/$(firstword $($(1)))/main.o \
		-Wl,--start-group $$^ -Wl,--end-group $(call libs,$($(1)))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

# Inside the jail there may be no library of ours to load.
ifeq ($(MODE),release)
STATIC_reeve-call := -static-pie
endif

define unit
$(OUT)/$(1): tests/unit/$(1).c $(call archives,$(call folder,$(1)) $(call below,$(call folder,$(1))))
	$$(CC) $$(ALL_C) $$(ALL_LD) -o $$@ tests/unit/$(1).c -Wl,--start-group $$(filter %.a,$$^) \
		-Wl,--end-group $(call libs,$(call folder,$(1)) $(call below,$(call folder,$(1)))) -lcmocka
endef
$(foreach u,$(UNITS),$(eval $(call unit,$(u))))

$(OUT)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_C) -c $< -o $@

check-floors:				## every include against src/FLOORS
	@contrib/check-floors src
check-size:				## no function over 60 lines, no file over 400
	@contrib/check-size src
clean:					## forget everything built
	rm -rf build
help:					## print this
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1|/p' Makefile | column -t -s '|'

.PHONY: all check-floors check-size clean help
-include $(wildcard $(OUT)/*/*.d) $(wildcard $(OUT)/*.d)
