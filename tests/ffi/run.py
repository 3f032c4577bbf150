"""The same payment from C, PHP, Python (ctypes and cffi), LuaJIT and PHP-FPM, against the real sandbox and a real
SQLite file; what they say must agree, and the providers' books with the shops' at the end. `make ffi-check`."""
import json
import os
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import fpm
from world import World

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("B", "build/release"))
LINES = ["show    https://qr.alipay.com/", "notify  ali-main: 200 success", "status  paid 1250",
         "event   paid, order "]
passed = failed = 0
paid = []  # (store, order) of each payment that was made


def case(name, test, *arguments):
    global passed, failed
    try:
        figure = test(*arguments)
        passed += 1
        print("ok    %s%s" % (name, "" if figure is None else "   " + figure), flush=True)
    except Exception as error:  # whatever it is, the next case is tried
        failed += 1
        print("FAIL  %s: %s: %s" % (name, type(error).__name__, error), flush=True)


def expect(found, wanted, what=""):
    if found != wanted:
        raise AssertionError("%s\n    expected %r\n    found    %r" % (what, wanted, found))


def wait_until(true):
    until = time.monotonic() + 20
    while not true():
        if time.monotonic() > until:
            raise AssertionError("waited for 20 s")
        time.sleep(0.01)


def python_with_cffi():
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", "import cffi"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return python
    raise AssertionError("no Python has cffi: sh .ci/deps.sh ffi")


class Stage:
    """Libraries, declarations and examples where any user may read them, as after an installation."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="payroute-ffi.")
        os.chmod(self.folder, 0o755)
        for name in ("libpayroute.so.0", "libpayroute-host.so.0"):
            shutil.copy(os.path.join(BUILD, name), self.folder)
        shutil.copytree(os.path.join(BUILD, "ffi"), os.path.join(self.folder, "ffi"))
        for name in ("php", "python"):
            shutil.copytree(os.path.join(TOP, "examples", name), os.path.join(self.folder, "examples", name))
        for name in ("preload.php", "shop.php"):
            shutil.copy(os.path.join(HERE, name), self.folder)
        self.environment = dict(os.environ, LD_LIBRARY_PATH=self.folder, PYTHONDONTWRITEBYTECODE="1",
                                PAYROUTE_FFI=os.path.join(self.folder, "ffi"),
                                EXAMPLES=os.path.join(self.folder, "examples"))
        self.store = os.path.join(self.folder, "payments.db")
        self.world = World(os.path.join(BUILD, "payroute-sandbox"), os.path.join(self.folder, "sandbox"))

    def run(self, *command, text=None):
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              input=text, timeout=60, check=False, encoding="utf-8")
        expect(done.returncode, 0, done.stdout)
        return done.stdout.splitlines()


def example(stage, order, *program):
    """An example brings its own world: the sandbox's address is an argument."""
    lines = stage.run(*program, stage.world.channels, stage.store, stage.world.url, order)
    paid.append((stage.store, order))
    expect(lines, LINES[:3] + [LINES[3] + order])


def driver(stage, order, *program):
    """A test's driver shows its code and waits: the runner is customer and provider."""
    with subprocess.Popen([*program, stage.world.channels, stage.store, order], env=stage.environment,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        word, _, qr = process.stdout.readline().strip().partition(" ")
        expect(word, "qr")
        (note,) = stage.world.pay(qr)
        process.stdin.write("\t".join(part.strip() for part in note) + "\n")
        process.stdin.close()
        lines = process.stdout.read().splitlines()
    paid.append((stage.store, order))
    expect(process.returncode, 0)
    expect(lines, LINES[:3] + [LINES[3] + order])


def fork(stage, order, *program):
    store = os.path.join(stage.folder, "fork.db")
    expect(stage.run(*program, stage.world.channels, store, order), ["child 0, parent open"])


# ---- PHP-FPM: each step of the payment is a request of its own, in whichever worker takes it ----

class Shop:
    def __init__(self, stage, name, settings, user=None, pool_user=None, **environment):
        self.folder = os.path.join(stage.folder, name)
        os.mkdir(self.folder)
        self.store = os.path.join(self.folder, "payments.db")
        self.world = stage.world
        channels = shutil.copy(stage.world.channels, self.folder)
        owner = user or pool_user
        if owner:
            for path in (self.folder, channels):
                shutil.chown(path, owner)
        environment = {k: os.path.join(self.folder, v) for k, v in environment.items()}
        settings = dict(settings, **{"opcache.enable": 1})
        self.fpm = fpm.Fpm(self.folder, os.path.join(stage.folder, "shop.php"),
                           dict(stage.environment, CHANNELS=channels, STORE=self.store, **environment), settings,
                           user, pool_user)

    def payment(self, order):
        """The four lines, as the other drivers say them."""
        view = self.fpm.page("page=checkout&order=" + order)
        lines = ["show    %.22s" % view["show"]["text"]]
        for channel, headers, body in self.world.pay(view["show"]["text"]):
            kind = headers.partition(": ")[2].strip()
            ack = self.fpm.page("page=notify&channel=" + channel, body.encode(), kind)["ack"]
            lines.append("notify  %s: %s %s" % (channel, ack["status"], ack["body"]))
        view = self.fpm.page("page=status&budget=3000&payment=%d" % view["payment_id"])
        lines.append("status  %s %s" % (view["status"], view["captured_minor"]))
        for event in self.fpm.page("page=deliver")["events"]:
            lines.append("event   %s, order %s" % (event["kind"], event["order_id"]))
        paid.append((self.store, order))
        expect(lines, LINES[:3] + [LINES[3] + order])


def fpm_refuses(shop):
    expect(shop.fpm.page("page=bare"), {"refused": True})


def fpm_careless(shop, path):
    with open(path, encoding="utf-8") as file:
        opened, advanced, pid = file.read().split()
    expect((opened, advanced), ("0", "-5"), "the master's own engine")
    status = shop.fpm.page("page=status&payment=1")
    expect(status["status"], "paid", "a worker's engine")
    if status["pid"] == int(pid):
        raise AssertionError("the worker is the master")


def fpm_dies(shop):
    """Requests that end in the middle: nothing piles up in the worker."""
    before = max(shop.fpm.page("page=status&payment=1")["files"] for _ in range(10))
    for _ in range(40):
        page = shop.fpm.raw("page=die")
        expect("Status: 500" in page and "files" not in page, True, page)
    after = max(shop.fpm.page("page=status&payment=1")["files"] for _ in range(10))
    if after > before + 2:
        raise AssertionError("%d open files, %d before" % (after, before))


def fpm_killed(shop):
    """Workers are killed while the provider has made the order and its answer hangs: another one goes on. Nobody has
    seen that code, so the library may leave it and take another account, but the customer pays once."""
    shop.world.call("/_fault", {"account": "ali-main", "operation": "precreate", "fault": "stall"})
    answers = []
    thread = threading.Thread(target=lambda: answers.append(shop.fpm.raw("page=checkout&order=killed")))
    before = shop.world.books()["attempts"]
    thread.start()
    wait_until(lambda: shop.world.books()["attempts"] > before)
    killed = shop.fpm.workers()
    for pid in killed:
        os.kill(pid, 9)
    thread.join()
    expect(answers, [""], "the killed request's answer")
    wait_until(lambda: len(shop.fpm.workers()) == 2 and not set(killed) & set(shop.fpm.workers()))
    view = shop.fpm.page("page=checkout&order=killed")
    for channel, headers, body in shop.world.pay(view["show"]["text"]):
        shop.fpm.page("page=notify&channel=" + channel, body.encode(), headers.partition(": ")[2].strip())
    expect(shop.fpm.page("page=status&payment=%d" % view["payment_id"])["captured_minor"], 1250)
    paid.append((shop.store, "killed"))
    expect([e["kind"] for e in shop.fpm.page("page=deliver")["events"]], ["paid"])


def fpm_double_click(shop):
    """The same order in both workers at once is one payment with one attempt."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(shop.fpm.page("page=checkout&order=twice")))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(len({a["payment_id"] for a in answers}), 1)
    qr = [a for a in answers if "show" in a]
    expect({len(a["attempts"]) for a in qr}, {1})
    for channel, headers, body in shop.world.pay(qr[0]["show"]["text"]):
        shop.fpm.page("page=notify&channel=" + channel, body.encode(), headers.partition(": ")[2].strip())
    paid.append((shop.store, "twice"))
    shop.fpm.page("page=deliver")


def fpm_cost(shop):
    """Medians over requests to warm workers; the first request of a worker opens store and configuration."""
    pages = [shop.fpm.page("page=status&payment=1") for _ in range(200)][20:]
    cost = statistics.median(p["open_us"] for p in pages)
    # DESIGN's 200 us on a quiet machine; several times that is a defect on any.
    expect(cost < 1000, True, "%.0f us" % cost)
    return "scope and open %.0f us, with one look at a payment %.0f us" % (
        cost, statistics.median(p["page_us"] for p in pages))


def documented(stage):
    """The settings that docs/integrating.md tells to write into php.ini, with the stage's folders."""
    with open(os.path.join(TOP, "docs/integrating.md"), encoding="utf-8") as page:
        block = page.read().partition("```ini by=tests/ffi/run.py\n")[2].partition("```")[0]
    block = block.replace("/usr/local/share/payroute", stage.folder)
    return dict(line.split("=", 1) for line in block.replace("/srv/shop", stage.folder + "/examples/php").split())


def fpm_user():
    if os.getuid() != 0:
        return None
    for name in ("www-data", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            pass
    raise AssertionError("no user to run PHP-FPM as")


def with_fpm(stage, name, settings, user=None, pool_user=None, careless=False):
    said = os.path.join(stage.folder, name, "careless")
    try:
        shop = Shop(stage, name, settings, user, pool_user, **({"CARELESS": "careless"} if careless else {}))
    except Exception as error:
        case("%s starts" % name, expect, str(error), "")
        return
    try:
        case("%s: code that was not preloaded may not use FFI" % name, fpm_refuses, shop)
        case("%s: the payment, a request a step" % name, shop.payment, name)
        if careless:
            case("%s: an engine opened before the fork stays the master's" % name, fpm_careless, shop, said)
        case("%s: cost of a request" % name, fpm_cost, shop)
        case("%s: 40 requests die with the engine open" % name, fpm_dies, shop)
        case("%s: workers killed while the provider's answer hangs" % name, fpm_killed, shop)
        case("%s: one order in both workers at once" % name, fpm_double_click, shop)
    finally:
        shop.fpm.stop()


# ---- the end ----

def books(stage):
    totals = stage.world.books()
    wanted = {"paid": len(paid), "captured_minor": 1250 * len(paid), "double": 0,
              "refunded_minor": 0}
    expect({name: totals[name] for name in wanted}, wanted, "the providers' books")
    command = os.path.join(BUILD, "payroute")
    known = []
    for store in sorted({store for store, _ in paid}):
        place = ("--config", stage.world.channels, "--store", store, "--json")
        listed = json.loads("\n".join(stage.run(command, "list", *place)))
        known += [(store, p["order_id"]) for p in listed["payments"] if p["status"] == "paid"]
        expect(json.loads("\n".join(stage.run(command, "events", *place)))["events"], [], "events left in " + store)
    expect(sorted(known), sorted(paid), "the shops' books")
    return "%d paid, captured %d.%02d, double 0, lost 0" % (
        totals["paid"], totals["captured_minor"] // 100, totals["captured_minor"] % 100)


def pages(check):
    done = subprocess.run(["sh", "tests/docs/" + check], cwd=TOP, stdout=subprocess.PIPE, encoding="utf-8",
                          stderr=subprocess.STDOUT, env=dict(os.environ, B=BUILD, PR_FFI="all"), check=False)
    expect(done.returncode, 0, done.stdout)


def main():
    case("the README's C, PHP and Python", pages, "check_readme.sh")
    case("the same in docs/", pages, "check_blocks.sh")
    stage = Stage()
    php = os.path.join(stage.folder, "examples/php")
    try:
        case("C: examples/loop.c", example, stage, "c", os.path.join(BUILD, "loop"))
        case("PHP: examples/php/loop.php", example, stage, "php", "php", os.path.join(php, "loop.php"))
        case("Python, ctypes: examples/python/loop.py", example, stage, "ctypes", sys.executable,
             os.path.join(stage.folder, "examples/python/loop.py"))
        case("Python, cffi", lambda: driver(stage, "cffi", python_with_cffi(), os.path.join(HERE, "loop_cffi.py")))
        case("LuaJIT", driver, stage, "luajit", "luajit", os.path.join(HERE, "loop.lua"))
        case("PHP: fork", fork, stage, "fork-php", "php", os.path.join(HERE, "fork.php"))
        case("Python: fork", fork, stage, "fork-python", sys.executable, os.path.join(HERE, "fork.py"))
        if fpm.program() is None:
            case("PHP-FPM", expect, None, "php-fpm", "it is not installed: sh .ci/deps.sh ffi")
        else:
            user = fpm_user()
            settings = {"ffi.enable": "preload", "opcache.preload": os.path.join(stage.folder, "preload.php")}
            with_fpm(stage, "fpm-load", settings, user=user, careless=True)
            if user is not None:
                settings = dict(documented(stage), **{"opcache.preload_user": user})
                with_fpm(stage, "fpm-root", settings, pool_user=user)
        case("the books", books, stage)
    finally:
        stage.world.stop()
        shutil.rmtree(stage.folder, ignore_errors=True)
    print("\n%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


sys.exit(main())
