//! The options of a reply (RFC 2131 §4.3.1, RFC 2132): which ones, with which
//! values, in dnsmasq's order. Some clients depend on that order.

use crate::base::net::Networks;
use crate::base::bytes::{Reader, Writer};
use crate::config::{Boot, DhcpOption, Space};
use crate::dhcp::choose_options::Chosen;
use crate::dhcp4::client::Client;
use crate::dhcp4::pxe_menu::{Menu, part};
use crate::dhcp4::reply::{Reply, Timing, room};
use crate::dhcp4::reply_options::{Dropped, DroppedList, OptionWriter};
use crate::dhcp4::request::Fqdn;
use crate::wire::dhcp4::{HEADER, REPLY_MIN};
use crate::wire::dhcp4_options::code;
use crate::wire::dns::name::{Name, NameBuf};
use arrayvec::ArrayVec;
use std::net::Ipv4Addr;

/// Octets that options of a BOOTP reply may take (RFC 1497).
const BOOTP_OPTIONS: usize = 64;

/// All that the options are made of.
pub(super) struct Content<'r> {
    pub client: &'r Client<'r>,
    pub reply: &'r Reply<'r>,
    pub chosen: &'r Chosen<'r>,
    pub boot: Option<&'r Boot>,
    pub networks: &'r dyn Networks,
    /// What option 43 begins with.
    pub first: First<'r>,
}

/// What stands in option 43 before what is configured.
pub(super) enum First<'r> {
    /// There is no option 43.
    Nothing,
    /// Nothing of ours.
    NoMenu,
    /// A PXE menu.
    Menu(&'r Menu),
    /// The entry of it that the client chose.
    Item([u8; 4]),
}

impl Content<'_> {
    /// Writes all options. Gives what could not be sent.
    pub fn write(&self, out: &mut Writer) -> DroppedList {
        let request = self.client.request;
        let bootp = self.reply.kind.is_none();
        let overload = !bootp && request.request_list.is_some() && !self.client.config.dhcp.no_override;
        let end = if bootp { HEADER + BOOTP_OPTIONS - 4 } else { room(self.client) };
        let mut options = OptionWriter::new(out, end, overload);
        self.head(&mut options);
        self.boot_fields(&mut options);
        if let Some(subnet) = request.subnet {
            options.put(code::SUBNET_SELECT, &subnet.octets());
        }
        self.times(&mut options);
        self.network(&mut options);
        self.names(&mut options);
        self.configured(&mut options);
        self.inside(&mut options);
        self.machine(&mut options);
        self.vendor(&mut options, false);
        options.close(request.agent, REPLY_MIN)
    }

    /// Writes the options of an answer to a PXE client without an address.
    pub fn write_pxe(&self, out: &mut Writer, file: &[u8], sname: &[u8]) {
        let mut options = OptionWriter::new(out, room(self.client), false);
        options.file_field(file);
        options.sname_field(sname);
        self.head(&mut options);
        self.machine(&mut options);
        if !matches!(self.first, First::Nothing) {
            self.vendor(&mut options, true);
        }
        self.configured(&mut options);
        self.inside(&mut options);
        options.close(self.client.request.agent, REPLY_MIN);
    }

    /// The class and the identifier of the machine come back to PXE clients.
    fn machine(&self, options: &mut OptionWriter) {
        if self.is_pxe() {
            options.put(code::VENDOR_CLASS, self.client.pxe_class.unwrap_or_default());
            if let Some(uuid) = self.client.request.uuid {
                options.put(code::MACHINE_ID, uuid);
            }
        }
    }

    /// True for a PXE client whose answer speaks of booting.
    fn is_pxe(&self) -> bool {
        let known = self.client.request.arch.is_some() || matches!(self.first, First::Item(_));
        self.client.pxe() && known && self.reply.range.is_some() && self.reply.kind.is_some()
    }

    /// Message type, server identifier, lease time, rapid commit.
    fn head(&self, options: &mut OptionWriter) {
        let Some(kind) = self.reply.kind else { return };
        options.put(code::MESSAGE_TYPE, &[kind]);
        options.put(code::SERVER_ID, &self.client.server_id(self.reply.range).octets());
        match self.reply.timing {
            Timing::Lease { secs, .. } => options.put_u32(code::LEASE_TIME, secs.unwrap_or(u32::MAX)),
            Timing::Left(Some(secs)) => options.put_u32(code::LEASE_TIME, secs),
            Timing::Left(None) | Timing::None => {}
        }
        if self.reply.rapid {
            options.put(code::RAPID_COMMIT, &[]);
        }
    }

    /// Boot file and server name: as options if they are asked for (then with
    /// a final zero, for buggy boot ROMs), else in their fields.
    fn boot_fields(&self, options: &mut OptionWriter) {
        let request = self.client.request;
        let no_override = self.client.config.dhcp.no_override;
        let listed = |number| request.request_list.is_some_and(|list| list.contains(&number));
        let as_option = |number| !no_override && listed(number);
        match self.boot {
            Some(boot) => {
                if !boot.server_name.is_empty() {
                    match as_option(code::SERVER_NAME) {
                        true => options.put_text(code::SERVER_NAME, &boot.server_name, true),
                        false => options.sname_field(&boot.server_name),
                    }
                }
                if !boot.file.is_empty() {
                    match as_option(code::BOOT_FILE) {
                        true => options.put_text(code::BOOT_FILE, &boot.file, true),
                        false => options.file_field(&boot.file),
                    }
                }
            }
            None => {
                if let Some(option) = self.in_field(code::BOOT_FILE) {
                    options.file_field(&option.value);
                }
                if let Some(option) = self.in_field(code::SERVER_NAME) {
                    options.sname_field(&option.value);
                }
            }
        }
    }

    /// The option for a name field, if it goes there: not asked for, and not
    /// forced to be an option.
    fn in_field(&self, number: u8) -> Option<&DhcpOption> {
        let listed = self.client.request.request_list.is_some_and(|list| list.contains(&number));
        self.chosen.get(number).filter(|option| self.boot.is_none() && !listed && !option.force)
    }

    /// Renewal times: half and seven eighths, or as configured.
    fn times(&self, options: &mut OptionWriter) {
        let Timing::Lease { secs: Some(lease), fuzz } = self.reply.timing else { return };
        let wished = |number, default| {
            let option = self.chosen.get(number).and_then(|option| Reader::new(&option.value).u32());
            option.filter(|secs| *secs > 2 && *secs < lease).unwrap_or(default)
        };
        let seven = u64::from(lease).saturating_mul(7) / 8;
        let t2 = wished(code::T2, u32::try_from(seven).unwrap_or(u32::MAX));
        let t1 = wished(code::T1, lease / 2).min(t2.saturating_sub(1));
        let mut fuzz = fuzz;
        while fuzz > t1 / 8 {
            fuzz /= 2;
        }
        options.put_u32(code::T1, t1.saturating_sub(fuzz));
        options.put_u32(code::T2, t2.saturating_sub(fuzz));
    }

    /// Netmask, broadcast address, router and DNS server, where the
    /// configuration has none of its own.
    fn network(&self, options: &mut OptionWriter) {
        let Some(range) = self.reply.range else { return };
        let request = self.client.request;
        let mut default = |number, addr: Ipv4Addr, wanted: bool| {
            if wanted && !addr.is_unspecified() && self.chosen.get(number).is_none() {
                options.put(number, &addr.octets());
            }
        };
        default(code::NETMASK, range.netmask, true);
        default(code::BROADCAST, range.broadcast, true);
        default(code::ROUTER, range.router, request.asks_for(code::ROUTER));
        let dns = self.client.config.listen.port == 53 && request.asks_for(code::DNS_SERVER);
        default(code::DNS_SERVER, range.local, dns);
    }

    /// Domain and host name, and option 81 if the client sent it.
    fn names(&self, options: &mut OptionWriter) {
        let request = self.client.request;
        let addr = match self.reply.yiaddr.is_unspecified() {
            true => self.client.ciaddr,
            false => self.reply.yiaddr,
        };
        let zone = self.client.config.dns.domain_for(addr.into(), self.networks).and_then(Name::new);
        let mut buffer = [0; 255];
        let mut domain = Writer::new(&mut buffer);
        if let Some(zone) = zone {
            zone.text(&mut domain);
            if request.asks_for(code::DOMAIN_NAME) && self.chosen.get(code::DOMAIN_NAME).is_none() {
                options.put_text(code::DOMAIN_NAME, domain.written(), request.zero_ends);
            }
        }
        let Some(name) = self.reply.name else { return };
        if request.asks_for(code::HOST_NAME) && self.chosen.get(code::HOST_NAME).is_none() {
            options.put_text(code::HOST_NAME, name, request.zero_ends);
        }
        if let Some(fqdn) = request.fqdn {
            self.fqdn(options, fqdn, name, zone, domain.written());
        }
    }

    /// Option 81 (RFC 4702 §4): who updates DNS, and the whole name in the
    /// client's own encoding.
    fn fqdn(&self, options: &mut OptionWriter, fqdn: Fqdn, name: &[u8], zone: Option<Name>, domain: &[u8]) {
        let mut buffer = [0; 255];
        let mut value = Writer::new(&mut buffer);
        let flags = fqdn.answer(self.client.config.dhcp.client_update);
        value.bytes(&[flags, 255, 255]);
        if flags & Fqdn::ENCODED != 0 {
            if let Some(whole) = &NameBuf::join(name, zone.unwrap_or(Name::ROOT)) {
                let whole = whole.name().wire();
                // A name that is not whole has no end (RFC 4702 §2.3).
                value.bytes(if zone.is_none() { whole.strip_suffix(&[0]).unwrap_or(whole) } else { whole });
            }
        } else {
            value.bytes(name);
            if !domain.is_empty() {
                value.bytes(b".");
                value.bytes(domain);
            }
            if self.client.request.zero_ends {
                value.bytes(&[0]);
            }
        }
        options.put(code::FQDN, value.written());
    }

    /// The configured options, last configured first.
    fn configured(&self, options: &mut OptionWriter) {
        let request = self.client.request;
        for option in self.chosen.iter() {
            let number = option.code;
            let never = matches!(number, code::FQDN | code::MAX_SIZE | code::OVERLOAD | code::PAD | code::END | code::T1 | code::T2);
            let unasked = !option.force && !request.asks_for(number);
            // Empty means: not the built-in one either.
            let suppressed = option.value.is_empty()
                && matches!(
                    number,
                    code::NETMASK | code::BROADCAST | code::ROUTER | code::DNS_SERVER | code::DOMAIN_NAME | code::HOST_NAME
                );
            let in_field = matches!(number, code::BOOT_FILE | code::SERVER_NAME) && self.in_field(number).is_some();
            // PXE clients get their own class back.
            let class = number == code::VENDOR_CLASS && self.is_pxe();
            if never || unasked || suppressed || in_field || class {
                continue;
            }
            let zero = matches!(number, code::BOOT_FILE | code::SERVER_NAME) || request.zero_ends;
            if option.addresses {
                options.put(number, &self.own_addresses(&option.value));
            } else {
                options.put_text(number, &option.value, option.text && zero);
            }
        }
    }

    /// Addresses with ours in the place of 0.0.0.0.
    fn own_addresses(&self, value: &[u8]) -> ArrayVec<u8, 255> {
        let us = self.reply.range.map_or(self.client.own, |range| range.local);
        let mut all = ArrayVec::new();
        for addr in value.chunks(4) {
            let ours = us.octets();
            let addr = if addr == [0; 4] { &ours } else { addr };
            let _ = all.try_extend_from_slice(addr);
        }
        all
    }

    /// Options inside others: `encap:` and `vi-encap:` grouped by what they go
    /// into, then those of option 43 and with them the client's own class.
    fn inside(&self, options: &mut OptionWriter) {
        let request = self.client.request;
        let all = || self.chosen.inside(self.reply.tags);
        let sent = |option: &DhcpOption, outer: u8| option.force || request.asks_for(outer);
        for (place, first) in all().enumerate() {
            let before = all().take(place).any(|other| other.space == first.space);
            match first.space {
                Space::Encap(outer) if !before => {
                    let buffer = &mut [0; 255];
                    let mut pack = Pack::new(options, outer, buffer);
                    for option in all().filter(|option| option.space == first.space && sent(option, outer)) {
                        pack.add(option.code, &option.value, option.text && request.zero_ends);
                    }
                    pack.close();
                }
                // Into one option 125, or not at all.
                Space::Enterprise(number) if !before => {
                    let mut buffer = [0; 255];
                    let mut value = Writer::new(&mut buffer);
                    value.u32(number);
                    value.u8(0);
                    let head = value.len();
                    for option in all().filter(|option| option.space == first.space && sent(option, code::VI_ENCAP)) {
                        add(&mut value, option.code, &option.value, false);
                    }
                    let len = value.len().saturating_sub(head);
                    value.patch(head.saturating_sub(1), &[len as u8]);
                    if value.overflowed() {
                        let _ = options.dropped.try_push(Dropped::Enterprise(number));
                    } else if len > 0 {
                        options.put(code::VI_ENCAP, value.written());
                    }
                }
                _ => {}
            }
        }
    }

    /// Option 43: what PXE has to say, and the lines for clients whose class
    /// holds their text (or for whom option 60 is configured with it). `always`:
    /// whether it is asked for or not.
    fn vendor(&self, options: &mut OptionWriter, always: bool) {
        let request = self.client.request;
        let pxe = self.is_pxe();
        let configured = self.chosen.get(code::VENDOR_CLASS).filter(|_| !pxe);
        let told = configured.filter(|option| option.force || request.asks_for(option.code));
        let class = told.map(|option| &*option.value).or(request.vendor_class);
        let contains = |text: &[u8]| {
            text.is_empty() || class.is_some_and(|class| class.windows(text.len()).any(|window| window == text))
        };
        let vendors = &self.client.config.dhcp.netboot.vendors;
        let fits = |option: &DhcpOption| match &option.space {
            Space::Vendor(text) => class.is_some() && contains(text),
            Space::Pxe => class.is_some() && vendors.iter().any(|text| contains(text)),
            _ => false,
        };
        let each = |act: &mut dyn FnMut(&DhcpOption)| {
            self.chosen.inside(self.reply.tags).filter(|option| fits(option)).for_each(act);
        };
        let (mut wanted, mut prompted) = (always || request.asks_for(code::VENDOR_ENCAP), false);
        each(&mut |option| {
            wanted |= option.force;
            prompted |= option.code == part::PROMPT;
        });
        if !wanted {
            return;
        }
        let buffer = &mut [0; 255];
        let mut pack = Pack::new(options, code::VENDOR_ENCAP, buffer);
        match &self.first {
            First::Item(item) => pack.add(part::BOOT_ITEM, item, false),
            First::Menu(menu) => menu.parts(prompted).for_each(|(code, value)| pack.add(code, value, false)),
            First::Nothing | First::NoMenu => {}
        }
        let zero = request.zero_ends && !always;
        each(&mut |option| pack.add(option.code, &option.value, option.text && zero));
        let any = pack.close();
        if let Some(class) = request.vendor_class.filter(|class| any && !pxe && told.is_none() && !class.is_empty()) {
            options.put(code::VENDOR_CLASS, class);
        }
    }
}

/// Packs options into as many options `outer` as they need, the last of which
/// ends with an end mark if that fits.
struct Pack<'p, 'w, 'b> {
    options: &'p mut OptionWriter<'w, 'b>,
    outer: u8,
    inner: Writer<'p>,
    any: bool,
}

impl<'p, 'w, 'b> Pack<'p, 'w, 'b> {
    fn new(options: &'p mut OptionWriter<'w, 'b>, outer: u8, buffer: &'p mut [u8; 255]) -> Self {
        Pack { options, outer, inner: Writer::new(buffer), any: false }
    }

    /// Adds an option, with a final zero if `zero`.
    #[inline(never)]
    fn add(&mut self, code: u8, value: &[u8], zero: bool) {
        self.any = true;
        if self.inner.room() < value.len().saturating_add(2).saturating_add(zero.into()) {
            self.options.put(self.outer, self.inner.written());
            self.inner.rewind(0);
        }
        let before = self.inner.len();
        add(&mut self.inner, code, value, zero);
        if self.inner.overflowed() {
            self.inner.rewind(before);
        }
    }

    /// Writes what is left. True if there was any.
    fn close(mut self) -> bool {
        if !self.inner.is_empty() {
            self.inner.u8(code::END);
            self.options.put(self.outer, self.inner.written());
        }
        self.any
    }
}

/// Adds an option with its number and length, and a final zero if `zero`.
fn add(to: &mut Writer, code: u8, value: &[u8], zero: bool) {
    let end: &[u8] = if zero { &[0] } else { &[] };
    let len = value.len().saturating_add(end.len());
    for part in [&[code, len as u8], value, end] {
        to.bytes(part);
    }
}
