# A small stand-in for procd: what a service asks for is written down in
# /var/run/services, and /sbin/supervise keeps it running. No jails.

SERVICES=/var/run/services

procd_open_instance() {
	INSTANCE_NAME="${1:-default}"
	INSTANCE_COMMAND=
	INSTANCE_FILES=
}
procd_set_param() {
	local what="$1" word
	shift
	case "$what" in
	command) for word; do INSTANCE_COMMAND="$INSTANCE_COMMAND '$word'"; done ;;
	env) INSTANCE_COMMAND="env '$*' $INSTANCE_COMMAND" ;;
	file) INSTANCE_FILES="$INSTANCE_FILES $*" ;;
	esac
}
# Started, or started anew if its command or a file it depends on is another one.
procd_close_instance() {
	local name="${initscript##*/}.$INSTANCE_NAME" state
	mkdir -p "$SERVICES"
	state="$INSTANCE_COMMAND $(cat $INSTANCE_FILES 2>/dev/null | md5sum)"
	if [ "$(cat "$SERVICES/$name.state" 2>/dev/null)" != "$state" ]; then
		echo "$state" >"$SERVICES/$name.state"
		echo "exec $INSTANCE_COMMAND" >"$SERVICES/$name.command"
		[ ! -e "$SERVICES/$name.pid" ] || kill "$(cat "$SERVICES/$name.pid")" 2>/dev/null
	fi
}
procd_kill() {
	local command pid
	for command in "$SERVICES/$1".*.command; do
		[ -e "$command" ] || continue
		pid=$(cat "${command%.command}.pid" 2>/dev/null)
		rm -f "$command" "${command%.command}.state"
		[ -z "$pid" ] || kill "$pid" 2>/dev/null
	done
}
procd_send_signal() {
	local file
	for file in "$SERVICES/$1".*.pid; do
		[ ! -e "$file" ] || kill "-${3:-HUP}" "$(cat "$file")" 2>/dev/null
	done
}
procd_add_jail() { :; }
procd_add_jail_mount() { :; }
procd_add_jail_mount_rw() { :; }
procd_add_reload_trigger() { :; }
procd_add_reload_interface_trigger() { :; }
