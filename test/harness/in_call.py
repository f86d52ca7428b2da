# SPDX-License-Identifier: BSD-3-Clause
"""What a user does in a call, and the request that it makes."""

import pytest

from .baresip import Phone
from .scenario import BOB, add_register_commands, in_use

DTMF = "dtmfmode=info"                  # a parameter of the account
VIDEO = {"modules": ["vp8", "fakevideo"],   # options of a phone
         "lines": ["video_source fakevideo,nil", "video_display fakevideo",
                   "video_size 64x48", "video_fps 2"]}

# what, the request's method, Baresip's command
ORDERS = {"hold": ("INVITE", ("hold",)),
          "video": ("INVITE", ("videodir", "recvonly")),
          "transfer": ("REFER", ("transfer", "sip:carol@127.0.0.1")),
          "digit": ("INFO", ("sndcode", "5"))}


def can(phone: Phone, what: str) -> bool:
    """Baresip 1.0 has no DTMF by INFO."""
    return what != "digit" or phone.version >= (1, 1)


def command(phone: Phone, what: str) -> tuple[str, str]:
    """Baresip's command for it, and its parameters."""
    name, *params = ORDERS[what][1]
    if name == "videodir" and phone.version < (1, 1):
        name = "video_dir"
    return name, " ".join(params)


def order(phone: Phone, what: str) -> None:
    """Let the user do it; skips what this Baresip has not."""
    if not can(phone, what):
        pytest.skip("Baresip 1.0 has no DTMF by INFO")
    # while a request is under way, newer versions refuse the next one
    phone.wait(lambda: phone.command(*command(phone, what))[0],
               what=f"{what} is taken")


def leave(phone: Phone, silent: bool) -> None:
    """The account finds out that the primary fails, and leaves it, before
    anything is done in the call."""
    if silent:
        phone.command("options", BOB)
    elif not phone.command("test_register")[0]:
        add_register_commands(phone)
        phone.do("test_register")
    in_use(phone, 2)
