# SPDX-License-Identifier: BSD-3-Clause
"""failover_set: every key that the reference names can be changed while the
phone runs, and a value of no form is refused."""

import re
import socket
from pathlib import Path

import pytest

from harness import certificates, ports
from harness.dialling import settle
from harness.scenario import (ALICE, binds, expires, in_use, line, our_lines,
                              switch, wait_quiet)
from harness.web import Web

REFERENCE = Path(__file__).parent.parent / "docs" / "reference.md"
MORE = "sip:127.0.0.8:5060;transport=udp"
WRONG = {"failover_http_user": 'a"b', "failover_http_password": 'a"b',
         "failover_http_cert": "/nonexistent.pem"}


def keys():
    """Of the reference's two tables."""
    text = REFERENCE.read_text("utf-8")
    tables = text[text.index("| parameter |"):
                  text.index("An invalid value gets")]
    found = []
    for row in re.findall(r"(?m)^\| (`.*?) \| ", tables):
        found += re.findall(r'`([a-z]\w*)(?:=[^`]*)?`', row)
    return found


def values(key, pem):
    """A value that the key takes, and one that it does not."""
    right = {"failover": "yes", "outbound2": MORE, "failover_servers": MORE,
             "failover_probe": "options", "failover_codes": "480,503",
             "failover_call_codes": "486",
             "failover_http_listen":
                 f"127.0.0.1:{ports.free_port(ports.CTRL_RANGE)}",
             "failover_http_cert": pem}.get(key)
    return right or ("no" if key.endswith(("failback", "flow", "srv",
                                           "standby")) else "7"), \
        WRONG.get(key, "soon")


def test_every_key(server_pair, phone_factory):
    pem = certificates.signed("IP:127.0.0.1")
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    assert len(keys()) == 25, keys()
    for key in keys():
        if key == "outbound":           # the one in use, below
            continue
        who = "*" if "_http_" in key else ALICE
        other = ALICE if "_http_" in key else "*"
        right, wrong = values(key, pem)
        good, text = phone.command("failover_set", f"{who} {key} {wrong}")
        assert not good and key.replace("outbound", "server") in \
            text.replace("outbound", "server"), (key, text)
        assert not phone.do("failover_diff"), key
        good, text = phone.command("failover_set", f"{who} {key} {right}")
        assert good, (key, text)
        diff = phone.do("failover_diff")
        assert key in diff and ("password" in key or right in diff)
        if key.startswith(("outbound", "failover_servers", "regint",
                           "failover_regint")) or "_http_" in key or \
                key == "failover":
            good, text = phone.command("failover_set",
                                       f"{other} {key} {right}")
            assert not good and "it is a key of" in text
        phone.do("failover_set", f"{who} {key} " + (
            {"outbound2": server_pair[1].uri(), "regint": "3600"}.get(
                key, "")))
    assert in_use(phone, 1)["servers"][1]["uri"] == server_pair[1].uri()
    phone.do("failover_set", f"{ALICE} outbound {MORE}")
    assert phone.account_status()["servers"][0]["uri"] == MORE


# failover=

def state(phone):
    return phone.account_status()["state"]


def test_off_and_on(server_pair, phone_factory):
    """Registered and in a call: neither notices."""
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup))
    in_use(phone, 1)
    phone.dial("bob")
    call, = primary.calls.wait_state("established")
    wait_quiet(server_pair)
    before = primary.recorder.count("REGISTER")
    assert "failover_save writes it" in phone.do("failover_set",
                                                 f"{ALICE} failover no")
    assert state(phone) == "unmanaged"
    assert "failover=no" in phone.do("failover")
    settle(phone, 1)
    assert primary.recorder.count("REGISTER") == before
    assert primary.table.bindings(ALICE)
    assert call.state == "established" and not phone.events("CALL_CLOSED")
    diff = phone.do("failover_diff", ALICE)
    assert ";failover=no" in diff

    phone.do("failover_set", f"{ALICE} failover")
    in_use(phone, 1)
    assert call.state == "established"
    phone.hangup()
    primary.calls.wait_state("ended")
    assert not primary.table.longest_unbound_s(ALICE) > 0.5
    primary.kill()
    phone.do("failover_set", f"{ALICE} failover_keepalive 1")
    in_use(phone, 2)


def test_off_on_the_backup(server_pair, phone_factory):
    """Baresip then registers with server 1, and what it takes back at server
    2 does not lose the binding that both have in one table."""
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup))
    in_use(phone, 1)
    switch(phone, 2)
    wait_quiet(server_pair)
    before = len(binds(primary))
    phone.do("failover_set", f"{ALICE} failover no")
    phone.wait(lambda: len(binds(primary)) > before)
    # longer than until libre's first retransmissions
    settle(phone, 4)
    assert primary.table.bindings(ALICE), primary.table.report()
    assert not [entry for server in server_pair for entry in
                server.recorder.requests("REGISTER") if not expires(entry)]
    assert state(phone) == "unmanaged"
    history = phone.account_status()["history"]
    assert [entry["to"] for entry in history] == [2]
    phone.do("failover_save", ALICE)
    with open(phone.path("accounts"), encoding="utf-8") as file:
        assert ";failover=no" in file.read()
    phone.do("failover_set", f"{ALICE} failover yes")
    in_use(phone, 1)
    assert len(our_lines(phone, "managed no longer")) == 1


def test_on_for_an_account_that_was_off(server_pair, phone_factory):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup, extra="failover=no"))
    phone.wait(lambda: binds(primary))
    assert state(phone) == "unmanaged"
    good, text = phone.command("failover_set", f"{ALICE} failover maybe")
    assert not good and "'maybe' is not yes or no" in text
    phone.do("failover_set", f"{ALICE} failover yes")
    in_use(phone, 1)
    primary.kill()
    phone.do("failover_set", f"{ALICE} failover_keepalive 1")
    in_use(phone, 2)


def test_account_that_does_not_register(server_pair, phone_factory):
    """Baresip makes a registration at start only: refused, with what to do,
    as at start."""
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup, regint=0))
    _, said = phone.wait_log("is not managed")
    assert "regint=0, it does not register" in said
    for key, value in (("server1", backup.uri()), ("server2", primary.uri()),
                       ("regint", "60"), ("failover", "yes"),
                       ("failover_regint2", "60")):
        good, text = phone.command("failover_set", f"{ALICE} {key} {value}")
        assert not good and text.startswith(f"failover: {key}: regint=0")
        assert "accounts file" in text
    for value in ("no", "", "no", ""):          # and back again
        phone.do("failover_set", f"{ALICE} failover {value}")
    good, text = phone.command("failover_set", f"{ALICE} failover_rise 2")
    assert not good and "regint=0" in text
    assert not primary.recorder.count("REGISTER")

    phone.do("failover_set", f"{ALICE} failover no")
    good, text = phone.command("failover_set", f"{ALICE} server2 sip:x")
    assert not good and "set failover to yes before, or with it" in text


# The page's own keys

@pytest.fixture
def web():
    return Web()


def set_page(web, **values):
    return web.post("/api/set", aor="*", **{
        f"failover_http_{key}": value for key, value in values.items()})


def test_page_moves(server_pair, phone_factory, web):
    """The request that moves the page is answered; what cannot be opened
    leaves it where it is."""
    phone = phone_factory(line(*server_pair), config=web.config())
    in_use(phone, 1)
    with socket.create_server((ports.HOST, 0)) as taken:
        busy = f"{ports.HOST}:{taken.getsockname()[1]}"
        for value, why in ((busy, "Address already in use"),
                           ("8080", "is not an address and a port"),
                           (f"192.0.2.1:{web.port}", "is not on loopback"),
                           (f"0.0.0.0:{web.port}", "is not on loopback")):
            answer = set_page(web, listen=value)
            assert answer.status == 422, (value, answer.text)
            assert why in answer.json["errors"]["failover_http_listen"]
            assert web.get("/").status == 200
    answer = set_page(web, listen=busy, user="x", cert="/nonexistent.pem")
    assert list(answer.json["errors"]) == ["failover_http_cert"]
    assert not phone.do("failover_diff")

    elsewhere = Web()
    idle = web.connect()
    answer = set_page(web, listen=elsewhere.listen)
    assert answer.status == 200, answer.text
    assert idle.recv(1) == b""
    idle.close()
    assert elsewhere.get("/api/status").status == 200
    assert ports.is_free(web.port)

    # the same port on every address: the old socket has to go first
    wide = Web(elsewhere.port)
    answer = set_page(elsewhere, listen=f"0.0.0.0:{wide.port}", user="admin",
                      password="s3cr3t")
    assert answer.status == 200, answer.text
    assert wide.get("/").status == 401
    assert wide.digest("GET", "/", "admin", "s3cr3t").status == 200
    assert "s3cr3t" not in str(phone.log)
    diff = phone.do("failover_diff")
    assert "failover_http_password" in diff and "s3cr3t" not in diff
    good, text = phone.command("failover_set", "* failover_http_password")
    assert not good and "not on loopback" in text
    assert wide.get("/").status == 401
    phone.do("failover_save")
    phone.do("failover_set", "* failover_http_listen")
    phone.wait(lambda: ports.is_free(wide.port))
    phone.kill()
    phone.start()
    assert wide.digest("GET", "/", "admin", "s3cr3t").status == 200


def test_page_becomes_https(phone_factory, web):
    phone = phone_factory(config=web.config())
    answer = set_page(web, cert=certificates.signed("IP:127.0.0.1"))
    assert answer.status == 200, answer.text
    web.tls = True
    assert set_page(web, user="a", password="b c").status == 200
    assert web.get("/").status == 401
    said = phone.do("failover_set", "* failover_http_password d")
    assert "failover_http_password changed" in said
    assert web.digest("GET", "/", "a", "b c").status == 401
    assert web.digest("GET", "/", "a", "d").status == 200
    phone.do("failover_set", "* failover_http_cert")
    web.tls = False
    assert web.digest("GET", "/", "a", "d").status == 200


def test_page_after_reload(phone_factory, web):
    """What the file has now, but for what failover_set has changed."""
    phone = phone_factory(config=web.config(), modules=["debug_cmd"])
    with open(phone.path("config"), encoding="utf-8") as file:
        config = file.read()
    elsewhere = Web()

    def write(listen):
        with open(phone.path("config"), "w", encoding="utf-8") as file:
            file.write(config.replace(web.listen, listen))
        phone.do("conf_reload")

    write(elsewhere.listen)
    phone.wait(lambda: ports.is_free(web.port))
    assert elsewhere.get("/").status == 200
    write("nonsense")
    phone.wait_log("the page stays as it was")
    assert elsewhere.get("/").status == 200
    phone.do("failover_set", f"* failover_http_listen {web.listen}")
    write(elsewhere.listen)
    phone.wait(lambda: len(our_lines(phone, "file was read again")) == 3)
    assert web.get("/").status == 200 and ports.is_free(elsewhere.port)


def test_too_long(server_pair, phone_factory, web):
    """What no line or file could hold is refused when it is set, and so are
    many values that are too long together."""
    phone = phone_factory(line(*server_pair), config=web.config())
    in_use(phone, 1)
    limit = 1023 if phone.version >= (3, 1) else 511
    backup = server_pair[1].uri()
    before = state(phone), web.get(f"/api/config?aor={ALICE}").text

    def length():
        with open(phone.path("accounts"), encoding="utf-8") as file:
            return len(file.read().rstrip())

    def longer(n):
        return backup + ";x=" + "a" * (n - 3)

    def refused(aor, **values):
        answer = web.post("/api/set", aor=aor, **values)
        assert answer.status == 422, values
        assert len(answer.json["errors"]) == 1, (values, answer.text)
        (key, error), = answer.json["errors"].items()
        assert key in values and len(error) < 160, error
        return error

    room, cut = limit - length(), f"more than the {limit} characters"
    for key, value, why in (
            ("server2", "sip:" + "a" * 256, "more than 255 characters"),
            ("failover_servers", "sip:b,sip:" + "a" * 256,
             "more than 255 characters"),
            ("server2", "sip:" + "a" * 16000, "more than 255 characters"),
            ("server2", longer(room + 1), cut),
            ("outbound2", longer(9000), cut),
            ("server3", longer(2 * limit), cut),
            ("failover_rise", "0" * 600 + "2", "not a number from 1 to 10"),
            ("failover_codes", "408," * 200 + "408", "not status codes"),
            ("failover_regint2", "0" * 600 + "60", "not 1 to 86400 seconds"),
            ("failover", "y" * 600, "not yes or no"),
            ("server2", f"{backup};x=\\", "backslash at the end")):
        assert why in refused(ALICE, **{key: value}), (key, len(value))
    for key, value in (("failover_rise", "0" * 600 + "2"),
                       ("failover_http_user", "u" * 256),
                       ("failover_http_cert", "/" * 300)):
        refused("*", **{key: value})
    assert "control character" in phone.command(
        "failover_set", f"{ALICE} server2 {backup};x=\x7f")[1]
    many = {f"server{i}": longer(room // 4) + str(i) for i in range(3, 9)}
    assert cut in refused(ALICE, **many)
    assert before == (state(phone),
                      web.get(f"/api/config?aor={ALICE}").text)

    # the longest that fits is saved, and then there is no room
    assert web.post("/api/set", aor=ALICE, server2=longer(room)).status == 200
    assert cut in refused(ALICE, failover_rise="2")
    phone.do("failover_save")
    assert length() == limit
    assert cut in refused(ALICE, failover_rise="2")
    assert web.post("/api/set", aor=ALICE, server2=backup,
                    failover_rise="2").status == 200
