//! What has been said so far: growable, and gone when the configuration is
//! frozen. Rows store here what they have checked; what needs two directives
//! at once is looked at in `checked`.

use super::domains::DomainsDraft;
use super::files::Hosts;
use super::netboot::PORTS;
use super::records::LocalDraft;
use super::refusal::Applied;
use super::{Conditions, Config, LogTarget, Tag};
use crate::base::hash::Key;
use crate::base::suffix::SuffixBuilder;
use std::net::Ipv4Addr;

/// Directives with a number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Number {
    AuthTtl,
    CacheSize,
    DhcpTtl,
    EdnsMax,
    ForwardMax,
    LeaseMax,
    LocalTtl,
    MaxCacheTtl,
    MaxPort,
    MaxTtl,
    MinCacheTtl,
    MinPort,
    NegTtl,
    Port,
    PortLimit,
    QueryPort,
    TcpMax,
    TftpMax,
    TftpMtu,
}

const NUMBERS: usize = Number::TftpMtu as usize + 1;

/// The facility of the system's log as long as none was given.
pub const NO_FACILITY: u8 = u8::MAX;

/// Who may be answered, as far as was said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LocalServiceSaid {
    Net,
    Host,
}

/// The names of tags; a tag is a place in them. And what of the directive being
/// read belongs together: gathered here, it need not be freed where a directive
/// is refused.
#[derive(Default)]
pub struct Tags {
    pub names: Vec<Box<[u8]>>,
    conditions: Vec<(Tag, bool)>,
    set: Vec<Tag>,
    /// Octets of a value.
    pub octets: Vec<u8>,
}

impl Tags {
    /// Nothing gathered, for the next directive.
    pub fn clear(&mut self) {
        self.conditions.clear();
        self.set.clear();
        self.octets.clear();
    }

    /// The number of a tag, new or known.
    #[inline(never)]
    pub fn number(&mut self, name: &[u8]) -> Option<Tag> {
        let place = self.names.iter().position(|known| **known == *name).unwrap_or_else(|| {
            self.names.push(name.into());
            self.names.len().saturating_sub(1)
        });
        Tag::try_from(place).ok()
    }

    /// Gathers a condition: a tag that must be set, or must not be after `!` or
    /// `#`.
    #[inline(never)]
    pub fn condition(&mut self, octets: &[u8]) -> Applied {
        let (name, wanted) = match octets {
            [b'!' | b'#', name @ ..] => (name, false),
            _ => (octets, true),
        };
        let tag = self.number(name).ok_or(wrong!("too many tags"))?;
        self.conditions.push((tag, wanted));
        Ok(())
    }

    /// Gathers a tag that is set.
    #[inline(never)]
    pub fn sets(&mut self, name: &[u8]) -> Applied {
        let tag = self.number(name).ok_or(wrong!("too many tags"))?;
        self.set.push(tag);
        Ok(())
    }

    /// True when conditions were gathered.
    pub fn has_conditions(&self) -> bool {
        !self.conditions.is_empty()
    }

    /// The conditions that were gathered.
    #[inline(never)]
    pub fn conditions(&self) -> Conditions {
        self.conditions.as_slice().into()
    }

    /// The tags that were gathered.
    pub fn set(&self) -> &[Tag] {
        &self.set
    }

    /// The octets that were gathered.
    #[inline(never)]
    pub fn octets(&self) -> Box<[u8]> {
        self.octets.as_slice().into()
    }
}

/// Numbers as far as they were given.
pub struct Said {
    numbers: [Option<u32>; NUMBERS],
}

/// The draft: the configuration as far as it is said, and what it takes two
/// directives to know.
pub struct Draft {
    /// Most directives are stored where engines look for them.
    pub config: Config,
    /// Finds the addresses of hosts.
    pub look_up: Hosts,
    pub said: Said,
    pub bind_interfaces: bool,
    pub bind_dynamic: bool,
    pub no_case_check: bool,
    pub debug: bool,
    pub foreground: bool,
    pub filter_a: bool,
    pub filter_aaaa: bool,
    pub local_mx: bool,
    pub no_hosts: bool,
    /// `domain=#`: the domain is taken from the resolv file.
    pub domain_from_resolv: bool,
    pub local_service: Option<LocalServiceSaid>,
    /// What belongs behind the words of the refusal.
    pub detail: String,
    /// What the directive being read asks for and no engine does yet.
    pub unmet: Option<&'static str>,
    pub domains: DomainsDraft,
    /// Domains of `ipset` and of `nftset`.
    pub ip_sets: SuffixBuilder,
    pub nft_sets: SuffixBuilder,
    /// `resolv-file` was given: the default does not apply.
    pub resolv_said: bool,
    pub local: LocalDraft,
    /// Addresses of `dhcp-host`, ascending.
    pub host_addrs: Vec<Ipv4Addr>,
    pub tags: Tags,
}

impl Draft {
    /// Nothing said yet. `key` is that of the tables of domains. Not inlined: it
    /// is called from two places and large.
    #[inline(never)]
    pub fn new(key: Key, look_up: Hosts) -> Self {
        let mut draft = Draft {
            config: Config::default(),
            look_up,
            said: Said { numbers: [None; NUMBERS] },
            bind_interfaces: false,
            bind_dynamic: false,
            no_case_check: false,
            debug: false,
            foreground: false,
            filter_a: false,
            filter_aaaa: false,
            local_mx: false,
            no_hosts: false,
            domain_from_resolv: false,
            local_service: None,
            detail: String::new(),
            unmet: None,
            domains: DomainsDraft::new(key),
            ip_sets: SuffixBuilder::new(key),
            nft_sets: SuffixBuilder::new(key),
            resolv_said: false,
            local: LocalDraft::default(),
            host_addrs: Vec::new(),
            tags: Tags::default(),
        };
        draft.config.log.target = LogTarget::Syslog(NO_FACILITY);
        draft.config.dhcp.netboot.ports = PORTS;
        draft
    }

    /// The directive being read is right, and asks for something that no engine
    /// does yet: `--test` warns of it, and a start is refused.
    #[inline(never)]
    pub fn not_yet(&mut self, what: &'static str) {
        self.unmet = Some(what);
    }
}

impl Said {
    /// Stores a number.
    pub fn store(&mut self, number: Number, value: u32) {
        if let Some(place) = self.numbers.get_mut(number as usize) {
            *place = Some(value);
        }
    }

    /// The number, if one was given.
    pub fn number(&self, number: Number) -> Option<u32> {
        self.numbers.get(number as usize).copied().flatten()
    }

    /// A 16-bit number whose bounds the row has checked.
    pub fn number16(&self, number: Number) -> Option<u16> {
        self.number(number).map(|value| u16::try_from(value).unwrap_or(u16::MAX))
    }

    /// The same, or what holds if none was given.
    #[inline(never)]
    pub fn number16_or(&self, number: Number, usual: u16) -> u16 {
        self.number16(number).unwrap_or(usual)
    }

    /// The number, or what holds if none was given.
    #[inline(never)]
    pub fn number_or(&self, number: Number, usual: u32) -> u32 {
        self.number(number).unwrap_or(usual)
    }
}
