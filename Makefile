# One GNU makefile, no configure step. Sources are taken by folder; everything lands in $(B).
#   make                 both libraries, the command, the sandbox, the examples
#   make check           lint and every test            make asan / debug    the same in another build
#   make deps check      installs what is missing first
#   make install, uninstall, dist, distcheck: pkgconfig/install.mk
#   make fuzz SECONDS=n [TARGET=name]   every fuzz target for n seconds (clang)
#   VARIANT=release|debug|asan|tsan|fuzz    WERROR=1    B=where to build

VARIANT ?= release
B_GIVEN := $(filter command environment,$(firstword $(origin B)))
B       ?= build/$(VARIANT)
CC      ?= cc
AR      ?= ar
HOSTCC  ?= $(CC)
PKG_CONFIG ?= pkg-config
V       ?= 0
.DEFAULT_GOAL := all
SHELL   := /bin/sh
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:

# ---- deps: what it installs must be there before pkg-config is asked, hence the second make -----------------
DEPS_GOALS := deps deps-model deps-peers deps-ffi deps-fuzz deps-bench deps-export
ifneq ($(filter $(DEPS_GOALS),$(MAKECMDGOALS)),)

REST := $(filter-out $(DEPS_GOALS),$(MAKECMDGOALS))
.PHONY: $(MAKECMDGOALS) after-deps
deps:       ; @sh .ci/deps.sh build
deps-model: ; @sh .ci/deps.sh model
deps-peers: ; @sh .ci/deps.sh peers
deps-ffi:   ; @sh .ci/deps.sh ffi
deps-fuzz:  ; @sh .ci/deps.sh fuzz
deps-bench: ; @sh .ci/deps.sh bench
deps-export: ; @sh .ci/deps.sh export
# A newcomer gives no -j: then as many at a time as the machine has cores.
JOBS_FLAG = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
after-deps: $(filter $(DEPS_GOALS),$(MAKECMDGOALS)) ; +@$(if $(REST),$(MAKE) --no-print-directory $(JOBS_FLAG) $(REST),:)
$(REST): after-deps ; @:
.NOTPARALLEL:

else

# ---- flags --------------------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
        -Wmissing-prototypes -Wswitch-enum -Wimplicit-fallthrough -Wformat=2 -Wundef -Wvla -Wcast-qual \
        -Wwrite-strings
ifeq ($(WERROR),1)
WARN += -Werror
endif

# Asked when a recipe needs it and only once.
once     = $(eval $(1) := $(2))$($(1))
MACHINE  = $(call once,MACHINE,$(shell $(CC) -dumpmachine))
x86      = $(filter x86_64-% i686-% i586-% i386-%,$(MACHINE))
HARDEN   = -fstack-protector-strong -fstack-clash-protection $(if $(x86),-fcf-protection)
LDHARDEN = -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed

ifeq ($(VARIANT),release)
OPT    := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
SODEFS := -Wl,-z,defs
else ifeq ($(VARIANT),debug)
OPT    := -O0 -g3 -DPR_DEBUG=1
SODEFS := -Wl,-z,defs
else ifeq ($(VARIANT),asan)
OPT    := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -DPR_DEBUG=1
SODEFS :=
else ifeq ($(VARIANT),tsan)
OPT    := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
SODEFS :=
else ifeq ($(VARIANT),fuzz)
OPT    := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
          -DPR_DEBUG=1
SODEFS :=
FUZZER := -fsanitize=fuzzer
else
$(error VARIANT is release, debug, asan, tsan or fuzz)
endif

CURL_CFLAGS   = $(call once,CURL_CFLAGS,$(shell $(PKG_CONFIG) --cflags libcurl))
CURL_LIBS     = $(call once,CURL_LIBS,$(shell $(PKG_CONFIG) --libs libcurl))
SQLITE_CFLAGS = $(call once,SQLITE_CFLAGS,$(shell $(PKG_CONFIG) --cflags sqlite3))
SQLITE_LIBS   = $(call once,SQLITE_LIBS,$(shell $(PKG_CONFIG) --libs sqlite3))
# libcjson.pc adds .../include/cjson; the sources say <cjson/cJSON.h>.
CJSON_CFLAGS  = $(call once,CJSON_CFLAGS,$(patsubst %/cjson,%,$(shell $(PKG_CONFIG) --cflags libcjson)))
CJSON_LIBS    = $(call once,CJSON_LIBS,$(shell $(PKG_CONFIG) --libs libcjson))
MHD_CFLAGS    = $(call once,MHD_CFLAGS,$(shell $(PKG_CONFIG) --cflags libmicrohttpd))
MHD_LIBS      = $(call once,MHD_LIBS,$(shell $(PKG_CONFIG) --libs libmicrohttpd))
CMOCKA_CFLAGS = $(call once,CMOCKA_CFLAGS,$(shell $(PKG_CONFIG) --cflags cmocka))
CMOCKA_LIBS   = $(call once,CMOCKA_LIBS,$(shell $(PKG_CONFIG) --libs cmocka))
# mbedTLS 2.28 brings no .pc file on Debian.
MBEDTLS_LIBS ?= -lmbedx509 -lmbedcrypto

PURE_CFLAGS  = -D_POSIX_C_SOURCE=200809L $(CJSON_CFLAGS) -Iinclude -Ilib -I$(B)/gen
HOST_CFLAGS  = -D_GNU_SOURCE= $(CURL_CFLAGS) $(SQLITE_CFLAGS) -Iinclude -Ilib
PROG_CFLAGS  = -D_GNU_SOURCE= $(CURL_CFLAGS) $(SQLITE_CFLAGS) $(CJSON_CFLAGS) $(MHD_CFLAGS) -Iinclude
TEST_CFLAGS  = -D_GNU_SOURCE= $(CURL_CFLAGS) $(SQLITE_CFLAGS) $(CJSON_CFLAGS) $(MHD_CFLAGS) $(CMOCKA_CFLAGS) \
               -Iinclude -Ilib -I$(B)/gen -I$(<D) -DPR_SOURCE_DIR='"$(CURDIR)"'
PURE_LIBS    = $(CJSON_LIBS) $(MBEDTLS_LIBS)
HOST_LIBS    = $(CURL_LIBS) $(SQLITE_LIBS)
ALL_LIBS     = $(HOST_LIBS) $(PURE_LIBS) $(MHD_LIBS) -lm -pthread

COMPILE = $(CC) -std=c11 -ffp-contract=off $(OPT) $(WARN) $(HARDEN) -fPIC -fvisibility=hidden -MMD -MP $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(OPT) $(LDHARDEN) $(LDFLAGS)
ifeq ($(V),0)
Q := @
endif
say = $(if $(Q),@printf '  %-5s %s\n' $(1) $(2))

# ---- sources ------------------------------------------------------------------------------------------------
PURE_DIRS := base core catalog sign provider registry health route guard adapters flow
PURE_SRC  := $(filter-out lib/catalog/mkcatalog.c,$(sort $(wildcard $(PURE_DIRS:%=lib/%/*.c))))
HOST_SRC  := $(sort $(wildcard lib/host/*.c))
PURE_OBJ  := $(PURE_SRC:%.c=$(B)/obj/%.o)
HOST_OBJ  := $(HOST_SRC:%.c=$(B)/obj/%.o)

# A program for each examples/*.c and for each folder below examples that holds C.
EX_SINGLE := $(sort $(wildcard examples/*.c))
EX_DIRS   := $(sort $(patsubst examples/%/,%,$(dir $(wildcard examples/*/*.c))))
prog_name  = $(patsubst cli,payroute,$(patsubst sandbox,payroute-sandbox,$(1)))
PROGRAMS  := $(EX_SINGLE:examples/%.c=$(B)/%) $(foreach d,$(EX_DIRS),$(B)/$(call prog_name,$(d)))

TEST_SRC  := $(sort $(wildcard tests/*/test_*.c))
TEST_DIRS := $(sort $(patsubst tests/%/,%,$(dir $(TEST_SRC))))
TEST_BIN  := $(TEST_SRC:%.c=$(B)/%)
CHECKS    := $(sort $(wildcard tests/*/check_*.sh))
QUICK_BIN := $(filter $(B)/tests/unit/% $(B)/tests/property/% $(B)/tests/health/%,$(TEST_BIN))

PURE_A  := $(B)/libpayroute.a
HOST_A  := $(B)/libpayroute-host.a
PURE_SO := $(B)/libpayroute.so.0
HOST_SO := $(B)/libpayroute-host.so.0
LIBS    := $(PURE_A) $(HOST_A) $(PURE_SO) $(HOST_SO) $(B)/libpayroute.so $(B)/libpayroute-host.so

# ---- libraries and programs ---------------------------------------------------------------------------------
# What PHP, Python, LuaJIT and the like read instead of the headers: made, never edited.
FFI := $(foreach l,payroute payroute-host,$(B)/ffi/$(l).cdef.h $(B)/ffi/$(l).php.h)

.PHONY: all libs programs tests ffi
all: libs programs ffi
libs: $(LIBS)
programs: $(PROGRAMS)
tests: $(TEST_BIN)

$(PURE_A): $(PURE_OBJ)
$(HOST_A): $(HOST_OBJ)
$(PURE_A) $(HOST_A):
	$(call say,AR,$@)
	$(Q)mkdir -p $(@D) && rm -f $@ && $(AR) rcsD $@ $^

$(PURE_SO): $(PURE_OBJ) lib/payroute.map
	$(call say,LINK,$@)
	$(Q)$(LINK) -shared $(SODEFS) -Wl,-soname,libpayroute.so.0 -Wl,--version-script,lib/payroute.map -o $@ \
	    $(PURE_OBJ) $(PURE_LIBS)
$(HOST_SO): $(HOST_OBJ) $(PURE_SO) lib/payroute-host.map
	$(call say,LINK,$@)
	$(Q)$(LINK) -shared $(SODEFS) -Wl,-soname,libpayroute-host.so.0 -Wl,--version-script,lib/payroute-host.map \
	    -o $@ $(HOST_OBJ) $(PURE_SO) $(HOST_LIBS)
$(B)/%.so: $(B)/%.so.0
	$(Q)ln -sf $(<F) $@

# Ours static, theirs shared: what is tested and shown needs no LD_LIBRARY_PATH.
$(EX_SINGLE:examples/%.c=$(B)/%): $(B)/%: $(B)/obj/examples/%.o $(HOST_A) $(PURE_A)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $< $(HOST_A) $(PURE_A) $(ALL_LIBS)

define PROGRAM_RULE
$$(B)/$(call prog_name,$(1)): $$(patsubst %.c,$$(B)/obj/%.o,$$(sort $$(wildcard examples/$(1)/*.c))) $$(HOST_A) $$(PURE_A)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$(filter %.o,$$^) $$(HOST_A) $$(PURE_A) $$(ALL_LIBS)
endef
$(foreach d,$(EX_DIRS),$(eval $(call PROGRAM_RULE,$(d))))

ffi: $(FFI)
PUBLIC_H := $(sort $(wildcard include/payroute/*.h))
$(FFI): include/mkffi.awk include/payroute $(PUBLIC_H)
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && awk -v library=$(ffi_lib) $(if $(filter %.php.h,$@),-v soname=lib$(ffi_lib).so.0) \
	    -f $< $(PUBLIC_H) >$@
ffi_lib = $(firstword $(subst ., ,$(@F)))

# A fuzz target brings LLVMFuzzerTestOneInput; main is replay.c's, or the fuzzer's. Signatures and dice go through
# the harness (kit.c), the worlds of the property test are driven by the input.
NO_MAIN := tests/sim/main.c $(if $(FUZZER),tests/fuzz/replay.c)
$(filter $(B)/tests/fuzz/%,$(TEST_BIN)): LDFLAGS += $(FUZZER) \
    -Wl,--wrap=pr_key_verify,--wrap=pr_key_sign,--wrap=pr_rng_below,--wrap=world_tell
$(B)/tests/fuzz/test_payment: $(B)/obj/tests/scenario/shelf.o
$(B)/tests/fuzz/test_machine: $(patsubst %.c,$(B)/obj/%.o,$(filter-out %/test_machine_property.c,\
                                                            $(sort $(wildcard tests/property/*.c))))

# Sources of a test folder which are no test_ program are helpers of all its programs.
define TEST_RULE
HELPERS_$(1) := $$(patsubst %.c,$$(B)/obj/%.o,$$(sort $$(filter-out tests/$(1)/test_%.c $$(NO_MAIN),\
                                                                    $$(wildcard tests/$(1)/*.c))))
$$(filter $$(B)/tests/$(1)/%,$$(TEST_BIN)): $$(B)/%: $$(B)/obj/%.o $$(HELPERS_$(1)) $$(HOST_A) $$(PURE_A)
	$$(call say,LINK,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(LINK) -o $$@ $$(filter %.o,$$^) $$(HOST_A) $$(PURE_A) $$(CMOCKA_LIBS) $$(ALL_LIBS)
endef
$(foreach d,$(TEST_DIRS),$(eval $(call TEST_RULE,$(d))))

# A change of flags rebuilds, a change of this file alone does not. What is built is installed as it was built,
# with whatever flags the shell of root has.
INSTALL_GOALS := install install-strip uninstall
$(B)/flags: $(if $(filter-out $(INSTALL_GOALS),$(or $(MAKECMDGOALS),all)),FORCE)
	@mkdir -p $(@D)
	@echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' > $@
.PHONY: FORCE

$(B)/obj/lib/host/%.o: lib/host/%.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(HOST_CFLAGS) -c -o $@ $<
$(B)/obj/lib/%.o: lib/%.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(PURE_CFLAGS) -c -o $@ $<
$(B)/obj/examples/%.o: examples/%.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(PROG_CFLAGS) -I$(<D) -c -o $@ $<
$(B)/obj/tests/%.o: tests/%.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) $(TEST_CFLAGS) -c -o $@ $<

# ---- the catalogue is data, turned into tables at build time ------------------------------------------------
ifneq ($(wildcard lib/catalog/mkcatalog.c),)
CATALOG_DATA := $(sort $(wildcard lib/catalog/data/*.tsv lib/catalog/texts/*.tsv lib/catalog/*.tsv lib/catalog/*.def))
$(B)/mkcatalog: lib/catalog/mkcatalog.c $(wildcard lib/catalog/*.h lib/catalog/*.def) $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) -std=c11 -O1 -g $(WARN) -D_GNU_SOURCE= -Iinclude -Ilib -o $@ $<
# LOCALES="zh-CN en" PROVIDERS="alipay wechatpay": only these; without them all (docs/install.md).
CATALOG_ONLY = $(if $(LOCALES),-l '$(LOCALES)') $(if $(PROVIDERS),-p '$(PROVIDERS)')
$(B)/catalog-only: $(if $(filter-out $(INSTALL_GOALS),$(or $(MAKECMDGOALS),all)),FORCE)
	@mkdir -p $(@D)
	@echo "$(CATALOG_ONLY)" | cmp -s - $@ || echo "$(CATALOG_ONLY)" > $@
$(B)/gen/catalog_tables.inc: $(B)/mkcatalog $(CATALOG_DATA) $(wildcard lib/catalog/data lib/catalog/texts) $(B)/catalog-only
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && $(B)/mkcatalog -o $(B)/gen $(CATALOG_ONLY) lib/catalog >$(B)/catalog-sizes && touch -c $@
$(filter $(B)/obj/lib/catalog/%,$(PURE_OBJ)): $(B)/gen/catalog_tables.inc
$(TEST_SRC:%.c=$(B)/obj/%.o): | $(B)/gen/catalog_tables.inc
endif

# ---- the catalogue for those who do not load the library: JSON, PHP, Python, a page --------------------------
.PHONY: catalog-export catalog-report export-check
EXPORT_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard docs/export/*.c)))
EXPORTED   := payroute-catalog.json payroute_catalog.php payroute_catalog.py payroute-catalog.html
$(EXPORT_OBJ): $(B)/obj/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(COMPILE) -D_GNU_SOURCE= -Iinclude -Ilib -c -o $@ $<
$(B)/mkexport: $(EXPORT_OBJ) $(PURE_A)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(PURE_LIBS)
all: $(B)/mkexport
$(B)/catalog/payroute-catalog.json: $(B)/mkexport $(wildcard docs/export/*.in docs/export/page.*)
	$(call say,GEN,$(B)/catalog)
	$(Q)mkdir -p $(B)/catalog && $< docs/export $(B)/catalog
catalog-export: $(B)/catalog/payroute-catalog.json
catalog-report: $(B)/mkexport
	@$< --report

include pkgconfig/install.mk

-include $(patsubst %.o,%.d,$(PURE_OBJ) $(HOST_OBJ)) $(wildcard $(B)/obj/examples/*.d $(B)/obj/examples/*/*.d) \
         $(wildcard $(B)/obj/docs/*/*.d) \
         $(wildcard $(B)/obj/tests/*/*.d)

# ---- checks -------------------------------------------------------------------------------------------------
# Beside a B given by hand, another variant must not share its objects.
variant_b = $(if $(B_GIVEN),$(B)-$(1),build/$(1))
RUN_TESTS = B='$(abspath $(B))' CC='$(CC)' sh tests/run.sh

.PHONY: check check-quick lint asan debug tsan tsan-run fuzz fuzz-run model peers ffi-check demo docs clean
# The long ones first, so that the two cores end together.
LONG_BIN = $(filter $(B)/tests/crash/% $(B)/tests/fault/% $(B)/tests/engine/%,$(TEST_BIN))
check: all tests
	@$(RUN_TESTS) $(LONG_BIN) $(CHECKS) $(filter-out $(LONG_BIN),$(TEST_BIN))
check-quick: $(QUICK_BIN)
	@$(RUN_TESTS) $(QUICK_BIN)
lint: libs
	@$(RUN_TESTS) $(filter tests/lint/%,$(CHECKS))
asan:
	+@$(MAKE) --no-print-directory VARIANT=asan B='$(call variant_b,asan)' check-quick
# What threads may do to one block and in one process; what processes do to one file is beyond its sight (test_torture).
TSAN_BIN = $(B)/tests/health/test_health_threads $(B)/tests/engine/test_engine_threads
tsan:
	+@$(MAKE) --no-print-directory VARIANT=tsan B='$(call variant_b,tsan)' tsan-run
tsan-run: $(TSAN_BIN)
	@TSAN_OPTIONS=halt_on_error=1 $(RUN_TESTS) $(TSAN_BIN)
debug:
	+@$(MAKE) --no-print-directory VARIANT=debug B='$(call variant_b,debug)' check-quick
SECONDS ?= 60
FUZZ_CC ?= $(firstword $(foreach c,clang clang-14 clang-15 clang-16 clang-19,$(if $(shell command -v $(c)),$(c))) clang)
FUZZ_BIN = $(filter $(B)/tests/fuzz/test_$(or $(TARGET),%),$(TEST_BIN))
fuzz:
	+@$(MAKE) --no-print-directory VARIANT=fuzz CC='$(FUZZ_CC)' B='$(call variant_b,fuzz)' fuzz-run
fuzz-run: $(FUZZ_BIN)
	@B='$(abspath $(B))' FUZZ_SECONDS='$(SECONDS)' sh tests/fuzz/run.sh $(FUZZ_BIN)
# Costs, as ratios against a baseline of the same run (docs/performance.md); built by these goals only.
# BENCH='--smoke', '--only store', '--seed 7'
.PHONY: bench bench-count
BENCH_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard tests/bench/*.c)))
$(BENCH_OBJ): | $(B)/gen/catalog_tables.inc
$(B)/payroute-bench: $(BENCH_OBJ) $(HOST_A) $(PURE_A)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $(BENCH_OBJ) $(HOST_A) $(PURE_A) $(ALL_LIBS)
bench: $(B)/payroute-bench $(B)/payroute-sandbox $(PURE_SO) $(HOST_SO)
	@$< --build '$(abspath $(B))' $(BENCH)
bench-count: $(B)/payroute-bench
	@B='$(abspath $(B))' sh tests/bench/count.sh
# Our router against the published ones in worlds that break (tests/sim); QUICK=1: under a minute. SIM='--world hang'
# sim-check: the part of it that each change must pass.
.PHONY: sim sim-check sim-report
SIM_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(sort $(filter-out tests/sim/test_%,$(wildcard tests/sim/*.c))))
$(B)/payroute-sim: $(SIM_OBJ) $(PURE_A)
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $(SIM_OBJ) $(PURE_A) $(PURE_LIBS)
sim: $(B)/payroute-sim
	@$< $(if $(QUICK),--quick) $(SIM)
sim-check: $(B)/payroute-sim
	@B='$(abspath $(B))' sh tests/sim/goals.sh
sim-report: $(B)/payroute-sim
	@$< $(if $(QUICK),--quick) --report $(B)/sim.html $(SIM)
# The providers' part of the schema, out of their facts: a new provider needs no hand there.
.PHONY: schema
SCHEMA := include/payroute/payroute.schema.json
docs: schema $(B)/mkexport
schema: docs/mkschema.c $(PURE_A)
	$(call say,GEN,$(SCHEMA))
	$(Q)$(CC) -std=c11 -O1 $(WARN) $(CJSON_CFLAGS) -Iinclude -Ilib -o $(B)/mkschema $^ $(CJSON_LIBS) && \
	    $(B)/mkschema <$(SCHEMA) >$(B)/schema.json && \
	    { cmp -s $(B)/schema.json $(SCHEMA) || cp $(B)/schema.json $(SCHEMA); }
model:
	@B='$(abspath $(B))' CC='$(CC)' sh tests/model/model.sh
peers: all
	@B='$(abspath $(B))' sh tests/peers/run.sh
ffi-check: all
	@B='$(abspath $(B))' python3 -B tests/ffi/run.py
export-check: all catalog-export
	@B='$(abspath $(B))' sh tests/export/run.sh
demo: all
	@B='$(abspath $(B))' sh $(firstword $(wildcard examples/demo.sh tests/demo/demo.sh) examples/demo.sh)
# What is generated from the sources for people; tests/docs checks that it is up to date.
docs:
	$(Q)HOSTCC='$(HOSTCC)' WARN='$(WARN)' B='$(abspath $(B))' sh docs/make.sh '$(abspath $(B))/docs' docs
clean:
	rm -rf $(B) $(if $(B_GIVEN),,build)

endif
