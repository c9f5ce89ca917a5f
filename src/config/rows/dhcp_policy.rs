//! Whom to answer by DHCP, and what becomes of names.

use crate::config::draft::{Draft, Flag};
use crate::config::lexer::Text;
use crate::config::refusal::Applied;
use crate::config::row::{Row, flag, many};
use crate::config::values::conditions;

pub const ROWS: &[Row] = &[
    many("dhcp-ignore=tag:<tag>,...", b'J', ignore, "Do not answer clients with these tags").dhcp4(),
    many("dhcp-ignore-names[=tag:<tag>,...]", 0, ignore_names, "Do not use names that clients send").dhcp4(),
    flag("dhcp-ignore-clid", 0, Flag::DhcpIgnoreClid, "Know clients by hardware address only").dhcp4(),
    many("dhcp-generate-names[=tag:<tag>,...]", 0, generate_names, "Name clients without name after their hardware address").dhcp4(),
    many("dhcp-broadcast[=tag:<tag>,...]", 0, broadcast, "Broadcast replies").dhcp4(),
    flag("dhcp-fqdn", 0, Flag::DhcpFqdn, "Only full names of clients go into DNS").dhcp4(),
    flag("dhcp-client-update", 0, Flag::ClientUpdate, "Let clients update DNS themselves").dhcp4(),
];

fn ignore(draft: &mut Draft, text: Text) -> Applied {
    let tags = conditions(text, &mut draft.tags)?;
    if !tags.is_empty() {
        draft.ignore.push(tags);
    }
    Ok(())
}

fn ignore_names(draft: &mut Draft, text: Text) -> Applied {
    let tags = conditions(text, &mut draft.tags)?;
    draft.ignore_names.push(tags);
    Ok(())
}

fn generate_names(draft: &mut Draft, text: Text) -> Applied {
    let tags = conditions(text, &mut draft.tags)?;
    draft.generate_names.push(tags);
    Ok(())
}

fn broadcast(draft: &mut Draft, text: Text) -> Applied {
    let tags = conditions(text, &mut draft.tags)?;
    draft.broadcast.push(tags);
    Ok(())
}
