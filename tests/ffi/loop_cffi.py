"""The loop of examples/loop.c over cffi in ABI mode, raw: the declarations as they stand. The runner is the world:
it reads the code that is shown and writes the notification as one line, channel TAB headers TAB body."""
import json
import os
import sys

from cffi import FFI

ffi = FFI()
with open(os.path.join(os.environ["PAYROUTE_FFI"], "payroute-host.cdef.h"), encoding="utf-8") as declarations:
    ffi.cdef(declarations.read())
pay = ffi.dlopen("libpayroute-host.so.0")
channels, store, order_id = sys.argv[1:]
with open(channels, "rb") as file:
    config = file.read()
options = json.dumps({"store": "sqlite:" + store}).encode()
out, why = ffi.new("payroute_engine **"), ffi.new("char[512]")
if pay.payroute_engine_open(out, config, len(config), options, len(options), why, 512) != pay.PAYROUTE_OK:
    sys.exit(ffi.string(why).decode())
engine = ffi.gc(out[0], pay.payroute_engine_close)


def result(rc):
    if rc != pay.PAYROUTE_OK:
        sys.exit(ffi.string(pay.payroute_rc_name(rc)).decode())
    return json.loads(ffi.string(pay.payroute_engine_result(engine, ffi.NULL)))


payment = ffi.new("int64_t *")
order = json.dumps({"order_id": order_id, "amount_minor": 1250, "currency": "CNY", "method": "alipay",
                    "flow": "qr"}).encode()
qr = result(pay.payroute_engine_create(engine, order, len(order), 10000, payment))["show"]["text"]
print("qr", qr, flush=True)
print("show   ", qr[:22])
channel, headers, body = sys.stdin.buffer.readline()[:-1].split(b"\t")
headers += b"\r\n"
ack = result(pay.payroute_engine_notify(engine, channel, b"POST", ffi.NULL, 0, headers, len(headers), body,
                                        len(body)))["ack"]
print("notify ", channel.decode() + ":", ack["status"], ack["body"])
view = result(pay.payroute_engine_advance(engine, payment[0], 3000))
print("status ", view["status"], view["captured_minor"])
for event in result(pay.payroute_engine_events(engine, 100))["events"]:
    print("event  ", event["kind"] + ", order", event["order_id"])
    ids = json.dumps([event["id"]]).encode()
    result(pay.payroute_engine_event_ack(engine, ids, len(ids)))
