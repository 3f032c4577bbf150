# Installing and packing; what goes where stands in pkgconfig/install.sh.
#   make install [DESTDIR=stage] [PREFIX=/usr/local] [LIBDIR= INCLUDEDIR= MANDIR= …]    make uninstall (the same)
#   make dist        a tarball with the same bytes each time        make distcheck     built, tested, installed from it

PREFIX       ?= /usr/local
BINDIR       ?= $(PREFIX)/bin
LIBDIR       ?= $(PREFIX)/lib
INCLUDEDIR   ?= $(PREFIX)/include
DATADIR      ?= $(PREFIX)/share
MANDIR       ?= $(DATADIR)/man
DOCDIR       ?= $(DATADIR)/doc/payroute
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
FFIDIR       ?= $(DATADIR)/payroute/ffi
CATALOGDIR   ?= $(DATADIR)/payroute/catalog
DESTDIR      ?=
LDCONFIG     ?= ldconfig

VERSION_NOW = $(shell awk '/ PAYROUTE_VERSION_(MAJOR|MINOR|PATCH) [0-9]+$$/ { v = v dot $$3; dot = "." } \
                           END { print v }' include/payroute/base.h)
INSTALL_VARS = B='$(abspath $(B))' VERSION='$(VERSION_NOW)' SOVERSION=0 MBEDTLS_LIBS='$(MBEDTLS_LIBS)' \
    LDCONFIG='$(LDCONFIG)' STRIP='$(STRIP)' DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' BINDIR='$(BINDIR)' \
    LIBDIR='$(LIBDIR)' INCLUDEDIR='$(INCLUDEDIR)' DATADIR='$(DATADIR)' MANDIR='$(MANDIR)' DOCDIR='$(DOCDIR)' \
    FFIDIR='$(FFIDIR)' PKGCONFIGDIR='$(PKGCONFIGDIR)'

.PHONY: install install-strip install-catalog uninstall dist distcheck check-install
install: libs $(FFI) $(B)/payroute $(B)/payroute.1
	$(Q)$(INSTALL_VARS) sh pkgconfig/install.sh install
install-strip: STRIP := 1
install-strip: install
# The catalogue as files, for programs that do not load the library (docs/add-a-code.md).
install-catalog: catalog-export
	$(Q)mkdir -p '$(DESTDIR)$(CATALOGDIR)' && cp $(EXPORTED:%=$(B)/catalog/%) '$(DESTDIR)$(CATALOGDIR)/'
uninstall:
	$(Q)$(INSTALL_VARS) sh pkgconfig/install.sh uninstall
	$(Q)rm -f $(EXPORTED:%='$(DESTDIR)$(CATALOGDIR)/%')
	$(Q)rmdir '$(DESTDIR)$(CATALOGDIR)' '$(DESTDIR)$(DATADIR)/payroute' 2>/dev/null || :

# For use without installing: PKG_CONFIG_PATH=build/release; `payroute-host-static` needs no LD_LIBRARY_PATH either.
PC_HERE := $(patsubst pkgconfig/%.pc.in,$(B)/%-uninstalled.pc,$(sort $(wildcard pkgconfig/*.pc.in)))
$(PC_HERE): $(B)/%-uninstalled.pc: pkgconfig/%.pc.in pkgconfig/install.sh include/payroute/base.h
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && $(INSTALL_VARS) PREFIX='$(CURDIR)' LIBDIR='$(abspath $(B))' INCLUDEDIR='$(CURDIR)/include' \
	    DATADIR='$(CURDIR)/include' FFIDIR='$(abspath $(B))/ffi' sh pkgconfig/install.sh pc $< >$@

# The man page is docs/payroute.1.in with the tables that the command itself prints as its help.
$(B)/payroute.1: docs/payroute.1.in docs/mkman.sh docs/mkman.awk $(B)/payroute
	$(call say,GEN,$@)
	$(Q)VERSION='$(VERSION_NOW)' sh docs/mkman.sh $(B)/payroute <$< >$@

all: $(PC_HERE) $(B)/payroute.1

dist:
	$(Q)B='$(abspath $(B))' VERSION='$(VERSION_NOW)' sh pkgconfig/dist.sh
distcheck: dist
	$(Q)B='$(abspath $(B))' CC='$(CC)' VERSION='$(VERSION_NOW)' sh tests/install/distcheck.sh
# What is too slow for `check`, or changes the machine when root calls it: /usr/local, the shop, the whole tarball.
check-install: all
	@B='$(abspath $(B))' CC='$(CC)' sh tests/install/long.sh
