#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write what the fuzzers begin with.

    seeds.py FOLDER

A folder for each fuzzer; fuzz_*.c tells what its inputs look like.
"""

import os
import struct
import sys

from torture import ALL

END = b"\x1e"
OK = (b"Contact: <sip:u0@127.0.0.1>;expires=60\r\n"
      b"Contact: <sip:u1@127.0.0.1>;expires=60\r\n\r\n")
SDP = (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n"
       b"t=0 0\r\nm=audio 4000 RTP/AVP 0\r\n")
ANSWER = (b"Contact: <sip:bob@127.0.0.1>\r\nContent-Type: application/sdp"
          b"\r\nContent-Length: %d\r\n\r\n" % len(SDP) + SDP)
REGISTERED = [b"r0200 OK\r\n" + OK, b"r1200 OK\r\n" + OK]
CALL = [*REGISTERED, b"u0d", b"r0180 Ringing\r\n\r\n", b"r0200 OK\r\n"
        + ANSWER]
HEADERS = (b"Via: %V\r\nFrom: %F\r\nTo: %T;tag=s\r\nCall-ID: %I\r\n"
           b"CSeq: %C\r\nContent-Length: 0\r\n\r\n")
MWI = (b"aNOTIFY sip:u0@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;"
       b"branch=z9hG4bKnot\r\nFrom: %T;tag=server\r\nTo: %F\r\nCall-ID: %I"
       b"\r\nCSeq: 1 NOTIFY\r\nContact: <sip:s@127.0.0.1>\r\nEvent: message-"
       b"summary\r\nSubscription-State: active;expires=600\r\n"
       b"Content-Length: 0\r\n\r\n")


SRV = b"\4_sip\4_udp\3pbx\7example\3com\0"
TARGETS = [struct.pack(">3H", priority, 60, port) + b"\3pbx\xc0\x1a"
           for priority, port in ((1, 5060), (1, 5061), (2, 5062))]


def dns(kind, *records, name=b"\3pbx\7example\3com\0"):
    """A step: the answer to a question for these records; TTL 60 s."""
    head = struct.pack(">HHHHH", 0x8180, 1, len(records), 0, 0)
    return b"n" + head + name + struct.pack(">HH", kind, 1) + b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
        for data in records)


def sip(*steps, settings=b"\0"):
    return settings + END.join(steps)


def sip_seeds():
    yield "registered", sip(*REGISTERED)
    yield "call", sip(*CALL, b"u0h", b"r0200 OK\r\n" + ANSWER, b"u0e",
                      b"r0200 OK\r\n\r\n")
    yield "silent", sip(b"w8000", b"r0200 OK\r\n" + OK, b"w2000000")
    yield "refused", sip(b"r0503 Busy\r\nRetry-After: 30\r\n\r\n", b"w5000",
                         b"r0200 OK\r\n" + OK, settings=b"\1")
    yield "challenged", sip(
        b"r0401 No\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"1\", "
        b"qop=\"auth\", algorithm=MD5\r\n\r\n", b"r0200 OK\r\n" + OK)
    yield "call_moves", sip(*REGISTERED, b"u0d", b"w8000", b"r0200 OK\r\n"
                            + OK, b"r0180 R\r\n\r\n", b"w100", b"u0e")
    yield "call_503", sip(*REGISTERED, b"u0d", b"r0503 No\r\n\r\n", b"w20",
                          b"r0200 OK\r\n" + OK, b"w20", b"r0200 OK\r\n"
                          + ANSWER)
    yield "hold_silent", sip(*CALL, b"u0h", b"w8000", b"r0200 OK\r\n" + OK,
                             b"w10", b"r0200 OK\r\n" + ANSWER)
    yield "bye_silent", sip(*CALL, b"u0e", b"w8000", b"r0200 OK\r\n\r\n")
    yield "mwi", sip(*REGISTERED, b"u0m", b"r0200 OK\r\nContact: <sip:s@127."
                     b"0.0.1>\r\nExpires: 600\r\n\r\n", MWI, b"w700000")
    yield "mwi_left", sip(*REGISTERED, b"u0m", b"cfailover_switch alice backup",
                          b"r0200 OK\r\n" + OK, b"r1200 OK\r\n" + OK, b"w10")
    yield "incoming", sip(
        *REGISTERED, b"aINVITE sip:u0@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP "
        b"127.0.0.1;branch=z9hG4bKi\r\nFrom: <sip:b@x>;tag=1\r\nTo: "
        b"<sip:alice@127.0.0.1>\r\nCall-ID: i\r\nCSeq: 1 INVITE\r\nContact: "
        b"<sip:b@127.0.0.1>\r\nContent-Type: application/sdp\r\n"
        b"Content-Length: %d\r\n\r\n" % len(SDP) + SDP, b"u0a",
        b"u0h", b"r0200 OK\r\n" + ANSWER, b"u0e")
    yield "orders", sip(*REGISTERED, b"cfailover_switch alice backup",
                        b"w10", b"r0200 OK\r\n" + OK,
                        b"cfailover_maintenance carol 1 on", b"w2000",
                        b"cfailover_probe alice",
                        b"cfailover_test alice sip:127.0.0.1:5080", b"w9000")
    yield "tcp", sip(*REGISTERED, b"tSIP/2.0 200 OK\r\n" + HEADERS, b"u1d",
                     b"tSIP/2.0 100 Trying\r\n" + HEADERS, b"w9000")
    yield "dns", sip(b"n\x81\x80\0\1\0\1\0\0\0\0\3pbx\7example\3com\0\0\1\0"
                     b"\1\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1",
                     b"w9000", settings=b"\x0b")
    yield "srv", sip(b"w9000", dns(35, b"\0\1\0\1\1s\7SIP+D2U\0" + SRV),
                     dns(33, *TARGETS, name=SRV), b"w900", *REGISTERED,
                     b"cfailover_switch carol 3", b"w70000",
                     dns(33, TARGETS[1], name=SRV), b"cfailover carol",
                     settings=b"\x18")
    for name, text in ALL.items():
        yield "torture_" + name, sip(*REGISTERED, b"s" + text, b"a" + text)
        yield "call_" + name, sip(*CALL, b"b" + text, b"u0e")


def command_seeds():
    yield "shown", b"failover\nfailover alice\nfailover_json\n" \
        b"failover_history carol\nfailover x"
    yield "moved", b"failover_switch alice backup\nfailover_switch sip:carol" \
        b"@127.0.0.1 3\nfailover_probe\nfailover_switch alice 9"
    yield "set", b"failover_set alice failover_retries 1\nfailover_set * " \
        b"failover_codes 503,300\nfailover_set carol server3 " \
        b"sip:127.0.0.1:5090;transport=tcp\nfailover_set alice server2 \n" \
        b"failover_diff\nfailover_save\nfailover_diff alice"
    yield "asked", b"failover_test alice sip:127.0.0.1:5080\n" \
        b"failover_test carol sip:[::1];transport=tls"
    yield "maintained", b"failover_maintenance * 1 on\n" \
        b"failover_maintenance alice primary off\nfailover"


def config_seeds():
    account = b"<sip:alice@example.com>;regint=60;outbound=\"sip:127.0.0.1" \
        b"\";outbound2=\"sip:127.0.0.1:5061;transport=tcp\""
    keys = b"failover_retries 3\nfailover_timeout 0\nfailover_failback yes\n" \
        b"failover_failback_interval 1800\nfailover_failback_jitter 10\n" \
        b"failover_probe options\nfailover_keepalive 30\nfailover_codes " \
        b"408,500,503\nfailover_call_codes 503\nfailover_rise 2\n" \
        b"failover_fall 2\nfailover_flow no\nfailover_tcp_keepalive 60\n" \
        b"failover_standby yes\nfailover_http_listen [::1]:8080\n" \
        b"failover_http_user a\nfailover_http_password \"b\"\n"
    yield "plain", END + account
    yield "keys", keys + END + account
    yield "wrong", b"failover_retries x\nfailover_codes 1,,2\n" \
        b"failover_http_listen 1.2.3.4\nfailover_nothing 1" + END + account
    yield "eight", END + account + b";failover_servers=\"sip:127.0.0.2,sip:" \
        b"127.0.0.3, sip:[::1]:5070,sip:127.0.0.5\";failover_regint3=90" \
        b";failover_codes=503;failover_standby=yes"
    yield "odd", END + b"\"A \\\" B\" <sip:a%00b@example.com>;failover=no\n" \
        b"<sip:c@[::1]>;regint=1;outbound=\"\";outbound2=x\n#\n\n" + account


def http_seeds():
    host = b" HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"

    def post(path, text):
        return b"POST " + path + host + b"X-Failover-Token: %K\r\n" + form \
            + b"Content-Length: %d\r\n\r\n" % len(text) + text

    for name in (b"", b"api/status", b"api/config?aor=sip:alice%40127.0.0.1",
                 b"api/diff", b"metrics", b"nothing", b"?a=%zz"):
        yield "get_" + name.decode().replace("/", "_")[:12], \
            b"\0GET /" + name + host + b"\r\n"
    aor = b"aor=sip%3Aalice%40127.0.0.1"
    yield "set", b"\0" + post(b"/api/set", aor + b"&failover_retries=1"
                              b"&server2=sip:127.0.0.1:5099")
    yield "set_wrong", b"\0" + post(b"/api/set", aor + b"&failover_codes=1")
    yield "orders", b"\0" + END.join((
        post(b"/api/switch", aor + b"&server=backup"),
        post(b"/api/probe", aor), post(b"/api/save", aor),
        post(b"/api/maintenance", aor + b"&server=1&state=on"),
        post(b"/api/test", aor + b"&uri=sip:127.0.0.1:5080")))
    yield "pieces", b"\0GET /\x1f HTTP/1.1\r\x1f\nHost: 127.0.0.1\x1f\r\n\r\n"
    yield "digest", b"\1GET /" + host + b"Authorization: Digest username=" \
        b"\"admin\", realm=\"failover\", nonce=\"0123\", uri=\"/\", qop=" \
        b"auth, nc=00000001, cnonce=\"x\", response=\"" + b"0" * 32 \
        + b"\"\r\n\r\n"
    yield "smuggle", b"\0POST /api/set" + host + b"Transfer-Encoding: chunk" \
        b"ed\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"


def rewrite_seeds():
    account = b"<sip:a@example.com>;regint=60;extra=\"n=1;pubint=7\"" \
        b";pubint=9\r\n# x\n<sip:b@example.com>;outbound=\"sip:x\"\n"
    config = b"# c\nregint 1\nx\t\"y\nfailover_retries\t3 # z\nextra a,b\n"
    for key in range(11):
        for kind in range(4):
            text = account if kind & 1 else config
            yield f"{key}_{kind}", bytes([key << 2 | kind, 2]) + b"42" + text


SEEDS = {"sip": sip_seeds, "command": command_seeds, "config": config_seeds,
         "http": http_seeds, "rewrite": rewrite_seeds}


def main(folder):
    for fuzzer, seeds in SEEDS.items():
        os.makedirs(os.path.join(folder, fuzzer), exist_ok=True)
        for name, text in seeds():
            with open(os.path.join(folder, fuzzer, name), "wb") as file:
                file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
