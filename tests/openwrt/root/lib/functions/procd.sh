# Stands in for OpenWrt's procd.sh in tests: writes down what a service asks of procd.
# Written for these tests.

recorded() { printf '%s\n' "$*" >>/calls; }
procd_open_instance() { recorded "INSTANCE: $1"; }
procd_close_instance() { :; }
procd_set_param() { recorded "PARAM: $*"; }
procd_add_jail() { recorded "JAIL: $*"; }
procd_add_jail_mount() { recorded "JAIL-RO: $*"; }
procd_add_jail_mount_rw() { recorded "JAIL-RW: $*"; }
procd_add_reload_trigger() { recorded "TRIGGER: $*"; }
procd_add_reload_interface_trigger() { recorded "TRIGGER-INTERFACE: $*"; }
procd_send_signal() { recorded "SIGNAL: $*"; }
