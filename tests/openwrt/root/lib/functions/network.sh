# Stands in for OpenWrt's network.sh in tests: a router with lan 192.168.1.1/24 on
# br-lan (and fd00:1234:5678::1), guest 192.168.2.1/24 on br-guest, wan by DHCP on
# wan, other wan* by DHCP and any other NAME 192.168.3.1/24 on br-NAME.
# /etc/networks.test may say otherwise: lines NAME DEVICE PROTOCOL SUBNET SERVERS.

network_of() {
	local name device protocol subnet servers
	NETWORK_DEVICE= NETWORK_PROTOCOL=static NETWORK_SUBNET= NETWORK_SERVERS=
	case "$1" in
	wan) NETWORK_DEVICE=wan NETWORK_PROTOCOL=dhcp ;;
	wan*) NETWORK_DEVICE="br-$1" NETWORK_PROTOCOL=dhcp ;;
	lan) NETWORK_DEVICE=br-lan NETWORK_SUBNET=192.168.1.1/24 ;;
	guest) NETWORK_DEVICE=br-guest NETWORK_SUBNET=192.168.2.1/24 ;;
	*) NETWORK_DEVICE="br-$1" NETWORK_SUBNET=192.168.3.1/24 ;;
	esac
	[ -e /etc/networks.test ] || return 0
	while read -r name device protocol subnet servers; do
		[ "$name" = "$1" ] || continue
		NETWORK_DEVICE="${device#-}" NETWORK_PROTOCOL="$protocol"
		NETWORK_SUBNET="${subnet#-}" NETWORK_SERVERS="$servers"
	done </etc/networks.test
}
network_given() {
	eval "$1=\$2"
	[ -n "$2" ]
}
network_get_device() { network_of "$2"; network_given "$1" "$NETWORK_DEVICE"; }
network_get_protocol() { network_of "$2"; network_given "$1" "$NETWORK_PROTOCOL"; }
network_get_subnet() { network_of "$2"; network_given "$1" "$NETWORK_SUBNET"; }
network_get_ipaddr() { network_of "$2"; network_given "$1" "${NETWORK_SUBNET%%/*}"; }
network_get_dnsserver() { network_of "$2"; network_given "$1" "$NETWORK_SERVERS"; }
network_get_ipaddrs6() {
	[ "$2" = lan ] || return 1
	eval "$1='2001:db8::1 fd00:1234:5678::1'"
}
