//! DNS security.

use crate::config::dnssec::{Anchor, Key};
use crate::config::draft::Draft;
use crate::config::lexer::{Items, Text};
use crate::config::refusal::{Applied, ERROR, Refusal};
use crate::config::row::{Row, file, flag, many, once};
use crate::config::values::{name_or_root, plain_hex};
use crate::wire::dns::codes::class;

pub const ROWS: &[Row] = &[
    flag("dnssec", 0, |draft| &mut draft.config.dnssec.on, "Validate answers from upstream")
        .not_yet()
        .manual("Validates answers from upstream servers (RFC 4035). Answers that are proven right are marked with the AD bit for \
            clients that ask for it, and answers that are proven wrong become SERVFAIL. It needs a trust-anchor for the root, \
            upstream servers that give signatures, and a cache of at least 150 names. It switches fast-dns-retry on."),
    many("trust-anchor=<domain>[,<class>,<key tag>,<algorithm>,<digest type>,<digest>]", 0, anchor, "Trust this key without proof")
        .not_yet()
        .manual("A key that is trusted without proof, as a DS record gives it: the zone (a dot for the root), perhaps a class (IN, CH \
            or HS), the key tag, the number of the algorithm, that of the kind of digest, and the digest in hexadecimal, in \
            which there may be blanks. Several keys may be given for one zone. A zone alone is a negative anchor: it and all \
            zones below it are taken as unsigned."),
    many("dnssec-check-unsigned[=no]", 0, check_unsigned, "Have it proven that unsigned answers may be so")
        .not_yet()
        .manual("Has upstream prove that the zone of an unsigned answer is really unsigned, which is the default. With no, unsigned \
            answers are passed on without that proof: fewer questions, and no protection from whoever takes signatures away."),
    flag("dnssec-no-timecheck", 0, |draft| &mut draft.config.dnssec.no_time_check, "Do not look at times of signatures until SIGINT")
        .not_yet()
        .manual("Does not look at the times for which signatures are valid until the signal SIGINT comes: for machines whose clock is \
            set by way of the network after the start. The cache is emptied then."),
    file("dnssec-timestamp=<path>", 0, |draft| &mut draft.config.dnssec.timestamp, "Remember the last time known to be right in a file")
        .not_yet()
        .manual("A file whose time of change is the last time that was known to be right; it is made if it is missing. While the clock \
            is behind that time, the times of signatures are not looked at. The file is touched once the clock is right, and at \
            the end. It must lie where the server may write when it has given up its privileges."),
    flag("dnssec-debug", 0, |draft| &mut draft.config.dnssec.debug, "Pass on answers that fail validation")
        .not_yet()
        .manual("Passes answers on that failed validation, and has upstream servers not validate either. For finding faults only."),
    once("dnssec-limits=<n>[,...]", 0, limits, "How much work one validation may take")
        .not_yet()
        .manual("Limits to the work that one answer may cause: how many signatures of one record set may fail (20), signatures and \
            hashes in all (200), further questions (40), and rounds of hashing in an NSEC3 record (150). A 0 or nothing leaves \
            the default. An answer that needs more is not given."),
    flag("proxy-dnssec", 0, |draft| &mut draft.config.dnssec.proxy, "Pass on what upstream says about validation")
        .manual("Passes the AD bit of an upstream server's answer on to the client, which is otherwise taken out, because it says \
            nothing unless the way to that server can be trusted."),
];

/// What is wrong with a trust anchor.
const BAD: Refusal = wrong!("bad trust anchor");

fn anchor(draft: &mut Draft, text: Text) -> Applied {
    let mut items = text.items();
    let name = match items.octets() {
        b"" if items.rest.is_none() => return Err(BAD),
        b"." => b"",
        name => name,
    };
    let name = name_or_root(name).ok_or(BAD)?;
    let mut anchor = Anchor { name, key: None };
    if items.rest.is_some() {
        anchor.key = Some(key(&mut items, &mut draft.tags.octets)?);
    }
    draft.config.dnssec.anchors.push(anchor);
    Ok(())
}

/// The key behind the name; `work` is written to.
fn key(items: &mut Items, work: &mut Vec<u8>) -> Applied<Key> {
    let mut behind = *items;
    let class = match behind.octets() {
        b"IN" => class::IN,
        b"CH" => class::CHAOS,
        b"HS" => class::HESIOD,
        _ => 0,
    };
    if class != 0 {
        behind.rest.ok_or(BAD)?;
        *items = behind;
    }
    let class = if class == 0 { class::IN } else { class };
    let tag = items.piece().port().ok_or(BAD)?;
    let [mut algorithm, mut digest_kind] = [0; 2];
    for small in [&mut algorithm, &mut digest_kind] {
        *small = items.piece().port().and_then(|value| u8::try_from(value).ok()).ok_or(BAD)?;
    }
    let said = items.rest.ok_or(BAD)?.octets();
    work.extend(said.iter().filter(|octet| **octet != b' '));
    let mut digest = Vec::new();
    plain_hex(work, &mut digest).ok_or(wrong!("bad HEX in trust anchor"))?;
    Ok(Key { class, tag, algorithm, digest_kind, digest: digest.into() })
}

fn check_unsigned(draft: &mut Draft, text: Text) -> Applied {
    match text.octets() {
        b"" => {}
        b"no" => draft.config.dnssec.trust_unsigned = true,
        _ => return Err(wrong!("bad value for dnssec-check-unsigned")),
    }
    Ok(())
}

fn limits(draft: &mut Draft, text: Text) -> Applied {
    let limits = &mut draft.config.dnssec.limits;
    let all = [&mut limits.failures, &mut limits.crypto, &mut limits.queries, &mut limits.iterations];
    for (limit, item) in all.into_iter().zip(text.items()) {
        let value = item.number().ok_or(ERROR)?;
        if value != 0 {
            *limit = value;
        }
    }
    Ok(())
}
