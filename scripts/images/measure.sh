#!/bin/sh
# Inside the router: measure.sh STARTS, started by scripts/try-start. Starts the service with
# the router's own program and with the one of this disk in turns, each time with cold caches
# and with warm ones, and says when the init script began, when it was done, when the program
# answered: seconds since the machine's start.
here="${0%/*}"
kill -STOP "$(pidof supervise)"
/etc/init.d/dnsmasq stop
uci set dhcp.@dnsmasq[0].ubus=0
uci commit dhcp
mkdir -p /usr/lib
for dir in /lib /usr/lib; do
	for name in "$here$dir"/*; do
		[ ! -e "$name" ] || [ -e "$dir/${name##*/}" ] || ln -s "$name" "$dir/${name##*/}"
	done
done
now() { read -r NOW rest </proc/uptime; }
one() { # WHOSE CACHES
	now; began="$NOW"
	/etc/init.d/dnsmasq start
	now; written="$NOW"
	sh /var/run/services/dnsmasq.*.command 2>/dev/null &
	until nslookup localhost 127.0.0.1 >/dev/null 2>&1; do :; done
	now
	echo "start $1 $2 $began $written $NOW $(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' /proc/$!/status)"
	kill $!
	wait $!
	/etc/init.d/dnsmasq stop
}
starts=0
while [ $starts -lt "$1" ]; do
	for whose in ours theirs; do
		[ $whose = ours ] || mount --bind "$here/usr/sbin/dnsmasq" /usr/sbin/dnsmasq
		sync
		echo 3 >/proc/sys/vm/drop_caches
		one $whose cold
		one $whose warm
		[ $whose = ours ] || umount /usr/sbin/dnsmasq
	done
	starts=$((starts + 1))
done
echo "measure: done"
