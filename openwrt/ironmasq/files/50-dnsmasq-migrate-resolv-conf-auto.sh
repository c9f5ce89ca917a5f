#!/bin/sh
# The list of the providers' servers has moved into a folder of its own.
old=/tmp/resolv.conf.auto new=/tmp/resolv.conf.d/resolv.conf.auto

uci -q show dhcp | while IFS= read -r line; do
	case "$line" in
	dhcp.*.resolvfile="'$old'" | dhcp.*.resolvfile="$old") uci set "${line%%=*}=$new" ;;
	esac
done
uci commit dhcp
exit 0
