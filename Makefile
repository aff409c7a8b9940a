# esimd - a host for eSIM provisioning
#
#   make            build everything (MODE=debug|asan|release; debug is the default)
#   make demo       build, then a real order at every carrier, with a QR on this terminal
#   make run        the same host and carriers, left running at fixed addresses
#   make check      every test, under 12 minutes on 2 cores; what CI runs
#   make lint       layers, foreign headers, symbols, banned words, sizes, format
#   make bench      figures, as ratios in one run (docs/performance.md)
#   make fuzz       each fuzz target for FUZZ_SECONDS (default 60)
#   make torture    kill -9 everywhere, allocation and I/O failures: the long forms
#   make races      the host under ThreadSanitizer
#   make docs       tables printed from the code into docs/
#   make install    programs, SDK, manual pages below DESTDIR/PREFIX
#   make packages   install the Debian packages that build and tests need
#   make clean      remove build/

MODE    ?= debug
PREFIX  ?= /usr
JOBS    ?= $(shell nproc)
B       := build/$(MODE)
export MODE B

CFLAGS_debug   := -Og -g3
CFLAGS_asan    := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2
CFLAGS_fuzz    := -O1 -g3 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-error
CFLAGS_tsan    := -O1 -g3 -fsanitize=thread -fno-omit-frame-pointer
SANITIZE_tsan  := -fsanitize=thread
SANITIZE_asan  := -fsanitize=address,undefined
SANITIZE_fuzz  := -fsanitize=fuzzer,address,undefined
CC      := gcc
CFLAGS  += -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wstrict-prototypes \
           -Wmissing-prototypes -Wshadow -Wvla -fstack-protector-strong -fPIC \
           -fvisibility=hidden -MMD -MP -Ihost -Isdk/include -I/usr/share/include/llhttp \
           -I/usr/include/libxml2 $(CFLAGS_$(MODE))
LLHTTP_FLAGS := -DLLHTTP_STRICT_MODE=1 -w
$(shell tools/flags.sh $(B) '$(CC) $(CFLAGS) $(LLHTTP_FLAGS)')
LDFLAGS += -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE_$(MODE))
HOST_LIBS := -levent -levent_openssl -levent_pthreads -lcurl -lssl -lcrypto -lcyaml \
             -lyaml -ljansson -lsqlite3 -lqrencode -lpng -lz -lpthread
PEER_NODE = $(if $(wildcard tests/package.json),tests/node_modules/.ready)

# Packages first: what they install is looked for below. make starts anew after this.
ifeq ($(filter help clean packages,$(MAKECMDGOALS)),)
-include build/.packages
endif

# One folder, one module; the programs' own sources are apart from the library's.
MODULES  := base loop crypto conf store net cell manifest policy adapter audit order profile api
HOST_SRC := $(foreach m,$(MODULES),$(wildcard host/$(m)/*.c))
LLHTTP   := $(wildcard /usr/share/llhttp/*.c)
SDK_SRC  := $(wildcard sdk/lib/*.c)
PLUGINS  := $(patsubst plugins/%/,%,$(dir $(wildcard plugins/*/adapter.c)))
FAULTY   := $(patsubst tests/adapters/%.c,%,$(wildcard tests/adapters/*.c))
UNIT     := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
BENCH    := $(patsubst %.c,%,$(wildcard tests/bench/*_bench.c))
FUZZ     := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*_fuzz.c))

obj = $(patsubst %.c,$(B)/%.o,$(filter-out /%,$(1))) \
      $(patsubst /usr/share/%.c,$(B)/%.o,$(filter /usr/share/%,$(1)))

PROGRAMS := $(if $(wildcard host/main.c),$(B)/esimd) \
            $(if $(wildcard host/ctl/main.c),$(B)/esimctl) \
            $(if $(wildcard host/cell/inside/adapter_cell.c),$(B)/esim-cell) \
            $(if $(wildcard host/cell/inside/policy_cell.c),$(B)/esim-policy-cell) \
            $(if $(wildcard sdk/tool/*.c),$(B)/esim-adapter) \
            $(if $(wildcard sdk/sandbox/*.c),$(B)/esim-sandbox)
ADAPTERS := $(PLUGINS:%=$(B)/adapters/%.so)
TESTED   := $(FAULTY:%=$(B)/tests/adapters/%.so)

# Signed for development: each built adapter that has a manifest, and the policy.
MANIFESTS := $(patsubst %,$(B)/manifests/%.yaml,$(filter $(PLUGINS),$(patsubst manifests/%.yaml,%,$(wildcard manifests/*.yaml))))
LUA       := $(filter-out %_test.lua %.meta.lua,$(wildcard policies/*.lua))
POLICY    := $(if $(LUA),$(patsubst policies/%,$(B)/policies/%,$(wildcard policies/policy.yaml)))

.PHONY: all
all: $(PROGRAMS) $(ADAPTERS) $(MANIFESTS) $(POLICY)

$(B)/%.o: %.c $(B)/.flags | packages-known
	@mkdir -p $(@D)
	@echo "cc $<"; $(CC) $(CFLAGS) $(CFLAGS_FILE) -c $< -o $@
$(B)/llhttp/%.o: /usr/share/llhttp/%.c $(B)/.flags | packages-known
	@mkdir -p $(@D)
	@echo "cc $<"; $(CC) $(CFLAGS) $(LLHTTP_FLAGS) -c $< -o $@
$(B)/host/cell/inside/lua_%.o: CFLAGS_FILE = -I/usr/include/lua5.4

$(B)/libhost.a: $(call obj,$(HOST_SRC) $(LLHTTP))
	@mkdir -p $(@D) && rm -f $@
	@ar rcs $@ $^
$(B)/libesim-adapter.a: $(call obj,$(SDK_SRC))
	@mkdir -p $(@D) && rm -f $@
	@ar rcs $@ $^

# Programs. The cells link only what they need.
WIRE := host/cell/wire.c host/base/buf.c host/base/slice.c host/base/arena.c host/base/err.c
$(B)/esimd: $(call obj,host/main.c) $(B)/libhost.a
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(HOST_LIBS)
$(B)/esimctl: $(call obj,$(wildcard host/ctl/*.c)) $(B)/libhost.a
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(HOST_LIBS) -lsmartcols
$(B)/esim-cell: $(call obj,$(filter-out host/cell/inside/policy_% host/cell/inside/lua_%,$(wildcard host/cell/inside/*.c)) host/cell/fields.c $(wildcard host/cell/*_codec.c) $(WIRE))
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $^ -ldl -lseccomp
$(B)/esim-policy-cell: $(call obj,$(filter-out host/cell/inside/adapter_%,$(wildcard host/cell/inside/*.c)) $(WIRE))
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $^ -llua5.4 -ljansson -lseccomp -lm
$(B)/esim-adapter: $(call obj,$(wildcard sdk/tool/*.c)) $(B)/libhost.a | $(B)/pkgconfig/esim-adapter.pc
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(HOST_LIBS) -lelf
# So that a new adapter builds against this folder, without an install.
$(B)/pkgconfig/esim-adapter.pc: sdk/esim-adapter.pc.in Makefile $(B)/libesim-adapter.a
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(CURDIR)|' -e 's|@INCLUDEDIR@|$(CURDIR)/sdk/include|' -e 's|@LIBDIR@|$(CURDIR)/$(B)|' \
	    -e 's|@SANITIZE@|$(SANITIZE_$(MODE))|' $< >$@
$(B)/esim-sandbox: $(call obj,$(wildcard sdk/sandbox/*.c)) $(B)/libhost.a
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(HOST_LIBS) -lxml2

# Adapters: the public SDK alone, one exported symbol.
.SECONDEXPANSION:
$(B)/adapters/%.so: $$(call obj,$$(wildcard plugins/%/*.c)) $(B)/libesim-adapter.a
	@mkdir -p $(@D)
	@echo "ld $@"; $(CC) $(LDFLAGS) -shared $(if $(SANITIZE_$(MODE)),,-Wl,-z,defs) -Wl,--exclude-libs,ALL -o $@ $^ -ljansson -lxml2 -lm
$(B)/tests/adapters/%.so: $(B)/tests/adapters/%.o $(B)/libesim-adapter.a
	@echo "ld $@"; $(CC) $(LDFLAGS) -shared $(if $(SANITIZE_$(MODE)),,-Wl,-z,defs) -Wl,--exclude-libs,ALL -o $@ $^ -ljansson -lpthread

# Keys are made once and never committed.
build/keys/trust.yaml: | packages-known
	@tools/dev-keys.sh build/keys
$(B)/manifests/%.yaml: manifests/%.yaml $(B)/adapters/%.so tools/sign-dev.sh build/keys/trust.yaml
	@echo "sign $@"; tools/sign-dev.sh $< $(B)/adapters $(@D)
$(B)/policies/policy.yaml: policies/policy.yaml $(LUA) tools/sign-dev.sh build/keys/trust.yaml
	@mkdir -p $(@D) && cp $(LUA) $(@D)
	@echo "sign $@"; tools/sign-dev.sh $< $(@D) $(@D)

# Tests. atom_test, atom_inbound_test and atom_fuzz link all of plugins/atom; what plays a
# recording has the adapter as it is shipped, beside parts of the host.
tested = $(firstword $(subst _, ,$(1)))
plugin_obj = $(if $(filter %_recorded_test,$(1)),$(B)/adapters/$(tested).so,$(call obj,$(wildcard plugins/$(tested)/*.c)))
UNIT_BIN := $(UNIT:%=$(B)/tests/unit/%)
$(UNIT_BIN): $(B)/tests/unit/%: $(B)/tests/unit/%.o $$(call plugin_obj,$$*) $(B)/libesim-adapter.a $(B)/libhost.a
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o %.so,$^) $(filter %.a,$^) -lcunit $(HOST_LIBS) -lxml2 -lm
LUA_TESTED := $(B)/tests/unit/lua_test $(B)/tests/fuzz/lua_parse_fuzz
$(LUA_TESTED): $(call obj,$(wildcard host/cell/inside/lua_*.c))
$(LUA_TESTED): HOST_LIBS += -llua5.4
$(B)/tests/unit/policy_commands_test: $(call obj,$(wildcard host/ctl/policy_*.c))
sandbox_obj := $(call obj,$(filter-out %/main.c,$(wildcard sdk/sandbox/*.c)))
FUZZ_REPLAY := $(FUZZ:%=$(B)/tests/fuzz/%)
$(filter $(B)/tests/unit/sandbox_% $(B)/tests/fuzz/sandbox_%,$(UNIT_BIN) $(FUZZ_REPLAY)): $(sandbox_obj)
$(FUZZ_REPLAY): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(if $(filter fuzz,$(MODE)),,$(B)/tests/fuzz/replay.o) $$(call plugin_obj,$$*) $(B)/libesim-adapter.a $(B)/libhost.a
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(HOST_LIBS) -lxml2 -lm

$(B)/tests/bench/%: $(B)/tests/bench/%.o $(B)/libhost.a
	@echo "ld $@"; $(CC) $(LDFLAGS) -o $@ $^ $(HOST_LIBS)

# What power cuts and kills are made with (tests/torture/README.md).
$(B)/tests/unit/power_loss_test: $(call obj,tests/torture/lossy_vfs.c)
$(B)/tests/unit/kill_at_test: | $(B)/tests/torture/kill_at.so
$(B)/tests/unit/fail_at_test: | $(B)/tests/torture/fail_at.so
$(B)/tests/torture/%_at.so: tests/torture/%_at.c
	@mkdir -p $(@D)
	@echo "cc $<"; $(CC) $(filter-out $(CFLAGS_$(MODE)) -MMD -MP,$(CFLAGS)) -fvisibility=default -g -shared -o $@ $< -ldl

.PHONY: tests-built bench-built
bench-built: all $(BENCH:%=$(B)/%)
tests-built: all $(B)/tests/torture/kill_at.so $(B)/tests/torture/fail_at.so $(UNIT_BIN) $(FUZZ_REPLAY) $(TESTED)

.PHONY: check lint demo run bench fuzz torture races docs
check: packages-known $(PEER_NODE)
	@tests/check.sh
lint: packages-known
	@tests/lint/lint.sh
demo: all
	@demo/demo.sh
run: all
	@demo/demo.sh --stay
bench: packages-known $(PEER_NODE)
	@$(MAKE) --no-print-directory MODE=release -j$(JOBS) bench-built
	@MODE=release B=build/release tests/bench/bench.sh
fuzz: packages-known
	@tests/fuzz/fuzz.sh
torture: packages-known $(PEER_NODE)
	@$(MAKE) --no-print-directory MODE=debug -j$(JOBS) tests-built
	@TORTURE=long tests/torture/torture.sh
races: packages-known $(PEER_NODE)
	@$(MAKE) --no-print-directory MODE=debug -j$(JOBS) tests-built
	@tests/races/races.sh
docs: all
	@$(B)/esimd --settings > docs/settings.md

tests/node_modules/.ready: tests/package.json tests/package-lock.json | packages-known
	cd tests && npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

.PHONY: install
install: all $(B)/libesim-adapter.a
	@SANITIZE="$(SANITIZE_$(MODE))" sdk/install.sh "$(DESTDIR)$(PREFIX)"

# Packages are asked for once per checkout, and again when the list changes.
.PHONY: packages packages-known
packages:
	@tools/packages.sh
packages-known: build/.packages
build/.packages: tools/packages.txt
	@tools/packages.sh
	@mkdir -p build && touch $@

.PHONY: clean help
clean:
	rm -rf build
help:
	@sed -n '/^#   make/s/^#   //p' Makefile

-include $(shell find build/$(MODE) -name '*.d' 2>/dev/null)
