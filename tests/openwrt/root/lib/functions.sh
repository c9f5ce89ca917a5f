# Stands in for OpenWrt's functions.sh in tests: configuration by way of the real uci.
# Written for these tests from the documented behaviour of each function.

package() { :; }
config() {
	CONFIG_SECTION="$2"
	CONFIG_SECTIONS="$CONFIG_SECTIONS $2"
	eval "CONFIG_$2_TYPE=\$1"
}
option() { eval "CONFIG_${CONFIG_SECTION}_$1=\$2"; }
list() {
	local count
	eval "count=\${CONFIG_${CONFIG_SECTION}_$1_LENGTH:-0}"
	count=$((count + 1))
	eval "CONFIG_${CONFIG_SECTION}_$1_LENGTH=$count"
	eval "CONFIG_${CONFIG_SECTION}_$1_ITEM$count=\$2"
	eval "CONFIG_${CONFIG_SECTION}_$1=\"\${CONFIG_${CONFIG_SECTION}_$1:+\$CONFIG_${CONFIG_SECTION}_$1 }\$2\""
}

config_load() {
	CONFIG_SECTIONS=
	eval "$(uci -n export "$1")"
}
config_get() {
	case "$2" in
	*[!a-zA-Z0-9_]*) eval "$1=\$4" ;;
	*) eval "$1=\"\${CONFIG_$2_$3:-\$4}\"" ;;
	esac
}
config_get_bool() {
	local given
	config_get given "$2" "$3" "$4"
	case "$given" in
	1 | on | true | yes | enabled) given=1 ;;
	0 | off | false | no | disabled) given=0 ;;
	*) given="$4" ;;
	esac
	eval "$1=\$given"
}
config_foreach() {
	local function="$1" type="$2" section found
	shift 2
	for section in $CONFIG_SECTIONS; do
		config_get found "$section" TYPE
		[ "$found" != "$type" ] || "$function" "$section" "$@"
	done
}
config_list_foreach() {
	local section="$1" name="$2" function="$3" count number=1 item
	shift 3
	config_get count "$section" "${name}_LENGTH" 0
	while [ "$number" -le "$count" ]; do
		config_get item "$section" "${name}_ITEM$number"
		"$function" "$item" "$@"
		number=$((number + 1))
	done
}
uci_get() {
	local value
	value="$(uci -q get "$1.$2.$3")" || value="$4"
	printf '%s\n' "$value"
}
