"""What every page must be: usable with a screen reader, on a telephone, and in the dark."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# WCAG 2.2 up to level AA, as axe-core names its rules.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1280), ("dark", 400))
_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def failures(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is shown now, a line for each element."""
    found: list[dict[str, Any]] = (
        Axe()
        .run(page, options={"runOnly": {"type": "tag", "values": _RULES}})
        .response["violations"]
    )
    return [
        f"{page.url} {rule['id']} ({rule['help']}): {node['html']} {node.get('failureSummary', '')}"
        for rule in found
        for node in rule["nodes"]
    ]


def assert_good(page: Page, address: str) -> None:
    """Accessible at level AA and no wider than the screen: light on a desk, dark on a telephone."""
    page.goto(address)
    for scheme, width in _LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        found = failures(page)
        assert not found, "\n".join(found)
        assert page.evaluate(_WIDE) is False, f"{address} is wider than {width} pixels"
