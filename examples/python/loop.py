"""One payment as a shop takes it: create, show the QR code, hand in the notification, deliver once. The same loop is
in ../loop.c and ../php/loop.php. On the other side stands the sandbox, which plays Alipay and the customer:

    make && export LD_LIBRARY_PATH=build/release
    build/release/payroute-sandbox --dir /tmp/sandbox --port 8900 &
    python3 examples/python/loop.py /tmp/sandbox/channels.json /tmp/payments.db http://127.0.0.1:8900 1001"""
import json
import sys
import urllib.request

import payroute

if len(sys.argv) != 5:
    sys.exit("usage: loop.py CHANNELS.json STORE SANDBOX-URL ORDER")
channels, store, sandbox, order_id = sys.argv[1:]
with open(channels, "rb") as file:
    pay = payroute.Engine(file.read(), {"store": "sqlite:" + store})

# ---- the shop: checkout ----
view = pay.create({"order_id": order_id, "amount_minor": 1250, "currency": "CNY", "method": "alipay", "flow": "qr"},
                  10000)
if "show" not in view:
    sys.exit("nothing to show: " + view["status"])
qr = view["show"]["text"]  # for the customer
print("show   ", qr[:22])


# ---- the world: customer and provider, by the sandbox ----
def call(path, body=None):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(sandbox + path, json.dumps(body).encode() if body else None) as answer:
        return json.load(answer)


call("/_customer", {"qr": qr, "act": "pay"})
notifications = call("/_outbox?take=1")

# ---- the shop: its notify address. The answer goes back to the provider whatever came of it ----
for n in notifications:
    headers = "Content-Type: " + n["headers"]["Content-Type"] + "\r\n"
    ack = pay.notify(n["channel"].encode(), n["method"].encode(), b"", headers.encode(), n["body"].encode())["ack"]
    print("notify ", n["channel"] + ":", ack["status"], ack["body"])

# The customer's page asks; so would cron, for all payments, with sweep.
view = pay.advance(view["payment_id"], 3000)
print("status ", view["status"], view["captured_minor"])

# Events come again until acknowledged: first the goods, by one conditional update of the shop's own order.
for event in pay.events(100):
    print("event  ", event["kind"] + ", order", event["order_id"])
    pay.ack(event["id"])

pay.close()
sys.exit(0 if view["status"] == "paid" else 1)
