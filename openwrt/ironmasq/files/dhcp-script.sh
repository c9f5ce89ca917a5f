#!/bin/sh
# Called by the daemon for every lease, neighbour and TFTP transfer: tells the hotplug
# handlers in /etc/hotplug.d/{dhcp,neigh,tftp}/ through ubus.
#
# Inside the jail there are this file, the shell, env, jshn and ubus: nothing else may
# be called here.

[ ! -f "$USER_DHCPSCRIPT" ] || . "$USER_DHCPSCRIPT" "$@"

case "$1" in
add) object=dhcp action=add ;;
del) object=dhcp action=remove ;;
old) object=dhcp action=update ;;
arp-add) object=neigh action=add ;;
arp-del) object=neigh action=remove ;;
tftp) object=tftp action=add ;;
*) exit 0 ;;
esac

. /usr/share/libubox/jshn.sh

json_init
json_add_array env
while IFS= read -r line; do
	case "$line" in DNSMASQ_*=*) json_add_string "" "$line" ;; esac
done <<END
$(env)
END
json_add_string "" "ACTION=$action"
if [ $object = tftp ]; then
	json_add_string "" "TFTP_SIZE=$2"
	json_add_string "" "TFTP_ADDR=$3"
	json_add_string "" "TFTP_PATH=$4"
else
	json_add_string "" "MACADDR=$2"
	json_add_string "" "IPADDR=$3"
	[ -z "$4" ] || json_add_string "" "HOSTNAME=$4"
fi
json_close_array

ubus call hotplug.$object call "$(json_dump)"
