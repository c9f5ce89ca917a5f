"""The conversations that capture.py holds with the server; it says what the words mean."""


def dora(r, m, *o, **k):
    p = r.send(disc(m, *o, **k))
    if not p: return None
    a = yi(p)
    r.send(req(m, a, *o, **k))
    return a


@case
def plain():
    r = go('plain', BASE)
    dora(r, mac(1), PRL)
    dora(r, mac(2))
    dora(r, mac(3), (55, bytes([1,3])))
    r.end()


@case
def details():
    r = go('details', BASE + ['log-dhcp'])
    dora(r, mac(1), PRL, (12, b'laptop'), (60, b'udhcp 1.36'), (61, b'\1'+mac(1)), (77, b'\3abc\2de'))
    r.end()


@case
def renewing():
    r = go('renewing', BASE + ['log-dhcp'])
    a = dora(r, mac(1), PRL)
    r.send(renew(mac(1), a, PRL), src=a, dst='192.168.7.1')
    r.send(renew(mac(1), a, PRL), src=a)
    r.send(renew(mac(1), '192.168.7.77', PRL), src='192.168.7.77', dst='192.168.7.1')
    r.send(renew(mac(1), '192.168.7.77', PRL), src='192.168.7.77')
    r.send(renew(mac(9), '192.168.7.77', PRL), src='192.168.7.77', dst='192.168.7.1')
    r.send(renew(mac(9), '10.9.9.9', PRL), src='10.9.9.9', dst='192.168.7.1')
    r.end()


@case
def reboot():
    r = go('reboot', BASE)
    a = dora(r, mac(1))
    r.send(req(mac(1), a, sid=None))
    r.send(req(mac(1), '192.168.7.99', sid=None))
    r.send(req(mac(2), '192.168.7.99', sid=None))
    r.send(req(mac(2), '10.0.0.1', sid=None))
    r.end()


@case
def authoritative():
    r = go('authoritative', BASE + ['dhcp-authoritative'])
    r.send(req(mac(1), '192.168.7.99', sid=None))
    r.send(req(mac(1), '10.0.0.9', sid=None))
    r.send(req(mac(2), '192.168.7.60', sid='192.168.7.9'))
    r.send(renew(mac(3), '192.168.7.61'), src='192.168.7.61')
    r.send(renew(mac(4), '192.168.7.61'), src='192.168.7.61')
    r.send(renew(mac(5), '192.168.7.10'), src='192.168.7.10', dst='192.168.7.1')
    r.end()


@case
def wrong_server():
    r = go('wrong_server', BASE)
    r.send(req(mac(2), '192.168.7.60', sid='192.168.7.9'))
    r.send(req(mac(2), '192.168.7.60'))
    r.send(req(mac(3), '192.168.7.60'))
    r.send(req(mac(3), '192.168.7.10'))
    r.send(req(mac(3), '10.1.1.1'))
    r.end()


@case
def wish():
    r = go('wish', BASE)
    r.send(disc(mac(1), (50, ip4('192.168.7.123'))))
    r.send(disc(mac(1), (50, ip4('192.168.7.12'))))
    r.send(disc(mac(1), (51, struct.pack('>I', 600))))
    r.send(disc(mac(1), (51, struct.pack('>I', 10))))
    r.send(disc(mac(1), (51, struct.pack('>I', 0xffffffff))))
    r.send(disc(mac(1), (51, struct.pack('>I', 99999))))
    r.end()


@case
def names():
    r = go('names', BASE)
    dora(r, mac(1), PRL, (12, b'laptop'))
    dora(r, mac(2), PRL, (12, b'laptop'))
    dora(r, mac(3), PRL, (12, b'pc.lan'))
    dora(r, mac(4), PRL, (12, b'pc4.other.org'))
    dora(r, mac(5), PRL, (12, b'bad name'))
    dora(r, mac(6), PRL, (12, b'zero\0'))
    dora(r, mac(7), (12, b'a..b'))
    dora(r, mac(8), (12, b'new\nline'))
    dora(r, mac(1), PRL, (12, b'LAPTOP'))
    r.end()


@case
def fqdn():
    r = go('fqdn', BASE)
    for i, (fl, n) in enumerate([(0, b'host0'), (1, b'host1.lan'), (4, b'\5host2\0'), (5, b'\5host3\3lan\0'), (8, b'host4'), (0, b'host5\0'), (4, b'\5host6'), (15, b'\5host7\3org\0'), (0, b''), (4, b'\0')]):
        dora(r, mac(0x10+i), PRL, (81, bytes([fl, 0, 0]) + n), (12, b'other'))
    r.end()


@case
def fqdn_client():
    r = go('fqdn_client', BASE + ['dhcp-client-update'])
    for i, fl in enumerate([0, 1, 4, 5, 8, 9]):
        dora(r, mac(0x10+i), (55, bytes([81])), (81, bytes([fl, 0, 0]) + (b'\2h%d\0' % i if fl & 4 else b'h%d' % i)))
    r.end()


@case
def static_host():
    r = go('static_host', BASE + ['dhcp-host=02:00:00:00:00:01,192.168.7.9,box,2h', 'dhcp-host=id:01:02:03,192.168.7.10', 'dhcp-host=02:00:00:00:00:*,set:wild', 'dhcp-host=lap,192.168.7.11', 'dhcp-host=02:00:00:00:00:04,ignore', 'dhcp-host=02:00:00:00:00:05,named', 'dhcp-host=02:00:00:00:00:06,02:00:00:00:00:07,192.168.7.12', 'log-dhcp'])
    dora(r, mac(1), PRL, (12, b'mine'))
    dora(r, mac(2), PRL, (61, b'\1\2\3'))
    dora(r, mac(3), (12, b'lap'))
    dora(r, mac(8), (12, b'lap'))
    r.send(disc(mac(4)))
    r.send(req(mac(4), '192.168.7.60'))
    dora(r, mac(5), PRL)
    dora(r, mac(5), PRL, (12, b'x'))
    dora(r, mac(6))
    dora(r, mac(7))
    r.send(req(mac(8), '192.168.7.9'))
    r.send(req(mac(1), '192.168.7.60'))
    r.send(req(mac(1), '192.168.7.60', sid=None))
    r.end()


@case
def host_taken():
    r = go('host_taken', BASE + ['dhcp-host=02:00:00:00:00:01,192.168.7.60', 'dhcp-host=02:00:00:00:00:02,192.168.7.1'], lease='2000000000 02:00:00:00:00:09 192.168.7.60 * *\n')
    r.send(disc(mac(1)))
    r.send(disc(mac(2)))
    r.send(renew(mac(9), '192.168.7.60'), src='192.168.7.60', dst='192.168.7.1')
    r.send(disc(mac(9)))
    r.end()


@case
def decline():
    r = go('decline', BASE + ['dhcp-host=02:00:00:00:00:01,192.168.7.60'])
    a = dora(r, mac(1))
    r.send(pkt(mac(1), [(53, b'\4'), (50, ip4(a)), (54, ip4('192.168.7.1')), (56, b'in use\nby x')]))
    r.send(disc(mac(1)))
    b = dora(r, mac(2))
    r.send(pkt(mac(2), [(53, b'\4'), (50, ip4(b)), (54, ip4('192.168.7.1'))]))
    r.send(disc(mac(2)))
    r.send(pkt(mac(2), [(53, b'\4'), (50, ip4(b)), (54, ip4('192.168.7.3'))]))
    r.end()


@case
def release():
    r = go('release', BASE)
    a = dora(r, mac(1), (12, b'n'))
    b = dora(r, mac(2))
    s = (54, ip4('192.168.7.1'))
    r.send(pkt(mac(1), [(53, b'\7'), (54, ip4('192.168.7.3'))], ciaddr=a), src=a, dst='192.168.7.1')
    r.send(pkt(mac(1), [(53, b'\7'), s], ciaddr='192.168.7.55'), src=a, dst='192.168.7.1')
    r.send(pkt(mac(1), [(53, b'\7'), s], ciaddr=a), src=a, dst='192.168.7.1')
    r.send(pkt(mac(1), [(53, b'\7'), s], ciaddr=a), src=a, dst='192.168.7.1')
    r.end()


@case
def inform():
    r = go('inform', BASE + ['log-dhcp', 'dhcp-option=3,192.168.7.3', 'dhcp-ignore=tag:x', 'dhcp-mac=set:x,02:00:00:00:00:07'])
    i = lambda m, c, *o, **k: r.send(pkt(m, [(53, b'\10'), *o], ciaddr=c), **k)
    i(mac(1), '192.168.7.2', PRL, src='192.168.7.2', dst='192.168.7.1')
    i(mac(1), '192.168.7.2', src='192.168.7.2', sport=1068)
    a = dora(r, mac(1), (12, b'nm'))
    i(mac(1), a, (55, bytes([51, 12, 3])), src=a)
    i(mac(9), a, (55, bytes([51, 12])), src='192.168.7.2')
    i(mac(3), '0.0.0.0')
    i(mac(7), '192.168.7.2', src='192.168.7.2')
    i(mac(3), '10.9.9.9', src='10.9.9.9', dst='192.168.7.1')
    r.end()


@case
def options():
    r = go('options', BASE + ['dhcp-option=3,192.168.7.3', 'dhcp-option=option:dns-server,0.0.0.0,9.9.9.9', 'dhcp-option=15,example.org', 'dhcp-option=119,a.example.org,b.example.org', 'dhcp-option=42,0.0.0.0', 'dhcp-option=26,1400', 'dhcp-option=121,10.0.0.0/8,192.168.7.4', 'dhcp-option=252,"http://wpad"', 'dhcp-option-force=208,f1:00:74:7e', 'dhcp-option=44', 'dhcp-option=47,a:b', 'log-dhcp'])
    dora(r, mac(1), PRL)
    dora(r, mac(2))
    dora(r, mac(3), (55, bytes([252, 44, 208])), (12, b'z\0'))
    r.end()


@case
def suppressed():
    r = go('suppressed', BASE + ['dhcp-option=3', 'dhcp-option=6', 'dhcp-option=1', 'dhcp-option=28', 'dhcp-option=15', 'dhcp-option=12', 'dhcp-option=44,1.2.3.4'])
    dora(r, mac(1), PRL, (12, b'nm'))
    dora(r, mac(2))
    r.end()


@case
def option_tags():
    r = go('option_tags', ['interface=dh0', 'no-ping', 'dhcp-range=set:rng,192.168.7.50,192.168.7.150,1h', 'dhcp-option=3,192.168.7.3', 'dhcp-option=3,192.168.7.4', 'dhcp-option=tag:rng,42,1.1.1.1', 'dhcp-option=tag:a,42,2.2.2.2', 'dhcp-option=tag:a,tag:b,42,3.3.3.3', 'dhcp-option=42,4.4.4.4', 'dhcp-option=tag:!a,44,5.5.5.5', 'dhcp-option=tag:a,44,6.6.6.6', 'dhcp-mac=set:a,02:00:00:00:00:01', 'dhcp-vendorclass=set:b,MSFT', 'tag-if=set:c,tag:a,tag:b', 'tag-if=set:d,tag:c', 'dhcp-option=tag:d,47,"deep"', 'log-dhcp'])
    P = (55, bytes([3, 42, 44, 47]))
    dora(r, mac(1), P)
    dora(r, mac(2), P, (60, b'xMSFT 5'))
    dora(r, mac(1), P, (60, b'MSFT'))
    dora(r, mac(3), P)
    r.end()


@case
def matching():
    r = go('matching', BASE + ['log-dhcp', 'dhcp-match=set:ipxe,175', 'dhcp-match=set:efi,option:client-arch,7', 'dhcp-match=set:hex,61,01:02:*:04', 'dhcp-match=set:txt,60,PXE', 'dhcp-userclass=set:u,iPXE', 'dhcp-name-match=set:nm,wpad', 'dhcp-name-match=set:nw,pc*', 'dhcp-circuitid=set:circ,port1', 'dhcp-remoteid=set:rem,01:02', 'dhcp-subscrid=set:sub,abc', 'dhcp-ignore=tag:nm', 'dhcp-ignore-names=tag:nw', 'dhcp-generate-names=tag:efi', 'dhcp-broadcast=tag:u'])
    r.send(disc(mac(1), (175, b'\1'), (93, b'\0\7'), (61, b'\1\2\3\4\5'), (60, b'aPXEb'), (77, b'iPXE')))
    r.send(disc(mac(2), (93, b'\0\0\0\7'), (77, b'\4iPXE')))
    r.send(disc(mac(3), (12, b'wpad')))
    dora(r, mac(4), (12, b'pc1'))
    dora(r, mac(5), (93, b'\0\7'), PRL)
    r.send(disc(mac(6), (82, b'\1\5port1\2\2\1\2\6\3abc')))
    r.end()


@case
def boot():
    r = go('boot', BASE + ['dhcp-boot=pxelinux.0,srv,192.168.7.8', 'dhcp-boot=tag:efi,efi.0', 'dhcp-match=set:efi,93,7', 'log-dhcp'])
    r.send(disc(mac(1)))
    r.send(disc(mac(1), (55, bytes([66, 67]))))
    r.send(disc(mac(1), (55, bytes([67, 1])), (93, b'\0\7')))
    dora(r, mac(2), (55, bytes([1])))
    r.end()


@case
def boot_options():
    r = go('boot_options', BASE + ['dhcp-option=66,tftp.lan', 'dhcp-option=67,file.img', 'dhcp-option=255,192.168.7.8', 'log-dhcp'])
    r.send(disc(mac(1)))
    r.send(disc(mac(1), (55, bytes([66, 67]))))
    r.send(disc(mac(1), (55, bytes([1, 67]))))
    r.end()


@case
def no_override():
    r = go('no_override', BASE + ['dhcp-boot=f,s', 'dhcp-no-override', 'dhcp-option=17,' + 'r' * 200, 'dhcp-option=18,' + 'e' * 200])
    r.send(disc(mac(1), (55, bytes([66, 67, 17, 18]))))
    r.end()


@case
def overload():
    c = ['dhcp-option=17,' + 'r' * 100, 'dhcp-option=18,' + 'e' * 100, 'dhcp-option=40,' + 'd' * 50, 'dhcp-option=64,' + 'x' * 100, 'dhcp-option=100,' + 'y' * 50]
    r = go('overload', BASE + c)
    P = (55, bytes([17, 18, 40, 64, 100, 3]))
    r.send(disc(mac(1), P))
    r.send(disc(mac(1)))
    r.send(disc(mac(1), P, (57, struct.pack('>H', 300))))
    r.send(disc(mac(1), P, (57, struct.pack('>H', 1500))))
    r.send(disc(mac(1), P, (82, b'\1\x40' + b'c' * 64)))
    r.end()


@case
def vendor():
    r = go('vendor', BASE + ['dhcp-option=vendor:MSFT,2,1i', 'dhcp-option=vendor:Pwr,1,"a"', 'dhcp-option=vendor:,5,"any"', 'dhcp-option=encap:175,190,"u"', 'dhcp-option=encap:175,191,"p"', 'dhcp-option=vi-encap:123,1,"one"', 'dhcp-option=vi-encap:123,2,"two"', 'dhcp-option=vi-encap:9,7,"cisco"', 'log-dhcp'])
    r.send(disc(mac(1), (60, b'MSFT 5.0'), (55, bytes([43, 60]))))
    r.send(disc(mac(1), (60, b'MSFT 5.0'), (55, bytes([1]))))
    r.send(disc(mac(1), (60, b'MSFT 5.0')))
    r.send(disc(mac(1), (55, bytes([43, 175, 125]))))
    r.end()


@case
def vendor_force():
    r = go('vendor_force', BASE + ['dhcp-option-force=vendor:MSFT,2,1i', 'dhcp-option=60,"own"', 'dhcp-option=vendor:own,9,"o"'])
    r.send(disc(mac(1), (60, b'MSFT 5.0'), (55, bytes([1]))))
    r.send(disc(mac(1), (60, b'x'), (55, bytes([43, 60]))))
    r.end()


@case
def relay():
    r = go('relay', BASE + ['dhcp-range=10.1.0.10,10.1.0.90,255.255.255.0,30m', 'dhcp-range=10.2.0.10,10.2.0.90,255.255.255.0', 'dhcp-range=172.20.0.10,172.20.0.90', 'log-dhcp'])
    A = (82, b'\1\3abc')
    k = dict(giaddr='10.1.0.1', hops=1)
    s = dict(src='192.168.7.2', sport=67, dst='192.168.7.1')
    S = lambda *a, **kk: r.send(*a, **{**s, **kk})
    p = S(disc(mac(1), PRL, A, **k))
    a = yi(p)
    S(req(mac(1), a, PRL, A, **k))
    S(req(mac(2), '192.168.7.60', A, **k))
    S(disc(mac(3), giaddr='10.9.0.1'))
    S(disc(mac(4), PRL, (82, b'\5\4' + ip4('10.2.0.0')), **k))
    S(disc(mac(4), (118, ip4('10.2.0.0')), PRL, **k))
    S(disc(mac(5), (82, b'\13\4' + ip4('10.1.0.1') + b'\1\1x'), PRL, **k))
    S(req(mac(5), '10.1.0.33', (82, b'\13\4' + ip4('10.1.0.1') + b'\1\1x'), sid='10.1.0.1', **k))
    S(disc(mac(6), giaddr='172.20.0.1'))
    r.send(renew(mac(1), a, PRL), src=a, dst='192.168.7.1')
    r.send(renew(mac(7), '10.1.0.44', PRL), src='10.1.0.44', dst='192.168.7.1')
    r.send(disc(mac(8), (118, ip4('10.7.0.0'))))
    r.end()


@case
def bootp():
    r = go('bootp', BASE + ['dhcp-host=02:00:00:00:00:01,192.168.7.9,box', 'dhcp-host=02:00:00:00:00:03,ignore', 'dhcp-host=02:00:00:00:00:04,10.0.0.1', 'dhcp-boot=boot.img', 'dhcp-option=17,/root', 'log-dhcp'])
    r.send(pkt(mac(1), [(55, b'\1')]))
    r.send(pkt(mac(1), []))
    r.send(pkt(mac(1), [], cookie=False))
    r.send(pkt(mac(2), []))
    r.send(pkt(mac(3), []))
    r.send(pkt(mac(4), []))
    r.send(pkt(mac(1), [], flags=0x8000))
    r.end()


@case
def rapid():
    r = go('rapid', BASE + ['dhcp-rapid-commit', 'dhcp-lease-max=1'])
    r.send(disc(mac(1), (80, b''), PRL, (12, b'q')))
    r.send(disc(mac(2), (80, b'')))
    r.send(disc(mac(2)))
    r.send(req(mac(2), '192.168.7.77'))
    r.end()


@case
def flags():
    r = go('flags', BASE)
    r.send(disc(mac(1), flags=0x8000))
    r.send(disc(b'', (61, b'\0abc'), htype=32))
    r.send(disc(b'', htype=32))
    r.send(disc(mac(1), ciaddr='192.168.7.70'))
    r.send(disc(b'\1\2\3\4', htype=6, flags=0x8000))
    r.send(req(b'\1\2\3\4', '192.168.7.90', htype=6, flags=0x8000))
    r.end()


@case
def clid():
    r = go('clid', BASE)
    a = dora(r, mac(1), (61, b'\xff1234'))
    dora(r, mac(1))
    dora(r, mac(1), (61, b'other'))
    dora(r, mac(2), (61, b'\xff1234'))
    r.end()


@case
def ignore_clid():
    r = go('ignore_clid', BASE + ['dhcp-ignore-clid'])
    dora(r, mac(1), (61, b'\xff1234'))
    dora(r, mac(1), (61, b'other'))
    r.end()


@case
def sequential():
    r = go('sequential', BASE + ['dhcp-sequential-ip'])
    dora(r, mac(1))
    dora(r, mac(2))
    dora(r, mac(3))
    r.send(disc(mac(4)))
    r.send(disc(mac(5)))
    dora(r, mac(1))
    r.end()


@case
def quiet():
    r = go('quiet', BASE + ['quiet-dhcp', 'dhcp-ignore=tag:!known'])
    r.send(disc(mac(1)))
    r.end()


@case
def full():
    r = go('full', ['interface=dh0', 'no-ping', 'dhcp-range=192.168.7.50,192.168.7.51,1h'])
    dora(r, mac(1))
    dora(r, mac(2))
    r.send(disc(mac(3)))
    r.send(req(mac(3), '192.168.7.50'))
    r.end()


@case
def two_ranges():
    r = go('two_ranges', ['interface=dh0', 'no-ping', 'dhcp-range=tag:a,192.168.7.50,192.168.7.60,1h', 'dhcp-range=192.168.7.70,192.168.7.80,2h', 'dhcp-range=set:st,192.168.7.0,static', 'dhcp-mac=set:a,02:00:00:00:00:01', 'dhcp-host=02:00:00:00:00:03,192.168.7.200', 'log-dhcp'])
    dora(r, mac(1))
    dora(r, mac(2))
    dora(r, mac(3))
    r.send(req(mac(4), '192.168.7.50'))
    r.end()


@case
def infinite():
    r = go('infinite', ['interface=dh0', 'no-ping', 'dhcp-range=192.168.7.50,192.168.7.60,infinite', 'dhcp-option=58,100', 'dhcp-option=59,50'])
    dora(r, mac(1))
    r.send(disc(mac(2), (51, struct.pack('>I', 600))))
    r.send(disc(mac(2), (51, struct.pack('>I', 0xffffffff))))
    r.end()


@case
def timers():
    r = go('timers', BASE + ['dhcp-option=58,10m', 'dhcp-option=59,5m'])
    r.send(disc(mac(1), PRL))
    r.end()


@case
def static_only():
    r = go('static_only', ['interface=dh0', 'no-ping', 'dhcp-range=192.168.7.0,static,1h', 'dhcp-host=02:00:00:00:00:03,192.168.7.200'])
    r.send(disc(mac(1)))
    dora(r, mac(3))
    r.send(req(mac(1), '192.168.7.200'))
    r.end()


@case
def othernet():
    r = go('othernet', BASE + ['dhcp-host=02:00:00:00:00:01,10.5.0.1,far', 'dhcp-option=tag:known-othernet,44,1.1.1.1', 'log-dhcp'])
    dora(r, mac(1), PRL)
    r.end()


@case
def no_dns():
    r = go('no_dns', BASE[:3] + ['port=0'])
    r.send(disc(mac(1), PRL))
    r.end()


@case
def static_better():
    r = go('static_better', BASE + ['dhcp-host=02:00:00:00:00:01,192.168.7.9'], lease='2000000000 02:00:00:00:00:01 192.168.7.60 * *\n')
    r.send(renew(mac(1), '192.168.7.60'), src='192.168.7.60', dst='192.168.7.1')
    r.send(req(mac(1), '192.168.7.60'))
    dora(r, mac(1))
    r.end()


@case
def host_by_clid():
    r = go('host_by_clid', BASE + ['dhcp-host=id:text,192.168.7.20', 'dhcp-host=02:00:00:00:00:02,id:*,192.168.7.21', 'dhcp-host=tag:x,02:00:00:00:00:03,192.168.7.22', 'dhcp-host=02:00:00:00:00:03,192.168.7.23', 'dhcp-vendorclass=set:x,XX', 'dhcp-host=02:00:00:00:*:*,192.168.7.24', 'dhcp-host=02:00:00:00:00:*,192.168.7.25'])
    r.send(disc(mac(1), (61, b'text')))
    r.send(disc(mac(1), (61, b'\0text')))
    dora(r, mac(2), (61, b'whatever'))
    r.send(disc(mac(3), (60, b'XX')))
    r.send(disc(mac(3)))
    r.send(disc(mac(9)))
    r.send(disc(b'\2\0\0\0\1\1'))
    r.end()


@case
def odd():
    r = go('odd', BASE)
    r.send(pkt(mac(1), [(53, b'\1')])[:238])
    r.send(pkt(mac(1), [(53, b'\1')], hlen=17))
    r.send(pkt(mac(1), [(53, b'\11')]))
    r.send(pkt(mac(1), [(53, b'\0')]))
    r.send(pkt(mac(1), [(53, b'')]))
    r.send(pkt(mac(1), [(53, b'\1')], op=2))
    r.send(pkt(mac(1), [(53, b'\2')]))
    b = pkt(mac(1), [(53, b'\1'), (12, b'cut')])
    r.send(b[:248])
    r.send(disc(mac(1), (54, ip4('192.168.7.1'))))
    r.send(disc(mac(1), (52, b'\1'), file=b'\x0c\3ovl\xff'))
    r.end()


@case
def domains():
    r = go('domains', ['interface=dh0', 'no-ping', 'dhcp-range=192.168.7.50,192.168.7.150,1h', 'domain=lan', 'domain=guest.lan,192.168.7.50,192.168.7.99', 'dhcp-fqdn', 'dhcp-host=02:00:00:00:00:05,192.168.7.60,box.guest.lan', 'dhcp-host=02:00:00:00:00:06,192.168.7.61,box6.other.org'])
    r.send(req(mac(1), '192.168.7.60', (12, b'same')))
    r.send(req(mac(1), '192.168.7.70', (12, b'same'), PRL))
    r.send(req(mac(2), '192.168.7.120', (12, b'same'), PRL))
    r.send(req(mac(3), '192.168.7.121', (12, b'same'), PRL))
    r.send(req(mac(4), '192.168.7.71', (12, b'x.lan'), PRL))
    dora(r, mac(5), PRL, (81, b'\0\0\0x'))
    dora(r, mac(6), PRL)
    r.end()


@case
def taken_names():
    r = go('taken_names', BASE + ['dhcp-host=02:00:00:00:00:05,192.168.7.60,box', 'dhcp-host=02:00:00:00:00:06,box6'])
    dora(r, mac(1), (12, b'box'))
    dora(r, mac(5))
    dora(r, mac(1), (12, b'box'))
    dora(r, mac(2), (12, b'BOX'), PRL)
    dora(r, mac(6), (12, b'other'), PRL)
    dora(r, mac(3), (12, b'box6'))
    r.end()


@case
def ignored():
    r = go('ignored', BASE + ['dhcp-ignore=tag:!known', 'dhcp-ignore-names', 'dhcp-generate-names=tag:known', 'dhcp-host=02:00:00:00:00:05', 'dhcp-broadcast'])
    r.send(disc(mac(1)))
    r.send(req(mac(1), '192.168.7.60'))
    r.send(pkt(mac(1), [(53, b'\10')], ciaddr='192.168.7.2'), src='192.168.7.2')
    dora(r, mac(5), (12, b'mine'), PRL)
    r.end()


@case
def old_leases():
    r = go('old_leases', BASE + ['dhcp-authoritative'], lease='2000000000 02:00:00:00:00:09 192.168.7.60 nine 01:02:00:00:00:00:09\n0 06-0a:0b 192.168.7.61 * *\n1600000000 02:00:00:00:00:08 192.168.7.62 gone *\n2000000000 02:00:00:00:00:07 192.168.7.10 out *\n')
    r.send(renew(mac(9), '192.168.7.60', (61, b'\1' + mac(9)), PRL), src='192.168.7.60', dst='192.168.7.1')
    r.send(disc(mac(8)))
    r.send(renew(mac(7), '192.168.7.10'), src='192.168.7.10', dst='192.168.7.1')
    r.send(disc(mac(7)))
    r.send(req(mac(7), '192.168.7.10', sid=None))
    r.send(req(mac(1), '192.168.7.61'))
    r.end()


@case
def sizes():
    r = go('sizes', BASE + ['dhcp-option=17,' + 'r' * 250, 'dhcp-option=18,' + 'e' * 250, 'dhcp-option=vendor:M,%s' % ('1,' + 'v' * 200), 'dhcp-option=vendor:M,2,' + 'w' * 150, 'dhcp-option=vi-encap:5,1,' + 'a' * 150, 'dhcp-option=vi-encap:5,2,' + 'b' * 150])
    for n in (0, 576, 600, 700, 800, 900, 1000, 1200, 65535): r.send(disc(mac(1), (60, b'M'), (55, bytes([17, 18, 43, 125])), *([(57, struct.pack('>H', n))] if n else [])))
    r.end()


@case
def zero_ends():
    r = go('zero_ends', BASE + ['dhcp-option=17,/r', 'dhcp-option=vendor:M,1,"abc"', 'dhcp-option=encap:175,1,"def"', 'dhcp-option=vi-encap:5,1,"ghi"', 'dhcp-option=252,"wp\\n"', 'dhcp-option=66,srv', 'dhcp-option=119,x.org', 'dhcp-option=42,1.2.3.4'])
    o = ((60, b'M'), (55, bytes([17, 43, 125, 175, 252, 66, 119, 15, 12, 42])))
    dora(r, mac(1), (12, b'zz\0'), *o)
    dora(r, mac(2), (12, b'zz2'), *o)
    r.send(req(mac(3), '10.1.1.1', (12, b'z3\0')))
    r.end()


@case
def classless():
    r = go('classless', BASE + ['dhcp-option=121,0.0.0.0/0,0.0.0.0,10.1.2.0/23,192.168.7.9', 'dhcp-option=249,10.0.0.0/8,1.2.3.4', 'dhcp-option=33,10.1.1.1,192.168.7.2', 'dhcp-option=2,3600', 'dhcp-option=19,1', 'dhcp-option=23,64', 'dhcp-option=35,60', 'dhcp-option=51,20m', 'dhcp-option=100,EST5', 'dhcp-option=108,30', 'dhcp-option=120,1.2.3.4', 'dhcp-option=150,1.2.3.4,0.0.0.0', 'dhcp-option=224,-1', 'dhcp-option=225,5i', 'dhcp-option=226,a:b:c', 'dhcp-option=227,0x0102', 'log-dhcp'])
    dora(r, mac(1))
    dora(r, mac(2), (55, bytes([121, 249, 51])))
    r.end()


@case
def relay_nak():
    r = go('relay_nak', BASE + ['dhcp-range=10.1.0.10,10.1.0.90,255.255.255.0,30m', 'dhcp-authoritative'])
    k = dict(giaddr='10.1.0.1', hops=1)
    s = dict(src='192.168.7.2', sport=67, dst='192.168.7.1')
    A = (82, b'\1\3abc')
    r.send(req(mac(1), '192.168.7.60', A, sid=None, **k), **s)
    r.send(req(mac(1), '10.1.0.20', A, **k), **s)
    r.send(pkt(mac(1), [(53, b'\7'), (54, ip4('192.168.7.1'))], ciaddr='10.1.0.20'), src='10.1.0.20', dst='192.168.7.1')
    r.send(disc(mac(1), A, flags=0x8000, **k), **s)
    r.send(pkt(mac(1), [(53, b'\10'), PRL], ciaddr='10.1.0.20', **k), **s)
    r.end()


@case
def conditional_ranges():
    r = go('conditional_ranges', ['interface=dh0', 'no-ping', 'dhcp-range=tag:a,tag:b,192.168.7.50,192.168.7.59,1h', 'dhcp-range=tag:!a,192.168.7.60,192.168.7.69,1h', 'dhcp-range=tag:a,192.168.7.70,192.168.7.79,1h', 'dhcp-mac=set:a,02:00:00:00:00:*', 'dhcp-vendorclass=set:b,B'])
    r.send(disc(mac(1)))
    r.send(disc(mac(1), (60, b'B')))
    r.send(disc(b'\2\1\1\1\1\1'))
    r.send(disc(b'\2\1\1\1\1\1', (50, ip4('192.168.7.75'))))
    r.send(disc(b'\2\1\1\1\1\1', (50, ip4('192.168.7.65'))))
    r.send(req(b'\2\1\1\1\1\1', '192.168.7.75'))
    r.end()



@case
def two_nets():
    r = go('two_nets', ['interface=dh0', 'no-ping', 'domain=lan', 'dhcp-range=192.168.7.50,192.168.7.60,1h', 'dhcp-range=192.168.8.50,192.168.8.60,2h', 'dhcp-range=10.3.0.2,10.3.0.9,3h', 'dhcp-host=02:00:00:00:00:02,192.168.7.9', 'dhcp-host=02:00:00:00:00:03,192.168.8.9', 'log-dhcp'], more=['192.168.8.1/24', '10.3.0.1/16'])
    dora(r, mac(1), PRL)
    r.send(req(mac(2), '192.168.7.9', PRL))
    r.send(req(mac(3), '192.168.8.9', PRL, sid='192.168.8.1'))
    r.send(req(mac(4), '192.168.7.51', PRL, sid='10.3.0.1'))
    r.send(req(mac(5), '192.168.8.51', PRL))
    r.send(renew(mac(5), '192.168.8.51'), src='192.168.8.51', dst='192.168.8.1')
    r.send(disc(mac(6), (50, ip4('192.168.7.55'))))
    r.send(req(mac(7), '10.3.0.5', PRL))
    r.send(req(mac(8), '172.16.0.1'))
    r.send(pkt(mac(5), [(53, b'\7'), (54, ip4('192.168.8.1'))], ciaddr='192.168.8.51'), src='192.168.8.51', dst='192.168.8.1')
    r.end()


@case
def net_masks():
    r = go('net_masks', ['interface=dh0', 'no-ping', 'dhcp-range=192.168.7.50,192.168.7.60,255.255.255.0,192.168.7.199,1h', 'dhcp-range=192.168.7.100,192.168.7.110,255.255.255.128,1h', 'dhcp-range=192.168.6.250,192.168.7.5,255.255.254.0,1h', 'log-dhcp'])
    dora(r, mac(1), PRL)
    r.send(req(mac(2), '192.168.7.105', PRL))
    r.send(req(mac(3), '192.168.6.255', PRL))
    r.send(disc(mac(4), (50, ip4('192.168.7.0'))))
    r.end()


@case
def user_classes():
    r = go('user_classes', BASE + ['dhcp-userclass=set:a,abc', 'dhcp-userclass=set:b,bcd', 'dhcp-userclass=set:c,xyz', 'dhcp-vendorclass=set:d,A', 'dhcp-match=set:e,77', 'dhcp-match=set:f,option:vendor-class,"cls"', 'dhcp-match=set:g,93,0', 'dhcp-match=set:h,50,192.168.7.60', 'log-dhcp'])
    [r.send(disc(mac(1), (77, v), (60, w), (50, ip4('192.168.7.60')), (93, b'\0\0'))) for v, w in ((b'\3abc\3xyz', b'cls'), (b'abcd', b'AA'), (b'\3abc', b'a'), (b'', b''), (b'\2ab\3cde', b'A'))]
    r.end()


@case
def same_client_new_name():
    r = go('same_client_new_name', BASE)
    a = dora(r, mac(1), (12, b'one'))
    r.send(renew(mac(1), a, (12, b'two')), src=a, dst='192.168.7.1')
    r.send(renew(mac(1), a), src=a, dst='192.168.7.1')
    b = dora(r, mac(2), (12, b'one'))
    dora(r, mac(3), (12, b'two'))
    r.send(renew(mac(1), a, (12, b'TWO')), src=a, dst='192.168.7.1')
    r.end()


@case
def moved():
    r = go('moved', BASE + ['dhcp-range=10.1.0.10,10.1.0.90,255.255.255.0,30m'])
    k = dict(giaddr='10.1.0.1', hops=1)
    s = dict(src='192.168.7.2', sport=67, dst='192.168.7.1')
    a = dora(r, mac(1), (12, b'roam'))
    p = r.send(disc(mac(1), (12, b'roam'), **k), **s)
    b = yi(p)
    r.send(req(mac(1), a, (12, b'roam'), sid=None, **k), **s)
    r.send(req(mac(1), b, (12, b'roam'), **k), **s)
    r.send(req(mac(1), b, (12, b'roam'), sid=None))
    dora(r, mac(1), (12, b'roam'))
    r.end()


@case
def wildcards():
    r = go('wildcards', BASE + ['dhcp-mac=set:a,02:*:*:00:00:*', 'dhcp-mac=set:b,06-02:00:*', 'dhcp-match=set:c,60,41:*:43', 'dhcp-option=tag:a,44,1.1.1.1', 'dhcp-option=tag:b,44,2.2.2.2', 'dhcp-option=tag:c,45,3.3.3.3', 'log-dhcp'])
    [r.send(disc(m, (60, v), PRL, (55, bytes([44, 45])), flags=0x8000, htype=h)) for m, v, h in ((mac(1), b'ABCD', 1), (b'\2\1\1\0\0\7', b'AXC', 1), (b'\2\0\7', b'AB', 6), (b'\3\0\0\0\0\1', b'xABC', 1))]
    r.end()
