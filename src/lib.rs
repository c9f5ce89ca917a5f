//! ironmasq: a drop-in replacement for dnsmasq.
