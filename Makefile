# reeve. `make help` lists every word this file understands.

PREFIX  ?= /usr/local
DESTDIR ?=
MODE    ?= release
OUT     := build/$(MODE)
VERSION := 0.1.0

# The programs, by the folders they link: what a process does not link, it cannot do.
# tests/arch/symbols holds these lists to that. The first folder holds main().
PROGRAMS := reeve reeve-broker reeve-recorder reeve-porter reeve-proxy reeve-dialer reeve-inspector reeve-courier reeve-anchor reeve-audit reeve-call reeve-witness
reeve          := cli launcher policy egress catalogue guard inspect schema profile wire ledger jail seal json model base
reeve-broker   := broker policy egress catalogue guard inspect schema mcp wire jail seal json model base
reeve-recorder := recorder ledger wire jail seal model base
reeve-porter   := porter mcp wire jail json model base
reeve-dialer   := dialer egress wire jail model base
reeve-proxy    := proxy egress wire seal jail model base
reeve-inspector := inspector egress wire jail model base
reeve-witness  := witness ledger seal jail model base
reeve-audit    := audit ledger seal json model base
reeve-call     := call mcp json model base
reeve-anchor   := anchor ledger wire seal jail model base
reeve-courier  := courier mcp egress json jail model base

# The libraries, by the one folder that includes their headers (src/FLOORS).
lib_json := -ljansson
lib_seal := -lsodium
lib_jail := -lseccomp
lib_audit := -lcrypto -lsqlite3
lib_porter := -lmicrohttpd
lib_witness := -lmicrohttpd
lib_dialer := -lcares
lib_courier := -lcurl
lib_anchor := -lcurl
lib_inspector := -lssl -lcrypto

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

# fuzz_FOLDER or fuzz_FOLDER_what: a libFuzzer target under clang (OUT=build/fuzz), and a replay of its own
# folder in tests/fuzz/corpus.
define fuzzer
build/fuzz/$(1): tests/fuzz/$(1).c $(call archives,$(call folder,$(1)) $(call below,$(call folder,$(1))))
	clang $$(ALL_C) -fsanitize=fuzzer,address,undefined -o $$@ tests/fuzz/$(1).c -Wl,--start-group \
		$$(filter %.a,$$^) -Wl,--end-group $(call libs,$(call folder,$(1)) $(call below,$(call folder,$(1))))
$(OUT)/replay_$(1): tests/fuzz/$(1).c tests/fuzz/replay.c $(call archives,$(call folder,$(1)) $(call below,$(call folder,$(1))))
	$$(CC) $$(ALL_C) $$(ALL_LD) -DREPLAY_CORPUS='"tests/fuzz/corpus/$(1:fuzz_%=%)"' -MF $$@.d -o $$@ \
		tests/fuzz/$(1).c tests/fuzz/replay.c -Wl,--start-group \
		$$(filter %.a,$$^) -Wl,--end-group $(call libs,$(call folder,$(1)) $(call below,$(call folder,$(1))))
endef
FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
$(foreach u,$(FUZZ),$(eval $(call fuzzer,$(u))))

$(OUT)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_C) -c $< -o $@

# What a report is made of beside its records stands in the program.
$(OUT)/audit/report_page.o: $(wildcard src/audit/report/*)
$(OUT)/audit/evidence_text.o: src/audit/evidence/check.py

# --- tests ---

TOOLS   := flip nth power net_load mcp_server mcp_client workload lap disk hot fill rotate before recorder_client receipts decide proxy_load url_host events eio.so clock.so fails.so netfs.so
STORIES := $(sort $(wildcard tests/arch/*.sh tests/platform/*.sh tests/run/*.sh tests/threats/*.sh tests/peers/*.sh))
# What hostile code does inside (threats) and what we believe of the kernel (platform): a small program a family.
PROBES  := $(patsubst tests/%.c,$(OUT)/%,$(wildcard tests/threats/*.c tests/platform/*.c))
REPLAYS := $(FUZZ:%=$(OUT)/replay_%)
export REEVE_BIN := $(CURDIR)/$(OUT)

$(OUT)/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -Wall -Wextra -o $@ $< -ljansson
$(OUT)/tools/%.so: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -Wall -Wextra -shared -fPIC -o $@ $<
$(OUT)/tools/nth $(OUT)/tools/power: tests/tools/staged.h src/wire/msg.def
$(OUT)/tools/recorder_client: tests/tools/recorder_client.c $(call archives,wire model base)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(ALL_LD) -o $@ $(filter %.c %.a,$^)
$(OUT)/tools/receipts: tests/tools/receipts.c $(call archives,wire model base)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(ALL_LD) -o $@ $(filter %.c %.a,$^)
$(OUT)/tools/fill $(OUT)/tools/rotate $(OUT)/tools/before: $(OUT)/tools/%: tests/tools/%.c $(call archives,ledger seal model base)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(ALL_LD) -o $@ $(filter %.c %.a,$^) $(call libs,seal)
$(OUT)/tools/url_host: tests/tools/url_host.c $(call archives,egress base)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(ALL_LD) -o $@ $(filter %.c %.a,$^)
$(OUT)/tools/proxy_load: tests/tools/proxy_load.c $(call archives,wire model base)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(ALL_LD) -o $@ $(filter %.c %.a,$^)
$(OUT)/tools/events: tests/tools/events.c $(call archives,audit ledger json seal model base)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(ALL_LD) -o $@ $(filter %.c,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -ljansson -lsodium -lcrypto
$(OUT)/tools/decide: tests/tools/decide.c $(call archives,policy egress inspect json seal model base)
	@mkdir -p $(@D)
	$(CC) $(ALL_C) $(ALL_LD) -o $@ $(filter %.c %.a,$^) $(call libs,json seal)

$(OUT)/threats/%: tests/threats/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -Wall -Wextra -static -o $@ $<
$(OUT)/platform/%: tests/platform/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -D_GNU_SOURCE -Wall -Wextra -o $@ $< -lseccomp

demo:					## install what is missing, build, and show the main job
	@contrib/need build
	@echo 'demo: building reeve (some 20 seconds the first time)'
	@$(MAKE) --no-print-directory -s -j2 all
	@examples/demo/run.sh
check:					## install what the tests need, and run them all
	@contrib/need check
	@echo 'check: building programs and tests (some 40 seconds the first time)'
	@$(MAKE) --no-print-directory -s -j2 CFLAGS="$(CFLAGS) -Werror" tests
	@contrib/tap $(UNITS:%=$(OUT)/%) $(REPLAYS) $(STORIES)
tests: all $(UNITS:%=$(OUT)/%) $(REPLAYS) $(TOOLS:%=$(OUT)/tools/%) $(PROBES)	## build the programs and all tests
check-unit: tests			## only the unit tests
	@contrib/tap $(UNITS:%=$(OUT)/%)
check-run: tests			## only the stories in tests/run
	@contrib/tap $(sort $(wildcard tests/run/*.sh))
check-agents: tests			## agents from npm (some 800 MB), in the jail, told by a script what to do
	@contrib/need check
	@contrib/tap tests/agents/agents.sh
crash:					## the crash matrix, whole: every byte, call, order and error
	@contrib/need check
	@$(MAKE) --no-print-directory -s -j2 tests
	@REEVE_CRASH=whole TAP_SECONDS=7200 contrib/tap $(OUT)/test_audit_crash tests/run/crash-power.sh tests/run/crash-calls.sh tests/run/ledger-files.sh
check-floors:				## every include against src/FLOORS
	@contrib/check-floors src
check-size:				## no function over 60 lines, no file over 400
	@contrib/check-size src
asan:					## the unit tests and fuzz corpora under the sanitizers
	@contrib/need check
	@$(MAKE) --no-print-directory -s MODE=asan asan-unit
JAILED := $(filter test_jail_%,$(UNITS))
asan-unit: $(UNITS:%=$(OUT)/%) $(REPLAYS)
	@contrib/tap $(filter-out $(JAILED:%=$(OUT)/%),$^)
bench:					## ratios against peers and physical limits, in one run
	@contrib/need bench
	@$(MAKE) --no-print-directory -s tests
	@contrib/bench

# --- analysis ---

C_FILES := $(wildcard src/*/*.c)
SHELLS  := $(filter-out %.py $(patsubst %/,%,$(wildcard contrib/*/)),$(wildcard contrib/* examples/*/*.sh tests/*/*.sh)) .ci/run
# The checks switched off are those that do not model __attribute__((cleanup)), or fight the style: CONTRIBUTING.md.
TIDY    := -*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier,-bugprone-narrowing-conversions,-bugprone-branch-clone,-bugprone-assignment-in-if-condition,-bugprone-suspicious-include,-bugprone-sizeof-expression,cert-*,-cert-err33-c,-cert-err34-c,-cert-dcl37-c,-cert-dcl51-cpp,clang-analyzer-*,-clang-analyzer-unix.Malloc,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling,-clang-analyzer-valist.Uninitialized
BANNED  := strcpy|strcat|sprintf|vsprintf|strtok|atoi|system|popen|signal|alloca|gets

lint: lint-banned lint-shell lint-man lint-cppcheck lint-tidy lint-gcc	## every analyser
	@echo "lint: clean"
lint-banned:
	@! grep -nE '\b($(BANNED))[ ]*\(' $(C_FILES) | grep -vE 'jail_signal|^[^:]*:[0-9]*: \*|forward_signal'
lint-shell:
	@contrib/need lint
	@shellcheck -x -P SCRIPTDIR -s sh -S warning $(SHELLS)
lint-man:
	@mandoc -Tlint -Wwarning docs/man/*
# cppcheck reads no system headers: the loops of <sys/queue.h> and jansson, as it should see them.
LOOPS   := -D'TAILQ_FOREACH(v,h,f)=while((v)=next_in(h))' -D'SLIST_FOREACH(v,h,f)=while((v)=next_in(h))' \
	   -D'json_array_foreach(a,i,v)=while((i=next_in(a))&&(v=json_array_get(a,i)))' \
	   -D'json_object_foreach(o,k,v)=while((k=next_in(o))&&(v=json_object_get(o,k)))'
NAMES   := -DREEVE_VERSION='""'
EACH     = @printf '%s\n' $(C_FILES) | xargs -P 2 -I{}

lint-cppcheck:
	@cppcheck -q --std=c11 --enable=warning,performance,portability --error-exitcode=1 --inline-suppr \
		--suppress=memleak --suppress=resourceLeak --suppress=missingIncludeSystem -D_GNU_SOURCE \
		$(LOOPS) $(NAMES) -Isrc src
lint-tidy:
	$(EACH) clang-tidy --quiet --warnings-as-errors='*' --checks='$(TIDY)' {} -- $(STRICT) $(NAMES) \
		-Isrc 2>/dev/null
lint-gcc:
	$(EACH) $(CC) $(ALL_C) -fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-fd-leak \
		-Wno-analyzer-fd-use-without-check -Werror -c {} -o /dev/null -MF /dev/null

# --- fuzzing ---

fuzz:					## run every fuzz target for FUZZ_SECONDS (30) each
	@contrib/need fuzz
	@$(MAKE) --no-print-directory -s MODE=asan CC=clang OUT=build/fuzz \
		CFLAGS="-O1 -g -fsanitize=fuzzer-no-link" $(FUZZ:%=build/fuzz/%)
	@for t in $(FUZZ); do mkdir -p build/fuzz/corpus/$$t; echo "$$t"; build/fuzz/$$t -verbosity=0 \
		-max_total_time=$(or $(FUZZ_SECONDS),30) -print_final_stats=0 -artifact_prefix=build/fuzz/ \
		$$(ls tests/fuzz/$${t#fuzz_}.dict 2>/dev/null | sed s/^/-dict=/) \
		build/fuzz/corpus/$$t tests/fuzz/corpus/$${t#fuzz_} || exit 1; done

# --- getting it onto a machine ---

MANS := $(wildcard docs/man/*)

install: all				## install below $(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/reeve \
		$(DESTDIR)$(PREFIX)/share/reeve/profiles $(DESTDIR)$(PREFIX)/share/reeve/policies/catalogue \
		$(DESTDIR)$(PREFIX)/share/reeve/apparmor $(DESTDIR)$(PREFIX)/share/reeve/schema \
		$(DESTDIR)$(PREFIX)/share/reeve/maps $(DESTDIR)$(PREFIX)/share/reeve/controls
	install -m 755 $(OUT)/reeve $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(filter-out $(OUT)/reeve,$(PROGRAMS:%=$(OUT)/%)) $(DESTDIR)$(PREFIX)/libexec/reeve
	ln -sf ../libexec/reeve/reeve-audit ../libexec/reeve/reeve-witness $(DESTDIR)$(PREFIX)/bin
	install -m 644 profiles/*.json $(DESTDIR)$(PREFIX)/share/reeve/profiles
	install -m 644 policies/*.* $(DESTDIR)$(PREFIX)/share/reeve/policies
	install -m 644 policies/catalogue/* $(DESTDIR)$(PREFIX)/share/reeve/policies/catalogue
	install -m 644 contrib/apparmor/reeve $(DESTDIR)$(PREFIX)/share/reeve/apparmor
	install -m 644 docs/schema/*.json $(DESTDIR)$(PREFIX)/share/reeve/schema
	install -m 644 maps/*.json $(DESTDIR)$(PREFIX)/share/reeve/maps
	install -d $(addprefix $(DESTDIR)$(PREFIX)/lib/,systemd/system sysusers.d tmpfiles.d)
	for u in $(notdir $(wildcard contrib/systemd/reeve-*@*)); do sed 's|/usr/local/|$(PREFIX)/|g' contrib/systemd/$$u \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/$$u && chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/$$u || exit 1; done
	for d in sysusers tmpfiles; do install -m 644 contrib/systemd/reeve.$$d.conf $(DESTDIR)$(PREFIX)/lib/$$d.d/reeve.conf; done
	install -m 644 controls/*.json $(DESTDIR)$(PREFIX)/share/reeve/controls
	for m in $(MANS); do install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
dist:					## a tarball of what is committed, built and checked from itself
	@mkdir -p build/dist
	git archive --format=tar.gz --prefix=reeve-$(VERSION)/ -o build/dist/reeve-$(VERSION).tar.gz HEAD
	cd build/dist && rm -rf reeve-$(VERSION) && tar xzf reeve-$(VERSION).tar.gz && $(MAKE) -s -C reeve-$(VERSION) all
clean:					## forget everything built
	rm -rf build
help:					## print this
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1|/p' Makefile | column -t -s '|'

.PHONY: all demo check tests check-unit check-run check-agents crash check-floors check-size asan asan-unit bench lint \
	lint-banned lint-shell lint-man lint-cppcheck lint-tidy lint-gcc fuzz install dist clean help
-include $(wildcard $(OUT)/*/*.d) $(wildcard $(OUT)/*.d)
