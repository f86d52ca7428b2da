# SPDX-License-Identifier: BSD-3-Clause
"""Certificates, good and bad, made once a process by the openssl program."""

import functools
import os
import subprocess

from . import run

KEY = ["ecparam", "-name", "prime256v1", "-genkey", "-noout"]


def _openssl(*args: str) -> None:
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def _key(folder: str) -> str:
    path = os.path.join(folder, "key")
    _openssl(*KEY, "-out", path)
    return path


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


@functools.lru_cache(maxsize=None)
def signed(names: str, days: int = 2, by: str = "Good CA") -> str:
    """A PEM file with key and certificate.  names: as in openssl's
    subjectAltName.  days: below 0, it has expired."""
    folder, issuer = run.new_folder("certificate"), _authority(by)
    key, cert = _key(folder), os.path.join(folder, "cert")
    request, ext = os.path.join(folder, "req"), os.path.join(folder, "ext")
    with open(ext, "w", encoding="ascii") as file:
        file.write(f"subjectAltName={names}\n")
    _openssl("req", "-new", "-key", key, "-subj", "/CN=test", "-out", request)
    _openssl("x509", "-req", "-in", request, "-days", str(days),
             "-CA", os.path.join(issuer, "cert"),
             "-CAkey", os.path.join(issuer, "key"), "-extfile", ext,
             "-set_serial", str(int.from_bytes(os.urandom(8), "big")),
             "-out", cert)
    with open(key, "rb") as first, open(cert, "ab+") as last:
        last.write(first.read())
    return cert
