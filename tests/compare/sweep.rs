//! Steps by chance: the same for both sides, since they come from one seed.
//! What nobody thought of when writing cases.

/// `sweep dhcp|dns|tftp SEED COUNT`: so many steps in the words of cases.
pub fn steps(words: &[&str]) -> Vec<String> {
    let [kind, seed, count] = words else { panic!("sweep dhcp|dns|tftp SEED COUNT") };
    let mut dice = Dice(seed.parse().unwrap());
    let step = match *kind {
        "dns" => dns,
        "tftp" => tftp,
        _ => dhcp,
    };
    (0..count.parse().unwrap()).map(|_| step(&mut dice)).collect()
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A word, one time in `n`.
    fn maybe(&mut self, n: usize, of: &[&str]) -> String {
        if self.below(n) == 0 { format!(" {}", self.one(of)) } else { String::new() }
    }
}

fn dhcp(dice: &mut Dice) -> String {
    let kind = dice.one(&["discover", "discover", "request", "request", "request", "request", "inform", "release", "decline"]);
    let mac = dice.one(&["02:00:00:00:00:21", "02:00:00:00:00:22", "02:00:00:00:01:11", "02:00:00:00:01:12", "a4:5e:60:c1:22:9f"]);
    let places = ["offer", "192.168.77.21", "192.168.77.120", "192.168.77.121", "192.168.77.30", "10.1.1.1"];
    let mut step = format!("dhcp {kind} mac={mac} patience=400");
    if matches!(kind, "release") || (kind != "discover" && dice.below(3) == 0) {
        step += &format!(" ciaddr={}", dice.one(&places));
    }
    if kind == "decline" || (kind != "release" && dice.below(2) == 0) {
        step += &format!(" reqip={}", dice.one(&places));
    }
    if matches!(kind, "release" | "decline") || (kind == "request" && dice.below(2) == 0) {
        step += &format!(" server={}", dice.one(&["192.168.77.1", "192.168.77.1", "192.168.77.1", "10.9.9.9"]));
    }
    step += &dice.maybe(3, &["host=box", "host=other", "host=printer", "host=a.lan.test", "host=b.wrong.test", "host=_!", "host=x"]);
    step += &dice.maybe(5, &["fqdn=01:full", "fqdn=00:full.lan.test", "fqdn=03:full", "fqdn=08:full"]);
    step += &dice.maybe(3, &["clid=01aabb", "clid=01020000000021", "clid=ff00"]);
    step += &dice.maybe(3, &["params=1,3,6,12,15,28", "params=3,42,119", "params=12,81", "params=66,67,43"]);
    step += &dice.maybe(4, &["vendor=MSFT", "user=lab", "lease=600", "lease=60", "lease=4294967295", "secs=9", "file=x"]);
    step += &dice.maybe(9, &["giaddr=10.88.0.1"]);
    step
}

fn dns(dice: &mut Dice) -> String {
    let names = [
        "printer", "printer.lan.test", "many", "none", "none.lan.test", "lan.test", "fixed.test", "a.fixed.test", "blocked.test",
        "x.blocked.test", "www.example.com", "alias.example.com", "gone.example.com", "empty.example.com", "big.example.com",
        "zero.example.com", "9.77.168.192.in-addr.arpa", "10.77.168.192.in-addr.arpa", "1.2.0.192.in-addr.arpa", "sub.printer.lan.test",
        "6.test", "both.test", "example.com", "com", ".",
    ];
    let name = dice.one(&names);
    let name = if dice.below(5) == 0 { name.to_uppercase() } else { name.into() };
    let kind = dice.one(&["A", "A", "A", "A", "AAAA", "AAAA", "PTR", "MX", "TXT", "ANY", "CNAME", "SOA", "NS", "SRV", "HTTPS", "TYPE1234"]);
    let mut step = format!("dns {name} {kind}");
    for (n, word) in [(4, "edns=1232"), (9, "edns=512"), (6, "do"), (9, "cd"), (9, "ad"), (12, "norec"), (7, "tcp"), (9, "to=fd77::1")] {
        step += &dice.maybe(n, &[word]);
    }
    step
}

fn tftp(dice: &mut Dice) -> String {
    let parts = ["a.txt", "A.TXT", "sub", "c", "..", ".", "...", "..c", "none", "secret", "DIR/tftp", "DIR", "link", "192.168.77.2"];
    let mut name = dice.maybe(3, &["/", "//", "DIR/tftp/", "\\"]).trim_start().to_string();
    for part in 0..1 + dice.below(4) {
        if part > 0 {
            name += dice.one(&["/", "/", "/", "//", "\\"]);
        }
        name += dice.one(&parts);
    }
    name += dice.maybe(6, &["/", "\\"]).trim_start();
    let mode = dice.one(&["octet", "octet", "netascii", "OCTET"]);
    let mut step = format!("tftp get {name} {mode}");
    for option in ["blksize=8", "blksize=1400", "tsize=0", "TSize=7", "unknown=1"] {
        step += &dice.maybe(5, &[option]);
    }
    step
}
