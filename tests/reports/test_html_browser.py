"""The HTML report in a real Chromium: accessible, self-contained, usable at every width."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from dockeraudit.language import speaking
from dockeraudit.output import write
from dockeraudit.plugins import writer
from tests.reports.scans import SCANS

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).resolve().parents[2]
SCHEMES = ("light", "dark")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

UNFOLD = """() => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const one of document.querySelectorAll(".late")) one.style.contentVisibility = "visible";
}"""
WEB = "#h-2"
PAGES = ("", WEB, "#h-3", "#h-7", "#c-tls-verify-enabled")
"""Addresses in the page of one of everything."""


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


KOREAN = ("one of everything", "inventory", "hostile", "nothing scanned")


@pytest.fixture(scope="session")
def korean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Some of them in Korean."""
    folder = tmp_path_factory.mktemp("korean")
    files = {}
    for scan in KOREAN:
        files[scan] = folder / f"{scan.replace(' ', '-')}.html"
        with speaking("ko"):
            write(files[scan], writer("html").render(SCANS[scan]()))
    return files


def axe_script() -> str:
    """axe-core, from the package that brings it."""
    import axe_playwright_python  # type: ignore[import-untyped]

    return (Path(axe_playwright_python.__path__[0]) / "axe.min.js").read_text()


SHOWN = [scan for scan in SCANS if scan != "fleet"]


def go(page: "Page", file: Path, anchor: str = "") -> None:
    """Open a page afresh and wait until its script has done what it does by itself."""
    page.goto("about:blank")
    page.goto(file.as_uri() + anchor)
    page.wait_for_function("performance.getEntriesByName('ready').length === 1")


def prints(scan: str) -> list[str]:
    """The fingerprints of a scan."""
    return [
        one.fingerprint
        for host in SCANS[scan]().hosts
        for result in host.results
        for one in result.findings
    ]


def violations(page: "Page") -> list[Any]:
    """What axe-core finds in all that is on the page, folded or not."""
    page.evaluate(UNFOLD)
    page.evaluate(axe_script())
    found = page.evaluate(
        "(tags) => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS
    )
    return [
        (one["id"], one["help"], [node["html"][:150] for node in one["nodes"][:3]])
        for one in found["violations"]
    ]


@pytest.mark.parametrize("scan", SHOWN)
def test_no_violation(page: "Page", pages: dict[str, Path], scan: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 1000})
    go(page, pages[scan])
    assert violations(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [320, 1920])
def test_no_violation_at_any_width_and_in_the_dark(
    page: "Page", pages: dict[str, Path], width: int, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 1000})
    anchors = [*PAGES, f"#f-{prints('one of everything')[0]}"]
    for scan, anchor in [
        *(("one of everything", anchor) for anchor in anchors),
        *(("hostile", anchor) for anchor in ("", "#h-1") if width == 320),
    ]:
        go(page, pages[scan], anchor)
        assert (scan, anchor, violations(page)) == (scan, anchor, [])


def test_no_violation_in_korean(page: "Page", korean: dict[str, Path]) -> None:
    page.set_viewport_size({"width": 320, "height": 1000})
    for scan, anchor in [
        *((scan, "") for scan in KOREAN),
        *(("one of everything", anchor) for anchor in ("#h-2", "#c-tls-verify-enabled")),
        ("inventory", "#h-2"),
    ]:
        go(page, korean[scan], anchor)
        assert (scan, anchor, violations(page)) == (scan, anchor, [])


UNMARKED = """(texts) => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const { textContent: text, parentElement: holder } = walk.currentNode;
    if (holder.closest("[lang]").lang !== "ko" || holder.closest("script, style, code")) continue;
    found.push(...texts.filter((one) => text.includes(one)));
  }
  return found;
}"""


def test_english_on_a_korean_page_is_marked_as_such(page: "Page", korean: dict[str, Path]) -> None:
    """WCAG 3.1.2: what hosts and checks said, and what of a check has no Korean."""
    scan = SCANS["one of everything"]()
    texts = {
        text
        for host in scan.hosts
        for each in host.results
        if each.status != "pass"
        for text in (
            each.message,
            each.title,
            each.rationale.split("\n")[0],
            each.remediation.split("\n")[0],
            *(proof.detail for one in each.findings for proof in one.evidence),
        )
        if " " in text
    }
    texts |= {t for h in scan.hosts if h.error for t in (h.error.message, h.error.hint)}
    assert len(texts) > 30
    for anchor in ("", *PAGES[1:], "#h-4", "#h-8", f"#f-{prints('one of everything')[0]}"):
        go(page, korean["one of everything"], anchor)
        assert (anchor, page.evaluate(UNMARKED, sorted(texts))) == (anchor, [])
    page.evaluate("document.querySelectorAll('[lang=en]').forEach((one) => { one.lang = 'ko'; })")
    assert len(page.evaluate(UNMARKED, sorted(texts))) > 3
    assert page.evaluate("getComputedStyle(document.body).wordBreak") == "keep-all"


def test_a_host_shows_what_the_inventory_says(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["inventory"])
    names = page.locator("table.matrix tbody tr:visible th")
    expect(names.first).to_contain_text("web, production, owner=platform team, site=icn1")
    page.fill("#f-host", "owner=platform")
    expect(names).to_have_count(1)
    page.fill("#f-text", "owner=platform")
    expect(page.locator("#filter-state")).to_have_text("4 results fit.")
    go(page, pages["inventory"], "#h-1")
    expect(page.locator("#page .meta")).to_contain_text("Labels")
    expect(page.locator("#page .meta")).to_contain_text("web, production")


def test_a_host_that_was_named_twice_leads_to_its_results(
    page: "Page", pages: dict[str, Path]
) -> None:
    go(page, pages["inventory"])
    row = page.locator("table.matrix tbody tr").nth(1)
    expect(row).to_contain_text("named once more")
    expect(row).to_contain_text("the same host as web01.example.com, which has its results")
    assert page.get_by_text("3 checks fail on 1 of 2 hosts").first.is_visible()
    row.get_by_role("link").click()
    expect(page.locator("#page")).not_to_contain_text("Not everything could be read")
    page.locator("#page .nothing a").click()
    expect(page.locator("#page h2")).to_have_text("web01.example.com")


CLIPPED = """() => [...document.querySelectorAll("#report *, #page *")]
  .filter((one) => getComputedStyle(one).overflowX !== "visible"
    && !one.matches(".scroll, .sr, svg") && one.checkVisibility()
    && one.scrollWidth > one.clientWidth + 1)
  .map((one) => `${one.tagName}.${one.className} ${one.textContent.slice(0, 60)}`)"""


@pytest.mark.parametrize("scan", SHOWN)
def test_the_page_never_scrolls_sideways(page: "Page", pages: dict[str, Path], scan: str) -> None:
    anchors = PAGES if scan == "one of everything" else ("", "#h-1")
    for anchor in anchors:
        go(page, pages[scan], anchor)
        page.evaluate(UNFOLD)
        for width in (320, 640, 833, 1024, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 1000})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert (anchor, width, page.evaluate(CLIPPED)) == (anchor, width, [])


def test_the_first_screen_is_a_summary(page: "Page", pages: dict[str, Path]) -> None:
    page.set_viewport_size({"width": 1280, "height": 1000})
    go(page, pages["one of everything"])
    for heading in ("Hosts", "Failed checks", "Open findings", "Exposed right now", "Not assessed"):
        place = page.get_by_role("heading", name=heading, exact=True).bounding_box()
        assert place
        assert place["y"] < 900, heading


def test_the_search(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"])
    state = page.locator("#filter-state")
    expect(state).to_have_text("14 results fit.")
    page.check("[name=status][value=pass]")
    page.check("[name=status][value=not-applicable]")
    expect(state).to_have_text("120 results fit.")
    page.fill("#f-text", "WEB01")
    expect(state).to_have_text("20 results fit.")
    for status in ("pass", "not-applicable", "manual", "unknown", "waived"):
        page.uncheck(f"[name=status][value={status}]")
    expect(state).to_have_text("3 results fit.")
    page.uncheck("[name=severity][value=high]")
    expect(state).to_have_text("1 result fits.")
    expect(page.locator("#found b")).to_have_text(["Docker API reachable without TLS"])
    address = page.evaluate("location.href")
    page.click("text=Reset")
    expect(state).to_have_text("14 results fit.")
    page.goto("about:blank")
    page.goto(address)
    expect(state).to_have_text("1 result fits.")
    page.fill("#f-text", "etc/default/docker:9")
    expect(state).to_have_text("1 result fits.")
    page.fill("#f-text", "no such thing")
    expect(state).to_have_text("0 results fit.")


def test_hosts_are_found_and_put_in_order(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"])
    names = page.locator("table.matrix tbody tr:visible th")
    assert names.count() == 8
    page.select_option("#f-order", "worst")
    assert names.all_text_contents()[:2] == ["web01.example.com", "build-7.example.com"]
    page.fill("#f-host", "DB0")
    expect(names).to_have_text(["db01.example.com", "db02.example.com"])
    expect(page.locator("#hosts-shown")).to_have_text("2 of 8 hosts")


def test_a_finding_has_an_address_with_all_that_is_known(
    page: "Page", pages: dict[str, Path]
) -> None:
    go(page, pages["one of everything"], f"#f-{prints('one of everything')[0]}")
    shown = page.locator("#page")
    expect(shown.locator("h2")).to_have_text("dockerd answers anyone on 0.0.0.0:2375, without TLS")
    expect(shown.locator("h2")).to_be_focused()
    expect(shown.locator(".evidence dt")).to_have_text(
        ["/proc/812/net/tcp6", "/proc/812/cmdline", "/etc/default/docker:9"]
    )
    expect(shown).to_contain_text("/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2375")
    expect(shown).to_contain_text("and so is root on it")
    expect(shown.locator(".rule").last).to_have_text("CIS 1.8 2.8")
    assert not page.locator("#report").is_visible()
    shown.get_by_role("link", name="web01.example.com").click()
    expect(shown.locator("h2")).to_have_text("web01.example.com")
    page.get_by_role("link", name="Back to the report").click()
    expect(page.locator("#report")).to_be_visible()
    page.go_back()
    expect(shown.locator("h2")).to_have_text("web01.example.com")


def test_every_finding_can_be_reached(page: "Page", pages: dict[str, Path]) -> None:
    for scan in ("one of everything", "hostile"):
        go(page, pages[scan])
        for print_ in prints(scan):
            page.evaluate("(hash) => { location.hash = hash; }", f"#f-{print_}")
            expect(page.locator("#page .facts")).to_contain_text(print_)


def test_a_waiver_shows_who_and_until_when(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["waived"], f"#f-{prints('waived')[0]}")
    expect(page.locator("#page .waiver")).to_have_text(
        "Waived until 2027-01-31 by alice@example.com (SEC-412): "
        "Runners in two networks; the firewall allows only them"
    )
    expect(page.locator("#page header .status")).to_have_text("waived")


def test_an_address_that_is_not_here_says_so(page: "Page", pages: dict[str, Path]) -> None:
    for anchor in ("#f-0000", "#h-99", "#c-nothing", "#f-%", "#f-<b>"):
        go(page, pages["clean"], anchor)
        expect(page.locator("#page h2")).to_have_text("Nothing in this report has this address")


def test_commands_are_copied(
    chromium: "BrowserContext", page: "Page", pages: dict[str, Path]
) -> None:
    chromium.grant_permissions(["clipboard-read", "clipboard-write"])
    go(page, pages["one of everything"], WEB)
    button = page.get_by_role("button", name="Copy the commands").first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#spoken")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == (
        "systemctl edit docker.service\nsystemctl restart docker.service"
    )


def test_a_check_says_where_it_stands_how(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"], "#c-tls-verify-enabled")
    expect(page.locator("#page .group h3")).to_have_text(
        ["1 host: failed", "1 host: not assessed", "3 hosts: passed", "1 host: not applicable"]
    )


def test_a_rule_of_a_framework_has_an_address(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"], "#r-cis-1.8_2.8")
    expect(page.locator("[id='r-cis-1.8_2.8']")).to_be_in_viewport()
    expect(page.locator("[id='r-cis-1.8_2.8'] .status")).to_have_text("fails")


def test_drawings_have_a_text_and_a_table(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"])
    listeners = page.get_by_role("img", name="Listeners by reach and mode")
    assert "1 address PLAIN for every network of the host" in (listeners.text_content() or "")
    ends = page.get_by_role("img", name="Certificates by the month they end")
    assert "ended: 1; Dec 2026: 1; Jan 2027: 1; Feb: 1" in (ends.text_content() or "")
    for heading in ("listeners", "certificates"):
        part = page.locator(f"section[aria-labelledby={heading}]")
        part.get_by_text("The figures as a table").click()
        assert part.locator("table").first.is_visible()


def test_all_of_it_works_with_the_keyboard(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"])
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.locator("#f-text").focus()
    page.keyboard.type("build-7")
    expect(page.locator("#filter-state")).to_have_text("4 results fit.")
    page.locator("#found a").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#page h2")).to_be_focused()
    page.go_back()
    expect(page.locator("#report")).to_be_visible()


def test_a_long_list_shows_more_when_asked(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["fleet"])
    hits = page.locator("#found > li")
    expect(hits).to_have_count(40)
    page.locator("#found-more button").click()
    expect(hits).to_have_count(80)
    expect(hits.nth(40)).to_be_focused()


def test_summary_and_tables_are_there_without_javascript(
    chromium: "BrowserContext", pages: dict[str, Path]
) -> None:
    browser = chromium.new_page()
    client = chromium.new_cdp_session(browser)
    client.send("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.goto(pages["one of everything"].as_uri())
    browser.evaluate(UNFOLD)
    for part in ("#filter", "#host-filter", "a[href='#findings']", "#page"):
        assert not browser.locator(part).is_visible()
    assert browser.locator("table.matrix tbody tr").count() == 8
    assert browser.get_by_text("7 checks fail on 2 of 8 hosts").first.is_visible()
    assert browser.get_by_text("Without JavaScript").is_visible()
    assert browser.locator("[id='c-listener-tcp-plain']").is_visible()
    browser.close()


def test_hostile_text_is_only_text(page: "Page", pages: dict[str, Path]) -> None:
    """No dialog, no request, no element: the `page` fixture fails for the first two."""
    anchors = ["", "#h-1", *(f"#f-{one}" for one in prints("hostile")), "#c-listener-tcp-plain"]
    for anchor in anchors:
        go(page, pages["hostile"], anchor)
        assert page.locator("main img, main script, main iframe").count() == 0
        shown = page.text_content("#page h2" if anchor else "table.matrix th a") or ""
        assert anchor == anchors[-1] or "<script>alert(1)</script>" in shown or "AAAA" in shown
        assert "{{ 7*7 }}" in shown or anchor not in ("", "#h-1")
        direction = page.evaluate(
            "/[\\u0000-\\u0008\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069]/"
            ".test(document.body.innerText)"
        )
        assert not direction


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


def test_a_fleet_is_small_and_opens(page: "Page", pages: dict[str, Path]) -> None:
    """`benchmarks/html.py` measures 1,000 hosts; here only what does not depend on the machine."""
    go(page, pages["fleet"])
    nodes = page.evaluate("document.querySelectorAll('*').length")
    assert nodes < 60 * 200 + 5000, "more on the page than a row for each host"
    go(page, pages["fleet"], "#h-150")
    expect(page.locator("#page h2")).to_have_text("node149.example.com")


def test_ids_are_unique_and_links_lead_somewhere(
    chromium: "BrowserContext", pages: dict[str, Path]
) -> None:
    """As the file has them: the script makes pages of what is a row without it."""
    browser = chromium.new_page()
    client = chromium.new_cdp_session(browser)
    client.send("Emulation.setScriptExecutionDisabled", {"value": True})
    for scan in SCANS:
        browser.goto(pages[scan].as_uri())
        twice, dead = browser.evaluate(
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
    browser.close()


def test_every_link_of_the_pages_leads_somewhere(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"], WEB)
    anchors = page.locator("#page a").evaluate_all(
        "(links) => [...new Set(links.map((one) => one.getAttribute('href')))]"
    )
    assert len(anchors) > 20
    for anchor in anchors:
        page.evaluate("(hash) => { location.hash = hash; }", anchor)
        page.wait_for_timeout(20)
        if page.locator("#page").is_visible():
            assert "has this address" not in (page.text_content("#page h2") or "")
        elif anchor != "#":
            assert page.evaluate("(id) => Boolean(document.getElementById(id))", anchor[1:])


def test_printed_it_has_everything(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"])
    page.emulate_media(media="print")
    for part in ("#filter", "#host-filter", "#nav", "#findings-part"):
        assert not page.locator(part).is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#print .host:visible").count() == 8
    assert page.locator("#print .result:visible").count() == 9
    assert page.locator("details:not([open], .older)").count() == 0
    assert page.locator("button:visible").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("#print *").count() == 0
    assert len(page.pdf()) > 20_000


def test_a_host_is_printed_alone(page: "Page", pages: dict[str, Path]) -> None:
    go(page, pages["one of everything"], WEB)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#print *").count() == 0
    assert not page.locator("#report").is_visible()
    assert page.locator("#page .result:visible").count() == 4


def test_the_command_of_the_handbook_makes_a_pdf(
    chromium: "BrowserContext", tmp_path: Path
) -> None:
    """`chromium` only says whether there is a browser; the command starts one of its own."""
    write(tmp_path / "report.html", writer("html").render(SCANS["one of everything"]()))
    text = (ROOT / "docs" / "how-to" / "hand-off.md").read_text()
    (line,) = [line for line in text.splitlines() if "--print-to-pdf" in line]
    program, *words = line.split()
    assert program == "chromium"
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found
    sandbox = ["--no-sandbox", f"--user-data-dir={tmp_path / 'profile'}"]  # as root, in CI
    subprocess.run(
        [found, *sandbox, *words], cwd=tmp_path, check=True, timeout=120, capture_output=True
    )
    pdf = (tmp_path / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 8
    assert b"/StructTreeRoot" in pdf, "a screen reader finds headings and tables"
    if shutil.which("pdftotext"):
        done = subprocess.run(
            ["pdftotext", "report.pdf", "-"], cwd=tmp_path, check=True, capture_output=True
        )
        text = " ".join(done.stdout.decode().split())
        assert "7 checks fail on 2 of 8 hosts" in text
        assert "/usr/sbin/dockerd -H fd:// -H tcp://0.0.0.0:2375" in text
        assert "the evidence was gathered without root" in text
