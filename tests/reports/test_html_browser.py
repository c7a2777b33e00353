"""The HTML report in a real Chromium: accessible, self-contained, usable at every width."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from dockeraudit.output import write
from dockeraudit.plugins import writer
from tests.reports.scans import SCANS

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

SCHEMES = ("light", "dark")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

UNFOLD = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const one of document.querySelectorAll(".host")) one.style.contentVisibility = "visible";
}"""


@pytest.fixture
def page(chromium: "BrowserContext") -> Iterator["Page"]:
    """A page that fails the test for each error, refused resource or request that it makes."""
    page = chromium.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text))
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith(("file:", "data:")) else troubles.append(request.url)
        ),
    )
    yield page
    page.close()
    assert troubles == []


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every scan as an HTML file."""
    folder = tmp_path_factory.mktemp("html")
    files = {}
    for scan, report in SCANS.items():
        files[scan] = folder / f"{scan.replace(' ', '-')}.html"
        write(files[scan], writer("html").render(report()))
    return files


def axe_script() -> str:
    """axe-core, from the package that brings it."""
    import axe_playwright_python  # type: ignore[import-untyped]

    return (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text()


SHOWN = [scan for scan in SCANS if scan != "fleet"]


@pytest.mark.parametrize(
    ("scan", "width", "scheme"),
    [
        *((scan, 1280, "light") for scan in SHOWN),
        *(("one of everything", width, scheme) for width in (320, 1920) for scheme in SCHEMES),
        *(("hostile", 320, scheme) for scheme in SCHEMES),
    ],
)
def test_no_violation(
    page: "Page", pages: dict[str, Path], scan: str, width: int, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(pages[scan].as_uri())
    page.evaluate(UNFOLD)
    page.evaluate(axe_script())
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS
    )
    assert [
        (one["id"], one["help"], [node["html"][:150] for node in one["nodes"][:3]])
        for one in found["violations"]
    ] == []


@pytest.mark.parametrize("scan", SHOWN)
def test_the_page_never_scrolls_sideways(page: "Page", pages: dict[str, Path], scan: str) -> None:
    page.goto(pages[scan].as_uri())
    page.evaluate(UNFOLD)
    for width in (320, 640, 768, 1280, 1920):
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_filters(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["one of everything"].as_uri())
    state = page.locator("#filter-state")
    expect(state).to_have_text("Showing 120 of 120 results on 8 of 8 hosts.")
    page.fill("[name=host]", "web01")
    expect(state).to_have_text("Showing 20 of 120 results on 1 of 8 hosts.")
    for status in ("pass", "not-applicable", "manual", "unknown", "waived"):
        page.uncheck(f"[name=status][value={status}]")
    expect(state).to_have_text("Showing 3 of 120 results on 1 of 8 hosts.")
    page.uncheck("[name=severity][value=high]")
    expect(state).to_have_text("Showing 1 of 120 results on 1 of 8 hosts.")
    expect(page.locator(".result:visible h5")).to_have_text("Docker API reachable without TLS")
    page.click("text=Show all")
    expect(state).to_have_text("Showing 120 of 120 results on 8 of 8 hosts.")


def test_only_unknown_shows_hosts_that_were_not_reached(
    page: "Page", pages: dict[str, Path]
) -> None:
    page.goto(pages["one of everything"].as_uri())
    for status in ("pass", "not-applicable", "manual", "fail", "waived"):
        page.uncheck(f"[name=status][value={status}]")
    expect(page.locator("#filter-state")).to_have_text("Showing 5 of 120 results on 3 of 8 hosts.")
    expect(page.locator(".host:not([hidden]) h3")).to_have_text(
        ["db01.example.com", "db02.example.com", "root@[2001:db8::7]:2222"]
    )


def test_a_deep_link_shows_its_finding(page: "Page", pages: dict[str, Path]) -> None:
    report = SCANS["one of everything"]()
    last = [one for host in report.hosts for r in host.results for one in r.findings][-1]
    page.goto(f"{pages['one of everything'].as_uri()}#f-{last.fingerprint}")
    expect(page.locator(f"#f-{last.fingerprint}")).to_be_in_viewport()


def test_all_is_there_without_javascript(
    chromium: "BrowserContext", pages: dict[str, Path]
) -> None:
    browser = chromium.new_page()
    client = chromium.new_cdp_session(browser)
    client.send("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.goto(pages["one of everything"].as_uri())
    assert not browser.locator("#filter").is_visible()
    assert browser.locator(".host").count() == 8
    assert browser.locator(".result").first.is_visible()
    browser.close()


def test_hostile_text_is_only_text(page: "Page", pages: dict[str, Path]) -> None:
    """No dialog, no request, no element: the `page` fixture fails for the first two."""
    page.goto(pages["hostile"].as_uri())
    assert page.locator("main img, main script, main iframe").count() == 0
    assert "<script>alert(1)</script>" in (page.text_content("h3") or "")
    assert "{{ 7*7 }}" in (page.text_content("h3") or "")


def test_the_policy_lets_nothing_in(chromium: "BrowserContext", pages: dict[str, Path]) -> None:
    browser = chromium.new_page()
    browser.goto(pages["clean"].as_uri())
    refused: list[str] = []
    browser.on("console", lambda message: refused.append(message.text))
    browser.evaluate(
        """() => {
          const add = (name, change) => {
            const one = document.createElement(name); change(one); document.body.append(one);
          };
          add("script", (one) => { one.textContent = "window.ran = 1"; });
          add("style", (one) => { one.textContent = "body { display: none }"; });
          add("img", (one) => { one.src = "https://192.0.2.1/x.png"; });
          add("p", (one) => { one.setAttribute("style", "color: red"); });
        }"""
    )
    browser.wait_for_timeout(200)
    assert browser.evaluate("window.ran") is None
    assert browser.locator("main").is_visible()
    assert len([text for text in refused if "Content Security Policy" in text]) >= 4
    browser.close()


def test_a_fleet_opens_fast(page: "Page", pages: dict[str, Path]) -> None:
    """200 hosts with 90 checks: 3.1 MB and 0.9 to 1.3 s where two busy cores were shared."""
    page.goto(pages["fleet"].as_uri())
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    assert pages["fleet"].stat().st_size < 15_000_000
    assert timing["loadEventEnd"] < 6000


def test_ids_are_unique_and_links_lead_somewhere(page: "Page", pages: dict[str, Path]) -> None:
    for scan in SCANS:
        page.goto(pages[scan].as_uri())
        twice, dead = page.evaluate(
            """() => {
              const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
              const links = [...document.querySelectorAll("a[href^='#'], use")];
              const known = new Set(ids);
              return [
                ids.length - known.size,
                links.map((one) => one.getAttribute("href").slice(1))
                  .filter((id) => !known.has(id)),
              ];
            }"""
        )
        assert (scan, twice, dead) == (scan, 0, [])


def test_printed_it_has_everything(page: "Page", pages: dict[str, Path]) -> None:
    page.goto(pages["one of everything"].as_uri())
    page.emulate_media(media="print")
    assert not page.locator("#filter").is_visible()
    assert len(page.pdf()) > 20_000
