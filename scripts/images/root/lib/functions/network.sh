# Stands in for what OpenWrt's network.sh tells of interfaces: read from /etc/config/network.

network_value() { eval "$1=\$(uci -q get network.$2.$3)"; }
network_flush_cache() { :; }
network_get_device() { network_value "$1" "$2" device; eval "[ -n \"\$$1\" ]"; }
network_get_ipaddr() { network_value "$1" "$2" ipaddr; }
network_get_ipaddrs() { network_value "$1" "$2" ipaddr; }
network_get_ipaddrs6() { eval "$1="; }
network_get_protocol() { network_value "$1" "$2" proto; }
network_get_dnsserver() { network_value "$1" "$2" dns; }
network_get_subnet() {
	local address mask
	network_value address "$2" ipaddr
	network_value mask "$2" netmask
	eval "$1="
	[ -z "$address" ] || eval "$1=$address/$(ipcalc -p "$address" "$mask" | cut -d= -f2)"
}
network_is_up() { return 0; }
network_find_wan() { eval "$1=wan"; }
