"""The QR of a sign-in link, as inline SVG."""

from __future__ import annotations

import qrcode
from flask_babel import gettext as _
from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_M

#: Pixels a module; some 33 modules make 200 px, which a phone reads off another screen at arm's length.
_MODULE_PX = 6
#: White modules around the code, as the standard asks.
_BORDER = 4


def sign_in_qr(url: str) -> Markup:
    """The link as a QR: black on white in both themes, with the sizes as attributes (style sheets are not needed)."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=_BORDER)
    code.add_data(url)
    matrix = code.get_matrix()
    path = "".join(
        f"M{column} {row}h1v1h-1z" for row, line in enumerate(matrix) for column, dark in enumerate(line) if dark
    )
    side = len(matrix)
    return Markup(
        '<svg class="sign-in-qr" role="img" aria-label="{label}" viewBox="0 0 {side} {side}" '
        'width="{px}" height="{px}" shape-rendering="crispEdges">'
        '<rect width="{side}" height="{side}" fill="#ffffff"></rect>'
        '<path d="{path}" fill="#000000"></path></svg>'
    ).format(label=_("QR code of the sign-in link"), side=side, px=side * _MODULE_PX, path=path)
