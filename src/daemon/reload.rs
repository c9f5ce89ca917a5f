//! What is read at start and again on SIGHUP: hosts files, DHCP host files,
//! ethers; with `no-poll` the resolv file. The heap is open meanwhile: new
//! tables are built beside the old ones and take their place.

use crate::base::time::Now;
use crate::daemon::shell::Shell;
use crate::daemon::heap;
use crate::outbox::change::Change;
use crate::outbox::lines::process;

/// SIGHUP.
pub fn hup(shell: &mut Shell, now: Now) {
    heap::open();
    shell.core.change(Change::ClearCache, now);
    shell.core.outbox.log(&process::CLEARED, &[]);
    shell.deliver.drain(&mut shell.core, now);
    if shell.core.config.dns.no_poll {
        shell.resolv.look(&mut shell.core, true, now);
    }
    shell.deliver.drain(&mut shell.core, now);
    heap::close();
}

/// At start.
pub fn read_all(shell: &mut Shell, now: Now) {
    let _ = (shell, now);
}
