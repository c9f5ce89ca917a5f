//! Least-recently-used order over numbered slots, as links in a side table.
//! Every step costs the same at any size.

/// No slot; links hold slot + 1, so that untouched memory means "no link".
const NONE: u32 = 0;

/// Slots from the most to the least recently used.
pub struct Order {
    /// For each slot: its newer and its older neighbour.
    links: Box<[[u32; 2]]>,
    newest: u32,
    oldest: u32,
}

impl Order {
    /// An empty order over slots 0 to `capacity` − 1.
    pub fn new(capacity: usize) -> Self {
        Order { links: vec![[NONE; 2]; capacity].into_boxed_slice(), newest: NONE, oldest: NONE }
    }

    /// Octets that an order over `capacity` slots takes.
    pub const fn bytes(capacity: usize) -> usize {
        capacity.saturating_mul(size_of::<[u32; 2]>())
    }

    /// Puts a slot that is not in the order in front.
    pub fn push(&mut self, slot: u32) {
        let link = slot.saturating_add(1);
        let newest = self.newest;
        self.set(link, [NONE, newest]);
        match newest {
            NONE => self.oldest = link,
            _ => self.set_newer(newest, link),
        }
        self.newest = link;
    }

    /// Takes a slot out.
    pub fn remove(&mut self, slot: u32) {
        let link = slot.saturating_add(1);
        let [newer, older] = self.get(link);
        match newer {
            NONE => self.newest = older,
            _ => self.set_older(newer, older),
        }
        match older {
            NONE => self.oldest = newer,
            _ => self.set_newer(older, newer),
        }
    }

    /// Makes a slot of the order the most recently used one.
    pub fn touch(&mut self, slot: u32) {
        let link = slot.saturating_add(1);
        let newest = self.newest;
        if newest == link {
            return;
        }
        // There is a newer one.
        let [newer, older] = self.get(link);
        self.set_older(newer, older);
        match older {
            NONE => self.oldest = newer,
            _ => self.set_newer(older, newer),
        }
        self.set(link, [NONE, newest]);
        self.set_newer(newest, link);
        self.newest = link;
    }

    /// Slots from the least recently used one on.
    pub fn oldest(&self) -> impl Iterator<Item = u32> {
        let mut link = self.oldest;
        core::iter::from_fn(move || {
            let slot = link.checked_sub(1)?;
            let [newer, _] = self.get(link);
            link = newer;
            Some(slot)
        })
    }

    /// Takes all slots out.
    pub fn clear(&mut self) {
        (self.newest, self.oldest) = (NONE, NONE);
    }

    fn get(&self, link: u32) -> [u32; 2] {
        self.links.get((link as usize).wrapping_sub(1)).copied().unwrap_or_default()
    }

    fn set(&mut self, link: u32, to: [u32; 2]) {
        if let Some(links) = self.links.get_mut((link as usize).wrapping_sub(1)) {
            *links = to;
        }
    }

    fn set_newer(&mut self, link: u32, to: u32) {
        if let Some([newer, _]) = self.links.get_mut((link as usize).wrapping_sub(1)) {
            *newer = to;
        }
    }

    fn set_older(&mut self, link: u32, to: u32) {
        if let Some([_, older]) = self.links.get_mut((link as usize).wrapping_sub(1)) {
            *older = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Random;

    #[test]
    fn it_orders_as_a_plain_list_does() {
        let mut random = Random::seeded(11);
        let mut order = Order::new(20);
        let mut list: Vec<u32> = Vec::new();
        for _ in 0..20_000 {
            let slot = random.below(20);
            let within = list.contains(&slot);
            list.retain(|other| *other != slot);
            match (within, random.below(3)) {
                (true, 0) => order.remove(slot),
                (true, _) => {
                    order.touch(slot);
                    list.push(slot);
                }
                (false, _) => {
                    order.push(slot);
                    list.push(slot);
                }
            }
            assert_eq!(order.oldest().collect::<Vec<_>>(), list);
        }
        order.clear();
        assert_eq!(order.oldest().next(), None);
    }
}
