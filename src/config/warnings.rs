//! What `--test` warns of that the configuration alone shows: directives that
//! have no effect beside the others, ranges that overlap, tags that nothing
//! sets. Nothing of it is wrong, and the exit code stays what it is.

use super::mentions::{Mention, Mentions};
use super::{Config, Tag, Warning};
use crate::base::text;

/// Directives, between blanks, that have no effect without any of some others.
const WITHOUT: [(&str, &str); 10] = [
    (
        "dhcp-option dhcp-option-force dhcp-option-pxe dhcp-boot dhcp-no-override dhcp-optsfile dhcp-optsdir \
         dhcp-host dhcp-hostsfile dhcp-hostsdir read-ethers dhcp-leasefile dhcp-lease dhcp-lease-max leasefile-ro \
         dhcp-authoritative dhcp-sequential-ip no-ping dhcp-rapid-commit dhcp-reply-delay bootp-dynamic dhcp-ignore \
         dhcp-ignore-names dhcp-ignore-clid dhcp-generate-names dhcp-broadcast dhcp-fqdn dhcp-client-update dhcp-ttl \
         dhcp-mac dhcp-vendorclass dhcp-userclass dhcp-circuitid dhcp-remoteid dhcp-subscrid dhcp-match \
         dhcp-name-match tag-if pxe-service pxe-prompt dhcp-pxe-vendor shared-network leasequery dhcp-proxy \
         enable-ra ra-param dhcp-duid quiet-dhcp6 quiet-ra",
        "dhcp-range",
    ),
    ("dhcp-alternate-port bridge-interface log-dhcp quiet-dhcp", "dhcp-range dhcp-relay dhcp-split-relay"),
    (
        "tftp-root tftp-no-fail tftp-unique-root tftp-secure tftp-lowercase tftp-max tftp-mtu tftp-no-blocksize \
         tftp-port-range tftp-single-port quiet-tftp",
        "enable-tftp",
    ),
    (
        "trust-anchor dnssec-check-unsigned dnssec-no-timecheck dnssec-timestamp dnssec-debug dnssec-limits",
        "dnssec",
    ),
    ("auth-soa auth-ttl auth-sec-servers auth-peer", "auth-zone"),
    ("dhcp-scriptuser script-arp script-on-renewal leasefile-ro", "dhcp-script dhcp-luascript"),
    ("rebind-localhost-ok rebind-domain-ok", "stop-dns-rebind"),
    ("connmark-allowlist", "connmark-allowlist-enable"),
    ("expand-hosts", "domain domain-suffix"),
    ("dumpmask", "dumpfile"),
];

/// Directives that have no effect with any of some others.
const WITH: [(&str, &str); 8] = [
    ("resolv-file no-poll clear-on-reload", "no-resolv"),
    ("min-port max-port port-limit", "query-port"),
    ("tftp-port-range", "tftp-single-port"),
    ("quiet-dhcp", "log-dhcp"),
    ("neg-ttl", "no-negcache"),
    ("local-service", "interface except-interface listen-address auth-server"),
    ("min-cache-ttl max-cache-ttl neg-ttl no-negcache use-stale-cache cache-rr clear-on-reload", "cache-size=0"),
    (
        "server rev-server servers-file local address resolv-file no-resolv strict-order all-servers cache-size \
         log-queries domain-needed bogus-priv stop-dns-rebind filterwin2k addn-hosts hostsdir expand-hosts",
        "port=0",
    ),
];

/// Tags that are set without being said.
const KNOWN: &str = "known known-othernet bootp cpewan-id dhcpv6";

/// Everything to be warned of. `is_interface`: the machine has one of this name.
pub fn warnings(config: &Config, mentions: &Mentions, is_interface: &dyn Fn(&[u8]) -> bool) -> Vec<Warning> {
    let mut list = Vec::new();
    let has = |name: &str| match name {
        "cache-size=0" => config.dns.cache_size == 0,
        "port=0" => config.listen.port == 0,
        _ => mentions.has(name),
    };
    for (rules, wanted, word) in [(&WITHOUT[..], false, " has no effect without "), (&WITH, true, " has no effect with ")] {
        for (names, others) in rules {
            let given = others.split(' ').find(|other| has(other));
            if given.is_some() != wanted {
                continue;
            }
            // One of the others is named: the one that is there, or the usual one.
            let other = given.or_else(|| others.split(' ').next()).unwrap_or_default();
            let about = |name: &str| mentions.about(name, &[name.as_bytes(), word.as_bytes(), other.as_bytes()]);
            list.extend(names.split(' ').filter_map(about));
        }
    }
    overlaps(config, mentions, &mut list);
    tags(config, mentions, is_interface, &mut list);
    list
}

/// Ranges for the same requests that share addresses.
fn overlaps(config: &Config, mentions: &Mentions, list: &mut Vec<Warning>) {
    let ranges = &config.dhcp.ranges;
    for (number, range) in ranges.iter().enumerate() {
        let before = ranges.iter().take(number);
        let shares = |other: &&super::Range| {
            other.start <= range.end && range.start <= other.end && other.conditions == range.conditions
        };
        if let Some(other) = before.filter(|other| other.kind == range.kind).find(shares) {
            let [start, other] = [range.start, other.start].map(|addr| text::string(&|out| text::ipv4(out, addr)));
            let words = [b"the dhcp-range from ", start.as_bytes(), b" overlaps the one from ", other.as_bytes()];
            list.push(mentions.about_range(number, &words));
        }
    }
}

#[inline(never)]
fn add(set: &mut Vec<Tag>, tags: &[Tag]) {
    set.extend_from_slice(tags);
}

/// Tags that are asked for and that nothing sets. Files of hosts, which are read
/// later, may set any.
fn tags(config: &Config, mentions: &Mentions, is_interface: &dyn Fn(&[u8]) -> bool, list: &mut Vec<Warning>) {
    let (dhcp, six) = (&config.dhcp, &config.dhcp6);
    if !dhcp.hosts_files.is_empty() || !dhcp.hosts_dirs.is_empty() {
        return;
    }
    let mut set = Vec::new();
    dhcp.ranges.iter().for_each(|range| add(&mut set, range.set.as_slice()));
    six.ranges.iter().for_each(|range| add(&mut set, range.set.as_slice()));
    dhcp.hosts.iter().for_each(|host| add(&mut set, &host.set));
    dhcp.matches.iter().for_each(|test| add(&mut set, &[test.set]));
    six.matches.iter().for_each(|test| add(&mut set, &[test.set]));
    dhcp.tag_ifs.iter().for_each(|rule| add(&mut set, &rule.set));
    for (number, name) in dhcp.tags.iter().enumerate() {
        let is_set = set.iter().any(|tag| usize::from(*tag) == number);
        let known = KNOWN.split(' ').any(|known| known.as_bytes() == &**name);
        // A request has the name of the interface it came in by as a tag.
        let interface = is_interface(name) || mentions.naming().flat_map(Mention::items).any(|item| *item == **name);
        if !is_set && !known && !interface {
            list.push(mentions.about_tag(number, &[b"nothing sets the tag ", name]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::rows::SORTED;

    #[test]
    fn the_rules_name_directives() {
        for (names, others) in WITHOUT.iter().chain(&WITH) {
            for name in names.split(' ').chain(others.split(' ')) {
                let known = SORTED.iter().any(|row| row.name() == name) || name.ends_with("=0");
                assert!(known, "{name}");
            }
        }
    }
}
