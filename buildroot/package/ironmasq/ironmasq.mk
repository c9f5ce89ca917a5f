################################################################################
#
# ironmasq
#
################################################################################

IRONMASQ_VERSION = 0.1.0
# What `scripts/package source` lays ready: the sources, their crates in vendor/, the
# static binaries in prebuilt/.
IRONMASQ_SITE = $(BR2_EXTERNAL_IRONMASQ_PATH)/../dist/source/ironmasq-$(IRONMASQ_VERSION)
IRONMASQ_SITE_METHOD = local
IRONMASQ_LICENSE = MIT or Apache-2.0
IRONMASQ_LICENSE_FILES = LICENSE-MIT LICENSE-APACHE

# Over Buildroot's own settings, which are for speed of building.
IRONMASQ_CARGO_ENV = \
	CARGO_PROFILE_RELEASE_OPT_LEVEL=z \
	CARGO_PROFILE_RELEASE_LTO=fat \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
	CARGO_PROFILE_RELEASE_PANIC=abort

ifeq ($(BR2_PACKAGE_IRONMASQ_SMALL),y)
IRONMASQ_CARGO_BUILD_OPTS = --no-default-features --features dhcp4,script,tftp,ubus
endif

ifeq ($(BR2_PACKAGE_IRONMASQ_PREBUILT),y)
IRONMASQ_PREBUILT_TARGET = $(strip \
	$(if $(BR2_mips),mips-unknown-linux-musl) \
	$(if $(BR2_mipsel),mipsel-unknown-linux-musl) \
	$(if $(BR2_arm),armv7-unknown-linux-musleabi) \
	$(if $(BR2_aarch64),aarch64-unknown-linux-musl) \
	$(if $(BR2_x86_64),x86_64-unknown-linux-musl))
IRONMASQ_PROGRAM = prebuilt/$(IRONMASQ_PREBUILT_TARGET)/ironmasq
else
IRONMASQ_PROGRAM = target/$(RUSTC_TARGET_NAME)/release/ironmasq
endif

define IRONMASQ_USERS
	dnsmasq 453 dnsmasq 453 * /var/lib/misc - - DNS and DHCP server
endef

# Both names, so that whoever starts or looks for dnsmasq finds it.
define IRONMASQ_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(@D)/$(IRONMASQ_PROGRAM) $(TARGET_DIR)/usr/sbin/ironmasq
	ln -sf ironmasq $(TARGET_DIR)/usr/sbin/dnsmasq
	mkdir -p $(TARGET_DIR)/var/lib/misc
	test -e $(TARGET_DIR)/etc/dnsmasq.conf || \
		$(INSTALL) -D -m 0644 $(@D)/linux/ironmasq.conf $(TARGET_DIR)/etc/dnsmasq.conf
endef

define IRONMASQ_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(IRONMASQ_PKGDIR)/S80dnsmasq $(TARGET_DIR)/etc/init.d/S80dnsmasq
endef

define IRONMASQ_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(@D)/linux/ironmasq.service $(TARGET_DIR)/usr/lib/systemd/system/ironmasq.service
	ln -sf dnsmasq.conf $(TARGET_DIR)/etc/ironmasq.conf
endef

ifeq ($(BR2_PACKAGE_IRONMASQ_PREBUILT),y)
$(eval $(generic-package))
else
$(eval $(cargo-package))
endif
