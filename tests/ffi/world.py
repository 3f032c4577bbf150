"""What is outside the shop: the sandbox as a process, its customer, its notifications, its books."""
import json
import os
import subprocess
import urllib.request

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class World:
    def __init__(self, program, folder):
        self.process = subprocess.Popen([program, "--dir", folder, "--port", "0", "--stdin-exit"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = "http://127.0.0.1:%d" % json.loads(self.process.stdout.readline())["port"]
        self.channels = os.path.join(folder, "channels.json")

    def call(self, path, body=None):
        with OPENER.open(self.url + path, json.dumps(body).encode() if body else None, timeout=20) as answer:
            return json.load(answer)

    def pay(self, qr):
        """The customer scans and pays; what the provider then posts to the notify address: (channel, headers, body)."""
        self.call("/_customer", {"qr": qr, "act": "pay"})
        return [(n["channel"], "Content-Type: %s\r\n" % n["headers"]["Content-Type"], n["body"])
                for n in self.call("/_outbox?take=1")]

    def books(self):
        return self.call("/_books")["totals"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(20)
