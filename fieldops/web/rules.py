"""How a view says that it needs no duty. Every other view carries ``@rule(...)`` from ``fieldops.organisation``.

The mark is an attribute on the function, read by the gate that closes everything unmarked; it lives here because the
few public views of this package (assets, the choice of language) lie below the organisation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

#: The rule of a view that anybody may call, signed in or not.
PUBLIC: Final = "public"

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark ``view`` as open to everybody. Put it directly above the function, below the route."""
    view.rule = PUBLIC  # type: ignore[attr-defined]
    return view
