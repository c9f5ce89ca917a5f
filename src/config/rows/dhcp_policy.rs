//! Whom to answer by DHCP, and what becomes of names.

use crate::config::draft::Draft;
use crate::config::lexer::Text;
use crate::config::refusal::Applied;
use crate::config::row::{Row, conditional, flag, many};
use crate::config::values::conditions;

pub const ROWS: &[Row] = &[
    many("dhcp-ignore=tag:<tag>,...", b'J', ignore, "Do not answer clients with these tags").dhcp4().manual(
        "Does not answer clients that have all of these tags (with !, that lack them). dhcp-ignore=tag:!known serves \
         only those that a dhcp-host line knows. Of several lines one that holds is enough.",
    ),
    conditional("dhcp-ignore-names[=tag:<tag>,...]", 0, |draft| &mut draft.config.dhcp.ignore_names, "Do not use names that clients send").dhcp4().manual(
        "Does not use the names that clients send, of clients that have all of these tags, or of all if there are \
         none. Names from dhcp-host and from hosts files are used nevertheless.",
    ),
    flag("dhcp-ignore-clid", 0, |draft| &mut draft.config.dhcp.ignore_clid, "Know clients by hardware address only").dhcp4().manual(
        "Recognises clients by their hardware address only, whatever client identifier they send.",
    ),
    conditional("dhcp-generate-names[=tag:<tag>,...]", 0, |draft| &mut draft.config.dhcp.generate_names, "Name clients without name after their hardware address").dhcp4().manual(
        "Gives clients without a name one that is made from their hardware address, such as 00-16-3e-01-02-03: those \
         that have all of these tags, or all.",
    ),
    conditional("dhcp-broadcast[=tag:<tag>,...]", 0, |draft| &mut draft.config.dhcp.broadcast, "Broadcast replies").dhcp4().manual(
        "Sends answers as broadcasts to clients that have all of these tags, or to all. Some clients take nothing \
         else and fail to say so.",
    ),
    flag("dhcp-fqdn", 0, |draft| &mut draft.config.dhcp.fqdn, "Only full names of clients go into DNS").dhcp4().manual(
        "Puts clients into DNS with their domain only, not with their bare names, so that one name may be used once \
         in every domain. A domain must be configured.",
    ),
    flag("dhcp-client-update", 0, |draft| &mut draft.config.dhcp.client_update, "Let clients update DNS themselves").dhcp4().manual(
        "Tells clients that send their full name (option 81) that they may enter themselves into some DNS, which this \
         server never does; normally they are told not to. Names are entered here all the same.",
    ),
];

fn ignore(draft: &mut Draft, text: Text) -> Applied {
    let tags = conditions(text, &mut draft.tags)?;
    if !tags.is_empty() {
        draft.config.dhcp.ignore.push(tags);
    }
    Ok(())
}
