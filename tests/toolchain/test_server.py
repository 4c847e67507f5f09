"""The server that browser tests stand on starts, answers, drops and comes back on its port."""

import http.client
from urllib.parse import urlsplit

import pytest

from fieldops.config import Settings
from tests.support.server import LiveServer, serving


def status(server: LiveServer, path: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_live_server_drops_and_comes_back(live_server: LiveServer) -> None:
    assert status(live_server, "/nowhere-at-all") == 404
    live_server.stop()
    with pytest.raises(ConnectionRefusedError):
        status(live_server, "/")
    live_server.start()
    assert status(live_server, "/nowhere-at-all") == 404


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_live_server_says_why_it_does_not_start(settings: Settings) -> None:
    with pytest.raises(RuntimeError, match="FIELDOPS_WORKERS"), serving(settings, FIELDOPS_WORKERS="none"):
        pass
