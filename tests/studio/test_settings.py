import math

import pytest

from impasto.errors import InputError
from impasto.studio.settings import ServerSettings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_this_machine_no_password_is_needed(host):
    assert ServerSettings(host=host).loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org"])
def test_where_others_reach_it_one_is(host):
    with pytest.raises(InputError, match="password"):
        ServerSettings(host=host)
    assert not ServerSettings(host=host, password="x").loopback
    assert not ServerSettings(host=host, open_to_all=True).loopback


def test_a_password_is_not_shown():
    assert "secret" not in repr(ServerSettings(password="secret"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": 70000},
        {"max_upload": 0},
        {"max_video": -1.0},
        {"max_video": math.inf},
        {"max_seconds": math.nan},
        {"max_queue": 0},
        {"tls_cert": "c.pem"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(InputError, match="give"):
        ServerSettings(**wrong)
