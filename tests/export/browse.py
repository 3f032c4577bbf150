"""The exported page in a real browser, from its file, without any network: it is searched, filtered and opened at the
width of a phone and of a desk, and neither complains nor scrolls sideways.
Usage: browse.py PAGE [FOLDER]    with a folder, pictures of what was seen go there
"""
import os
import sys
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

PAGE = "file://" + os.path.abspath(sys.argv[1])
PICTURES = sys.argv[2] if len(sys.argv) > 2 else None
passed = failed = 0


def check(ok, what):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print("FAIL  %s" % what)


def browser(profile):
    options = Options()
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                 "--no-first-run", "--disable-background-networking", "--disable-component-update", "--lang=en-US",
                 "--user-data-dir=" + profile):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver" if os.path.exists("/usr/bin/chromedriver")
                                            else "chromedriver"), options=options)


class Page:
    def __init__(self, driver):
        self.d = driver

    def all(self, css):
        return self.d.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        return self.d.find_element(By.CSS_SELECTOR, css)

    def js(self, script, *args):
        return self.d.execute_script("return " + script, *args)

    def size(self, width, height, dark=False):
        self.d.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 2 if width < 600 else 1, "mobile": width < 600})
        self.d.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def open(self, fragment=""):
        self.d.get("about:blank")
        self.d.get(PAGE + fragment)

    def type(self, text):
        q = self.one("#q")
        q.clear()
        q.send_keys(text)

    def pick(self, select, value):
        self.js("(s => { s.value = arguments[1]; s.dispatchEvent(new Event('change')); })(document.querySelector("
                "arguments[0]))", select, value)

    def count(self):
        return int("".join(c for c in self.one("#count").text.split(" of ")[0] if c.isdigit()) or 0)

    def codes(self):
        return self.js("[...document.querySelectorAll('.row .code')].map(n => [...n.childNodes]"
                       ".filter(c => c.tagName !== 'SMALL').map(c => c.textContent).join(''))")

    def picture(self, name):
        if PICTURES:
            time.sleep(0.3)
            self.d.save_screenshot(os.path.join(PICTURES, name + ".png"))

    def sideways(self):
        return self.js("document.documentElement.scrollWidth > document.documentElement.clientWidth || "
                       "document.body.scrollWidth > innerWidth || [...document.querySelectorAll('aside')]"
                       ".some(a => a.scrollWidth > a.clientWidth)")

    def complaints(self):
        return [e["message"] for e in self.d.get_log("browser") if "favicon" not in e["message"]]


def started(p):
    p.size(1280, 900)
    begun = time.monotonic()
    p.open()
    load = p.js("performance.timing.loadEventEnd - performance.timing.navigationStart")
    print("%.1f MB, loaded in %d ms (%.0f ms by the clock)" % (os.path.getsize(sys.argv[1]) / 1e6, load,
                                                                (time.monotonic() - begun) * 1000))
    check(load < 4000, "the page loads in less than four seconds: %d ms" % load)
    check(p.count() > 7500, "all codes are there: %d" % p.count())
    rows = len(p.all(".row"))
    check(0 < rows <= 240, "only what is seen is made: %d rows" % rows)
    check(not p.sideways(), "no sideways scroll on a desk")
    p.picture("desk")


def searched(p):
    p.type("insufficient_funds")
    check(p.codes()[0].lower() == "insufficient_funds", "the code itself comes first: %s" % p.codes()[:3])
    narrow = p.count()
    check(0 < narrow < 1000, "a search narrows: %d" % narrow)
    p.type("\u53ef\u7528\u989d\u5ea6\u4e0d\u8db3")
    check(p.count() > 0, "a customer's words in Chinese find their reason")
    check("insufficient_funds" in p.one(".row .why").text, "and it is the right one")
    p.type("<script>alert(1)</script>")
    check(p.count() == 0 and p.one("#none").is_displayed(), "nothing is found, and said")
    took = p.js("(() => { const t = performance.now(); state.q = 'card de'; refresh(); return performance.now() - t; })()")
    check(took < 250, "a search takes %d ms" % took)
    print("a search takes %.0f ms" % took)
    p.one("#clear").click()
    check(p.count() > 7500, "cleared")


def filtered(p):
    p.pick("#f-provider", "alipay")
    alipay = p.count()
    check(0 < alipay < 2000, "by provider: %d" % alipay)
    check(set(p.js("[...document.querySelectorAll('.row .from')].map(n => n.textContent)")) == {"alipay"}, "only its rows")
    p.pick("#f-class", "PAID_ALREADY")
    check(0 < p.count() < alipay, "and by class: %d" % p.count())
    p.pick("#f-fault", "nobody")
    check(p.count() > 0, "and by fault: %d" % p.count())
    p.pick("#f-reason", "already_paid")
    check("ACQ.TRADE_HAS_SUCCESS" in p.codes(), "and by reason")
    p.picture("desk-filtered")


def opened(p):
    p.one('.row[href="#alipay/ACQ.TRADE_HAS_SUCCESS"]').click()
    aside = p.one("#detail")
    check("already_paid" in aside.text and "ACQ.TRADE_HAS_SUCCESS" in aside.text, "a row opens")
    check(p.js("location.hash") == "#alipay/ACQ.TRADE_HAS_SUCCESS", "and has an address: " + p.js("location.hash"))
    check(len(p.all("#detail .say")) >= 2, "texts for the customer and the shop")
    for locale in p.js("locales"):
        p.pick("#f-locale", locale)
        text = p.one("#detail .say").text
        check(len(text) > 8, "a text in %s" % locale)
        check(p.one("#detail .say").get_attribute("lang") == locale, "marked as %s" % locale)
    p.pick("#f-locale", "zh-CN")
    check("\u91cd\u590d\u4ed8\u6b3e" in p.one("#detail .say").text, "Chinese is Chinese")
    check(all(h.startswith("https://") or h.startswith("http://") for h in
              p.js("[...document.querySelectorAll('#detail .sources a')].map(a => a.getAttribute('href'))")), "links are links")
    p.picture("desk-open")
    p.one("#ui").click()
    check("\u5bf9\u5ba2\u6237\u8bf4" in p.one("#detail").text, "the page speaks Chinese")
    p.picture("desk-zh")
    p.one("#ui").click()
    # A row whose answer has more to say.
    p.open("#stripe/insufficient_funds")
    p.picture("desk-stripe")
    check("insufficient_funds" in p.one("#detail h2").text, "a deep link opens")
    p.open("#alipay/%41CQ.TRADE_HAS_SUCCESS")
    check("TRADE_HAS" in p.one("#detail h2").text, "however it is spelled")
    for bad in ("#nobody/x", "#%", "#alipay", "#"):
        p.open(bad)
        check(p.count() > 7500, "a wrong address is no harm: " + bad)


def every_row(p):
    """All details are made once: none fails, none shows markup or `undefined`."""
    wrong = p.js("rows.filter(r => { const box = document.createElement('div'); box.append(...detail(r)); "
                 "return /undefined|\\[object|NaN/.test(box.textContent) || !box.querySelector('.sources li') || "
                 "box.querySelector('script, img, iframe'); }).map(r => r.hash)")
    check(not wrong, "details are whole: %s" % wrong[:3])
    placed = p.js("rows.filter(r => r.place && detail(r).some(n => n.textContent.includes(w('where')))).length")
    check(placed > 100, "rows say where the shop mends it: %d" % placed)
    check(p.js("new Set(rows.map(r => r.hash)).size === rows.length"), "every row has an address of its own")
    twice = p.js("rows.filter(r => hashes.get(canonical(r.hash)) !== r).map(r => r.hash)")
    check(not twice, "and is found by it: %s" % twice[:3])


def by_keys(p):
    p.open()
    body = p.one("body")
    body.send_keys("/")
    check(p.js("document.activeElement.id") == "q", "/ goes to the search")
    p.one("#q").send_keys("do_not_honor")
    p.one("#q").send_keys(Keys.ARROW_DOWN)
    check(p.js("document.activeElement.className") == "row", "down goes to the rows")
    first = p.js("document.activeElement.getAttribute('href')")
    p.d.switch_to.active_element.send_keys(Keys.ENTER)
    check(p.js("location.hash") == first, "Enter opens")
    p.d.switch_to.active_element.send_keys(Keys.ESCAPE)
    check(p.js("location.hash") == "" and p.js("document.activeElement.getAttribute('href')") == first, "Esc closes")
    p.d.switch_to.active_element.send_keys(Keys.ARROW_UP)
    check(p.js("document.activeElement.id") == "q", "up goes back")


def on_a_phone(p):
    p.size(375, 760)
    p.open()
    check(not p.sideways(), "no sideways scroll at 375")
    p.picture("phone")
    check(not p.one(".filters").is_displayed(), "filters are folded away")
    p.one("#more-filters").click()
    check(p.one("#f-provider").is_displayed() and not p.sideways(), "and unfold")
    p.picture("phone-filters")
    p.one("#more-filters").click()
    p.type("insufficient")
    check(not p.sideways(), "no sideways scroll while searching")
    p.picture("phone-search")
    p.one(".row").click()
    check(p.one("#detail h2").is_displayed() and not p.sideways(), "a row fills the screen")
    p.picture("phone-open")
    # The widest things there are, and a sample of the rest.
    worst = p.js("(() => { const d = document.getElementById('detail'), by = (f) => rows.reduce((a, b) => f(a) >= f(b) ? a : b);"
                 "const some = rows.filter((r, i) => i % 97 === 0).concat(by(r => r.code.length), by(r => r.source.length), "
                 "by(r => r.note.length), by(r => Math.max(...r.source.split(/[ -]/).map(x => x.length))));"
                 "return some.filter(r => { d.replaceChildren(...detail(r)); return d.scrollWidth > d.clientWidth; })"
                 ".map(r => r.hash); })()")
    check(not worst, "no detail is too wide: %s" % worst)
    p.d.refresh()
    p.one("#close").click()
    check(not p.one("#detail").is_displayed(), "and closes")
    longest = p.js("rows.reduce((a, b) => a.code.length > b.code.length ? a : b).code")
    p.type(longest)
    check(p.count() >= 1 and not p.sideways(), "the longest code breaks")
    p.size(320, 640)
    check(not p.sideways(), "no sideways scroll at 320")


def in_the_dark(p):
    p.size(1280, 900, dark=True)
    p.d.execute_script("localStorage.clear()")
    p.open("#wechatpay/NOTENOUGH")
    light = p.js("getComputedStyle(document.body).backgroundColor")
    check(p.js("document.documentElement.dataset.theme") == "dark", "dark where the system is: %s" % light)
    p.picture("desk-dark")
    p.size(375, 760, dark=True)
    p.picture("phone-dark")
    p.size(1280, 900, dark=True)
    p.one("#theme").click()
    check(p.js("getComputedStyle(document.body).backgroundColor") != light, "and light when wanted")


def requests(p):
    import json
    seen = set()
    for entry in p.d.get_log("performance"):
        m = json.loads(entry["message"])["message"]
        if m["method"] == "Network.requestWillBeSent":
            seen.add(m["params"]["request"]["url"].split("#")[0])
    return {u for u in seen if not u.startswith(("about:", "data:", "chrome")) and u != PAGE}


def main():
    with tempfile.TemporaryDirectory(prefix="payroute-browse.", ignore_cleanup_errors=True) as profile:
        d = browser(profile)
        try:
            p = Page(d)
            for part in (started, searched, filtered, opened, every_row, by_keys, on_a_phone, in_the_dark):
                part(p)
            said = p.complaints()
            check(not said, "the console is quiet: %s" % said[:3])
            asked = requests(p)
            check(not asked, "nothing else is loaded: %s" % sorted(asked)[:3])
        finally:
            d.quit()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
