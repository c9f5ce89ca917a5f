//! `dumpfile` read by tcpdump.

use crate::net::Net;

#[test]
fn the_capture_file_is_one_for_tcpdump_and_grows_over_a_restart() {
    let Some(net) = Net::new(&["dig", "tcpdump"]).map(Net::with_address) else { return };
    let config = "address=/here.test/192.0.2.9\naddress=/here.test/2001:db8::9\ndumpfile=DIR/dump\ndumpmask=3";
    let server = net.serve(config);
    let ask = |server: &str| net.ask(&format!("dig +short +time=2 +tries=1 @{server} here.test A"));
    assert_eq!(ask("192.168.77.1"), "192.0.2.9");
    assert_eq!(server.stop(), Some(0));
    let shown = || {
        let done = net.run_at_router(&format!("tcpdump -vnr {}", net.path("dump")));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let text = shown();
    assert!(text.contains("> 192.168.77.1.53: ") && text.contains("192.168.77.1.53 > 192.168.77.2."), "{text}");
    assert_eq!(text.matches("here.test.").count(), 2, "a question and its answer: {text}");
    assert!(net.read("log").contains("dumping packet 2 mask 0x0002"), "{}", net.read("log"));
    let server = net.serve(config);
    assert_eq!(ask("fd77::1"), "192.0.2.9");
    assert_eq!(server.stop(), Some(0));
    let text = shown();
    assert!(text.contains("fd77::2.") && text.contains("udp sum ok") && !text.contains("bad udp"), "{text}");
    assert!(net.read("log").contains("dumping packet 4 mask 0x0002"), "{}", net.read("log"));
    net.write("dump", "something that is no capture file");
    let ended = net.run_at_router(&format!("{} -k -C {}", crate::net::program(), net.path("conf")));
    assert_eq!(ended.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("bad header in "));
}

#[test]
fn a_pipe_that_nobody_reads_stops_nobody() {
    let Some(net) = Net::new(&["dig", "mkfifo"]).map(Net::with_address) else { return };
    net.run_at_router(&format!("mkfifo {}", net.path("dump")));
    let server = net.serve("address=/here.test/192.0.2.9\ndumpfile=DIR/dump");
    net.write("questions", &"here.test A\n".repeat(500));
    let answers = net.ask(&format!("dig +short +time=2 +tries=1 @192.168.77.1 -f {}", net.path("questions")));
    assert_eq!(answers.lines().count(), 500);
    assert!(net.read("log").contains("failed to write packet dump"), "{}", net.read("log"));
    assert_eq!(server.stop(), Some(0));
}
