//! What is kept of a lease for those who ask (RFC 4388 §6.4): the relay's
//! information and the client's vendor class. Only there with `leasequery`.

use crate::base::reserved;
use crate::store::leases::{Lease, LeaseId, Leases, Unsaved};

/// Longest of each: an option.
pub const EXTRA_MAX: usize = 255;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// Option 82 of the last request that had one.
    AgentInfo,
    /// Option 60.
    VendorClass,
}

/// One value.
#[derive(Clone, Copy)]
struct Value {
    len: u8,
    octets: [u8; EXTRA_MAX],
}

/// Those of all leases, by slot.
#[derive(Default)]
pub struct Extras {
    values: Vec<[Value; 2]>,
}

impl Extras {
    /// For so many leases.
    pub fn new(capacity: usize) -> Self {
        Extras { values: Vec::with_capacity(capacity) }
    }

    /// True when they are kept.
    pub fn are_kept(&self) -> bool {
        self.values.capacity() > 0
    }

    /// A value; empty if there is none.
    pub fn get(&self, slot: u32, extra: Extra) -> &[u8] {
        let value = self.values.get(slot as usize).and_then(|both| both.get(extra as usize));
        value.map_or(&[], |value| value.octets.get(..usize::from(value.len)).unwrap_or_default())
    }

    /// Sets a value (cut at 255 octets). True if that changed it.
    pub fn set(&mut self, slot: u32, extra: Extra, octets: &[u8]) -> bool {
        let octets = octets.get(..octets.len().min(EXTRA_MAX)).unwrap_or_default();
        if !self.are_kept() || self.get(slot, extra) == octets {
            return false;
        }
        while self.values.len() <= slot as usize {
            if !reserved::push(&mut self.values, [Value { len: 0, octets: [0; EXTRA_MAX] }; 2]) {
                return false;
            }
        }
        let Some(value) = self.values.get_mut(slot as usize).and_then(|both| both.get_mut(extra as usize)) else {
            return false;
        };
        value.len = octets.len() as u8;
        for (to, from) in value.octets.iter_mut().zip(octets) {
            *to = *from;
        }
        true
    }

    /// A slot has a new lease.
    pub fn clear(&mut self, slot: u32) {
        if let Some(both) = self.values.get_mut(slot as usize) {
            both.iter_mut().for_each(|value| value.len = 0);
        }
    }
}

impl Leases {
    /// The same table, which also keeps what `leasequery` tells. For an empty
    /// table.
    pub fn with_extras(mut self, kept: bool) -> Self {
        if kept {
            self.extras = Extras::new(self.capacity);
        }
        self
    }

    /// True when it keeps what `leasequery` tells.
    pub fn keeps_extras(&self) -> bool {
        self.extras.are_kept()
    }

    /// What the relay said of the client of a lease; empty if nothing.
    pub fn agent_info(&self, lease: &Lease) -> &[u8] {
        self.extra(lease, Extra::AgentInfo)
    }

    /// The vendor class of the client of a lease; empty if there is none.
    pub fn vendor_class(&self, lease: &Lease) -> &[u8] {
        self.extra(lease, Extra::VendorClass)
    }

    fn extra(&self, lease: &Lease, extra: Extra) -> &[u8] {
        match self.id_by_addr(lease.addr).filter(|_| self.keeps_extras()) {
            Some(id) => self.extras.get(id.0, extra),
            None => &[],
        }
    }

    /// Keeps one of the two, if any are kept; `read`: it comes from the file.
    pub fn set_extra(&mut self, id: LeaseId, extra: Extra, octets: &[u8], read: bool) {
        if self.extras.set(id.0, extra, octets) && !read {
            self.change(id, Unsaved::Line, |_| {});
        }
    }
}
