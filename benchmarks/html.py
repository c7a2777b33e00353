"""The HTML report of a large fleet: its size, how long it takes to write and to open.

`python -m benchmarks.html [HOSTS [CHECKS]]`; Chromium must be installed. Two fleets: one whose
hosts say the same things, and one where all hosts are open and every finding has texts of its
own, which is the worst case for the page's table of strings.
"""

import shutil
import statistics
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import row
from dockeraudit.output import write
from dockeraudit.plugins import writer
from dockeraudit.report import Report
from tests.reports.fleets import own_texts
from tests.reports.scans import fleet

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 5
TIMES = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  ready: performance.getEntriesByName("ready")[0].startTime,
})"""
OPENED = """async () => {
  const started = performance.now();
  location.hash = "#h-8";
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - started;
}"""
SEARCHED = """async () => {
  location.hash = "#findings";
  await new Promise((done) => setTimeout(done, 300));
  const [box, state] = ["f-text", "filter-state"].map((id) => document.getElementById(id));
  const before = state.textContent;
  const started = performance.now();
  box.value = "node0";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  while (state.textContent === before) await new Promise((done) => setTimeout(done, 5));
  return performance.now() - started;
}"""


def main() -> None:
    """Measure and print."""
    hosts, checks = (int(value) for value in (*sys.argv[1:], "1000", "120")[:2])
    print(f"{hosts:,} hosts, {checks} checks")
    alike = fleet(hosts, checks)
    with tempfile.TemporaryDirectory() as folder:
        for name, report in (("alike", alike), ("each its own", own_texts(alike))):
            file = Path(folder) / "report.html"
            _written(name, report, file)
            _opened(name, file)


def _written(name: str, report: Report, file: Path) -> None:
    findings = sum(len(result.findings) for host in report.hosts for result in host.results)
    started = time.perf_counter()
    write(file, writer("html").render(report))
    row(f"{name}: written, {findings:,} findings", time.perf_counter() - started)
    row(f"{name}: size", file.stat().st_size / 1e6, "MB")
    tracemalloc.start()
    for _ in writer("html").render(report):
        pass
    row(f"{name}: most memory while writing", tracemalloc.get_traced_memory()[1] / 1e6, "MB")
    tracemalloc.stop()


def _opened(name: str, file: Path) -> None:
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        rounds = [_round(browser, file) for _ in range(ROUNDS)]
        browser.close()
    for at, what in enumerate(("first contentful paint", "ready", "a host opened", "searched")):
        row(f"{name}: {what}", statistics.median(each[at] for each in rounds) / 1000)


def _round(browser: "Browser", file: Path) -> tuple[float, float, float, float]:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(file.as_uri())
    page.wait_for_function("performance.getEntriesByName('ready').length")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    times = page.evaluate(TIMES)
    opened, searched = page.evaluate(OPENED), page.evaluate(SEARCHED)
    page.close()
    return times["paint"], times["ready"], opened, searched


if __name__ == "__main__":
    main()
