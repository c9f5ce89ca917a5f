# Completion for bash: put into /usr/share/bash-completion/completions/ironmasq,
# or source it. The lists are written by tests from the table of options.

# options
_ironmasq_plain='add-mac add-subnet all-servers bind-dynamic bind-interfaces bogus-priv bootp-dynamic cache-size clear-on-reload conf-file connmark-allowlist-enable conntrack dhcp-alternate-port dhcp-authoritative dhcp-broadcast dhcp-client-update dhcp-fqdn dhcp-generate-names dhcp-ignore-clid dhcp-ignore-names dhcp-leasefile dhcp-no-override dhcp-proxy dhcp-rapid-commit dhcp-sequential-ip dns-loop-detect dnssec dnssec-check-unsigned dnssec-debug dnssec-no-timecheck do-0x20-encode domain-needed enable-dbus enable-ra enable-tftp enable-ubus expand-hosts fast-dns-retry filter-A filter-AAAA filterwin2k group help keep-in-foreground leasefile-ro leasequery local-service localise-queries localmx log-async log-debug log-dhcp log-malloc log-queries no-0x20-encode no-daemon no-hosts no-ident no-negcache no-ping no-poll no-resolv no-round-robin pid-file proxy-dnssec quiet-dhcp quiet-dhcp6 quiet-ra quiet-tftp read-ethers rebind-localhost-ok resolv-file script-arp script-on-renewal selfmx stop-dns-rebind strict-order strip-mac strip-subnet test tftp-lowercase tftp-no-blocksize tftp-no-fail tftp-secure tftp-single-port tftp-unique-root umbrella use-stale-cache user version'
_ironmasq_valued='add-cpe-id add-mac add-subnet addn-hosts address alias auth-peer auth-sec-servers auth-server auth-soa auth-ttl auth-zone bogus-nxdomain bootp-dynamic bridge-interface caa-record cache-rr cache-size cname conf-dir conf-file conf-script connmark-allowlist connmark-allowlist-enable dhcp-alternate-port dhcp-boot dhcp-broadcast dhcp-circuitid dhcp-duid dhcp-generate-names dhcp-host dhcp-hostsdir dhcp-hostsfile dhcp-ignore dhcp-ignore-names dhcp-lease dhcp-lease-max dhcp-leasefile dhcp-luascript dhcp-mac dhcp-match dhcp-name-match dhcp-option dhcp-option-force dhcp-option-pxe dhcp-optsdir dhcp-optsfile dhcp-proxy dhcp-pxe-vendor dhcp-range dhcp-relay dhcp-remoteid dhcp-reply-delay dhcp-script dhcp-scriptuser dhcp-split-relay dhcp-subscrid dhcp-ttl dhcp-userclass dhcp-vendorclass dns-forward-max dns-rr dnssec-check-unsigned dnssec-limits dnssec-timestamp domain domain-suffix dumpfile dumpmask dynamic-host edns-packet-max enable-dbus enable-tftp enable-ubus except-interface fast-dns-retry filter-rr group host-record hostsdir ignore-address interface interface-name ipset leasequery listen-address local local-service local-ttl log-async log-facility log-queries max-cache-ttl max-port max-tcp-connections max-ttl min-cache-ttl min-port mx-host mx-target naptr-record neg-ttl nftset no-dhcp-interface no-dhcpv4-interface no-dhcpv6-interface pid-file port port-limit ptr-record pxe-prompt pxe-service query-port ra-param rebind-domain-ok resolv-file rev-server server servers-file shared-network srv-host synth-domain tag-if tftp-max tftp-mtu tftp-port-range tftp-root tftp-unique-root trust-anchor txt-record umbrella use-stale-cache user'
_ironmasq_file='addn-hosts conf-file dhcp-hostsfile dhcp-lease dhcp-leasefile dhcp-luascript dhcp-optsfile dhcp-script dnssec-timestamp dumpfile log-facility pid-file resolv-file servers-file'
_ironmasq_dir='addn-hosts conf-dir dhcp-hostsdir dhcp-hostsfile dhcp-optsdir dhcp-optsfile hostsdir tftp-root'
_ironmasq_interface='bridge-interface enable-tftp except-interface interface no-dhcp-interface no-dhcpv4-interface no-dhcpv6-interface ra-param shared-network'
_ironmasq_user='dhcp-scriptuser user'
_ironmasq_group='group'
_ironmasq_words='add-mac=base64,text dnssec-check-unsigned=no local-service=net,host log-queries=extra,proto,auth,only_failed tftp-unique-root=ip,mac'
_ironmasq_letters='H=addn-hosts A=address V=alias B=bogus-nxdomain 3=bootp-dynamic c=cache-size 7=conf-dir C=conf-file M=dhcp-boot G=dhcp-host J=dhcp-ignore l=dhcp-lease X=dhcp-lease-max l=dhcp-leasefile 4=dhcp-mac O=dhcp-option F=dhcp-range 6=dhcp-script j=dhcp-userclass U=dhcp-vendorclass 0=dns-forward-max s=domain s=domain-suffix P=edns-packet-max 1=enable-dbus I=except-interface g=group i=interface a=listen-address T=local-ttl 8=log-facility q=log-queries m=mx-host t=mx-target 2=no-dhcp-interface x=pid-file p=port Q=query-port r=resolv-file S=server W=srv-host Y=txt-record u=user'
# /options

# True when the second word is in the list of words given first.
_ironmasq_has() { [[ " $1 " == *" $2 "* ]]; }

# Completes the value of option $1, of which $2 has been typed.
_ironmasq_value() {
    local name=$1 typed=$2 list= front= pair
    for pair in $_ironmasq_words; do
        [ "${pair%%=*}" = "$name" ] && list="${pair#*=}" && list="${list//,/ }"
    done
    if [ -n "$list" ]; then
        COMPREPLY=($(compgen -W "$list" -- "$typed"))
    elif _ironmasq_has "$_ironmasq_file" "$name"; then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$typed"))
    elif _ironmasq_has "$_ironmasq_dir" "$name"; then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -d -- "$typed"))
    elif _ironmasq_has "$_ironmasq_interface" "$name"; then
        # A list: only what stands behind the last comma is completed.
        case $typed in *,*) front="${typed%,*}," ;; esac
        list=$(ls "${_ironmasq_net:-/sys/class/net}" 2>/dev/null)
        COMPREPLY=($(compgen -P "$front" -W "$list" -- "${typed##*,}"))
    elif _ironmasq_has "$_ironmasq_user" "$name"; then
        COMPREPLY=($(compgen -u -- "$typed"))
    elif _ironmasq_has "$_ironmasq_group" "$name"; then
        COMPREPLY=($(compgen -g -- "$typed"))
    fi
}

_ironmasq() {
    local word=${COMP_WORDS[COMP_CWORD]} before= name pair
    [ "$COMP_CWORD" -gt 0 ] && before=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    # The equals sign divides words, and is a word of its own.
    if [ "$word" = = ]; then
        word= name=$before
    elif [ "$before" = = ]; then
        name=${COMP_WORDS[COMP_CWORD - 2]}
    else
        case $word in
            --*=*) name=${word%%=*} word=${word#*=} ;;
            *) name= ;;
        esac
    fi
    if [ -n "$name" ]; then
        _ironmasq_value "${name#--}" "$word"
        return
    fi
    case $before in
        --help | -w)
            [ "$COMP_CWORD" = 2 ] && COMPREPLY=($(compgen -W "dhcp dhcp6" -- "$word"))
            return
            ;;
        --?*)
            name=${before#--}
            if _ironmasq_has "$_ironmasq_valued" "$name" && ! _ironmasq_has "$_ironmasq_plain" "$name"; then
                _ironmasq_value "$name" "$word"
                return
            fi
            ;;
        -?)
            for pair in $_ironmasq_letters; do
                if [ "${pair%%=*}" = "${before#-}" ]; then
                    _ironmasq_value "${pair#*=}" "$word"
                    return
                fi
            done
            ;;
    esac
    compopt -o nospace 2>/dev/null
    COMPREPLY=($(compgen -P -- -W "$_ironmasq_plain" -- "${word#--}") $(compgen -P -- -S = -W "$_ironmasq_valued" -- "${word#--}"))
    # One that is complete and takes no value ends the word.
    case ${#COMPREPLY[@]}${COMPREPLY[0]} in
        1*[!=]) compopt +o nospace 2>/dev/null ;;
    esac
}

complete -F _ironmasq ironmasq dnsmasq
