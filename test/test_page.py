# SPDX-License-Identifier: BSD-3-Clause
"""The page in a real browser."""

import pytest

from harness import browser as chromium
from harness.page_stub import PageStub
from harness.scenario import ALICE, BOB, in_use, line, measured
from harness.web import Web

pytestmark = pytest.mark.skipif(
    not chromium.is_there(), reason="no chromium, chromium-driver or "
    "python3-selenium")

WIDTHS, SCHEMES = (1280, 360), ("light", "dark")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
        "best-practice"]
EVERYTHING = "config set save diff switch probe test maintenance"


@pytest.fixture(scope="module")
def shared_browser():
    found = chromium.Browser()
    yield found
    found.close()


@pytest.fixture
def browser(shared_browser):
    """One for all tests; the page may log nothing but what the test is
    about."""
    shared_browser.complaints()
    yield shared_browser
    shared_browser.driver.get("about:blank")


@pytest.fixture
def web():
    return Web()


def pill(name="alice@127.0.0.1"):
    """The state that the overview shows of an account, as an expression."""
    return (f"([...document.querySelectorAll('.accounts > li')].find(li => "
            f"li.querySelector('.name').textContent === '{name}')"
            f"?.querySelector('.pill').textContent)")


def shows(browser, state, name="alice@127.0.0.1"):
    browser.wait(f"{pill(name)} === '{state}'")


def violations(browser):
    """What axe-core finds, the first of each kind."""
    script = chromium.axe()
    if not script:
        pytest.skip("no axe-core: npm install axe-core, or AXE_CORE")
    browser.js(script)
    return browser.driver.execute_async_script(
        "const [tags, done] = arguments; axe.run({runOnly: tags}).then(r => "
        "done(r.violations.map(v => `${v.id}: ${v.nodes[0].html} "
        "${v.nodes[0].failureSummary}`)))", TAGS)


def too_wide(browser):
    """Elements that reach out of the window."""
    return browser.js(
        "return [...document.querySelectorAll('body *')].filter(e => "
        "e.getBoundingClientRect().right > innerWidth + 1 && "
        "!e.closest('.hidden, pre')).map(e => e.outerHTML.slice(0, 80))")


# With a real phone

def test_primary_dies(kamailio_pair, phone_factory, web, browser):
    """What happens is seen without a reload, as is Baresip's own end."""
    primary, backup = kamailio_pair.servers
    phone = phone_factory(line(primary, backup),
                          config=web.config(failover_retries=1))
    in_use(phone, 1)
    browser.open(web.url)
    browser.js("window.marker = 1")
    shows(browser, "On primary")
    assert "In use" in browser.text(".server:nth-child(1)")

    primary.kill()
    phone.command("dial", "sip:nobody@127.0.0.1")
    phone.wait_state("backup")
    shows(browser, "On backup")
    assert "In use" in browser.text(".server:nth-child(2)")
    assert "Down" in browser.text(".server:nth-child(1)")
    assert "alice@127.0.0.1: On backup, server 2" in browser.js(
        "return document.getElementById('news').textContent")

    phone.kill()
    browser.wait("!document.getElementById('banner').hidden")
    assert "Baresip does not answer since" in browser.text("#banner")
    assert browser.text("#live") == "Gone"
    phone.start()
    browser.wait("document.getElementById('banner').hidden")
    shows(browser, "On backup")
    assert browser.text("#live") == "Live"

    # its token is another one by now
    browser.button("Check the primary now").click()
    browser.wait("document.querySelector('.body .said').textContent"
                 ".includes('looking for the primary')")
    assert browser.js("return window.marker") == 1


def test_buttons(server_pair, phone_factory, web, browser):
    phone = phone_factory(line(*server_pair), config=web.config())
    in_use(phone, 1)
    browser.open(web.url)
    shows(browser, "On primary")
    browser.button("Use this server", ".server:nth-child(2)").click()
    in_use(phone, 2)
    shows(browser, "On backup")
    assert "moving to server 2" in browser.text(".body .said")
    assert "next check in" in browser.text("summary")
    browser.button("Check the primary now").click()
    in_use(phone, 1)
    shows(browser, "On primary")
    assert browser.complaints() == []


def test_settings_are_shown(server_pair, phone_factory, web, browser):
    primary, backup = server_pair
    phone = phone_factory(
        line(primary, backup, extra="failover_retries=2"),
        line(backup, primary, aor=BOB),
        config=web.config(failover_failback_interval=60))
    in_use(phone, 1, ALICE)
    in_use(phone, 1, BOB)
    browser.open(web.url)
    browser.wait("document.querySelectorAll('.accounts > li').length === 2")
    browser.button("Settings", ".accounts > li:nth-child(2)").click()
    browser.wait(f"document.querySelector('[data-part=port]')?.value === "
                 f"'{backup.port}'")
    assert browser.js("return document.getElementById('pick').value") == BOB
    interval = browser.find("[data-key=failover_failback_interval]")
    assert interval.get_attribute("value") == "60"
    assert "set in the file config" in browser.text("#basic")
    assert browser.complaints() == []


def test_settings_are_changed(server_pair, phone_factory, web, browser):
    """An error at its field, then a change that holds at once and is
    saved."""
    phone = phone_factory(line(*server_pair), config=web.config())
    in_use(phone, 1)
    if not {"set", "save", "diff"} <= set(web.features()):
        pytest.skip("the module has no commands for it")
    browser.open(f"{web.url}#line")
    browser.wait("document.querySelectorAll('#servers fieldset').length "
                 "=== 2")
    browser.set("[data-key=failover_failback_interval]", "soon")
    browser.button("Apply").click()
    said(browser, "Nothing was changed.")
    assert "1 to 86400" in browser.js(
        "return document.activeElement.closest('.field')"
        ".querySelector('.error').textContent")

    browser.set("[data-key=failover_failback_interval]", "77")
    browser.button("Apply").click()
    browser.wait("document.getElementById('said').textContent"
                 ".includes('In use now: ')")
    assert phone.account_status()["failback"]["interval_s"] == 77
    browser.wait("document.getElementById('basic').textContent"
                 ".includes('changed, not saved')")

    browser.button("Save…").click()
    browser.wait("document.getElementById('diff').open")
    assert "failover_failback_interval=77" in browser.text("#diff-text")
    browser.button("Save", "#diff").click()
    browser.wait("!document.getElementById('diff').open")
    with open(phone.path("accounts"), encoding="utf-8") as file:
        assert "failover_failback_interval=77" in file.read()


def test_whole_story(kamailio_pair, phone_factory, web, browser):
    """As somebody uses it: sees a failover, sets the interval, tests a
    server, changes places, saves, and starts Baresip again."""
    primary, backup = kamailio_pair.servers
    phone = phone_factory(line(primary, backup),
                          config=web.config(failover_retries=1))
    in_use(phone, 1)
    browser.open(web.url)
    browser.js("window.marker = 1")
    shows(browser, "On primary")
    primary.kill()
    phone.command("dial", "sip:nobody@127.0.0.1")
    shows(browser, "On backup")

    browser.button("Settings").click()
    browser.wait("document.querySelectorAll('#servers fieldset').length "
                 "=== 2")
    browser.set("[data-key=failover_failback_interval]", "soon")
    browser.button("Apply").click()
    browser.wait("document.activeElement.dataset.key === "
                 "'failover_failback_interval'")
    assert "1 to 86400" in browser.text("#basic")
    browser.set("[data-key=failover_failback_interval]", "120")
    browser.find("[aria-label='Test SIP Server 1']").click()
    browser.wait("document.querySelector('#servers fieldset .said')"
                 ".textContent.includes('Connection refused')")
    browser.find("[aria-label='Test SIP Server 2']").click()
    browser.wait("document.querySelector('#servers fieldset:nth-child(2) "
                 ".said').textContent.includes('200 OK')")
    browser.find("[aria-label='Move up SIP Server 2']").click()
    browser.button("Apply").click()
    browser.wait("document.getElementById('said').textContent"
                 ".includes('now')")
    found = in_use(phone, 1)
    uris = [server["uri"] for server in found["servers"]]
    assert uris == [backup.uri(), primary.uri()]
    assert found["failback"]["interval_s"] == 120

    browser.button("Save…").click()
    browser.wait("document.getElementById('diff').open")
    shown = browser.text("#diff-text")
    assert f'outbound="{backup.uri()}"' in shown
    browser.button("Save", "#diff").click()
    browser.wait("!document.getElementById('diff').open")
    assert browser.js("return window.marker") == 1

    phone.kill()
    phone.start()
    found = in_use(phone, 1)
    assert [server["uri"] for server in found["servers"]] == uris
    assert found["failback"]["interval_s"] == 120


def test_many_accounts(server_pair, phone_factory, web, browser):
    """300: filters, only some of them are in the document, more come as the
    reader scrolls, and an update touches what has changed alone."""
    primary, backup = server_pair
    phone = phone_factory(
        *(line(primary, backup, aor=f"sip:user{i:03}@127.0.0.1")
          for i in range(300)),
        config=web.config(failover_retries=6))      # 63 s
    phone.wait(lambda: all(found["state"] == "primary" for found in
                           phone.status()["accounts"]), 60)
    browser.open(web.url)
    browser.wait("document.querySelector('.states').textContent"
                 ".includes('On primary300')")
    shown = "document.querySelectorAll('.accounts > li').length"
    browser.wait(f"{shown} >= 40")
    assert browser.js(f"return {shown}") < 150
    more = "Show more of the 300 accounts"
    assert browser.text("#more") == more
    browser.js("document.getElementById('more').focus()")
    browser.wait(f"(scrollTo(0, document.body.scrollHeight), {shown} === 300)")
    assert not browser.find("#more").is_displayed()
    assert browser.js("return [...document.querySelectorAll('.accounts .name')"
                      "].every((name, i) => name.textContent === 'user' + "
                      "String(i).padStart(3, '0') + '@127.0.0.1')")
    browser.set("#find", "user12")
    browser.wait(f"{shown} === 10")
    browser.set("#find", "nobody")
    browser.wait(f"{shown} === 0")
    assert browser.text("#empty") == "No account fits."
    browser.js("const f = document.getElementById('find'); f.value = '';"
               "f.dispatchEvent(new Event('input'))")
    browser.wait(f"{shown} >= 40")

    # ages are of minutes soon; all else is at rest
    browser.js("""
        window.touched = new Set();
        new MutationObserver(list => list.forEach(m => {
          const at = m.target.nodeType === 3 ? m.target.parentNode : m.target;
          const row = at.closest('.accounts > li');
          if (row && !at.matches('.soft, .check'))
            touched.add(row.querySelector('.name').textContent);
        })).observe(document.body, {subtree: true, childList: true,
          characterData: true, attributes: true});""")
    browser.js("""window.tasks = [];
        new PerformanceObserver(list => tasks.push(
            ...list.getEntries().map(entry => entry.duration))).observe(
            {type: "longtask"});""")
    phone.do("failover_switch", "user007@127.0.0.1 2")
    shows(browser, "On backup", "user007@127.0.0.1")
    touched = set(browser.js("return [...touched]"))
    # on a machine that stood still others may have moved as well
    moved = {found["aor"].removeprefix("sip:")
             for found in phone.status()["accounts"] if found["history"]}
    assert "user007@127.0.0.1" in touched and touched <= moved
    chip, = [found for found in browser.all("#states button")
             if "On backup" in found.text]
    chip.click()
    browser.wait(f"{shown} < 40 && {shown} > 0")
    measured("longest task of the page's that took over 50 ms, or 0",
             max(browser.js("return tasks"), default=0), "ms")
    assert browser.complaints() == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_looks(server_pair, phone_factory, web, browser, width, scheme):
    """Nothing reaches out of the window, and axe-core finds nothing."""
    phone = phone_factory(
        *(line(*server_pair, aor=aor) for aor in (ALICE, BOB)),
        config=web.config())
    in_use(phone, 1, ALICE)
    phone.do("failover_switch", f"{BOB} 2")
    in_use(phone, 2, BOB)
    browser.open(web.url, width, 800, scheme)
    shows(browser, "On backup", "bob@127.0.0.1")
    assert too_wide(browser) == []
    assert violations(browser) == []


# With every answer that there may be

STATUS = {"version": 1, "accounts": [{
    "aor": ALICE, "state": "primary", "active": 1, "standby": 2,
    "servers": [
        {"index": 1, "uri": "sip:pbx1.example.com:5060;transport=udp",
         "state": "up", "registered": True, "reason": "200 OK",
         "since_s": 5000.0},
        {"index": 2, "uri": "sip:[2001:db8::1];transport=tls",
         "state": "maintenance", "registered": True,
         "reason": "<b>200</b> " + "long " * 30, "since_s": 1.0,
         "srv": "_sips._tcp.example.com"}],
    "failback": {"enabled": True, "interval_s": 1800, "next_s": 90.5},
    "counters": {"failovers": 3, "failbacks": 2, "exhausted": 0,
                 "calls_moved": 1, "byes_moved": 0, "requests_moved": 1},
    "history": [{"time": 1700000000, "from": 1, "to": 2, "recovery_s": 7.6,
                 "reason": "REGISTER not answered, sent 4 times"}]}]}
SETTINGS = [
    ("failover_retries", "3", "a number from 0 to 10", "default"),
    ("failover_failback", "yes", "yes or no", "default"),
    ("failover_failback_interval", "1800", "1 to 86400 seconds", "changed"),
    ("failover_codes", "500,503", "status codes from 400 to 699, separated "
     "by commas", "config"),
    ("failover_probe", "register", "register or options", "account")]
CONFIG = {"ok": True, "aor": ALICE, "servers": [
    {"index": 1, "uri": "sip:pbx1.example.com:5060;transport=udp",
     "regint": 3600},
    {"index": 2, "uri": "sip:[2001:db8::1];transport=tls", "regint": 600}],
    "settings": [{"key": key, "value": value, "default": value,
                  "allowed": allowed, "source": source}
                 for key, value, allowed, source in SETTINGS]}


@pytest.fixture
def stub(parties):
    found = PageStub(EVERYTHING)
    parties.append(found)
    found.answers = {
        ("GET", "/api/status"): (200, STATUS),
        ("GET", "/api/config"): (200, CONFIG),
        ("GET", "/api/diff"): (200, {"ok": True, "diff": "-a\n+b\n"}),
        ("POST", "/api/set"): (200, {"ok": True, "text": "Set."}),
        ("POST", "/api/save"): (200, {"ok": True, "text": "Saved."}),
        ("POST", "/api/test"): (422, {"ok": False, "error": "No answer."}),
        ("POST", "/api/maintenance"): (200, {"ok": True, "text": "Done."})}
    return found


@pytest.fixture
def form(stub, browser):
    """The page with Alice's settings."""
    browser.open(f"{stub.url}#line")
    browser.wait("document.querySelectorAll('#servers fieldset').length "
                 "=== 2")
    return browser


def said(browser, text, css="#said"):
    browser.wait(f"document.querySelector('{css}').textContent === '{text}'")


def applied(browser, what):
    said(browser, f"In use now: {what}. Save… writes it to the files.")


def test_form_order(form):
    """As desk phones have it."""
    assert [legend.text for legend in form.all("legend")] == [
        "SIP Server 1 (primary)", "SIP Server 2", "Basic settings"]
    assert form.js("return [...document.querySelectorAll('#basic [data-key]')]"
                   ".map(e => e.dataset.key)") == [
        "failover_failback", "failover_failback_interval",
        "failover_retries"]
    assert not form.js("return document.getElementById('advanced').open")
    assert "1 to 86400 seconds · default 1800 · changed, not saved" in \
        form.text("#basic")


def test_apply_sends_what_has_changed(stub, form):
    form.button("Apply").click()
    said(form, "Nothing has changed.")
    form.set("[data-key=failover_failback_interval]", "60")
    form.find("[data-key=failover_failback]").click()
    form.button("Apply").click()
    applied(form, "Enable failback, Failback interval")
    assert stub.posts == [("/api/set", {
        "aor": ALICE, "failover_failback_interval": "60",
        "failover_failback": "no"})]


def test_servers_change_places(stub, form):
    form.find("[aria-label='Move up SIP Server 2']").click()
    form.button("Apply").click()
    applied(form, "servers, registration expiry")
    assert stub.posts == [("/api/set", {
        "aor": ALICE, "server1": "sip:[2001:db8::1];transport=tls",
        "server2": "sip:pbx1.example.com:5060;transport=udp",
        "regint": "600", "failover_regint2": "3600"})]


def test_server_is_added_and_removed(stub, form):
    form.button("Add a server").click()
    form.driver.switch_to.active_element.send_keys("2001:db8::9")
    form.button("Apply").click()
    applied(form, "servers, registration expiry")
    assert stub.posts[0] == ("/api/set", {
        "aor": ALICE, "server3": "sip:[2001:db8::9];transport=udp",
        "server1": CONFIG["servers"][0]["uri"],
        "server2": CONFIG["servers"][1]["uri"],
        "failover_regint3": "3600"})
    form.wait("document.querySelectorAll('#servers fieldset').length === 2")
    form.button("Add a server").click()
    form.find("[aria-label='Remove SIP Server 1']").click()
    form.set("#servers fieldset:nth-child(2) [data-part=host]", "c")
    form.button("Apply").click()
    assert stub.wait_post(2)[1]["server2"] == "sip:c;transport=udp"


def test_error_stands_at_its_field(stub, form):
    stub.answers["POST", "/api/set"] = (422, {
        "ok": False, "error": "Nothing was changed.", "errors": {
            "failover_failback_interval": "'soon' is not 1 to 86400 seconds",
            "failover_codes": "no", "server2": "a" * 300}})
    form.set("[data-key=failover_failback_interval]", "soon")
    form.button("Apply").click()
    said(form, "Nothing was changed.")
    field = form.find("[data-key=failover_failback_interval]")
    assert field.get_attribute("aria-invalid") == "true"
    described = field.get_attribute("aria-describedby").split()
    assert "'soon' is not 1 to 86400 seconds" in [
        form.text(f"#{name}") for name in described]
    # the first that is wrong has the focus, and nothing is folded away
    assert form.driver.switch_to.active_element == form.find(
        "[data-key=server2]")
    assert form.js("return document.getElementById('advanced').open")
    assert too_wide(form) == []
    assert not chromium.axe() or violations(form) == []

    stub.answers["POST", "/api/set"] = (200, {"ok": True, "text": "Set."})
    form.set("[data-key=failover_failback_interval]", "60")
    form.button("Apply").click()
    applied(form, "Failback interval")
    assert not form.all("[aria-invalid]")


def test_focus_stays(stub, form):
    """Nobody who works with the keyboard has to begin at the top again."""
    def focused():
        return form.js("const e = document.activeElement; return "
                       "e.ariaLabel || e.dataset.part || e.dataset.key")

    form.find("#servers fieldset:nth-child(2) [data-part=port]").send_keys(
        "5062\n")
    applied(form, "servers")
    assert focused() == "port"
    assert form.js("return document.activeElement.closest('fieldset')"
                   ".dataset.index") == "1"
    form.find("[data-key=failover_retries]").send_keys("0\n")
    applied(form, "Signal retry counts")
    assert focused() == "failover_retries"

    form.button("Add a server").click()
    assert focused() == "host"
    for label, after in (("Move up SIP Server 3", "Move up SIP Server 2"),
                         ("Move up SIP Server 2", "Test SIP Server 1"),
                         ("Move down SIP Server 2", "Test SIP Server 3"),
                         ("Remove SIP Server 3", "Test SIP Server 2")):
        form.find(f"[aria-label='{label}']").send_keys("\n")
        assert focused() == after, label
    assert stub.posts[2:] == []


def test_test_of_a_server(stub, form):
    form.set("[data-part=host]", "pbx9")
    form.find("[aria-label='Test SIP Server 1']").click()
    said(form, "No answer.", "#servers fieldset .said")
    assert stub.posts == [("/api/test", {
        "aor": ALICE, "uri": "sip:pbx9:5060;transport=udp"})]


def test_save_shows_the_diff_first(stub, form):
    form.button("Save…").click()
    form.wait("document.getElementById('diff').open")
    assert form.text("#diff-text") == "-a\n+b"
    assert stub.posts == []
    assert not chromium.axe() or violations(form) == []
    form.button("Save", "#diff").click()
    said(form, "Saved.")
    assert stub.posts == [("/api/save", {"aor": ALICE})]
    assert not form.js("return document.getElementById('diff').open")

    stub.answers["GET", "/api/diff"] = (200, {"ok": True, "diff": ""})
    form.button("Save…").click()
    form.wait("document.getElementById('diff').open")
    assert form.find("#diff-save").get_attribute("disabled")


def test_save_of_a_file_that_has_changed(stub, form):
    """What would be written now takes the place of what was shown."""
    stub.answers["POST", "/api/save"] = (422, {
        "ok": False, "error": "accounts: nothing is written: it has changed "
        "on the disk since Baresip read it. failover_save once more writes "
        "this:\n--- accounts\n+++ accounts\n@@ -1,1 +1,1 @@\n-x\n+" +
        "y" * 300})
    form.button("Save…").click()
    form.wait("document.getElementById('diff').open")
    form.button("Save", "#diff").click()
    said(form, "accounts: nothing is written: it has changed on the disk "
         "since Baresip read it. Look at the changes above; Save then writes "
         "them.", "#diff-said")
    assert form.text("#diff-text").startswith("--- accounts")
    assert too_wide(form) == []
    stub.answers["POST", "/api/save"] = (200, {"ok": True, "text": "Saved."})
    form.button("Save", "#diff").click()
    said(form, "Saved.")


@pytest.mark.parametrize("width", WIDTHS)
def test_every_state(stub, browser, width):
    """Each fits its place; an account that is not managed says why, and has
    nothing to press but its settings."""
    first = STATUS["accounts"][0]
    reason = "it needs two servers, outbound= and outbound2="
    accounts = [dict(first, aor=f"sip:{state}@example.com", state=state)
                for state in ("primary", "backup", "moving")]
    accounts += [
        dict(first, aor="sip:down@example.com", state="down", active=0,
             round_s=30.5, failback=dict(first["failback"], next_s=None),
             servers=[dict(server, state="down", registered=False)
                      for server in first["servers"]]),
        dict(first, aor="sip:one@example.com", state="unmanaged", active=0,
             servers=[], reason=reason)]
    stub.answers["GET", "/api/status"] = (200, {"version": 1,
                                                "accounts": accounts})
    browser.open(stub.url, width)
    browser.wait("document.querySelectorAll('.accounts > li').length === 5")
    for summary in browser.all(".accounts summary"):
        summary.click()
    assert browser.js("return [...document.querySelectorAll('.pill')].filter("
                      "pill => pill.scrollWidth > pill.clientWidth).map("
                      "pill => pill.textContent)") == []
    assert too_wide(browser) == []
    *_, down, one = browser.all(".accounts > li")
    assert "every server has failed" in down.text
    assert "next attempt in " in down.text and "Try again now" in down.text
    assert "it needs a second server" in one.text
    assert [button.text for button in one.find_elements("tag name", "button")
            if button.is_displayed()] == ["Settings"]
    assert "Failovers" not in one.text

    stub.answers["GET", "/api/config"] = (200, dict(
        CONFIG, aor="sip:one@example.com", servers=CONFIG["servers"][:1]))
    one.find_element("tag name", "details").find_element(
        "css selector", ".body button:not([hidden])").click()
    browser.wait("!document.getElementById('why').hidden")
    assert browser.text("#why") == "Not managed: it needs a second server."


def test_maintenance(stub, browser):
    browser.open(stub.url)
    browser.wait("document.querySelector('.server')")
    assert browser.button("Maintenance", ".server:nth-child(1)")
    browser.button("End maintenance", ".server:nth-child(2)").click()
    said(browser, "Done.", ".body .said")
    assert stub.posts == [("/api/maintenance", {
        "aor": ALICE, "server": "2", "state": "off"})]


def test_foreign_text_is_text(stub, browser):
    """And an account's history and every counter are shown."""
    browser.open(stub.url, 360)
    browser.wait("document.querySelector('.server')")
    assert "<b>200</b>" in browser.text(".server:nth-child(2)")
    assert not browser.all(".server b")
    assert "from _sips._tcp.example.com" in browser.text(".servers")
    assert "[2001:db8::1] · TLS" in browser.text(".servers")
    assert "(7.6 s)" in browser.text(".history")
    assert "for 1 h 23 min" in browser.text("summary")
    assert too_wide(browser) == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_form_looks(stub, browser, width, scheme):
    browser.open(f"{stub.url}#line", width, 800, scheme)
    browser.wait("document.querySelectorAll('#servers fieldset').length "
                 "=== 2")
    browser.js("document.getElementById('advanced').open = true")
    assert too_wide(browser) == []
    assert violations(browser) == []
