"""The way to a provider: one request over HTTP, never longer than its time, never to an address of the own network.

The address is resolved once, checked, and connected to as it was checked, so that a name that changes its mind between
the two leads nowhere. No redirect is followed, no proxy of the environment is used.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import certifi
import httpcore

#: What a provider's answer may have: a code and a few words.
MAX_ANSWER_BYTES = 65_536
#: A request from the look-up of the name to the last byte of the answer.
TIME_S = 10.0
#: Ways to write an address of the own network that a look at the address alone does not show.
_WRAPPED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


class Unreachable(Exception):
    """No answer. `code`: `forbidden_address`, `no_address`, `timeout`, `tls`, `connection`, `too_long`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    #: Seconds of `Retry-After`, when it was given as a number.
    retry_after_s: float | None


def is_outside(address: str) -> bool:
    """Whether an IP address belongs to the internet: no loopback, no private network, no link, no multicast."""
    found = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_outside(str(found.ipv4_mapped))
        if any(found in network for network in _WRAPPED):
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def addresses(host: str, port: int, *, private: bool) -> list[str]:
    """The addresses of a name.

    Raises:
        Unreachable: there is none, or one of them lies inside and `private` does not allow it.
    """
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise Unreachable("no_address") from None
    if not private and not all(is_outside(address) for address in found):
        raise Unreachable("forbidden_address")
    return found


class Net:
    """Requests to providers. `private`: whether addresses of the own network are allowed."""

    def __init__(self, *, private: bool, time_s: float = TIME_S) -> None:
        self.private = private
        self.time_s = time_s

    def request(self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request.

        Raises:
            Unreachable: no whole answer came in time. What was sent may have arrived all the same.
        """
        if not url.startswith("https://") and not (self.private and url.startswith("http://")):
            raise Unreachable("forbidden_address")
        backend = _Checked(self.private, time.monotonic() + self.time_s)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend) as pool,
                pool.stream(method, url, headers=list((headers or {}).items()), content=body) as response,
            ):
                return Answer(response.status, _bounded(response.iter_stream()), _retry_after(response.headers))
        except Unreachable:
            raise
        except (httpcore.TimeoutException, TimeoutError):
            raise Unreachable("timeout") from None
        except ssl.SSLError:
            raise Unreachable("tls") from None
        except httpcore.ConnectError as error:
            raise Unreachable("tls" if isinstance(error.__context__, ssl.SSLError) else "connection") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError):
            raise Unreachable("connection") from None


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())


def _bounded(parts: Iterable[bytes]) -> bytes:
    body = b""
    for part in parts:
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise Unreachable("too_long")
    return body


def _retry_after(headers: list[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name.lower() == b"retry-after" and value.strip().isdigit():
            return float(value)
    return None


class _Checked(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and ends with the deadline, however slowly the other side drips."""

    def __init__(self, private: bool, deadline: float) -> None:
        self._private = private
        self._deadline = deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline stands for it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = addresses(host, port, private=self._private)
        for address in found[:3]:
            try:
                stream = self._network.connect_tcp(address, port, _left(self._deadline), local_address, socket_options)
                return _Timed(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise httpcore.ConnectError


class _Timed(httpcore.NetworkStream):
    """A stream of which each step gets only what is left of the whole time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
