"""What surrounds the Python of docs/integrating.md: a payment that is paid, and a server that hands its notification in."""
import io
import json
import os
import urllib.request

import payroute

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(path, post=None):
    with OPENER.open(os.environ["SANDBOX"] + path, json.dumps(post).encode() if post else None) as answer:
        return json.load(answer)


with open(os.environ["CHANNELS"], "rb") as file:
    pay = payroute.Engine(file.read(), {"store": "sqlite:" + os.environ["STORE"]})
shop = {"pay": pay}
with open(os.environ["BLOCK"], encoding="utf-8") as block:
    exec(compile(block.read(), "docs/integrating.md", "exec"), shop)

view = pay.create({"order_id": "2001", "amount_minor": 1250, "currency": "CNY", "method": "alipay"}, 10000)
call("/_customer", {"qr": view["show"]["text"], "act": "pay"})
note = call("/_outbox?take=1")[-1]  # the newest: others may be left from before
body = note["body"].encode()
said = []
answer = shop["notified"]({"PATH_INFO": "/pay/notify/" + note["channel"], "REQUEST_METHOD": note["method"],
                           "CONTENT_TYPE": note["headers"]["Content-Type"], "CONTENT_LENGTH": str(len(body)),
                           "HTTP_HOST": "shop.example", "wsgi.input": io.BytesIO(body)},
                          lambda status, headers: said.append(status))
status = pay.advance(view["payment_id"], 0)["status"]
print("fine" if (said, answer, status) == (["200 -"], [b"success"], "paid") else (said, answer, status))
