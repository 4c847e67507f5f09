"""Take the pictures of docs/pictures/ from a running demo of their own.

    make screenshots                                        the few that are committed, in Chinese
    python tools/screenshots.py --all DIR                   also every page: zh and en, light and dark, 360 and 1440

The demo county is made in a temporary folder and served on a free port of the loopback; both are gone at the end. What
the pictures show is played through the public doors: sign-in links, the API, the rehearsal clock's page.
"""

from __future__ import annotations

import argparse
import io
import signal
import sys
import tempfile
from pathlib import Path

from demo_day import (
    COUNTY,
    ROOT,
    SCHOOL,
    Demo,
    demo,
    play_check_in,
    play_session,
    play_set_aside,
    set_clock,
    sign_in,
)
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.support.browser import chromium, desk, phone
from tests.support.shell import whole

PICTURES = ROOT / "docs" / "pictures"
#: A committed picture may not be larger, in bytes.
LARGEST = 200_000
SETTLE_MS = 700


def main() -> None:
    """Start the demo, play a morning, take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--all", type=Path, metavar="DIR", help="every page, both languages, light and dark, two widths"
    )
    parser.add_argument("--to", type=Path, default=PICTURES, help="where the pictures of the documents go")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # ended by somebody, it still ends its demo
    options.to.mkdir(parents=True, exist_ok=True)
    with demo() as running, tempfile.TemporaryDirectory(prefix="fieldops-camera-") as folder:
        with chromium() as browser:
            set_clock(browser, running, "08:34")
            card = card_of(browser, running, SCHOOL, "01", 11)
        film = film_of(*card, Path(folder))
        play_check_in(running)
        with chromium(camera=film) as browser:
            take_phone(browser, running, options.to)
            set_clock(browser, running, "09:14")
            incident = play_session(running)
            take_desks(browser, running, options.to, incident)
            if options.all:
                play_set_aside(running)
                take_all(browser, running, options.all, incident)
    for path in sorted(options.to.glob("*.png")):
        print(f"{path.stat().st_size // 1000:5d} kB  {path}")


# --- a card in front of the camera ------------------------------------------------------------------------------------


def card_of(browser: Browser, running: Demo, school: str, room: str, seat: int) -> tuple[Image.Image, float, float]:
    """A printed card as the sheet shows it, and where the middle of its code lies, as shares of width and height."""
    context = desk(browser, device_scale_factor=3)
    page = sign_in(context, running, "chief_monitor", f"{COUNTY}/{school}")
    page.goto(f"{running.url}/c/{COUNTY}/s/{school}/r/{room}/cards")
    card = page.locator(".card-sheet__card").nth(seat - 1)
    picture = Image.open(io.BytesIO(card.screenshot())).convert("RGB")
    whole, code = card.bounding_box(), card.locator(".card-sheet__code").bounding_box()
    context.close()
    if whole is None or code is None:
        raise SystemExit("the sheet of cards shows no card")
    return (
        picture,
        (code["x"] + code["width"] / 2 - whole["x"]) / whole["width"],
        (code["y"] + code["height"] / 2 - whole["y"]) / whole["height"],
    )


def film_of(card: Image.Image, across: float, down: float, folder: Path) -> Path:
    """What a camera sees that the card is held up to, its code in the middle."""
    frame = Image.new("RGB", (640, 480), (96, 104, 112))
    card.thumbnail((460, 360))
    frame.paste(card, (int(320 - card.width * across), int(240 - card.height * down)))
    data = io.BytesIO()
    frame.save(data, "JPEG", quality=92)
    path = folder / "card.mjpeg"
    path.write_bytes(data.getvalue() * 30)
    return path


# --- pictures ---------------------------------------------------------------------------------------------------------


def save(page: Page, path: Path, *, full: bool = False) -> None:
    """A picture small enough to be committed."""
    page.wait_for_timeout(SETTLE_MS)
    image = Image.open(io.BytesIO(page.screenshot(full_page=full)))
    image.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        image.convert("RGB").quantize(128).save(path, optimize=True)


def open_check_in(page: Page, running: Demo) -> None:
    """The phone's check-in screen with its camera on."""
    page.goto(running.url + "/phone#/check-in/g4-chinese")
    page.locator("#camera-on").click()


def take_phone(browser: Browser, running: Demo, to: Path) -> None:
    """The phone in the morning: its first screen, then a check-in by camera."""
    context = phone(browser, device_scale_factor=1, permissions=["camera"])
    page = context.new_page()
    page.goto(running.url + "/sign-in")
    save(page, to / "sign-in.png")
    page.close()
    page = sign_in(context, running, "monitor", f"{COUNTY}/{SCHOOL}/01")
    page.wait_for_selector(".now")
    save(page, to / "phone-home.png")
    open_check_in(page, running)
    page.wait_for_selector(".verdict", timeout=30_000)
    save(page, to / "phone.png")
    context.close()
    take_offline(browser, running, to)


def take_offline(browser: Browser, running: Demo, to: Path) -> None:
    """The phone of another room, cut off: three students checked in, what waits, the sheet for the box."""
    context = phone(browser, device_scale_factor=1)
    page = sign_in(context, running, "monitor", f"{COUNTY}/{SCHOOL}/02")
    page.wait_for_selector(".now")
    whole(page)
    page.goto(running.url + "/phone#/check-in/g4-chinese")
    context.set_offline(True)
    for seat in range(8, 11):  # the first eight are in
        page.locator(".seats > button").nth(seat).tap()
        page.locator("dialog[open]").get_by_role("button", name="检录", exact=True).tap()
        page.locator(".verdict").wait_for()
    save(page, to / "offline-check-in.png")
    for name, screen in (("offline-sync", "sync"), ("offline-box", "box/g4-chinese")):
        page.evaluate("(screen) => { location.hash = `#/${screen}`; }", screen)
        save(page, to / f"{name}.png")
    context.close()


def take_desks(browser: Browser, running: Demo, to: Path, incident: str) -> None:
    """The boards of the chief monitor and the county, and an incident at the county's desk."""
    for role, place, path, name in (
        ("chief_monitor", f"{COUNTY}/{SCHOOL}", f"/c/{COUNTY}/s/{SCHOOL}/board", "board"),
        ("desk", COUNTY, f"/c/{COUNTY}/board", "county"),
        ("desk", COUNTY, incident, "incident"),
    ):
        context = desk(browser)
        page = sign_in(context, running, role, place)
        page.goto(running.url + path)
        save(page, to / f"{name}.png")
        context.close()


def take_all(browser: Browser, running: Demo, to: Path, incident: str) -> None:
    """Every page, zh and en, light and dark, 360 and 1440 wide."""
    to.mkdir(parents=True, exist_ok=True)
    for (role, place), paths in pages(incident).items():
        for locale in ("zh-CN", "en-GB"):
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    locale=locale, color_scheme=scheme, timezone_id="Asia/Shanghai", permissions=["camera"]
                )
                page = sign_in(context, running, role, place) if role else context.new_page()
                for name, path in paths.items():
                    for width, height in ((360, 740), (1440, 900)):
                        page.set_viewport_size({"width": width, "height": height})
                        page.goto(running.url + path)
                        save(page, to / f"{name}-{locale[:2]}-{scheme}-{width}.png", full=True)
                context.close()


#: Screens of the phone's app, by what stands behind the `#/` of their address.
PHONE_SCREENS = (
    "",
    "check-in/g4-chinese",
    "sitting/g4-chinese",
    "box/g4-chinese",
    "box-back/g4-chinese",
    "anomaly",
    "incident",
    "nil",
    "ready",
    "release",
    "rooms",
    "school",
    "sync",
    "hand-over",
    "take-over",
    "away",
)


def pages(incident: str) -> dict[tuple[str, str], dict[str, str]]:
    """What each person looks at: name → path."""
    school, county = f"/c/{COUNTY}/s/{SCHOOL}", f"/c/{COUNTY}"
    return {
        ("", ""): {"sign-in": "/sign-in", "not-found": "/nowhere"},
        ("monitor", f"{COUNTY}/{SCHOOL}/01"): {
            f"phone-{name or 'home'}".replace("/", "-"): f"/phone?{number}#/{name}"
            for number, name in enumerate(PHONE_SCREENS)
        },
        ("chief_monitor", f"{COUNTY}/{SCHOOL}"): {
            "school-board": f"{school}/board",
            "room": f"{school}/r/01",
            "school-people": f"{school}/people",
            "school-incidents": f"{school}/incidents",
            "school-incident-new": f"{school}/incidents/new",
            "school-roster": f"{school}/roster",
            "school-cards": f"{school}/cards",
            "school-phones": f"{school}/phones",
            "school-quarantine": f"{school}/quarantine",
            "school-day": f"{school}/day",
            "me": "/me",
        },
        ("desk", COUNTY): {
            "county-board": f"{county}/board",
            "county-people": f"{county}/people",
            "county-incidents": f"{county}/incidents",
            "county-incident": incident,
            "county-incident-new": f"{county}/incidents/new",
            "county-roster": f"{county}/roster",
            "county-timetable": f"{county}/timetable",
            "county-policies": f"{county}/policies",
            "county-clock": f"{county}/clock",
            "county-phones": f"{county}/phones",
            "county-quarantine": f"{county}/quarantine",
            "county-hand-over": f"{county}/hand-over",
            "county-spoken": f"{school}/r/01/sessions/g4-chinese/spoken",
            "password": "/me/password",
        },
        ("desk", f"{COUNTY[:4]}00"): {
            "city-board": f"/d/{COUNTY[:4]}00/board",
            "city-incidents": f"/d/{COUNTY[:4]}00/incidents",
        },
    }


if __name__ == "__main__":
    main()
