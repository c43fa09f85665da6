# SPDX-License-Identifier: GPL-2.0-or-later
# One Makefile, not recursive. New files under libparse/ and tests/unit/ and new
# directories under fuzz/corpus/ are picked up automatically. `make help` lists
# the targets.

ifneq ($(filter deps,$(MAKECMDGOALS)),)
# make looks for installed libraries when it starts, so the other goals run in a
# make of their own, after deps. They decide what deps installs: little for a
# build or a demo, more for check (and without a goal), most for check-full.
OTHERS := $(filter-out deps,$(MAKECMDGOALS))
DEPS_SET := $(if $(filter check-full firmware% %-firmware %vmcores,$(OTHERS)),check-full,$(if \
	$(OTHERS),$(if $(filter-out all demo install,$(OTHERS)),check,build),check))
.NOTPARALLEL:
.PHONY: deps $(OTHERS)
deps:
	bash .ci/deps $(DEPS_SET)
$(OTHERS): deps
	$(MAKE) $@
else

VERSION := 0.1.0
SOVERSION := 0
prefix ?= /usr/local
bindir ?= $(prefix)/bin
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
mandir ?= $(prefix)/share/man
datadir ?= $(prefix)/share
docdir ?= $(datadir)/doc/memlog
# where python3, if there is one, looks for modules below prefix; if empty, the module
# is not installed
pythondir ?= $(shell python3 .ci/pythondir $(prefix) 2>/dev/null)

B ?= build
# make's default is cc
ifeq ($(origin CC),default)
CC := gcc
endif
PKG_CONFIG ?= pkg-config
WARN := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wno-unused-parameter
ifeq ($(WERROR),1)
WARN += -Werror
endif
CFLAGS ?= -O2 -g
SAN :=
ifeq ($(SANITIZE),1)
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
endif
ifeq ($(SANITIZE),thread)
SAN := -fsanitize=thread
endif
ifeq ($(FUZZER),1)
SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
endif
# fences under ThreadSanitizer: a warning of gcc only
WNO_TSAN := $(if $(findstring clang,$(CC)),,-Wno-tsan)
ML_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fPIC \
	-fexceptions -fvisibility=hidden -fno-strict-aliasing $(WARN) $(SAN) \
	-DMEMLOG_VERSION='"$(VERSION)"' -Ilibparse
ML_LDFLAGS := $(SAN) -Wl,-z,relro,-z,now

V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2);)

# ---- sources and libraries --------------------------------------------------
# Everything under libparse/ depends only on libc and goes into the core, except
# these files, which need other libraries.
FULL_SRC := $(wildcard libparse/symbols/*.c) $(wildcard libparse/image/ext/*.c) \
	$(wildcard libparse/format/ext/*.c)
CORE_SRC := $(filter-out $(FULL_SRC),$(wildcard libparse/*/*.c libparse/*/*/*.c))
DUMP_SRC := $(wildcard memlog-dump/*.c)
# the code that the front ends share
HOST_SRC := $(wildcard host/*.c)

# Each plugin is built if its header is found: in a tree or an installation that
# is named on the command line, as in make CRASH=DIR GDB=DIR, or of the system.
# Not in the environment, where GDB may be anything.
SYSTEM_INCLUDE := /usr/include
named = $(if $(filter command,$(origin $(1))),$(abspath $($(1))))
CRASH_DIR := $(call named,CRASH)
GDB_DIR := $(call named,GDB)
CRASH_H := $(firstword $(wildcard $(if $(CRASH_DIR),$(CRASH_DIR)/defs.h \
	$(CRASH_DIR)/include/crash/defs.h,$(SYSTEM_INCLUDE)/crash/defs.h)))
GDB_H := $(firstword $(wildcard $(if $(GDB_DIR),$(GDB_DIR)/gdb/jit-reader.h \
	$(GDB_DIR)/include/gdb/jit-reader.h $(GDB_DIR)/gdb/jit-reader.in \
	$(GDB_DIR)/gdb/jit-reader.h.in,$(SYSTEM_INCLUDE)/gdb/jit-reader.h)))
ifneq ($(CRASH_DIR),)
$(if $(CRASH_H),,$(error CRASH=$(CRASH): no defs.h of crash is there))
endif
ifneq ($(GDB_DIR),)
$(if $(GDB_H),,$(error GDB=$(GDB): no gdb/jit-reader.h or gdb/jit-reader.in is there))
endif
CRASH_SRC := $(if $(CRASH_H),$(wildcard crash-ext/*.c))
GDB_SRC := $(if $(GDB_H),$(wildcard gdb-plugin/*.c))

# is this pkg-config module installed?
have = $(shell $(PKG_CONFIG) --exists $(1) 2>/dev/null && echo 1)
FULL_PC := libelf libdw zlib
FULL_DEF :=
ifeq ($(call have,libzstd),1)
FULL_PC += libzstd
FULL_DEF += -DHAVE_ZSTD
endif
ifneq ($(wildcard /usr/include/snappy-c.h),)
FULL_LIBS += -lsnappy
FULL_DEF += -DHAVE_SNAPPY
endif
ifeq ($(call have,libarchive),1)
FULL_PC += libarchive
FULL_DEF += -DHAVE_LIBARCHIVE
endif
ifeq ($(call have,liblzma),1)
FULL_PC += liblzma
FULL_DEF += -DHAVE_LZMA
endif
ifeq ($(call have,json-c),1)
FULL_PC += json-c
FULL_DEF += -DHAVE_JSON_C
endif
ifeq ($(call have,libnbd),1)
FULL_PC += libnbd
FULL_DEF += -DHAVE_LIBNBD
endif
ifeq ($(call have,libtraceevent),1)
FULL_PC += libtraceevent
FULL_DEF += -DHAVE_TRACEEVENT
endif
FULL_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(FULL_PC)) $(FULL_DEF)
FULL_LIBS += $(shell $(PKG_CONFIG) --libs $(FULL_PC))
ifneq ($(wildcard /usr/include/lzo/lzo1x.h),)
DUMP_DEF += -DHAVE_LZO
DUMP_LIBS += -llzo2
endif
ifeq ($(call have,'libseccomp >= 2.5'),1)
DUMP_DEF += -DHAVE_SECCOMP $(shell $(PKG_CONFIG) --cflags libseccomp)
DUMP_LIBS += $(shell $(PKG_CONFIG) --libs libseccomp)
endif
# gcov writes when the process ends, which the sandbox prevents
ifneq ($(findstring --coverage,$(CFLAGS)),)
DUMP_DEF += -DMEMLOG_COVERAGE
endif

CORE_OBJ := $(CORE_SRC:%.c=$(B)/%.o)
FULL_OBJ := $(FULL_SRC:%.c=$(B)/%.o)
DUMP_OBJ := $(DUMP_SRC:memlog-dump/%.c=$(B)/dump/%.o)
$(FULL_OBJ): ML_CFLAGS += $(FULL_CFLAGS)
$(DUMP_OBJ): ML_CFLAGS += $(DUMP_DEF)

CORE_A := $(B)/libmemlog_core.a
FULL_A := $(B)/libmemlog.a
FULL_SO := $(B)/libmemlog.so.$(SOVERSION)
HOST_OBJ := $(HOST_SRC:%.c=$(B)/%.o)
# what of it memlog-dump needs
DUMP_HOST := $(patsubst %,$(B)/host/%.o,file help progress)
CRASH_OBJ := $(CRASH_SRC:%.c=$(B)/%.o)
CRASH_SO := $(B)/crash-ext/memlog.so
GDB_OBJ := $(GDB_SRC:%.c=$(B)/%.o)
GDB_SO := $(B)/gdb-plugin/memlog-gdb.so
# crash's functions take names without const
$(CRASH_OBJ): ML_CFLAGS += -Wno-write-strings
# A header of a tree is seen by its installed name through $(B)/headers.
ifneq ($(CRASH_DIR),)
$(CRASH_OBJ): ML_CFLAGS += -I$(B)/headers
endif
ifneq ($(GDB_DIR),)
$(GDB_OBJ): ML_CFLAGS += -I$(B)/headers
endif

.PHONY: all left-out
all: $(CORE_A) $(FULL_A) $(FULL_SO) $(if $(DUMP_SRC),$(B)/memlog-dump) \
	$(if $(CRASH_SRC),$(CRASH_SO)) \
	$(if $(GDB_SRC),$(GDB_SO) $(B)/gdb-plugin/memlog.gdb) left-out

left-out:
	@:$(if $(CRASH_SRC),,; echo 'no plugin for crash: $(SYSTEM_INCLUDE)/crash/defs.h \
	is missing; install crash, or crash-devel on Fedora, or name its source: make CRASH=DIR')
	@:$(if $(GDB_SRC),,; echo 'no plugin for gdb: $(SYSTEM_INCLUDE)/gdb/jit-reader.h \
	is missing; install gdb, or gdb-devel on Fedora, or name its source: make GDB=DIR')

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ML_CFLAGS) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

# $(B)/memlog-dump is the program, so its objects are elsewhere
$(B)/dump/%.o: memlog-dump/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ML_CFLAGS) $(CFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

$(CORE_A): $(CORE_OBJ)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(FULL_A): $(CORE_OBJ) $(FULL_OBJ)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(FULL_SO): $(CORE_OBJ) $(FULL_OBJ) libparse/libmemlog.map
	$(call say,LD,$@)$(CC) -shared $(ML_LDFLAGS) $(LDFLAGS) \
		-Wl,-soname,$(notdir $@) \
		-Wl,--version-script=libparse/libmemlog.map \
		-o $@ $(CORE_OBJ) $(FULL_OBJ) $(FULL_LIBS)
	$(Q)ln -sf $(notdir $@) $(B)/libmemlog.so

# In the build directory memlog-dump is linked statically with the library, so
# that it runs from anywhere; `make install` links it with libmemlog.so.
# Sanitizers describe each global variable with pointers: relocated at every start, these
# would cost more than most runs.
NO_PIE := $(if $(filter 1,$(SANITIZE)),-no-pie)
$(B)/memlog-dump: $(DUMP_OBJ) $(DUMP_HOST) $(FULL_A)
	$(call say,LD,$@)$(CC) $(ML_LDFLAGS) $(LDFLAGS) $(NO_PIE) -o $@ $(DUMP_OBJ) \
		$(DUMP_HOST) $(FULL_A) $(FULL_LIBS) $(DUMP_LIBS)

# A library outside the linker's search path needs an rpath.
RPATH := $(if $(filter /usr/lib% /usr/local/lib% /lib%,$(libdir)),,-Wl,-rpath,$(libdir))
$(B)/memlog-dump.shared: $(DUMP_OBJ) $(DUMP_HOST) $(FULL_SO) $(B)/.libdir
	$(call say,LD,$@)$(CC) $(ML_LDFLAGS) $(LDFLAGS) $(RPATH) -o $@ \
		$(DUMP_OBJ) $(DUMP_HOST) -L$(B) -lmemlog $(DUMP_LIBS)

# changes if libdir does
$(B)/.libdir: FORCE
	@mkdir -p $(@D)
	@echo '$(libdir)' | cmp -s - $@ || echo '$(libdir)' > $@
FORCE:

# ---- plugins ----------------------------------------------------------------
$(CRASH_OBJ): $(B)/headers/crash.from
$(GDB_OBJ): $(B)/headers/gdb.from
# Which header is used; changes if it is another one.
$(B)/headers/crash.from: FORCE
	@mkdir -p $(@D)/crash
	@echo '$(CRASH_H)' | cmp -s - $@ || { \
		$(if $(CRASH_DIR),ln -sf '$(CRASH_H)' $(@D)/crash/defs.h,: ) && \
		echo '$(CRASH_H)' >$@; }
# gdb's configure makes jit-reader.h of jit-reader.in, with the name of a type of 64
# bits
$(B)/headers/gdb.from: FORCE
	@mkdir -p $(@D)/gdb
	@echo '$(GDB_H)' | cmp -s - $@ || { \
		$(if $(GDB_DIR),sed 's/@TARGET_PTR@/__UINT64_TYPE__/' '$(GDB_H)' \
		>$(@D)/gdb/jit-reader.h,: ) && \
		echo '$(GDB_H)' >$@; }

# Plugins contain the core, depend only on libc, and export none of our symbols.
PLUGIN_LD = $(CC) -shared $(ML_LDFLAGS) $(LDFLAGS)

$(CRASH_SO): $(CRASH_OBJ) $(HOST_OBJ) $(CORE_A) crash-ext/memlog.map
	$(call say,LD,$@)$(PLUGIN_LD) -Wl,--version-script=crash-ext/memlog.map \
		-o $@ $(CRASH_OBJ) $(HOST_OBJ) $(CORE_A)

$(GDB_SO): $(GDB_OBJ) $(HOST_OBJ) $(CORE_A) gdb-plugin/memlog.map
	$(call say,LD,$@)$(PLUGIN_LD) -Wl,-z,nodelete \
		-Wl,--version-script=gdb-plugin/memlog.map \
		-o $@ $(GDB_OBJ) $(HOST_OBJ) $(CORE_A)
# a gdb command for each option, from the tables of options
GDB_COMMANDS := $(B)/gdb-plugin/gen/commands
$(GDB_COMMANDS): $(GDB_COMMANDS).o $(GDB_OBJ) $(HOST_OBJ) $(CORE_A)
	$(call say,LD,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^
$(GDB_COMMANDS).gdb: $(GDB_COMMANDS)
	$(Q)$< >$@
# memlog.gdb that loads the plugin $(1)
memlog_gdb = sed -e 's|@PLUGIN@|$(1)|' -e '/^@OPTIONS@$$/{' \
	-e 'r $(GDB_COMMANDS).gdb' -e 'd' -e '}' gdb-plugin/memlog.gdb.in
$(B)/gdb-plugin/memlog.gdb: gdb-plugin/memlog.gdb.in $(GDB_COMMANDS).gdb
	$(Q)$(call memlog_gdb,$(abspath $(GDB_SO))) >$@

# ---- fixtures ---------------------------------------------------------------
$(B)/mkimage: $(wildcard fixtures/gen/mkimage*.c fixtures/gen/hyp_*.c) \
		fixtures/gen/mkimage.h $(wildcard fixtures/gen/hyp_*.h)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ $(filter %.c,$^) \
		$(shell $(PKG_CONFIG) --libs zlib libzstd 2>/dev/null) \
		$(if $(wildcard /usr/include/lzo/lzo1x.h),-DHAVE_LZO -llzo2) \
		$(if $(wildcard /usr/include/snappy-c.h),-DHAVE_SNAPPY -lsnappy)

# The smallest kernel that crash accepts, and dumps of it: x86-64 only.
X86 := $(filter x86_64,$(shell uname -m))
NAMELIST := fixtures/gen/namelist
$(B)/namelist/vmlinux: $(NAMELIST)/namelist.c $(NAMELIST)/namelist.lds
	@mkdir -p $(@D)
	$(call say,CC,$@)gcc -gdwarf-4 -O0 -Wall -mcmodel=kernel -ffreestanding \
		-fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables \
		-nostdlib -static -no-pie -Wl,-T,$(NAMELIST)/namelist.lds \
		-Wl,--build-id=none -Wl,-z,max-page-size=4096 -o $@ $<
$(B)/mkcore: $(NAMELIST)/mkcore.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ $< -lz

# Dumps of a machine that runs ACRN, with the rings of firmware/sbuf.
$(B)/mkacrn: fixtures/gen/mkacrn.c fixtures/gen/acrn_model.c \
		fixtures/gen/acrn_model.h $(wildcard firmware/sbuf/*.[ch])
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ \
		fixtures/gen/mkacrn.c fixtures/gen/acrn_model.c firmware/sbuf/sbuf.c

# Traces of hypervisors under Linux, of any size.
$(B)/mkhyp: fixtures/gen/mkhyp.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ $<

# Ring buffers of Linux, of any size.
$(B)/mkring: fixtures/gen/mkring.c fixtures/gen/mkring.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ $<

# ---- tests ------------------------------------------------------------------
# tests/unit/foo.c is one cmocka program that speaks TAP. tests/unit/lib*.c are
# linked into all of them. Those named core_* are linked with the core only.
UNIT_LIB := $(wildcard tests/unit/lib*.c)
UNIT_SRC := $(filter-out $(UNIT_LIB),$(wildcard tests/unit/*.c))
UNIT_BIN := $(UNIT_SRC:%.c=$(B)/%.t)
UNIT_CFLAGS := -Itests/unit $(shell $(PKG_CONFIG) --cflags cmocka 2>/dev/null)

UNIT_LIB_OBJ := $(UNIT_LIB:%.c=$(B)/%.o)
UNIT_LD = $(call say,TEST,$@)$(CC) $(SAN) $(CFLAGS) -o $@ $(filter %.o %.a,$^)

# keep these intermediate files
.SECONDARY: $(UNIT_SRC:%.c=$(B)/%.o) $(UNIT_LIB_OBJ)
$(B)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ML_CFLAGS) $(FULL_CFLAGS) $(UNIT_CFLAGS) $(CFLAGS) \
		-MMD -MP -c -o $@ $<
$(B)/tests/unit/core_%.t: $(B)/tests/unit/core_%.o $(UNIT_LIB_OBJ) $(CORE_A)
	$(UNIT_LD) -lcmocka
$(B)/tests/unit/host_%.t: $(B)/tests/unit/host_%.o $(HOST_OBJ) $(CORE_A)
	$(UNIT_LD) -lcmocka
$(B)/tests/unit/%.t: $(B)/tests/unit/%.o $(UNIT_LIB_OBJ) $(FULL_A)
	$(UNIT_LD) $(UNIT_LIBS) $(FULL_LIBS) -lcmocka

# the LZO codec is in memlog-dump
$(B)/tests/unit/image_codec.t: $(B)/dump/lzo.o
$(B)/tests/unit/image_codec.t: UNIT_CFLAGS += $(DUMP_DEF) -I.
$(B)/tests/unit/image_codec.t: UNIT_LIBS += $(DUMP_LIBS)

# reads its own types, whatever CFLAGS say of debugging information
$(B)/tests/unit/symbols.o: override CFLAGS += -g

# libkdumpfile reads the same kdump files
ifeq ($(call have,libkdumpfile),1)
$(B)/tests/unit/image_kdumpfile.t: UNIT_CFLAGS += -DHAVE_KDUMPFILE
$(B)/tests/unit/image_kdumpfile.t: UNIT_LIBS += -lkdumpfile
endif

# The firmware's ring is compiled into its tests; the test with threads is also
# built with ThreadSanitizer.
RING := firmware/MemLogPkg
RING_SRC := $(wildcard $(RING)/Include/*.h $(RING)/Library/MemLogRingLib/*.c)
UNIT_BIN += $(B)/tests/unit/test_ring_threads.tsan.t
$(B)/tests/unit/test_ring_%.t: tests/unit/test_ring_%.c tests/unit/ring_bench.h $(RING_SRC)
	@mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(ML_CFLAGS) -I$(RING)/Include $(CFLAGS) -o $@ $< \
		-lcmocka -lpthread
$(B)/tests/unit/test_ring_%.tsan.t: tests/unit/test_ring_%.c $(RING_SRC)
	@mkdir -p $(@D)
	$(call say,TSAN,$@)$(CC) $(filter-out $(SAN),$(ML_CFLAGS)) -I$(RING)/Include \
		$(CFLAGS) -fsanitize=thread $(WNO_TSAN) -o $@ $< -lcmocka -lpthread

# Its search of the device tree needs some of edk2's names.
$(B)/tests/unit/test_fdt.o: UNIT_CFLAGS += -Itests/unit/edk2 -I$(RING)/Include
$(B)/tests/unit/test_fdt.o: $(RING)/Library/MemLogFdtLib/MemLogFdt.c

# and, once, for the tests of what reads it
RING_READ := $(patsubst %,$(B)/tests/unit/%.o,libovmfring libovmfbench \
	core_ovmf_index core_ovmf_index_damage core_ovmf_prefix)
$(RING_READ): UNIT_CFLAGS += -I$(RING)/Include
$(RING_READ): $(RING_SRC)

# The same for ACRN's shared buffer.
SBUF_SRC := $(wildcard firmware/sbuf/*.[ch])
UNIT_BIN += $(B)/tests/unit/test_sbuf_threads.tsan.t
$(B)/tests/unit/test_sbuf_%.t: tests/unit/test_sbuf_%.c $(SBUF_SRC)
	@mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ $< -lcmocka -lpthread
$(B)/tests/unit/test_sbuf_%.tsan.t: tests/unit/test_sbuf_%.c $(SBUF_SRC)
	@mkdir -p $(@D)
	$(call say,TSAN,$@)$(CC) $(filter-out $(SAN),$(ML_CFLAGS)) $(CFLAGS) \
		-fsanitize=thread $(WNO_TSAN) -o $@ $< -lcmocka -lpthread

# A process with memory like a virtual machine monitor's. Never built with a
# sanitizer, whose shadow memory would look like a guest of terabytes.
$(B)/tests/host/holder: tests/host/holder.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out $(SAN),$(ML_CFLAGS)) $(CFLAGS) \
		-o $@ $< -lpthread

# memlog-dump with an exploit in the library, and kernels without parts of its sandbox
PLANTED_WRAP := -Wl,--wrap=ml_image_open_layers,--wrap=ml_scan_feed,--wrap=ml_scan_page \
	-Wl,--wrap=ml_port_read
$(B)/tests/host/planted: $(B)/tests/host/planted.o $(DUMP_OBJ) $(DUMP_HOST) $(FULL_A)
	$(call say,LD,$@)$(CC) $(ML_LDFLAGS) $(LDFLAGS) $(PLANTED_WRAP) -o $@ $< \
		$(DUMP_OBJ) $(DUMP_HOST) $(FULL_A) $(FULL_LIBS) $(DUMP_LIBS)
# memlog-dump to which each file is far away
SLOW_WRAP := -Wl,--wrap=ml_far_is,--wrap=ml_remote_open
$(B)/tests/host/slow: $(B)/tests/host/slow.o $(DUMP_OBJ) $(DUMP_HOST) $(FULL_A)
	$(call say,LD,$@)$(CC) $(ML_LDFLAGS) $(LDFLAGS) $(SLOW_WRAP) -o $@ $< \
		$(DUMP_OBJ) $(DUMP_HOST) $(FULL_A) $(FULL_LIBS) $(DUMP_LIBS)
$(B)/tests/host/without: tests/host/without.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out $(SAN),$(ML_CFLAGS)) $(CFLAGS) -o $@ $<

# compares the pages of two dumps of a guest
$(B)/tests/host/samepages: tests/host/samepages.c $(FULL_A)
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< \
		$(FULL_A) $(FULL_LIBS)

# tests/abuse/foo.c likewise, linked with tests/abuse/lib*.c.
LOOK_SRC := $(wildcard tests/abuse/lib*.c)
LOOK_OBJ := $(LOOK_SRC:%.c=$(B)/%.o)
ABUSE_SRC := $(filter-out $(LOOK_SRC),$(wildcard tests/abuse/*.c))
ABUSE_BIN := $(ABUSE_SRC:%.c=$(B)/%.t)

.SECONDARY: $(ABUSE_SRC:%.c=$(B)/%.o) $(LOOK_OBJ)
$(B)/tests/abuse/%.o: tests/abuse/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ML_CFLAGS) $(FULL_CFLAGS) $(UNIT_CFLAGS) $(CFLAGS) \
		-MMD -MP -c -o $@ $<
$(B)/tests/abuse/%.t: $(B)/tests/abuse/%.o $(LOOK_OBJ) $(FULL_A)
	$(UNIT_LD) $(FULL_LIBS) -lcmocka

# Each directory in fuzz/corpus has a harness: foo_bar has fuzz/foo_bar.c, or
# shares fuzz/foo.c, which is built once for each. Linked with fuzz/replay.c it is a
# test that replays the corpus; with FUZZER=1 and clang it is a fuzzer.
FUZZ_NAMES := $(notdir $(wildcard fuzz/corpus/*))
REPLAY_BIN := $(FUZZ_NAMES:%=$(B)/fuzz/%.t)
FUZZ_BIN := $(FUZZ_NAMES:%=$(B)/fuzz/%.fuzz)
FUZZ_CFLAGS = $(ML_CFLAGS) $(FULL_CFLAGS) -Itests/abuse $(CFLAGS) \
	-MMD -MP -MF $@.d -DFUZZ_NAME='"$*"'
$(B)/fuzz/damage.%: FULL_LIBS += -lcmocka -lz
fuzz_src = $(firstword $(wildcard fuzz/$(1).c) \
	fuzz/$(firstword $(subst _, ,$(1))).c)

.SECONDEXPANSION:
$(B)/fuzz/%.t: $$(call fuzz_src,$$*) fuzz/replay.c $(LOOK_OBJ) $(FULL_A)
	@mkdir -p $(@D)
	$(call say,TEST,$@)$(CC) $(FUZZ_CFLAGS) -o $@ $< fuzz/replay.c \
		$(LOOK_OBJ) $(FULL_A) $(FULL_LIBS)
$(B)/fuzz/%.fuzz: $$(call fuzz_src,$$*) $(LOOK_OBJ) $(FULL_A)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)$(CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< \
		$(LOOK_OBJ) $(FULL_A) $(FULL_LIBS)

# Fuzz every harness, or those named: make fuzz FUZZ="escape" FUZZ_SECONDS=600
FUZZ ?= $(FUZZ_NAMES)
FUZZ_SECONDS ?= 60
.PHONY: fuzz fuzzers
fuzzers: $(FUZZ_BIN) $(B)/mkimage
fuzz:
	$(MAKE) B=$(B)-fuzz CC=clang FUZZER=1 fuzzers
	B=$(B)-fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz/run $(FUZZ)

TESTS := $(UNIT_BIN) $(ABUSE_BIN) $(REPLAY_BIN)
BATS := $(wildcard tests/golden/*.bats tests/abuse/*.bats tests/host/*.bats)
# Under the sanitizers the unit tests, the replays and what decodes and damages images are
# run. Left out: fuzzers and threads, which have sanitizers of their own; packages, gdb and
# Python, which cannot load a library with one; the sandbox, which is off with one; boots,
# servers, patched firmware, schemas, traces, completion and scripts, which mostly run other
# programs; how much memory and how much of a file is taken; what combines options or prints
# in many ways what the unit tests print in one process; and tests that have the tag plain,
# of which others do the same with less.
ifeq ($(SANITIZE),1)
TESTS := $(filter-out %/unit/core_memory.t %/abuse/memory.t,$(TESTS))
check: export BATS_TAGS = !plain
# looking for leaks takes longer than most runs of memlog-dump: test programs do it
check: export BATS_ASAN_OPTIONS = detect_leaks=0
check: export DAMAGE_EVERY ?= 13
PLAIN := abuse/fuzz abuse/seeds abuse/threads \
	golden/cold golden/completion golden/counts golden/extract golden/install \
	golden/options golden/pictures golden/schema golden/signature golden/traces \
	golden/tracks \
	host/boot host/copyright host/deb host/far host/fleet host/gdb host/gdb-qemu \
	host/gdb-user host/live host/namelist host/ports host/python host/readme \
	host/rpm host/sandbox host/saved host/slow host/trees
BATS := $(filter-out $(PLAIN:%=tests/%.bats),$(BATS))
endif
# SKIP: test files to leave out; packages leave out those that build packages,
# and fuzzing, whose result may differ from run to run
SKIP ?=
BATS := $(filter-out $(SKIP),$(BATS))
# without the tarball of test data, what reads it
ifeq ($(wildcard fixtures/vmcores/*.zst),)
BATS := $(filter-out $(shell grep -lE \
	'vmcores|fixtures/(acrn|damaged|firmware|saved)|(unpack|rows) |truth [a-z"$$]|^load .*(crash|gdb)$$' \
	$(BATS)),$(BATS))
NO_DATA := no test data: what reads fixtures/*/*.zst is left out, see make dist
endif
# the longest starts first, or everything would wait for it at the end
BATS := $(filter %/fuzz.bats,$(BATS)) $(filter-out %/fuzz.bats,$(BATS))

.PHONY: tests unit check
tests: all $(B)/memlog-dump.shared $(TESTS) $(B)/mkimage $(B)/mkacrn $(B)/mkhyp $(B)/mkring $(B)/mkcore \
	$(B)/tests/host/holder $(B)/tests/host/samepages \
	$(B)/tests/host/planted $(B)/tests/host/without $(B)/tests/host/slow $(if $(X86),$(B)/namelist/vmlinux)
unit: $(UNIT_BIN) $(B)/tests/host/holder $(B)/mkimage
	V=$(V) B=$(abspath $(B)) tests/check $(UNIT_BIN)
check: tests
	@$(if $(NO_DATA),echo '$(NO_DATA)')
	V=$(V) B=$(abspath $(B)) tests/check $(firstword $(BATS)) $(TESTS) \
		$(wordlist 2,$(words $(BATS)),$(BATS))

# On demand: break lines of libparse and see whether the tests notice, as
# tests/mutation/README.md says.
MUTANTS ?= 150
MUTATION_FIRST ?= 1
MUTATION_SEED ?= 1
MUTATION_DIR ?= .
.PHONY: mutation
mutation:
	B=$(abspath $(B)) tests/mutation/run -n $(MUTANTS) -f $(MUTATION_FIRST) -s $(MUTATION_SEED) \
		-d '$(MUTATION_DIR)' $(if $(MUTATION_JOBS),-j $(MUTATION_JOBS))

# Tests that damage every byte or bit of something, or let each allocation fail, try a third
# with `make check`, a thirteenth under the sanitizers, and all with `make check-full`.
check: export DAMAGE_EVERY ?= 3
DAMAGE_TESTS = $(patsubst %.c,$(B)/%.t,$(shell grep -l 'damage_turn()' tests/*/*.c)) \
	$(shell grep -lE 'DAMAGE_EVERY|(damage|differ)\.pl' tests/*/*.bats)

# On demand: firmware from source, real kernels, third-party readers.
.PHONY: check-full
check-full: tests
	V=$(V) B=$(abspath $(B)) JOBS=1 TEST_SECONDS=0 DAMAGE_EVERY=1 \
		tests/check $(wildcard tests/full/*.bats) $(DAMAGE_TESTS)

# The same suite under AddressSanitizer and UndefinedBehaviorSanitizer. Warnings are no
# errors: gcc has others with -O1 than with -O2.
.PHONY: asan lint
asan:
	$(MAKE) B=$(B)-asan SANITIZE=1 CFLAGS='-O1 -g1' WERROR= check

lint: all
	B=$(B) CC='$(CC)' bash .ci/lint

# Lay out C by .clang-format, or only list what differs.
C_FILES = $(shell git ls-files '*.c' '*.h' | grep -v '^firmware/')
.PHONY: format format-check
format:
	clang-format -i $(C_FILES)
format-check:
	clang-format --dry-run --Werror $(C_FILES)

# For clangd and other editor tools: the compile commands of this build.
compile_commands.json: Makefile FORCE
	$(Q)$(MAKE) -Bn V=1 all tests | awk -v dir="$(CURDIR)" -f .ci/commands.awk >$@

# The static analyzers of gcc and clang, on everything that ships. base/err.h
# tells them that ml_fail() returns the status that it is given. On demand, as it
# takes some minutes. .ci/analyze lists false findings, each with its reason.
.PHONY: analyze
analyze:
	B=$(B)-analyze bash .ci/analyze

# Line and branch coverage of what ships, by the tests that do not boot, package
# or fuzz. Fails below LINES or BRANCHES percent.
LINES ?= 94
BRANCHES ?= 75
.PHONY: coverage
coverage:
	$(MAKE) B=$(B)-coverage LDFLAGS=--coverage \
		CFLAGS='-O0 -g --coverage -fprofile-update=atomic' all tests
	B=$(abspath $(B))-coverage LINES=$(LINES) BRANCHES=$(BRANCHES) \
		bash .ci/coverage

# ---- firmware -------------------------------------------------------------
# Not needed for `make check`, which boots the images in fixtures/firmware. See
# firmware/README.md.
.PHONY: firmware firmware-kept dist-firmware vmcores bench-firmware xen-vmcores \
	kernel-vmcores ftrace-vmcores
firmware:
	B=$(abspath $(B)) firmware/build.sh x64
firmware-kept:
	B=$(abspath $(B)) firmware/keep.sh
dist-firmware:
	B=$(abspath $(B)) firmware/dist.sh $(VERSION)
vmcores:
	B=$(abspath $(B)) firmware/vmcores.sh
bench-firmware:
	B=$(abspath $(B)) bench/firmware.sh
# Debian's Xen and kernel in QEMU, dumped and crashed.
xen-vmcores:
	fixtures/gen/xen-vmcores
# Kernels that trace a remote, built from Debian's newest source.
kernel-vmcores:
	fixtures/gen/kernel-vmcores

ftrace-vmcores:
	fixtures/gen/ftrace-vmcores

# ---- installing -------------------------------------------------------------
# DESTDIR is prepended to all paths, but not to those inside of files.
INSTALL ?= install
D := $(DESTDIR)

# where crash looks for extensions by name, and gdb for startup files (if empty,
# users source memlog.gdb themselves), and the shells for completions
crashdir ?= $(libdir)/crash/extensions
gdbinitdir ?=
bashdir ?= $(datadir)/bash-completion/completions
zshdir ?= $(datadir)/zsh/site-functions
fishdir ?= $(datadir)/fish/vendor_completions.d
licensedir ?= $(docdir)/LICENSES

INSTALLS := install-lib install-dump install-doc install-completions \
	install-licenses $(if $(CRASH_SRC),install-crash) \
	$(if $(GDB_SRC),install-gdb) $(if $(pythondir),install-python)
.PHONY: install $(INSTALLS)
install: $(INSTALLS) left-out
ifeq ($(D)$(shell id -u),0)
	-$(Q)ldconfig 2>/dev/null || :
endif

install-lib: $(FULL_SO)
	$(Q)$(INSTALL) -d $(D)$(libdir)/pkgconfig $(D)$(includedir)
	$(Q)$(INSTALL) -m 755 $(FULL_SO) $(D)$(libdir)/
	$(Q)ln -sf $(notdir $(FULL_SO)) $(D)$(libdir)/libmemlog.so
	$(Q)sed -e 's|@prefix@|$(prefix)|' -e 's|@libdir@|$(libdir)|' \
		-e 's|@includedir@|$(includedir)|' -e 's|@version@|$(VERSION)|' \
		libparse/libmemlog.pc.in > $(B)/libmemlog.pc
	$(Q)$(INSTALL) -m 644 $(B)/libmemlog.pc $(D)$(libdir)/pkgconfig/
	$(Q)$(INSTALL) -m 644 libparse/memlog.h $(D)$(includedir)/

install-dump: $(B)/memlog-dump.shared
	$(Q)$(INSTALL) -d $(D)$(bindir)
	$(Q)$(INSTALL) -m 755 $< $(D)$(bindir)/memlog-dump

install-doc:
	$(Q)$(INSTALL) -d $(D)$(mandir)/man1 $(D)$(mandir)/man7 $(D)$(docdir)/facts \
		$(D)$(docdir)/examples $(D)$(docdir)/fleet
	$(Q)$(INSTALL) -m 644 man/memlog-dump.1 $(D)$(mandir)/man1/
	$(Q)$(INSTALL) -m 644 man/*.7 $(D)$(mandir)/man7/
	$(Q)$(INSTALL) -m 644 README.md CHANGELOG.md SECURITY.md \
		$(wildcard docs/*.*) \
		$(D)$(docdir)/
	$(Q)$(INSTALL) -m 644 docs/facts/*.md $(D)$(docdir)/facts/
	$(Q)$(INSTALL) -m 644 docs/examples/* $(D)$(docdir)/examples/
	$(Q)$(INSTALL) -m 644 docs/fleet/* $(D)$(docdir)/fleet/

install-completions:
	$(Q)$(INSTALL) -d $(D)$(bashdir) $(D)$(zshdir) $(D)$(fishdir)
	$(Q)$(INSTALL) -m 644 completions/memlog-dump $(D)$(bashdir)/
	$(Q)$(INSTALL) -m 644 completions/_memlog-dump $(D)$(zshdir)/
	$(Q)$(INSTALL) -m 644 completions/memlog-dump.fish $(D)$(fishdir)/

install-licenses:
	$(Q)$(INSTALL) -d $(D)$(licensedir)
	$(Q)$(INSTALL) -m 644 LICENSES/*.txt $(D)$(licensedir)/

# a library outside the linker's search path is loaded by its path
install-python:
	$(Q)$(INSTALL) -d $(D)$(pythondir)/memlog
	$(Q)$(INSTALL) -m 644 python/memlog/*.py $(D)$(pythondir)/memlog/
ifneq ($(RPATH),)
	$(Q)sed 's|^SONAME = .*|SONAME = "$(libdir)/$(notdir $(FULL_SO))"|' \
		python/memlog/_abi.py >$(D)$(pythondir)/memlog/_abi.py
endif

install-crash: $(CRASH_SO)
	$(Q)$(INSTALL) -d $(D)$(crashdir)
	$(Q)$(INSTALL) -m 755 $< $(D)$(crashdir)/memlog.so
	$(Q)$(INSTALL) -d $(D)$(mandir)/man8
	$(Q)$(INSTALL) -m 644 man/crash-memlog.8 $(D)$(mandir)/man8/

install-gdb: $(GDB_SO) $(GDB_COMMANDS).gdb
	$(Q)$(INSTALL) -d $(D)$(libdir)/memlog $(D)$(datadir)/memlog \
		$(D)$(mandir)/man1
	$(Q)$(INSTALL) -m 755 $< $(D)$(libdir)/memlog/memlog-gdb.so
	$(Q)$(INSTALL) -m 644 man/gdb-memlog.1 $(D)$(mandir)/man1/
	$(Q)$(call memlog_gdb,$(libdir)/memlog/memlog-gdb.so) \
		>$(B)/memlog.gdb.installed
	$(Q)$(INSTALL) -m 644 $(B)/memlog.gdb.installed \
		$(D)$(datadir)/memlog/memlog.gdb
# a link, so that nothing is left there without the plugin, as a file of
# configuration would be after a package is removed
ifneq ($(gdbinitdir),)
	$(Q)$(INSTALL) -d $(D)$(gdbinitdir)
	$(Q)ln -srf $(D)$(datadir)/memlog/memlog.gdb $(D)$(gdbinitdir)/memlog.gdb
endif

# Remove what install with the same variables puts there. A trial run says what that
# is. Directories go if they are memlog's own.
.PHONY: uninstall
uninstall:
	$(Q)rm -rf $(B)/trial
	$(Q)$(MAKE) DESTDIR=$(abspath $(B))/trial install
	$(Q)cd $(B)/trial && find . ! -type d -print0 | sed -z 's|^\.|$(D)|' | xargs -0 rm -f
	$(Q)cd $(B)/trial && find . -depth -type d -path '*memlog*' -print0 | \
		sed -z 's|^\.|$(D)|' | xargs -0r rmdir --ignore-fail-on-non-empty 2>/dev/null || :
	$(Q)rm -r $(B)/trial
ifeq ($(D)$(shell id -u),0)
	-$(Q)ldconfig 2>/dev/null || :
endif

# ---- packages ---------------------------------------------------------------
# Tarballs of the commit, reproducible. Packages are built from them. That of the
# sources has no dumps and firmware images: most have compiled code of others, which
# a distribution may not want. They are in the other, for tests, and unpack into the
# same directory. debian/ is in neither. TESTDATA=0 builds packages without them, CHECK=0 without tests.
DIST := memlog-$(VERSION)
DATA := memlog-test-data-$(VERSION)
DATA_DIRS := $(addprefix fixtures/,acrn damaged firmware saved vmcores)
SOURCES := ':(exclude,glob)fixtures/**/*.zst' ':(exclude,glob)fixtures/**/*.syms' \
	':(exclude)debian'
CHECK ?= 1
TESTDATA ?= 1
ARCHIVE = git -c core.autocrlf=false archive --format=tar --prefix=$(DIST)/ HEAD
# variables of this make must not reach those inside the packages
ALONE := env $(addprefix -u ,MAKEFLAGS MFLAGS MAKELEVEL B CC CFLAGS LDFLAGS \
	SANITIZE FUZZER WERROR V TESTDATA)
.PHONY: dist rpm deb
dist:
	@mkdir -p $(B)
	$(Q)$(ARCHIVE) -- $(SOURCES) | gzip -9n >$(B)/$(DIST).tar.gz
	$(Q)$(ARCHIVE) -- $(DATA_DIRS) LICENSES debian/copyright | gzip -9n >$(B)/$(DATA).tar.gz
	@echo $(B)/$(DIST).tar.gz $(B)/$(DATA).tar.gz

rpm: dist
	$(Q)rm -rf $(B)/rpm && mkdir -p $(B)/rpm/SOURCES
	$(Q)cp $(B)/$(DIST).tar.gz $(B)/$(DATA).tar.gz $(B)/rpm/SOURCES/
	$(Q)$(ALONE) rpmbuild -ba --nodeps $(if $(filter 0,$(CHECK)),--nocheck) \
		$(if $(filter 0,$(TESTDATA)),--without test_data) \
		--define "_topdir $(abspath $(B))/rpm" memlog.spec
	@find $(B)/rpm -name '*.rpm'

deb: dist
	$(Q)rm -rf $(B)/deb && mkdir -p $(B)/deb
	$(Q)tar -xzf $(B)/$(DIST).tar.gz -C $(B)/deb
	$(Q)git -c core.autocrlf=false archive HEAD debian | tar -x -C $(B)/deb/$(DIST)
	$(Q)cp $(B)/$(DIST).tar.gz $(B)/deb/memlog_$(VERSION).orig.tar.gz
ifneq ($(TESTDATA),0)
	$(Q)cp $(B)/$(DATA).tar.gz $(B)/deb/memlog_$(VERSION).orig-test-data.tar.gz
	$(Q)mkdir $(B)/deb/$(DIST)/test-data
	$(Q)tar -xzf $(B)/$(DATA).tar.gz -C $(B)/deb/$(DIST)/test-data --strip-components=1
endif
	$(Q)cd $(B)/deb/$(DIST) && \
		DEB_BUILD_OPTIONS="$(if $(filter 0,$(CHECK)),nocheck )$$DEB_BUILD_OPTIONS" \
		DEB_BUILD_PROFILES="$(if $(filter 0,$(CHECK)),nocheck )$$DEB_BUILD_PROFILES" \
		$(ALONE) dpkg-buildpackage -us -uc
	@find $(B)/deb -maxdepth 1 -name '*.deb'

# ---- demo -------------------------------------------------------------------
# The log of a real guest, from a dump that QEMU wrote.
.PHONY: demo
demo: $(if $(NO_DATA),,$(B)/memlog-dump)
	$(if $(NO_DATA),$(error $(NO_DATA)))
	$(Q)zstd -dcqf --long=31 fixtures/vmcores/ovmf-c01-elf64.elf.zst > $(B)/demo.elf
	@echo '$$ memlog-dump --info demo.elf'
	@cd $(B) && ./memlog-dump --info demo.elf
	@echo
	@echo '$$ memlog-dump --list demo.elf'
	@cd $(B) && ./memlog-dump --list demo.elf
	@echo
	@echo '$$ memlog-dump demo.elf | head -n 20'
	@cd $(B) && ./memlog-dump demo.elf | head -n 20
	@echo
	@echo 'The whole log: $(B)/memlog-dump $(B)/demo.elf'

# ---- speed ------------------------------------------------------------------
$(B)/bare: bench/bare.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ $<

$(B)/bench_sbuf: bench/sbuf.c $(wildcard firmware/sbuf/*.[ch])
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ bench/sbuf.c \
		firmware/sbuf/sbuf.c -lpthread

$(B)/bench_kdumpfile: bench/kdumpfile.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ML_CFLAGS) $(CFLAGS) -o $@ $< -lkdumpfile

.PHONY: bench
bench: all $(B)/mkimage $(B)/bare $(B)/mkacrn $(B)/mkhyp $(B)/mkring $(B)/bench_sbuf \
		$(if $(call have,libkdumpfile),$(B)/bench_kdumpfile) \
		$(B)/tests/host/holder
	B=$(B) bench/run
	B=$(B) bench/live.sh
	B=$(B) bench/acrn
	B=$(B) bench/hyp
	B=$(B) bench/print
	B=$(B) bench/far

-include $(shell find $(B) -name rpm -prune -o -name deb -prune -o \
	-name mutation -prune -o -type f -name '*.d' -print 2>/dev/null)

.PHONY: help
help:
	@echo 'make [B=DIR] [CC=clang] [WERROR=1] [SANITIZE=1|thread] [V=1] TARGET'
	@echo '  all           build library, memlog-dump and plugins in $(B)/ (default)'
	@echo '  deps GOAL     install what GOAL needs (demo, check, check-full), make it'
	@echo '  demo          print a real OVMF log from a dump'
	@echo '  check         run all tests; unit: only unit tests'
	@echo '  asan          run all tests under the sanitizers'
	@echo '  check-full    run what takes long: firmware, kernels, packages'
	@echo '  mutation      break lines of libparse, one at a time, and see whether the'
	@echo '                tests fail; MUTANTS=N MUTATION_FIRST=N MUTATION_SEED=N'
	@echo '                MUTATION_JOBS=N MUTATION_DIR=PATTERN'
	@echo '  lint          check the rules of CONTRIBUTING.md'
	@echo '  format        lay out C by .clang-format; format-check: compare only'
	@echo '  analyze       run the static analyzers of gcc and clang'
	@echo '  coverage      measure line and branch coverage'
	@echo '  fuzz          fuzz all harnesses; FUZZ=NAME FUZZ_SECONDS=N'
	@echo '  bench         compare with grep, ripgrep, yara, libkdumpfile, jq'
	@echo '  compile_commands.json           for clangd'
	@echo '  install       with DESTDIR, prefix, libdir, crashdir, gdbinitdir, pythondir; uninstall'
	@echo '  CRASH=DIR GDB=DIR  build the plugins for a crash or gdb of your own: its'
	@echo '                source, or the prefix where it is installed'
	@echo '  dist          make tarballs of the commit: sources, and test data'
	@echo '  rpm, deb      build packages from them; CHECK=0 skips the tests,'
	@echo '                TESTDATA=0 leaves the test data out'
	@echo '  firmware, firmware-kept, dist-firmware, vmcores, bench-firmware'
	@echo '                see firmware/README.md'
	@echo '  xen-vmcores, kernel-vmcores, ftrace-vmcores'
	@echo '                dumps of real machines; see fixtures/gen'

.PHONY: clean
clean:
	rm -rf $(B)

endif # deps
