"""PHP-FPM as a process, and as much of FastCGI as asks it for a page (the web server's part)."""
import glob
import json
import os
import shutil
import socket
import struct
import subprocess
import time

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = 1, 2, 3, 4, 5, 6, 7


def program():
    found = shutil.which("php-fpm") or (sorted(glob.glob("/usr/sbin/php-fpm*")) or [None])[-1]
    return found


def record(kind, data=b""):
    return struct.pack("!BBHHBx", 1, kind, 1, len(data), 0) + data


def pair(name, value):
    name, value = name.encode(), value.encode()
    return struct.pack("!II", len(name) | 1 << 31, len(value) | 1 << 31) + name + value


class Fpm:
    def __init__(self, folder, script, environment, settings, user=None, pool_user=None):
        """`settings` are php.ini's; `user` runs the master, `pool_user` the workers of a master that is root."""
        self.socket, self.script = os.path.join(folder, "fpm.sock"), script
        self.log = os.path.join(folder, "fpm.log")
        conf = os.path.join(folder, "fpm.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write("[global]\ndaemonize = no\nerror_log = %s\n[shop]\nlisten = %s\npm = static\n"
                       "pm.max_children = 2\nclear_env = no\ncatch_workers_output = yes\n" % (self.log, self.socket))
            if pool_user:
                file.write("user = %s\n" % pool_user)
        command = [program(), "-F", "-O", "-y", conf]
        for name, value in settings.items():
            command += ["-d", "%s=%s" % (name, value)]
        self.said = open(os.path.join(folder, "fpm.out"), "wb")
        self.process = subprocess.Popen(command, env=environment, stdout=self.said, stderr=self.said, user=user,
                                        extra_groups=[] if user else None)
        until = time.monotonic() + 20
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                with open(self.said.name, encoding="utf-8") as said:
                    raise RuntimeError("php-fpm does not start: " + said.read()[-2000:])
            time.sleep(0.01)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.socket) == 0

    def raw(self, query, body=None, kind="application/x-www-form-urlencoded"):
        """The page with its headers; empty when the worker died of it."""
        params = {"SCRIPT_FILENAME": self.script, "REQUEST_METHOD": "GET" if body is None else "POST",
                  "QUERY_STRING": query, "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body or b""))}
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(self.socket)
            text = b"".join(pair(*item) for item in params.items())
            s.sendall(record(BEGIN, struct.pack("!HB5x", 1, 0)) + record(PARAMS, text) + record(PARAMS) +
                      (record(STDIN, body) if body else b"") + record(STDIN))
            page, stream = b"", s.makefile("rb")
            while True:
                try:
                    head = stream.read(8)
                except ConnectionResetError:
                    return ""
                if len(head) < 8:
                    return page.decode()
                _, kind, _, length, padding = struct.unpack("!BBHHBx", head)
                data = stream.read(length + padding)[:length]
                if kind == STDOUT:
                    page += data
                elif kind == END:
                    return page.decode()

    def page(self, query, body=None, kind="application/x-www-form-urlencoded"):
        text = self.raw(query, body, kind)
        try:
            return json.loads(text.partition("\r\n\r\n")[2])
        except ValueError as error:
            raise AssertionError("%s answers: %s" % (query, text)) from error

    def workers(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid), encoding="utf-8") as children:
            return [int(pid) for pid in children.read().split()]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.said.close()
