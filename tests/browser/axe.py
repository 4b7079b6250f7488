"""axe-core on a page that was made without scripts: its document, in a browser that runs them."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from playwright.sync_api import Browser

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""The rules that are asked: WCAG 2.2, levels A and AA, with what 2.0 and 2.1 say already."""

ENGINE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")

ADOPT = """async html => {
  const made = new DOMParser().parseFromString(html, "text/html");
  const sheets = [...made.querySelectorAll("link[rel=stylesheet]")];
  const loaded = sheets.map(s => new Promise((yes, no) => { s.onload = yes; s.onerror = no; }));
  document.replaceChild(document.adoptNode(made.documentElement), document.documentElement);
  await Promise.all(loaded);
}"""

ASK = """async rules => {
  const found = await axe.run(document, {
    runOnly: {type: rules.type, values: rules.values}, resultTypes: ["violations"],
  });
  return found.violations.map(
    v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " +
      n.any.concat(n.all, n.none).map(c => c.message).join("; ")).join(" | "));
}"""


class Axe:
    """A browser with scripts into which documents are put to be looked at.

    :param browser: a running browser.
    :param address: an address of the demo hotel, so that style sheets are found.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self.context = browser.new_context(bypass_csp=True)
        self.page = self.context.new_page()
        self.page.goto(address)
        self.page.evaluate(ENGINE + "; 0")

    def put(self, html: str, width: int) -> None:
        """Show a document at a width."""
        self.page.set_viewport_size({"width": width, "height": 780})
        self.page.evaluate(ADOPT, html)

    def ask(self, scheme: str, *rules: str) -> list[str]:
        """Return what is wrong with the document, a line for each rule that is broken.

        :param scheme: "light" or "dark".
        :param rules: ids of rules; none means all of WCAG 2.2 A and AA.
        """
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        chosen = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
        found: list[str] = self.page.evaluate(ASK, chosen)
        return found

    def picture(self, file: Path) -> None:
        """Keep a picture of the document as it stands."""
        self.page.screenshot(path=file, full_page=True)

    def close(self) -> None:
        """Close the browser."""
        self.context.close()
