# SPDX-License-Identifier: BSD-3-Clause
"""Certificates, good and bad, made once a process by the openssl program."""

import functools
import os
import subprocess
import time

from . import run

KEY = ["ecparam", "-name", "prime256v1", "-genkey", "-noout"]
CONFIG = """\
[ca]
default_ca = authority
[authority]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = subject
x509_extensions = extensions
[subject]
commonName = supplied
[extensions]
subjectAltName = {names}
"""


def _openssl(*args: str) -> None:
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def _key(folder: str) -> str:
    path = os.path.join(folder, "key")
    _openssl(*KEY, "-out", path)
    return path


def _with_key(cert: str, key: str) -> str:
    """Both in the certificate's file."""
    with open(key, "rb") as first, open(cert, "ab") as last:
        last.write(first.read())
    return cert


@functools.lru_cache(maxsize=None)
def _authority(name: str) -> str:
    """A folder with its key and certificate."""
    folder = run.new_folder("authority")
    _openssl("req", "-x509", "-new", "-key", _key(folder), "-days", "2",
             "-subj", f"/CN={name}", "-out", os.path.join(folder, "cert"))
    return folder


def authority(name: str = "Good CA") -> str:
    """A PEM file with the certificate of an authority."""
    return os.path.join(_authority(name), "cert")


def _time(days: int) -> str:
    """That many days from now, as openssl's ca takes it."""
    return time.strftime("%Y%m%d%H%M%SZ",
                         time.gmtime(time.time() + days * 86400))


@functools.lru_cache(maxsize=None)
def signed(names: str, days: int = 2, by: str = "Good CA") -> str:
    """A PEM file with key and certificate.  names: as in openssl's
    subjectAltName.  days: below 0, it has expired."""
    folder, issuer = run.new_folder("certificate"), _authority(by)
    key, cert = _key(folder), os.path.join(folder, "cert")
    request, config = (os.path.join(folder, name) for name in ("req", "ca"))
    with open(os.path.join(folder, "index"), "w", encoding="ascii"):
        pass
    with open(config, "w", encoding="ascii") as file:
        file.write(CONFIG.format(folder=folder, names=names))
    _openssl("req", "-new", "-key", key, "-subj", "/CN=test", "-out", request)
    _openssl("ca", "-batch", "-notext", "-config", config,
             "-cert", os.path.join(issuer, "cert"),
             "-keyfile", os.path.join(issuer, "key"),
             "-startdate", _time(min(days, 0) - 1), "-enddate", _time(days),
             "-in", request, "-out", cert)
    return _with_key(cert, key)


@functools.lru_cache(maxsize=None)
def self_signed() -> str:
    """A PEM file with key and certificate of nobody's authority."""
    folder = run.new_folder("certificate")
    key, cert = _key(folder), os.path.join(folder, "cert")
    _openssl("req", "-x509", "-new", "-key", key, "-days", "2",
             "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-out", cert)
    return _with_key(cert, key)
