"""Compressed answers where they are large and a phone's network is slow, whatever stands in front of the server."""

from __future__ import annotations

import gzip
from typing import Final

from flask import Response, request

#: Bytes. A smaller answer fits into a packet or two as it is.
SMALLEST: Final = 1024


def gzipped(response: Response) -> Response:
    """The response with its body compressed, when the browser takes that.

    For bodies that hold nothing of the request, so that nobody can learn a secret from their length (BREACH).
    """
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] > 0 and len(response.data) > SMALLEST:
        response.data = gzip.compress(response.data, compresslevel=6, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
    return response
