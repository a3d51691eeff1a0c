# SPDX-License-Identifier: PostgreSQL
# pgpipe: GNU make builds it, tests it and installs it.  `make help` says how.

VERSION  := 0.1.0
PREFIX   ?= /usr/local
DESTDIR  ?=

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# --- what to build, and where ------------------------------------------------
# A sanitizer (SAN=address,undefined or SAN=thread) or another compiler gets a
# build directory of its own, so that runs never mix objects.

comma    := ,
compiler := $(if $(findstring clang,$(notdir $(CC))),clang)
variant  := $(strip $(compiler) $(if $(SAN),san-$(subst $(comma),-,$(SAN))))
BUILD    ?= build$(if $(variant),/$(subst $() $(),-,$(variant)))
# One name for one directory: dependencies are kept by name.
override BUILD := $(BUILD:$(CURDIR)/%=%)

TOOLS     := $(patsubst bin/%.c,%,$(wildcard bin/*.c))
LIB_SRCS  := $(wildcard lib/*/*.c)
LIB_HDRS  := $(wildcard lib/*/*.h)
UNITS     := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
HELPERS   := $(patsubst tests/helpers/%.c,%,$(wildcard tests/helpers/*.c))
PRELOADS  := $(patsubst tests/preload/%.c,%,$(wildcard tests/preload/*.c))
BENCHES   := $(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c))
FUZZERS   := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
MAN_PAGES := $(wildcard man/*.[1-8])
SHARED    := $(shell test -d share && find share -type f)
PLUGINS   := $(filter-out %.c,$(wildcard libexec/*))
PROGRAMS  := $(patsubst libexec/%.c,%,$(wildcard libexec/*.c))

LIB_OBJS  := $(LIB_SRCS:%.c=$(BUILD)/obj/%.o)
BIN_OBJS  := $(TOOLS:%=$(BUILD)/obj/bin/%.o)
EXEC_OBJS := $(PROGRAMS:%=$(BUILD)/obj/libexec/%.o)
UNIT_OBJS := $(UNITS:%=$(BUILD)/obj/tests/unit/%.o)
HELP_OBJS := $(HELPERS:%=$(BUILD)/obj/tests/helpers/%.o)
LIBRARY   := $(BUILD)/libpgpipe.a

# --- flags --------------------------------------------------------------------

PACKAGES  := libpq libarchive jansson libxxhash libzstd liblz4 zlib libcrypto \
	yaml-0.1 librsvg-2.0 xlsxwriter
# What only a plug-in is linked with.
PLUGIN_PACKAGES := libcurl
PKGCONFIG ?= pkg-config

pkg_cflags := $(shell $(PKGCONFIG) --cflags $(PACKAGES) $(PLUGIN_PACKAGES) 2>/dev/null)
pkg_libs   := $(shell $(PKGCONFIG) --libs $(PACKAGES) 2>/dev/null)
plugin_libs := $(shell $(PKGCONFIG) --libs $(PLUGIN_PACKAGES) 2>/dev/null)

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wcast-qual \
	-Wundef -Wformat=2 -Wvla -Wnull-dereference -Wimplicit-fallthrough \
	-Werror
HARDEN   := -fstack-protector-strong -fPIE
OPTIMISE := -O2 -g -D_FORTIFY_SOURCE=2
# As needed: a tool that draws nothing does not load what draws.
LINKING  := -pie -Wl,-z,relro -Wl,-z,now -Wl,--as-needed

ifdef SAN
# Fortified calls hide from the sanitizers' interceptors, and gcc's flow
# warnings are not meant for instrumented code.
OPTIMISE := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN)
ifneq ($(findstring undefined,$(SAN)),)
OPTIMISE += -fno-sanitize-recover=undefined
endif
LINKING  += -fsanitize=$(SAN)
WARNINGS += -Wno-null-dereference
endif

CPPFLAGS_ALL := -Ilib -D_XOPEN_SOURCE=700 -D_FILE_OFFSET_BITS=64 \
	-DPGPIPE_VERSION=\"$(VERSION)\" \
	-DPGPIPE_SHAREDIR=\"$(PREFIX)/share/pgpipe\" \
	-DPGPIPE_LIBEXECDIR=\"$(PREFIX)/libexec/pgpipe\" \
	$(patsubst -I%,-isystem %,$(pkg_cflags)) $(CPPFLAGS)
CFLAGS_ALL  := -std=c17 -pthread $(OPTIMISE) $(WARNINGS) $(HARDEN) $(CFLAGS)
LDFLAGS_ALL := -pthread $(LINKING) $(LDFLAGS)
LIBS_ALL    := $(pkg_libs) -lm $(LIBS)

COMPILE = $(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL)
LINK    = $(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL)

# `make V=1` shows whole commands.
ifeq ($(V),)
Q   := @
say  = @printf '  %-5s %s\n' $(1) $(2)
else
say  = @:
endif

# --- building -------------------------------------------------------------------

.PHONY: all lib tools unit testprogs completion help
all: lib tools ## build every tool into build/bin
	@:
lib: $(LIBRARY)
tools: $(TOOLS:%=$(BUILD)/bin/%) $(PROGRAMS:%=$(BUILD)/libexec/pgpipe/%)
unit: $(UNITS:%=$(BUILD)/unit/%)
testprogs: unit $(HELPERS:%=$(BUILD)/test/%) $(PRELOADS:%=$(BUILD)/test/%.so) \
	$(FUZZERS:%=$(BUILD)/replay/%)
	@:

# The flags and the list of sources are files, written only when they change:
# so that new flags rebuild everything, and a removed source leaves the archive.
define keep
@mkdir -p $(@D)
@printf '%s\n' '$(subst ','\'',$(1))' >$@.$$$$ && \
	if cmp -s $@.$$$$ $@; then rm -f $@.$$$$; else mv $@.$$$$ $@; fi
endef

# Objects stay, also those that are only a step to a test program.
.PRECIOUS: $(BUILD)/obj/%.o
.PHONY: always
$(BUILD)/flags: always
	$(call keep,$(COMPILE) $(LDFLAGS_ALL) $(LIBS_ALL))
$(BUILD)/members: always
	$(call keep,$(LIB_OBJS))

$(BUILD)/libraries:
	@$(PKGCONFIG) --exists --print-errors $(PACKAGES) \
		$(PLUGIN_PACKAGES) || \
		{ echo 'pgpipe: run "make deps" to get what is missing' >&2; exit 1; }
	@mkdir -p $(@D) && touch $@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(BUILD)/libraries
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(LIBRARY): $(LIB_OBJS) $(BUILD)/members
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) qcs $@ $(LIB_OBJS)

# A tool finds its texts in ../share/pgpipe and its plug-ins in
# ../libexec/pgpipe, seen from its own file: installed or not.
$(BUILD)/bin/%: $(BUILD)/obj/bin/%.o $(LIBRARY) | $(BUILD)/share/pgpipe $(BUILD)/libexec/scripts
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(LIBRARY) $(LIBS_ALL)

$(BUILD)/share/pgpipe:
	@mkdir -p $(@D)
	@ln -sfnr share $@

# Plug-ins that are scripts are links, those that are programs are made here.
$(BUILD)/libexec/scripts: $(PLUGINS)
	@[ ! -L $(@D)/pgpipe ] || rm $(@D)/pgpipe
	@mkdir -p $(@D)/pgpipe
	@$(foreach p,$(PLUGINS),ln -sfr $p $(@D)/pgpipe/$(notdir $p) &&) touch $@

$(BUILD)/libexec/pgpipe/%: $(BUILD)/obj/libexec/%.o $(LIBRARY) | $(BUILD)/libexec/scripts
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $< $(LIBRARY) $(plugin_libs) $(LIBS_ALL)

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(LIBRARY)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(LIBRARY) $(LIBS_ALL)

$(BUILD)/test/%: $(BUILD)/obj/tests/helpers/%.o $(LIBRARY)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(LIBRARY) $(LIBS_ALL)

# A fuzzer without its engine, to replay the kept corpus.
$(BUILD)/replay/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(LIBRARY)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBRARY) $(LIBS_ALL)

.PHONY: bench-programs
bench-programs: $(BENCHES:%=$(BUILD)/bench/%)
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIBRARY)
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $< $(LIBRARY) $(LIBS_ALL)

# What LD_PRELOAD puts in front of libc is never instrumented itself.
$(BUILD)/test/%.so: tests/preload/%.c $(BUILD)/flags
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -std=c17 -O2 -g $(WARNINGS) -fPIC -shared -o $@ $< -ldl

completion: $(BUILD)/share/completions/pgpipe.bash ## bash completion, from the tools' own option tables
	@:
$(BUILD)/share/completions/pgpipe.bash: scripts/completion $(TOOLS:%=$(BUILD)/bin/%)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)scripts/completion $(TOOLS:%=$(BUILD)/bin/%) >$@

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d)

# --- the two commands for a fresh machine, and their relatives ------------------
# What these need may be missing when make reads this file, so they build in a
# second make, after `deps`; on all cores, unless somebody says how many.
SECOND = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(CORES))
CORES := $(shell nproc 2>/dev/null || echo 2)

.PHONY: deps deps-lint deps-bench deps-fuzz deps-browser demo check soak lint fuzz \
	bench
deps: ## install what is missing (Debian, Ubuntu)
	@scripts/deps build run $(compiler) $(if $(PG),servers)
deps-lint:
	@scripts/deps build lint
deps-fuzz:
	@scripts/deps build fuzz
deps-browser: ## install what tests of reports need: chromium, two npm packages
	@BUILD=$(BUILD) scripts/deps browser
deps-bench:
	@scripts/deps build run bench

demo: deps ## copy real data between two throw-away servers, and prove it
	@$(SECOND) all
	@BUILD=$(BUILD) scripts/demo

check: deps ## all tests; PG=17, SAN=address,undefined, T=pattern, J=jobs
	@$(MAKE) --no-print-directory deps-browser || \
		echo 'make: tests in a browser are skipped' >&2
	@$(SECOND) all testprogs completion
	@BUILD=$(BUILD) SAN=$(SAN) PG=$(PG) T='$(subst ','\'',$(T))' J=$(J) \
		SOAK=$(SOAK) tests/run

soak: ## all tests, the long ones too; the same variables
	@$(MAKE) --no-print-directory check SOAK=1

bench: deps-bench ## measure speed and memory beside other tools
	@$(SECOND) all bench-programs
	@PATH="$(CURDIR)/$(BUILD)/bin:$(CURDIR)/$(BUILD)/bench:$$PATH" tests/bench/run
	@tests/bench/hypertables
	@tests/bench/report
	@tests/bench/chart
	@tests/bench/backup

FUZZ_TIME ?= 60
fuzz: deps-fuzz ## each fuzzer for FUZZ_TIME=60 seconds
	@$(SECOND) CC=clang SAN=fuzzer-no-link,address,undefined \
		BUILD=build/fuzz fuzz-programs
	@tests/fuzz/run $(FUZZ_TIME) $(FUZZERS:%=build/fuzz/%)

.PHONY: fuzz-programs
fuzz-programs: $(FUZZERS:%=$(BUILD)/%)
$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $< $(LIBRARY) $(LIBS_ALL)

# --- lint -------------------------------------------------------------------------
# Each file passes each check once; a stamp remembers it until file or rules change.

C_FILES  := $(LIB_SRCS) $(wildcard bin/*.c libexec/*.c tests/unit/*.c tests/helpers/*.c \
	tests/preload/*.c tests/fuzz/*.c tests/bench/*.c)
C_ALL    := $(C_FILES) $(LIB_HDRS) $(wildcard tests/*/*.h)
SH_FILES  = $(shell scripts/shell-files)
L        := build/lint
TIDY_CPP  = $(filter-out -Werror,$(CPPFLAGS_ALL)) -std=c17

# These, too, only mean something once their programs are there.
lint: deps-lint ## clang-tidy, cppcheck, gcc -fanalyzer, shellcheck, mandoc, clang-format, layers
	@$(MAKE) --no-print-directory -k all lint-all

.PHONY: lint-all lint-format lint-shell lint-man lint-layers
lint-all: lint-format lint-shell lint-man lint-layers $(L)/cppcheck \
	$(C_FILES:%=$(L)/%.tidy) $(C_FILES:%=$(L)/%.analyzer)
	@echo 'lint: clean'

lint-format:
	$(call say,FMT,'$(words $(C_ALL)) files')
	$(Q)$(if $(C_ALL),clang-format --dry-run -Werror $(C_ALL))
lint-shell:
	$(call say,SHELL,'$(words $(SH_FILES)) files')
	$(Q)scripts/shell-files | xargs shellcheck -x
lint-man:
	$(call say,MAN,'$(words $(MAN_PAGES)) pages')
	$(Q)$(if $(MAN_PAGES),mandoc -Tlint -Wwarning $(MAN_PAGES))
lint-layers: all
	$(call say,LAYER,lib)
	$(Q)tests/layers $(BUILD)
$(L)/cppcheck: $(C_ALL) .cppcheck
	$(call say,CPPC,'$(words $(C_FILES)) files')
	@mkdir -p $(L)/cppcheck.d
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 \
		--enable=warning,performance,portability --inline-suppr \
		--suppressions-list=.cppcheck --cppcheck-build-dir=$(L)/cppcheck.d \
		-D__linux__ -Ilib $(C_FILES)
	@touch $@
$(L)/%.tidy: % .clang-tidy $(LIB_HDRS)
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(TIDY_CPP) 2>$@.log || { cat $@.log >&2; exit 1; }
	@rm -f $@.log && touch $@
$(L)/%.analyzer: % $(LIB_HDRS)
	$(call say,ANLZ,$<)
	@mkdir -p $(@D)
	$(Q)gcc $(CPPFLAGS_ALL) -std=c17 -O2 -fanalyzer -Werror -c -o $@ $<

# --- installing -----------------------------------------------------------------

bindir   := $(DESTDIR)$(PREFIX)/bin
mandir   := $(DESTDIR)$(PREFIX)/share/man
sharedir := $(DESTDIR)$(PREFIX)/share/pgpipe
execdir  := $(DESTDIR)$(PREFIX)/libexec/pgpipe
compdir  := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
man_of    = $(mandir)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))

.PHONY: install uninstall format clean
install: all completion ## into PREFIX=/usr/local, under DESTDIR if given
	@install -d $(bindir) $(sharedir) $(compdir)
	@$(foreach t,$(TOOLS),install -m 755 $(BUILD)/bin/$t $(bindir)/$t &&) :
	@$(foreach f,$(SHARED),install -D -m 644 $f $(sharedir)/$(f:share/%=%) &&) :
	@$(foreach m,$(MAN_PAGES),install -D -m 644 $m $(call man_of,$m) &&) :
	@$(foreach p,$(PLUGINS),install -D -m 755 $p $(execdir)/$(notdir $p) &&) :
	@$(foreach p,$(PROGRAMS),install -D -m 755 $(BUILD)/libexec/pgpipe/$p $(execdir)/$p &&) :
	@install -m 644 $(BUILD)/share/completions/pgpipe.bash $(compdir)/pgpipe
	@$(foreach t,$(filter-out pgpipe,$(TOOLS)),ln -sfn pgpipe $(compdir)/$t &&) :
	@echo 'installed in $(DESTDIR)$(PREFIX)'

uninstall: ## undo install
	@rm -rf $(sharedir) $(execdir)
	@rm -f $(TOOLS:%=$(bindir)/%) $(foreach m,$(MAN_PAGES),$(call man_of,$m))
	@rm -f $(compdir)/pgpipe $(TOOLS:%=$(compdir)/%)
	@echo 'removed from $(DESTDIR)$(PREFIX)'

format: ## clang-format every C file in place
	clang-format -i $(C_ALL)

clean: ## remove build/
	@rm -rf build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='	' read -r target text; do printf '  make %-11s %s\n' "$$target" "$$text"; done
