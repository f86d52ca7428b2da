# SPDX-License-Identifier: BSD-3-Clause
"""Messages that test a SIP parser, each for a thought of RFC 4475.

They are ours: what each section of the RFC is about, in the words of a
conversation of our own.  VALID (3.1.1) has to be taken, INVALID (3.1.2) not;
neither may do harm.
"""

VIA = "Via: SIP/2.0/UDP 127.0.0.1:5099;branch=z9hG4bKtorture%d"
FROM = "From: <sip:mallory@127.0.0.1>;tag=m%d"
TO = "To: <sip:alice@127.0.0.1>"
ID = "Call-ID: torture-%d@127.0.0.1"
CONTACT = "Contact: <sip:mallory@127.0.0.1:5099>"
SDP = ("v=0", "o=m 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1",
       "t=0 0", "m=audio 4000 RTP/AVP 0", "")

_number = [0]


def body(lines):
    return "\r\n".join(lines).encode("utf-8")


def message(first, *more, method=None, replace=None, content=b"",
            length=None):
    """A message with the headers that it needs, but for those replaced
    (None: left out), and more."""
    _number[0] += 1
    n = _number[0]
    method = method or first.split(" ")[0]
    headers = {"Via": VIA % n, "Max-Forwards": "Max-Forwards: 70",
               "From": FROM % n, "To": TO, "Call-ID": ID % n,
               "CSeq": f"CSeq: {n} {method}", "Contact": CONTACT}
    headers.update(replace or {})
    lines = [first, *(text for text in headers.values() if text), *more]
    if length is None:
        length = str(len(content))
    if length:
        lines.append(f"Content-Length: {length}")
    return body([*lines, "", ""]) + content


OFFER = body(SDP)
AUDIO = "Content-Type: application/sdp"
INVITE = "INVITE sip:u0@127.0.0.1 SIP/2.0"
OPTIONS = "OPTIONS sip:u0@127.0.0.1 SIP/2.0"
REGISTER = "REGISTER sip:127.0.0.1 SIP/2.0"

VALID = {
    # 3.1.1.1: white space and folding wherever they are allowed
    "short": message(
        "INVITE sip:u0@127.0.0.1;unknown=param SIP/2.0",
        "s :", "NewField: what is it\r\n  good for ; q=0.1 \";;,,\"",
        "Route:\r\n <sip:127.0.0.1;unknown=\"no\";lr>", AUDIO,
        replace={"To": "TO :\r\n sip:u0@127.0.0.1 ;   tag    = 1918181833n",
                 "From": "from   : \"M \\\\\\\"\"       <sip:m@127.0.0.1>\r\n"
                         "  ;\r\n  tag = 98asjd8",
                 "Max-Forwards": "MaX-fOrWaRdS: 0068",
                 "Call-ID": "Call-ID: wsinv.ndaksdj@127.0.0.1",
                 "CSeq": "cseq: 0009\r\n  INVITE",
                 "Via": "Via  : SIP  /   2.0\r\n /UDP\r\n    127.0.0.1"
                        ";branch=390skdjuw\r\nv:  SIP  / 2.0  / TCP     "
                        "127.0.0.2   ;\r\n  branch  =   z9hG4bK9ikj8",
                 "Contact": "m:\"Quoted string \\\"\\\"\" <sip:m@127.0.0.1>"
                            " ; newparam =\r\n      newvalue ;\r\n"
                            "  secondparam ; q = 0.33"},
        content=OFFER),
    # 3.1.1.2: every character that a token may have
    "intmeth": message(
        "!interesting-Method0123456789_*+`.%indeed'~ "
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
        ":&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@127.0.0.1 SIP/2.0",
        "extensionHeader-!.%*+_`'~:\ufeff\u5927\u505c\u96fb",
        replace={"Via": "Via: SIP/2.0/TCP 127.0.0.1;"
                        "branch=z9hG4bK-.!%66*_+`'~"}),
    # 3.1.1.3 and 5: escapes
    "esc01": message("INVITE sip:sips%3Auser%40example.com@127.0.0.1 SIP/2.0",
                     replace={"To": "To: <sip:%75se%72@127.0.0.1>",
                              "From": "From: <sip:I%20have%20spaces@127.0.0"
                                      ".1>;tag=938"},
                     content=OFFER),
    # 3.1.1.4: an escaped null
    "escnull": message(REGISTER, "Contact: <sip:%00@127.0.0.1>",
                       "Contact: <sip:%00%00@127.0.0.1>",
                       replace={"To": "To: sip:null-%00-null@127.0.0.1",
                                "From": "From: sip:null-%00-null@127.0.0.1"
                                        ";tag=839923423"}),
    # 3.1.1.5: a percent sign that is no escape
    "esc02": message("RE%47IST%45R sip:127.0.0.1 SIP/2.0",
                     replace={"To": "To: \"%Z%45\" <sip:alice@127.0.0.1>",
                              "Contact": "Contact: <sip:alias1@127.0.0.1>"},
                     method="RE%47IST%45R"),
    # 3.1.1.6: no white space after a display name
    "lwsdisp": message(OPTIONS, replace={
        "From": "From: caller<sip:caller@127.0.0.1>;tag=323"}),
    # 3.1.1.7: long values
    "longreq": message(
        INVITE, AUDIO, *("Unknown-" + "Long" * 20 + f"-{i}: " + "v" * 90
                         for i in range(12)),
        replace={"To": "To: \"" + "I have a long name " * 20
                       + "\"<sip:u0@127.0.0.1:5060;"
                       + "unknownparam=very" + "long" * 30 + ">",
                 "From": "F: sip:" + "amazinglylongcallername" * 6
                         + "@127.0.0.1;tag=12" + "9" * 130,
                 "Call-ID": "Call-ID: long" + "ing" * 80,
                 "Via": "\r\n".join(
                     f"Via: SIP/2.0/TCP sip{i}.example.com" for i in
                     range(30)) + "\r\nv: SIP/2.0/UDP 127.0.0.1;branch=very"
                     + "long" * 50},
        content=OFFER),
    # 3.1.1.8: more than the message in its packet
    "dblreq": message(REGISTER) + message(INVITE, content=OFFER),
    # 3.1.1.9: a semicolon in the user part
    "semiuri": message("OPTIONS sip:user;par=u%40example.net@127.0.0.1"
                       " SIP/2.0"),
    # 3.1.1.10: transports that there are not
    "transports": message(OPTIONS, replace={
        "Via": "\r\n".join(f"Via: SIP/2.0/{tp} t{i}.example.com;"
                           f"branch=z9hG4bKkdjuw{i}" for i, tp in
                           enumerate(("UDP", "SCTP", "TLS", "UNKNOWN",
                                      "TCP")))}),
    # 3.1.1.11: a body of parts, one of them bytes
    "mpart01": message(
        "MESSAGE sip:u0@127.0.0.1 SIP/2.0",
        "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655",
        content=b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\n"
                b"Hello\r\n--7a9cbec02ceef655\r\n"
                b"Content-Type: application/octet-stream\r\n\r\n"
                + bytes(range(256)) + b"\r\n--7a9cbec02ceef655--\r\n"),
    # 3.1.1.12 and 13: reason phrases
    "unreason": message("SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e "
                        "\u0441\u0442\u043e \u043f\u0440\u043e\u0441\u0442",
                        method="INVITE"),
    "noreason": message("SIP/2.0 100 ", method="INVITE"),
}

INVALID = {
    # 3.1.2.1: separators that separate nothing
    "badinv01": message(INVITE, AUDIO, replace={
        "Contact": "Contact: \"Joe\" <sip:joe@127.0.0.1>;;;;",
        "Via": "Via: SIP/2.0/UDP 127.0.0.1:5099;;,;,,"}, content=OFFER),
    # 3.1.2.2 and 3: lengths that are none
    "clerr": message(INVITE, AUDIO, length="9999", content=OFFER),
    "ncl": message(INVITE, AUDIO, length="-999", content=OFFER),
    # 3.1.2.4 and 5: numbers that are too large
    "scalar02": message(REGISTER, "Expires: 10000000000000000", replace={
        "CSeq": "CSeq: 36893488147419103232 REGISTER",
        "Max-Forwards": "Max-Forwards: 300",
        "Contact": "Contact: <sip:u@127.0.0.1>;expires=280297596632815"}),
    "scalarlg": message("SIP/2.0 503 Service Unavailable",
                        "Retry-After: 949302838503028349304023988",
                        "Warning: 1812 overture \"In Progress\"",
                        replace={"CSeq": "CSeq: 9292394834772304023312"
                                         " OPTIONS"}, method="OPTIONS"),
    # 3.1.2.6: a quotation mark that is not closed
    "quotbal": message(INVITE, AUDIO, replace={
        "To": "To: \"Mr. J. User <sip:alice@127.0.0.1>"}, content=OFFER),
    # 3.1.2.7 to 10: request lines
    "ltgtruri": message("INVITE <sip:u0@127.0.0.1> SIP/2.0"),
    "lwsruri": message("INVITE sip:u0@127.0.0.1; lr SIP/2.0"),
    "lwsstart": message("INVITE  sip:u0@127.0.0.1  SIP/2.0"),
    "trws": message("OPTIONS sip:u0@127.0.0.1 SIP/2.0  "),
    # 3.1.2.11: headers in a request's URI
    "escruri": message("INVITE sip:u0@127.0.0.1?Route=%3Csip:127.0.0.1%3E"
                       " SIP/2.0"),
    # 3.1.2.12: a date of no time zone
    "baddate": message(INVITE, "Date: Fri, 01 Jan 2010 16:00:00 EST"),
    # 3.1.2.13 and 14: a URI with parameters wants brackets
    "regbadct": message(REGISTER, replace={
        "Contact": "Contact: sip:u@127.0.0.1?Route=%3Csip:127.0.0.1%3E"}),
    "badaspec": message(OPTIONS, replace={
        "To": "To: \"Watson, Thomas\" < sip:t.watson@127.0.0.1 >",
        "From": "From: Bell, Alexander <sip:a.g.bell@127.0.0.1>;tag=43"}),
    # 3.1.2.15: a display name of no token
    "baddn": message(OPTIONS, replace={
        "From": "From: Bell, A. @ <sip:a.g.bell@127.0.0.1>;tag=43"}),
    # 3.1.2.16: another version
    "badvers": message("OPTIONS sip:u0@127.0.0.1 SIP/7.0", replace={
        "Via": "Via: SIP/7.0/UDP 127.0.0.1:5099;branch=z9hG4bKkdjuw"}),
    # 3.1.2.17 and 18: two methods
    "mismatch01": message(OPTIONS, method="INVITE"),
    "mismatch02": message("NEWMETHOD sip:u0@127.0.0.1 SIP/2.0",
                          method="INVITE"),
    # 3.1.2.19: a status code of ten digits
    "bigcode": message("SIP/2.0 4294967301 better not break the receiver",
                       method="INVITE"),
}

ALL = {**VALID, **INVALID}
