#!/bin/sh
# `list ipset '/example.org/example.net/set4,set6'` of a dnsmasq section becomes a
# section of its own.
. /lib/functions.sh

to_section() { # VALUE DNSMASQ-SECTION
	local section domains="${1%/*}" names="${1##*/}" one IFS
	section="$(uci add dhcp ipset)"
	IFS=/
	for one in $domains; do
		[ -z "$one" ] || uci add_list "dhcp.$section.domain=$one"
	done
	IFS=,
	for one in $names; do
		uci add_list "dhcp.$section.name=$one"
	done
	CHANGED=1
}

of_section() {
	CHANGED=
	config_list_foreach "$1" ipset to_section "$1"
	[ -z "$CHANGED" ] || uci delete "dhcp.$1.ipset"
}

config_load dhcp
config_foreach of_section dnsmasq
uci commit dhcp
exit 0
