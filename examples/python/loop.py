"""One payment as a shop takes it: create, show the QR code, hand in the notification, deliver once. The same loop is
in ../loop.c and ../php/loop.php. On the other side stands the sandbox, which plays Alipay and the customer:

    make && export LD_LIBRARY_PATH=build/release
    build/release/payroute-sandbox --dir /tmp/sandbox --port 8900 &
    python3 examples/python/loop.py /tmp/sandbox/channels.json /tmp/payments.db http://127.0.0.1:8900 1001

It needs no package, only ctypes. (cffi reads the declarations by itself: ffi.cdef and ffi.dlopen.)"""
import ctypes
import json
import os
import re
import sys
import urllib.request

PLAIN = {"void": None, "int32_t": ctypes.c_int32, "int64_t": ctypes.c_int64, "size_t": ctypes.c_size_t}


def kind(declared):
    """The ctypes type of "const char *text", "int64_t amount", "payroute_engine **out"."""
    base, stars = re.match(r"\s*(?:const )?(\w+)", declared)[1], declared.count("*")
    if base in PLAIN:
        plain = PLAIN[base]
    else:  # text or an opaque handle: a pointer in itself
        plain, stars = ctypes.c_char_p if base == "char" else ctypes.c_void_p, stars - 1
    return ctypes.POINTER(plain) if stars else plain


def load(declarations, library):
    """ctypes reads no declarations, but these are so plain that a pattern does."""
    lib = ctypes.CDLL(library)
    with open(declarations, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    for result, name, parameters in re.findall(r"^(\w[\w *]*?)(payroute_\w+)\(([^)]*)\);", text, re.M):
        function = getattr(lib, name)
        function.restype = kind(result)
        function.argtypes = [kind(p) for p in parameters.split(",") if p != "void"]
    return lib


if len(sys.argv) != 5:
    sys.exit("usage: loop.py CHANNELS.json STORE SANDBOX-URL ORDER")
channels, store, sandbox, order_id = sys.argv[1:]
folder = os.environ.get("PAYROUTE_FFI", os.path.join(os.path.dirname(__file__), "../../build/release/ffi"))
pay = load(os.path.join(folder, "payroute-host.cdef.h"), "libpayroute-host.so.0")

with open(channels, "rb") as file:
    config = file.read()
options = json.dumps({"store": "sqlite:" + store}).encode()
engine = ctypes.c_void_p()
why = ctypes.create_string_buffer(512)
if pay.payroute_engine_open(ctypes.byref(engine), config, len(config), options, len(options), why, 512) != 0:
    sys.exit(why.value.decode())


def result():
    """Each call leaves its result behind as JSON."""
    return json.loads(pay.payroute_engine_result(engine, None))


def check(rc):
    if rc != 0:
        raise RuntimeError(pay.payroute_rc_name(rc).decode(), result())
    return result()


# ---- the shop: checkout ----
payment = ctypes.c_int64()
order = json.dumps({"order_id": order_id, "amount_minor": 1250, "currency": "CNY", "method": "alipay",
                    "flow": "qr"}).encode()
view = check(pay.payroute_engine_create(engine, order, len(order), 10000, ctypes.byref(payment)))
qr = view["show"]["text"]  # for the customer
print("show   ", qr[:22])


# ---- the world: customer and provider, by the sandbox ----
def call(path, body=None):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(sandbox + path, json.dumps(body).encode() if body else None) as answer:
        return json.load(answer)


call("/_customer", {"qr": qr, "act": "pay"})
notifications = call("/_outbox?take=1")

# ---- the shop: its notify address. The answer goes back to the provider whatever the call returned ----
for n in notifications:
    headers = ("Content-Type: " + n["headers"]["Content-Type"] + "\r\n").encode()
    body = n["body"].encode()
    pay.payroute_engine_notify(engine, n["channel"].encode(), n["method"].encode(), b"", 0, headers, len(headers),
                               body, len(body))
    ack = result()["ack"]
    print("notify ", n["channel"] + ":", ack["status"], ack["body"])

# The customer's page asks; so would cron, for all payments, with payroute_engine_sweep.
view = check(pay.payroute_engine_advance(engine, payment.value, 3000))
print("status ", view["status"], view["captured_minor"])

# Events come again until acknowledged: first the goods, by one conditional update of the shop's own order.
for event in check(pay.payroute_engine_events(engine, 100))["events"]:
    print("event  ", event["kind"] + ", order", event["order_id"])
    ids = json.dumps([event["id"]]).encode()
    check(pay.payroute_engine_event_ack(engine, ids, len(ids)))

pay.payroute_engine_close(engine)
sys.exit(0 if view["status"] == "paid" else 1)
