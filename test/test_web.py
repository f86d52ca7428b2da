# SPDX-License-Identifier: BSD-3-Clause
"""The page's interface for programs: what it answers, whom, and what no
client may do to SIP."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from urllib.parse import urlencode

import pytest

from harness import ports
from harness.baresip import REPO, account, is_sanitized
from harness.dialling import ready
from harness.scenario import (ALICE, BOB, in_use, line, measured,
                              wait_quiet)
from harness.web import FORM, Web, authorization, drain

FILES = {"/": "text/html", "/style.css": "text/css",
         "/api.js": "text/javascript", "/page.js": "text/javascript",
         "/form.js": "text/javascript", "/icon.svg": "image/svg+xml"}
GET = b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def web():
    return Web()


@pytest.fixture
def phone(server_pair, phone_factory, web):
    primary, backup = server_pair
    found = phone_factory(line(primary, backup),
                          line(backup, primary, aor=BOB),
                          config=web.config())
    in_use(found, 1, ALICE)
    in_use(found, 1, BOB)
    wait_quiet(server_pair)
    return found


def without_times(status):
    for found in status["accounts"]:
        found["failback"].pop("next_s")
        for server in found["servers"]:
            server.pop("since_s")
    return status


# What is served

def test_off_by_default(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    assert not phone.log.find("the page is")


def test_page(phone, web):
    size = 0
    for path, ctype in FILES.items():
        answer = web.get(path)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(ctype)
        size += len(answer.body)
        # nothing is loaded from elsewhere
        text = answer.text.replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text and "https:" not in text
    assert size < 60 * 1024
    assert len(web.token()) == 32


def test_nothing_inline(phone, web):
    """The policy would not let it run."""
    text = web.get("/").text
    assert not re.search(r"<style|\sstyle=|<script>|\son\w+=", text)
    for answer in (web.get("/"), web.get("/api/status"), web.get("/none")):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy and "*" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Connection"] == "close"


def test_status(phone, web):
    answer = web.get("/api/status")
    assert answer.headers["Content-Type"] == "application/json"
    assert without_times(answer.json) == without_times(phone.status())


def test_status_without_accounts(phone_factory, web):
    phone_factory(config=web.config())
    assert web.get("/api/status").json == {"version": 1, "accounts": []}


def test_status_of_http_1_0(phone, web):
    """No chunks: the connection's end is the answer's."""
    data = web.raw(GET.replace(b"1.1", b"1.0"))
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert len(json.loads(body)["accounts"]) == 2


def test_config(server_pair, phone_factory, web):
    primary, backup = server_pair
    phone = phone_factory(
        line(primary, backup, extra="failover_retries=2;failover_regint2=77"),
        config=web.config(failover_failback_interval=60, failover_rise=99))
    in_use(phone, 1)
    config = web.get(f"/api/config?aor={ALICE}").json
    assert config["ok"] and config["aor"] == ALICE
    assert config["servers"] == [
        {"index": 1, "uri": primary.uri(), "regint": 3600},
        {"index": 2, "uri": backup.uri(), "regint": 77}]
    settings = {found["key"]: found for found in config["settings"]}
    assert settings["failover_retries"]["value"] == "2"
    assert settings["failover_retries"]["source"] == "account"
    assert settings["failover_failback_interval"] == {
        "key": "failover_failback_interval", "value": "60",
        "default": "1800", "allowed": "1 to 86400 seconds",
        "source": "config"}
    # what is not of its form is not in use
    assert settings["failover_rise"]["value"] == "1"
    assert settings["failover_rise"]["source"] == "default"
    assert web.get("/api/config?aor=sip:nobody@x").status == 404
    assert web.get("/api/config").status == 404


def test_no_password_in_answers(server_pair, phone_factory, web):
    phone = phone_factory(line(*server_pair, password="s3cr3t"),
                          config=web.config())
    in_use(phone, 1)
    for path in ("/", "/api/status", f"/api/config?aor={ALICE}", "/metrics",
                 "/api/diff"):
        assert "s3cr3t" not in web.get(path).text


def test_switch(phone, web):
    answer = web.post("/api/switch", aor=ALICE, server="backup")
    assert answer.status == 200 and answer.json["ok"]
    assert "moving to server 2" in answer.json["text"]
    in_use(phone, 2, ALICE)
    answer = web.post("/api/switch", aor=ALICE, server="9")
    assert answer.status == 404 and not answer.json["ok"]
    assert "choose primary, backup" in answer.json["error"]
    assert web.post("/api/switch", aor="sip:x@y", server="1").status == 404
    assert web.post("/api/switch").status == 422
    assert web.post("/api/switch", aor=ALICE, server="1 2").status == 422
    in_use(phone, 2, ALICE)


def test_probe(phone, web):
    web.post("/api/switch", aor=ALICE, server="2")
    in_use(phone, 2, ALICE)
    answer = web.post("/api/probe", aor=ALICE)
    assert answer.json == {"ok": True, "text":
                           "alice@127.0.0.1: looking for the primary"}
    in_use(phone, 1, ALICE)


def test_diff(phone, web):
    """Of one account, or of all; save writes the same."""
    for aor in (ALICE, BOB):
        assert web.post("/api/set", aor=aor, failover_rise=3).status == 200

    def lines(aor=""):
        diff = web.get(f"/api/diff?aor={aor}").json["diff"].splitlines()
        return [row for row in diff if row.startswith("+<") and
                "failover_rise=3" in row]

    assert len(lines()) == 2 and len(lines(BOB)) == 1
    assert BOB in lines(BOB)[0]
    saved = web.post("/api/save", aor=BOB).json["text"]
    assert saved.count("failover_rise=3") == 1
    assert len(lines()) == 1 and ALICE in lines()[0]


def test_what_is_not_there(phone, web):
    """It answers 404, and the page's list of features does not have it."""
    features = web.features()
    assert {"config", "switch", "probe"} <= set(features)
    for name in ("set", "save", "test", "maintenance"):
        if name not in features:
            answer = web.post(f"/api/{name}", aor=ALICE)
            assert answer.status == 404
            assert answer.json["error"] == "this is not available"
    assert web.get("/index.html").status == 404
    assert web.get("/api/").status == 404
    assert web.get("/../etc/passwd").status == 404


def test_methods(phone, web):
    for method, path, allow in (("POST", "/", "GET, HEAD"),
                                ("POST", "/api/status", "GET, HEAD"),
                                ("GET", "/api/switch", "POST"),
                                ("PUT", "/api/probe", "POST"),
                                ("HEAD", "/api/probe", "POST")):
        answer = web.request(method, path,
                             {"X-Failover-Token": web.token()})
        assert answer.status == 405
        assert answer.headers["Allow"] == allow


def test_head(phone, web):
    """The header that GET would get, and no body (RFC 9110 section 9.3.2)."""
    for path, status in (("/", 200), ("/style.css", 200),
                         ("/api/status", 200), ("/metrics", 200),
                         ("/api/config?aor=x", 404), ("/nowhere", 404),
                         ("/api/set", 405)):
        request = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        found = web.raw(request.encode())
        assert status_of(found) == status, path
        assert found.endswith(b"\r\n\r\n"), path
        assert found.count(b"\r\n\r\n") == 1, path
    for wrong in (b"HEAD / HTTP/1.1\r\n\r\n", b"HEAD / HTTP/9\r\n\r\n",
                  b"HEAD / HTTP/1.1\r\nHost: evil.example\r\n\r\n"):
        found = web.raw(wrong)
        assert status_of(found) in (400, 403)
        assert found.endswith(b"\r\n\r\n")
        assert found.count(b"\r\n\r\n") == 1


# Metrics

def samples(text):
    return {found.rpartition(" ")[0]: float(found.rpartition(" ")[2])
            for found in text.splitlines() if not found.startswith("#")}


def assert_clean(text):
    """As Prometheus' own linter sees it."""
    if not shutil.which("promtool"):
        pytest.skip("no promtool (prometheus)")
    found = subprocess.run(["promtool", "check", "metrics"], text=True,
                           input=text, capture_output=True, timeout=60)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


def test_metrics(server_pair, phone_factory, web):
    primary, backup = server_pair
    phone = phone_factory(line(primary, backup),
                          config=web.config(failover_retries=0))
    in_use(phone, 1)
    label = f'aor="{ALICE}"'
    name = "baresip_failover_"
    answer = web.get("/metrics")
    assert answer.headers["Content-Type"] == \
        "text/plain; version=0.0.4; charset=utf-8"
    before = samples(answer.text)
    assert before[f'{name}server_info{{{label},server="2",'
                  f'uri="{backup.uri()}"}}'] == 1
    assert before[f'{name}account_state{{{label},state="primary"}}'] == 1
    assert before[f'{name}server_failures_total{{{label},server="1",'
                  f'cause="timeout"}}'] == 0
    assert before[f'{name}recovery_duration_seconds_count'] == 0

    begun = time.time()
    primary.behave_all(silent=True)
    phone.do("failover_switch", f"{ALICE} 2")
    in_use(phone, 2)
    phone.do("failover_switch", f"{ALICE} 1")     # and is given up
    in_use(phone, 2)

    after = samples(web.get("/metrics").text)
    assert after[f'{name}account_state{{{label},state="primary"}}'] == 0
    assert after[f'{name}account_state{{{label},state="backup"}}'] == 1
    assert after[f'{name}server_active{{{label},server="2"}}'] == 1
    assert after[f'{name}server_registered{{{label},server="1"}}'] == 0
    assert after[f'{name}server_up{{{label},server="1"}}'] == 0
    assert after[f'{name}server_failures_total{{{label},server="1",'
                 f'cause="timeout"}}'] == 1
    assert after[f'{name}switches_total{{{label},kind="failover"}}'] == 1
    assert after[f'{name}server_active_seconds_total'
                 f'{{{label},server="1"}}'] > 0
    assert begun - 1 <= after[f'{name}last_switch_timestamp_seconds'
                              f'{{{label}}}'] <= time.time() + 1
    assert after[f'{name}recovery_duration_seconds_count'] == 1
    assert 0.4 < after[f'{name}recovery_duration_seconds_sum'] < 10


def test_metrics_are_clean(server_pair, phone_factory, web):
    """Of more accounts than one part of the answer has, one of them not
    managed."""
    primary, backup = server_pair
    accounts = [line(primary, backup, aor=f"sip:user{i}@127.0.0.1")
                for i in range(40)]
    accounts.append(line(primary, backup, extra="failover=no"))
    phone = phone_factory(*accounts, config=web.config())
    phone.wait(lambda: len(phone.status()["accounts"]) == 41)
    text = web.get("/metrics").text
    assert text.count("_state{") == 41 * 5
    assert_clean(text)


# Who may

def test_token(phone, web):
    for headers in ({"X-Failover-Token": ""}, {"X-Failover-Token": "0" * 32},
                    {"X-Failover-Token": web.token()[:-1]}):
        answer = web.post("/api/switch", headers, aor=ALICE, server="2")
        assert answer.status == 403 and "token" in answer.json["error"]
    assert web.request("POST", "/api/switch", {}, b"").status == 403
    in_use(phone, 1, ALICE)


def test_token_is_new_with_each_start(phone_factory, web):
    phone = phone_factory(config=web.config())
    before = web.token()
    phone.stop()
    phone.start()
    assert web.token() != before


def test_host(phone, web):
    good = ("localhost", "LOCALHOST:1", "127.0.0.1", f"[::1]:{web.port}",
            "192.0.2.1:80", socket.gethostname())
    for host in good:
        assert web.get("/api/status", Host=host).status == 200, host
    for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil",
                 "localhost.evil", "127.0.0.1:80@evil", "[::1", "", "[]",
                 "::1", "localhost:x", "localhost:8080:1"):
        answer = web.get("/api/status", Host=host)
        assert answer.status == 403, host
    assert b" 400 " in web.raw(b"GET / HTTP/1.1\r\n\r\n")
    assert b" 400 " in web.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n"
                               b"Host: localhost\r\n\r\n")


def test_target_is_a_uri(phone, web):
    """Its host counts, and the header's does not (RFC 9112 3.2.2)."""
    def ask(target, host="localhost", method="GET"):
        return status_of(web.raw(f"{method} {target} HTTP/1.1\r\nHost: {host}"
                                 "\r\nContent-Length: 0\r\n\r\n".encode()))

    for target in (f"{web.url}api/status", "HTTP://localhost:1/api/status",
                   "https://[::1]/metrics", "http://localhost",
                   "http://localhost/?a=b"):
        assert ask(target) == 200, target
        assert ask(target, "evil.example") == 200, target
    for target in ("http://evil.example/", "http://localhost@evil.example/",
                   "http://localhost:80@evil/", "http:///", "http://",
                   "http://?localhost", "http://evil#localhost"):
        assert ask(target) == 403, target
    assert ask("http://localhost/nowhere") == 404
    assert ask("*", method="OPTIONS") == 404
    assert ask("http://localhost/api/probe", method="POST") == 403  # token
    assert ask("ftp://localhost/") == ask("localhost/") == 400
    assert b" 400 " in web.raw(b"GET http://localhost/ HTTP/1.1\r\n\r\n")


def test_client_that_waits_for_continue(phone, web):
    """RFC 9110 section 10.1.1."""
    body = f"aor={ALICE}&server=2".encode()

    def head(length, version="1.1"):
        return (f"POST /api/switch HTTP/{version}\r\nHost: localhost\r\n"
                f"X-Failover-Token: {web.token()}\r\n"
                f"Expect: 100-Continue\r\nContent-Length: {length}\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                "\r\n").encode()

    with web.connect() as sock:
        sock.sendall(head(len(body)))
        assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(body)
        assert status_of(drain(sock)) == 200
    in_use(phone, 2, ALICE)

    # refused at once; there is nothing to wait for; the client is too old
    assert status_of(web.raw(head(99999))) == 413
    assert status_of(web.raw(head(0))) == 422
    assert status_of(web.raw(head(len(body), "1.0") + body)) == 200


def test_origin(phone, web):
    own = web.url.rstrip("/")
    assert web.get("/api/status", Origin=own).status == 200
    for origin in ("null", "http://evil.example", f"{own}0", "http://",
                   own.replace("http", "https"), f"{own}.evil"):
        assert web.get("/api/status", Origin=origin).status == 403
        answer = web.post("/api/probe", {"Origin": origin})
        assert answer.status == 403


def test_elsewhere_than_loopback(server_pair, phone_factory):
    """Without a password it does not listen, and says why."""
    for keys in ({}, {"failover_http_user": "admin"},
                 {"failover_http_password": "x"}):
        web = Web(host="0.0.0.0")
        phone = phone_factory(line(*server_pair), config=web.config(**keys))
        in_use(phone, 1)
        _, text = phone.wait_log("the page is off")
        assert "failover_http_user" in text and web.listen in text
        assert ports.is_free(web.port)


def test_password(phone_factory, web):
    phone_factory(config=web.config(failover_http_user="admin",
                                    failover_http_password="s3cr3t"))
    answer = web.get("/api/status")
    assert answer.status == 401 and not answer.json["ok"]
    challenge = answer.headers["WWW-Authenticate"]
    assert challenge.startswith("Digest ") and 'qop="auth"' in challenge

    for path in ("/", "/api/status", "/api/config?aor=x&y=%20"):
        assert web.get(path).status == 401
        assert web.digest("GET", path, "admin", "s3cr3t").status != 401
    for user, password in (("admin", "wrong"), ("root", "s3cr3t"),
                           ("admin", "")):
        assert web.digest("GET", "/", user, password).status == 401


def test_password_on_every_address(phone_factory):
    web = Web(host="0.0.0.0")
    phone_factory(config=web.config(failover_http_user="admin",
                                    failover_http_password="s3cr3t"))
    assert web.get("/").status == 401
    assert web.digest("GET", "/", "admin", "s3cr3t").status == 200


def test_digest_is_for_its_target(phone_factory, web):
    phone_factory(config=web.config(failover_http_user="admin",
                                    failover_http_password="s3cr3t"))
    for uri in ("/", "/api/status?x", "/api/config"):
        assert web.digest("GET", "/api/status", "admin", "s3cr3t",
                          uri=uri).status == 401
    assert web.digest("GET", "/api/status", "admin", "s3cr3t",
                      uri="/api/status").status == 200


def test_old_nonce(phone_factory, web):
    """It is told to be stale, so that a browser does not ask again."""
    phone_factory(config=web.config(failover_http_user="admin",
                                    failover_http_password="s3cr3t"))
    challenge = web.get("/").headers["WWW-Authenticate"]
    nonce = challenge.split('nonce="')[1].split('"')[0]
    old = challenge.replace(nonce, "0" * len(nonce))
    answer = web.digest("GET", "/", "admin", "s3cr3t", challenge=old)
    assert answer.status == 401
    assert "stale=true" in answer.headers["WWW-Authenticate"]
    assert web.digest("GET", "/", "admin", "s3cr3t").status == 200


def test_replay(server_pair, phone_factory, web):
    """Whoever has seen a request cannot make it again, with another body
    above all. A browser's requests may overtake each other."""
    phone_factory(line(*server_pair), config=web.config(
        failover_http_user="admin", failover_http_password="s3cr3t"))
    page = web.digest("GET", "/", "admin", "s3cr3t").text
    token = page.split('failover-token" content="')[1].split('"')[0]
    challenge = web.get("/").headers["WWW-Authenticate"]

    def ask(number, credentials="", **form):
        credentials = credentials or authorization(
            challenge, "POST", "/api/set", "admin", "s3cr3t", number)
        answer = web.request("POST", "/api/set", {
            "Authorization": credentials, "X-Failover-Token": token,
            "Content-Type": FORM}, urlencode(form).encode())
        if answer.status == 401:
            assert "stale=true" in answer.headers["WWW-Authenticate"]
        return answer.status

    seen = authorization(challenge, "POST", "/api/set", "admin", "s3cr3t", 5)
    assert ask(5, seen, aor=ALICE, failover_rise="3") == 200
    assert ask(5, seen, aor=ALICE, failover_rise="3") == 401
    assert ask(5, seen, aor=ALICE, failover_rise="9") == 401
    assert ask(5, aor=ALICE, failover_rise="9") == 401

    for number in (6, 8, 7, 1, 70):
        assert ask(number, aor=ALICE, failover_rise="4") == 200
    for number in (0, 1, 2, 5, 6, 7, 8, 70):   # 70 - 2 is too long ago
        assert ask(number, aor=ALICE, failover_rise="9") == 401
    assert ask(10, aor=ALICE, failover_rise="5") == 200

    # each challenge has a count of its own
    for _ in range(40):
        assert web.digest("GET", "/", "admin", "s3cr3t").status == 200
    assert ask(71, aor=ALICE, failover_rise="6") == 401
    config = web.digest("GET", f"/api/config?aor={ALICE}", "admin", "s3cr3t")
    assert next(found["value"] for found in config.json["settings"]
                if found["key"] == "failover_rise") == "5"


@pytest.mark.parametrize("value", (
    "Digest", "Digest ", "Basic YWRtaW46czNjcjN0", "Digest username=\"",
    'Digest username="admin", realm="failover", nonce="", uri="/", '
    'response="", qop=auth',
    'Digest username="admin", realm="failover", nonce="0", uri="/", '
    'response="00000000000000000000000000000000", qop=auth',
    'Digest username="admin", realm="failover", nonce="0", uri="/", '
    'response="0", algorithm=SHA-256, qop=auth, cnonce="", nc=',
    'Digest username="admin", realm="failover", nonce="%s", uri="/", '
    'response="00000000000000000000000000000000", algorithm=MD5-sess, '
    'qop=auth-int' % ("f" * 80),
    "Digest " + "," * 4000, "Digest " + "=" * 4000, "Digest " + "a," * 2000,
    "Digest x=" + '"' * 4000))
def test_odd_credentials(phone_factory, web, value):
    phone = phone_factory(config=web.config(failover_http_user="admin",
                                            failover_http_password="s3cr3t"))
    web.get("/")
    for _ in range(2):
        found = web.raw(f"GET / HTTP/1.1\r\nHost: localhost\r\n"
                        f"Authorization: {value}\r\n\r\n".encode())
        assert found.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 400 "))
    assert phone.running
    assert web.digest("GET", "/", "admin", "s3cr3t").status == 200


def test_https(phone_factory, tmp_path):
    pem = tmp_path / "page.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=localhost", "-days", "2", "-keyout", pem, "-out",
                    tmp_path / "cert.pem"], check=True, capture_output=True)
    pem.write_text(pem.read_text() + (tmp_path / "cert.pem").read_text())
    web = Web(tls=True)
    phone = phone_factory(config=web.config(failover_http_cert=pem))
    phone.wait_log("the page is at https://")
    assert web.get("/style.css").status == 200
    assert web.get("/api/status").json == {"version": 1, "accounts": []}
    own = web.url.rstrip("/")
    assert web.get("/", Origin=own).status == 200
    assert web.get("/", Origin=own.replace("https", "http")).status == 403
    # who speaks no TLS gets nothing, and the next one is served
    plain = Web(port=web.port)
    assert plain.raw(GET) == b"" or b"HTTP" not in plain.raw(GET)
    assert web.get("/").status == 200


# What is wrong with the config

@pytest.mark.parametrize("value", ("8080", "localhost", "127.0.0.1",
                                   "nonsense:80", "127.0.0.1:0",
                                   "127.0.0.1:99999"))
def test_listen_of_no_form(server_pair, phone_factory, value):
    phone = phone_factory(line(*server_pair),
                          config={"failover_http_listen": value})
    in_use(phone, 1)
    assert len(phone.log.find(f"failover_http_listen.*{value}")) == 1


def test_port_in_use(server_pair, phone_factory, web):
    with socket.create_server((web.host, web.port)):
        phone = phone_factory(line(*server_pair), config=web.config())
        in_use(phone, 1)
        assert len(phone.log.find("the page is off")) == 1


def test_certificate_that_is_not_there(server_pair, phone_factory, web):
    phone = phone_factory(line(*server_pair), config=web.config(
        failover_http_cert="/nonexistent.pem"))
    in_use(phone, 1)
    _, text = phone.wait_log("the page is off")
    assert "/nonexistent.pem" in text


@pytest.mark.parametrize("listen, url", (("localhost", "127.0.0.1"),
                                         ("[::1]", "[::1]")))
def test_listen(phone_factory, listen, url):
    web = Web(host=listen)
    phone = phone_factory(config=web.config())
    phone.wait_log("the page is at http://")
    web.host = url
    assert b" 200 OK" in web.raw(GET)


def test_unload(phone, web):
    """With a request half sent, another half answered."""
    with web.connect() as half, web.connect() as idle:
        half.sendall(GET[:20])
        phone.do("rmmod", "failover")
        assert drain(half) == b"" and drain(idle) == b""
    assert phone.running
    assert phone.stop() == 0


# Limits

def status_of(data):
    return int(data.split(b" ")[1]) if data.startswith(b"HTTP/1.1 ") else 0


def test_malformed(phone, web):
    token = web.token().encode()
    post = (b"POST /api/probe HTTP/1.1\r\nHost: localhost\r\n"
            b"X-Failover-Token: " + token + b"\r\nContent-Type: "
            b"application/x-www-form-urlencoded\r\n")
    for expected, data in (
            (400, b"\r\n\r\n"), (400, b"GET /\r\n\r\n"),
            (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\r\n\r\n"),
            (400, b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"),
            (400, b"GET / HTTP/1.1\nHost: localhost\n\r\n\r\n"),
            (400, post + b"Content-Length: -1\r\n\r\n"),
            (400, post + b"Content-Length: 1e1\r\n\r\n"),
            (400, post + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na"),
            (400, post + b"Transfer-Encoding: chunked\r\n\r\n"
             b"5\r\naor=x\r\n0\r\n\r\n"),
            (413, post + b"Content-Length: 16385\r\n\r\n"),
            (413, post + b"Content-Length: 18446744073709551617\r\n\r\n"),
            (413, b"GET /" + b"a" * 9000),
            (413, b"GET / HTTP/1.1\r\nA: " + b"b" * 9000 + b"\r\n\r\n"),
            (400, b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\n\r\n"),
            (400, post + b"Content-Length: 5\r\n\r\naor=\xff"),
            (400, post + b"Content-Length: 7\r\n\r\naor=%00"),
            (400, post.replace(b"urlencoded", b"other") +
             b"Content-Length: 5\r\n\r\naor=x")):
        assert status_of(web.raw(data)) == expected, data
    assert web.get("/api/status").status == 200


def test_largest(phone, web):
    body = b"aor=" + b"x" * (16384 - 4)
    answer = web.request("POST", "/api/probe", {
        "X-Failover-Token": web.token(),
        "Content-Type": "application/x-www-form-urlencoded"}, body)
    assert answer.status in (404, 422)
    fill = 8192 - len(GET) - len(b"A: \r\n")
    assert status_of(web.raw(GET[:-2] + b"A: " + b"b" * fill +
                             b"\r\n\r\n")) == 200


def test_pipelined(phone, web):
    """The first is answered, the others are not looked at."""
    data = web.raw(GET * 20)
    assert data.count(b"HTTP/1.1 ") == 1 and status_of(data) == 200


def test_body_in_pieces(phone, web):
    body = f"aor={ALICE}&server=2".encode()
    head = (f"POST /api/switch HTTP/1.1\r\nHost: localhost\r\n"
            f"X-Failover-Token: {web.token()}\r\n"
            f"Content-Length: {len(body)}\r\nContent-Type: "
            f"application/x-www-form-urlencoded\r\n\r\n").encode()
    with web.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head + body:
            sock.sendall(bytes([byte]))
        assert status_of(drain(sock)) == 200
    in_use(phone, 2, ALICE)


def test_request_that_does_not_end(phone, web):
    """5 s, however slowly it drips."""
    begun = time.monotonic()
    with web.connect() as idle, web.connect() as drip:
        drip.settimeout(0.2)
        for byte in GET[:-1] * 10:
            try:
                drip.sendall(bytes([byte]))
                if not drip.recv(1):
                    break
            except socket.timeout:
                continue
            except OSError:
                break
        took = time.monotonic() - begun
        assert drain(idle) == b""
    assert 4.5 < took < 20


def open_ones(socks):
    """Those that the phone has not closed."""
    found = []
    for sock in socks:
        sock.settimeout(0.01)
        try:
            if sock.recv(1):
                found.append(sock)
        except socket.timeout:
            found.append(sock)
        except OSError:
            pass
    return found


def test_idle_connections(phone, web):
    """Those of one address are four at most; the oldest make room."""
    socks = []
    try:
        for _ in range(50):
            socks.append(web.connect())
            assert len(socks) % 10 or web.get("/style.css").status == 200
        assert len(open_ones(socks)) <= 4
        others = [web.connect(f"127.0.0.{2 + i % 20}") for i in range(40)]
        socks += others
        assert web.get("/api/status").status == 200
        assert len(open_ones(socks)) <= 8
    finally:
        for sock in socks:
            sock.close()


def test_client_that_does_not_read(server_pair, phone_factory, web):
    """Its answer is not made, and others get theirs."""
    accounts = [account(f"sip:u{i}@127.0.0.1", *(server.uri() for server in
                                                 server_pair))
                for i in range(500)]
    phone = phone_factory(*accounts, config=web.config())
    phone.wait(lambda: len(web.get("/api/status").json["accounts"]) == 500)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect((web.host, web.port))
        sock.sendall(GET)
        for _ in range(5):
            assert len(web.get("/api/status").json["accounts"]) == 500
        time.sleep(0.1)
        data = b""
        sock.settimeout(60)
        while piece := sock.recv(1024):     # slowly, but it goes on
            data += piece
            if len(data) % 65536 < 1024:
                time.sleep(0.01)
    assert data.endswith(b"0\r\n\r\n")


HOSTILE = (
    b"", b"\0" * 100, b"GET / HTTP/1.1\r\n" * 300, b"a" * 8180 + b"1 ;",
    b"GET / HTTP/1.1\r\nContent-Type: " + b"a" * 8000 + b";\r\n\r\n",
    b"GET / HTTP/1.1\r\nAccept: " + b"," * 8000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nAuthorization: Digest " + b"," * 8000 + b"\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    b"\r\nffffffff\r\n", GET * 50, b"GET /%ff?\xff=\xfe HTTP/1.1\r\n\r\n",
    b"POST /api/set HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"
    b"\xc0\x80=\xff%f", b"\xff" * 9000, GET[:30])


def attack(web, data, drip, patience_s):
    """One request; its header may come in single bytes."""
    with socket.socket() as sock:
        sock.settimeout(patience_s)
        try:
            sock.connect((web.host, web.port))
            if drip:
                for at in range(min(len(data), 40)):
                    sock.sendall(data[at:at + 1])
            for at in range(40 if drip else 0, len(data), 1500):
                sock.sendall(data[at:at + 1500])
            sock.recv(4096)
        except OSError:
            pass


def hostile(web, count):
    """So many requests, of every kind in turn; some are cut off."""
    for i in range(count):
        attack(web, HOSTILE[i % len(HOSTILE)], i % 7 == 0,
               0.2 if i % 3 else 0.01)


def memory_kb(phone):
    with open(f"/proc/{phone.pid}/status", encoding="ascii") as file:
        for text in file:
            if text.startswith("VmRSS"):
                return int(text.split()[1])
    raise AssertionError("no VmRSS")


def test_hostile_during_failover(server_pair, phone_factory, web):
    """1,000 requests and 50 idle connections while the primary dies in a
    call: the account and the BYE move as without them, memory stays, the page
    answers."""
    primary, backup = server_pair
    phone = ready(phone_factory, server_pair,
                  config=web.config(failover_retries=1))
    phone.dial(BOB)
    call, = primary.calls.wait_state("established")
    phone.wait_event("CALL_ESTABLISHED")
    hostile(web, 100)
    before = memory_kb(phone)
    threads = [threading.Thread(target=hostile, args=(web, 250))
               for _ in range(4)]
    with contextlib.ExitStack() as stack:
        for i in range(50):
            stack.enter_context(web.connect(f"127.0.1.{i + 1}"))
        for thread in threads:
            thread.start()
        primary.behave_all(silent=True)
        phone.do("failover_switch", f"{ALICE} 2")
        in_use(phone, 2)
        phone.do("failover_switch", f"{ALICE} 1")
        in_use(phone, 2)
        sent = [entry.time for entry in primary.recorder.requests("REGISTER")]
        assert not phone.events("CALL_CLOSED")
        phone.hangup()
        backup.calls.wait_state("ended")
        assert any(thread.is_alive() for thread in threads)
        for thread in threads:
            thread.join(120)
    # 0.5 s between the two transmissions, and both were sent
    gap, grown = sent[-1] - sent[-2], memory_kb(phone) - before
    measured("between two REGISTERs that are due after 0.5 s", gap)
    measured("memory", grown, "KiB")
    assert len(sent) >= 3 and 0.3 < gap < 3
    assert (call.ended_by, call.ended_via) == ("BYE", backup.name)
    assert web.get("/api/status").json["accounts"][0]["active"] == 2
    assert grown < 2048 or is_sanitized()
    assert phone.stop() == 0


# What docs/page.md has for Prometheus

MONITORING = os.path.join(REPO, "contrib", "prometheus")


def test_rules():
    if not shutil.which("promtool"):
        pytest.skip("no promtool (prometheus)")
    for command in (("check", "rules", "rules.yml"),
                    ("check", "config", "scrape.yml"),
                    ("test", "rules", "rules_test.yml")):
        found = subprocess.run(["promtool", *command], cwd=MONITORING,
                               capture_output=True, text=True, timeout=60)
        assert found.returncode == 0, found.stdout + found.stderr


def test_rules_and_dashboard_use_what_there_is(phone, web):
    there = set(re.findall(r"^# TYPE (\w+)", web.get("/metrics").text, re.M))
    used = set()
    for name in ("rules.yml", "grafana.json"):
        with open(os.path.join(MONITORING, name), encoding="utf-8") as file:
            text = file.read()
        used |= {re.sub("_bucket$", "", found) for found in
                 re.findall(r"baresip_failover_\w+", text)}
        if name.endswith("json"):
            assert len(json.loads(text)["panels"]) == 9
    assert used and used <= there
