# SPDX-License-Identifier: BSD-3-Clause
"""What README and docs tell to type, and what they say that it prints."""

import os
import pty
import re
import select
import subprocess
import time

import pytest

from harness import run
from harness.baresip import REPO, Phone, account
from harness.scenario import ALICE, QUICK, in_use, line

PAGES = ["README.md", "CONTRIBUTING.md"] + sorted(
    f"docs/{name}" for name in os.listdir(os.path.join(REPO, "docs"))
    if name.endswith(".md"))
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]^]+\]: (\S+)", re.MULTILINE)


def read(page):
    with open(os.path.join(REPO, page), encoding="utf-8") as file:
        return file.read()


def block(page, begins):
    """The indented lines from the one that begins so, without indent."""
    rows = read(page).splitlines()
    first, = [n for n, row in enumerate(rows)
              if row.strip().startswith(begins) and row.startswith("    ")]
    indent = len(rows[first]) - len(rows[first].lstrip())
    found = []
    for row in rows[first:]:
        if not row.startswith(" " * indent):
            break
        found.append(row[indent:])
    return "\n".join(found) + "\n"


def shell(script, **options):
    return subprocess.run(["bash", "-euc", script], check=True, timeout=60,
                          stdout=subprocess.PIPE, encoding="utf-8",
                          **options).stdout


def anchors(page):
    """As GitHub makes them of headings."""
    heads = re.findall(r"^#+ (.*)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"`", "", head)).lower()
            .replace(" ", "-") for head in heads}


def sources():
    """Text of each C file of the module by its name, without comments."""
    found = {}
    for folder, _, names in os.walk(os.path.join(REPO, "modules/failover")):
        for name in names:
            if name.endswith((".c", ".h")):
                with open(os.path.join(folder, name),
                          encoding="utf-8") as file:
                    found[name] = re.sub(r"/\*.*?\*/", "", file.read(),
                                         flags=re.DOTALL)
    return found


def test_design_names_what_there_is():
    """All files, and no file or function that there is not."""
    files, text = sources(), read("docs/design.md")
    named = set(re.findall(r"[a-z_]+\.c\b", text))
    assert named == {name for name in files if name.endswith(".c")}
    functions = set(re.findall(r"\b([a-z][a-z_]+)\(\)", text))
    assert len(functions) > 50
    everything = "\n".join(files.values())
    assert not [name for name in functions
                if not re.search(rf"\b{name}\b", everything)]


def test_a_day_in_the_life():
    """Each function stands in its file, and is named where it is called."""
    files, text = sources(), read("docs/design.md")
    rows = re.findall(r"^    ( *)(\w+)\(\) +(\w+\.c)\b",
                      text.partition("## A day in the life")[2]
                      .partition("\n## ")[0], re.MULTILINE)
    assert len(rows) > 60
    callers = {}
    for indent, name, file in rows:
        body = files[file]
        assert re.search(rf"^[a-z][^;=\n]*\b{name}\([^;]*?\)\n{{", body,
                         re.MULTILINE), name
        depth = len(indent)
        callers[depth] = file
        if depth:
            uses = re.findall(rf"(?<!^)\b{name}\b", files[callers[depth - 2]])
            assert len(uses) > (callers[depth - 2] == file), name


@pytest.mark.parametrize("page", PAGES)
def test_links(page):
    for target in (a or b for a, b in LINK.findall(read(page))):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(page), path)
                                if path else page)
        assert os.path.exists(os.path.join(REPO, file)), target
        assert not anchor or anchor in anchors(file), target


def test_packages_of_a_build():
    """The line of README is what test/packages.sh installs."""
    named = re.search(r"apt install (build-essential .*)", read("README.md"))
    wanted = shell(f'cd "{REPO}"; . test/packages.sh; '
                   'echo "${BUILD_PACKAGES[@]}"').split()
    # gcc and libc6-dev come with build-essential, ninja with meson; the unit
    # tests are not built without cmocka
    assert {*named[1].split(), "gcc", "libc6-dev", "ninja-build",
            "libcmocka-dev"} == {*wanted, "build-essential"}


def test_names(phone_factory):
    """Each key and each command that a page names is there."""
    phone = phone_factory()
    commands = set(re.findall(r"/(failover\w*)", phone.do("help")))
    usage = phone.command("failover_set", "")[1]
    keys = set(re.findall(r"failover_\w+", usage)) - {"failover_set"}
    assert len(commands) >= 7 and len(keys) >= 14
    fixed = {"failover_servers"}
    fixed |= {f"failover_regint{server}" for server in range(2, 9)}
    for page in PAGES:
        if page == "CONTRIBUTING.md":       # its keys are examples
            continue
        # not the prefix of metrics, nor names of files
        named = set(re.findall(r"(?<![\w/])failover_[a-z]\w+", read(page)))
        assert named <= commands | keys | fixed, page


def test_defaults():
    """conf/config has every key of the reference's table, with its
    default."""
    table = re.findall(r"^\| `(failover_\w+)` \| (\S+) \| [^|]+ \|",
                       read("docs/reference.md"), re.MULTILINE)
    assert len(table) >= 14
    sample = dict(re.findall(r"^(failover_\w+)\s+(\S+)$",
                             read("conf/config"), re.MULTILINE))
    assert {key: value for key, value in table if value != "unset"} == sample


# README: from its lines to its table

def set_up(folder):
    """What README says to type, in a home of its own; the account."""
    os.mkdir(os.path.join(folder, ".baresip"))
    shell(block("README.md", "echo 'module failover.so'"),
          env={**os.environ, "HOME": str(folder)})
    with open(folder / ".baresip" / "config", encoding="utf-8") as file:
        assert file.read() == "module failover.so\n"
    with open(folder / ".baresip" / "accounts", encoding="utf-8") as file:
        return file.read().rstrip("\n")


def as_printed(text, servers):
    """With README's names in place of ours, and a time of its own."""
    for number, server in enumerate(servers, 1):
        text = text.replace(server.uri(),
                            f"sip:pbx{number}.example.com:5060;transport=udp")
    text = text.replace("alice@127.0.0.1", "alice@example.com")
    return re.sub(r"since \d+ s", "since 12 s", text)


def test_first_half_hour(tmp_path, server_pair, phone_factory):
    primary, backup = server_pair
    text = set_up(tmp_path)
    for number, server in enumerate(server_pair, 1):
        text = text.replace(f"sip:pbx{number}.example.com:5060;transport=udp",
                            server.uri())
    phone = phone_factory(text.replace("alice@example.com",
                                       "alice@127.0.0.1"))
    in_use(phone, 1)
    assert as_printed(phone.do("failover"), server_pair) == \
        block("README.md", "alice@example.com: primary")

    primary.behave_all(silent=True)
    phone.dial("sip:bob@127.0.0.1")
    _, said = phone.wait_log(r"failover: .* -> server 2 ")
    assert as_printed(said[said.index("failover: "):], server_pair) + "\n" \
        == block("README.md", "failover: alice@example.com: server 1")
    in_use(phone, 2)
    primary.behave_all(silent=False)
    phone.do("failover_probe")
    in_use(phone, 1)
    assert backup.recorder.count("INVITE") >= 1


def test_reasons():
    """What README's table of troubles quotes is what the module says."""
    sources = ""
    for folder, _, names in os.walk(os.path.join(REPO, "modules")):
        for name in names:
            if name.endswith((".c", ".h")):
                sources += read(os.path.join(folder, name))
    # a text that goes on in the next line
    sources = re.sub(r'"\s+"', "", sources)
    for text in ("nobody listens on that port (ICMP port unreachable)",
                 "ICMP host unreachable", "no network",
                 "not registered", "failover: version", "unmanaged (",
                 "does not know this call (481)"):
        assert text in sources, text
        assert any(text in read(page)
                   for page in ("README.md", "docs/servers.md")), text


def test_moved_call(server_pair, phone_factory):
    """The guide's event, with other Call-IDs."""
    primary, _ = server_pair
    phone = phone_factory(line(*server_pair), config=QUICK)
    in_use(phone, 1)
    primary.behave("INVITE", status=503)
    phone.dial("sip:bob@127.0.0.1")
    event, = phone.wait(lambda: [
        found for found in phone.events()
        if found.param.startswith("failover,call_moved,")])
    shown = as_printed(event.param, server_pair).replace(
        "sip:bob@127.0.0.1", "sip:bob@example.com")
    anywhere = r"Call-ID \S+ -> \S+ goes"
    assert re.sub(anywhere, "", shown) + "\n" == re.sub(
        anywhere, "", block("docs/guide.md", "failover,call_moved,"))


# docs/operate.md

def test_status_from_a_shell(server_pair, phone_factory):
    phone = phone_factory(line(*server_pair))
    in_use(phone, 1)
    port = str(phone.ctrl_port)
    checked = block("docs/operate.md", "contrib/check_failover -H")
    command, _, said = checked.partition("\n")
    assert shell(command.replace("4444", port), cwd=REPO) == said
    script = block("docs/operate.md", "q='{\"command\"")
    if not any(os.access(os.path.join(folder, "jq"), os.X_OK)
               for folder in os.environ["PATH"].split(os.pathsep)):
        script = re.sub(r"jq -r .*", "cat", script)
        assert '"ok":true' in shell(script.replace("4444", port))
        return
    shown = block("docs/operate.md", "sip:alice@example.com\t")
    assert shell(script.replace("4444", port)) == \
        shown.replace("example.com", "127.0.0.1")


def test_provisioning(tmp_path, server_pair, phone_factory):
    """Fifty accounts, each in a folder of its own; one of them works."""
    names = [f"user{number}" for number in range(50)]
    for name in ("config", "contacts"):
        (tmp_path / name).write_text("")
    (tmp_path / "users").write_text("".join(f"{name} secret{name}\n"
                                            for name in names))
    shell(block("docs/operate.md", "while read -r user password"),
          cwd=tmp_path)
    rows = [(tmp_path / "phones" / name / "accounts").read_text()
            for name in names]
    assert all(len(row) < 511 and row.count("\n") == 1 for row in rows)
    text = rows[7].rstrip("\n")
    assert text == account(
        "sip:user7@example.com",
        *(f"sip:pbx{number}.example.com:5060;transport=udp"
          for number in (1, 2)), password="secretuser7", regint=600
    ).replace(";regint=600;auth_pass=secretuser7",
              ";auth_pass=secretuser7;regint=600")
    for number, server in enumerate(server_pair, 1):
        text = text.replace(f"sip:pbx{number}.example.com:5060;transport=udp",
                            server.uri())
    phone = phone_factory(text.replace("@example.com", "@127.0.0.1"))
    in_use(phone, 1, ALICE.replace("alice", "user7"))


# conf/

class SamplePhone(Phone):
    """conf/, as it is; only the ports and the modules' folder are ours."""

    def __init__(self, *servers):
        self._servers = servers
        super().__init__()

    def _write(self, *_args):
        self._link_modules()
        numbers = {"5070": self.port, "4444": self.ctrl_port,
                   **{str(5060 + number): server.port for number, server
                      in enumerate(self._servers, 1)}}
        for name in ("config", "accounts", "contacts"):
            text = re.sub(r"(?<=127\.0\.0\.1:)\d+",
                          lambda found: str(numbers[found[0]]),
                          read(f"conf/{name}"))
            text = text.replace("/usr/lib/baresip/modules\n",
                                self.path("modules") + "\n")
            self._save(name, text.splitlines())


def read_until(terminal, text):
    """What a program prints, up to a text; what it has printed."""
    end, printed = time.monotonic() + run.PATIENCE_S, ""
    while text not in printed:
        assert select.select([terminal], [], [],
                             end - time.monotonic())[0], printed
        printed += os.read(terminal, 4096).decode()
    return printed


def test_sample_on_a_terminal(server_pair, parties):
    """`baresip -f conf/`, then /failover, then q."""
    phone = SamplePhone(*server_pair)
    parties.append(phone)
    ours, its = pty.openpty()
    with subprocess.Popen([os.environ.get("BARESIP", "baresip"), "-f",
                           phone.folder], stdin=its, stdout=its,
                          stderr=its) as process:
        try:
            read_until(ours, "baresip is ready")
            said, end = "", time.monotonic() + run.PATIENCE_S
            while "alice@127.0.0.1: primary\r\n > server 1  up" not in said:
                assert time.monotonic() < end, said
                os.write(ours, b"/failover\n")
                said = read_until(ours, "not tried yet")
            os.write(ours, b"q")
            process.wait(run.PATIENCE_S)
        finally:
            process.kill()
            os.close(ours)
            os.close(its)


def test_sample_without_one(server_pair, parties):
    """Baresip goes on without the keyboard."""
    phone = SamplePhone(*server_pair)
    parties.append(phone)
    phone.start()
    in_use(phone, 1)
    assert phone.do("failover").startswith("alice@127.0.0.1: primary\n")
