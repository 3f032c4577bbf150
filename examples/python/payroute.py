"""The engine of libpayroute-host for Python: what of its interface a shop needs daily. It needs no package, only
ctypes, which is told by the generated declarations what each call takes. PAYROUTE_FFI in the environment
names their folder. (cffi reads them as they stand.)"""
import ctypes
import json
import os
import re

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
    """Without its types ctypes would cut pointers to 32 bits; the declarations are so plain that a pattern reads them."""
    lib = ctypes.CDLL(library)
    with open(declarations, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    for result, name, parameters in re.findall(r"^(\w[\w *]*?)(payroute_\w+)\(([^)]*)\);", text, re.M):
        function = getattr(lib, name)
        function.restype = kind(result)
        function.argtypes = [kind(p) for p in parameters.split(",") if p != "void"]
    return lib


class Error(Exception):
    """args: the result code, its name, why."""


class Engine:
    lib = None

    def __init__(self, config, options):
        """`config` is the JSON of the channels as bytes; every problem of it, with path and value, is in the Error."""
        if Engine.lib is None:
            folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/release/ffi")
            Engine.lib = load(os.path.join(os.environ.get("PAYROUTE_FFI", folder), "payroute-host.cdef.h"),
                              "libpayroute-host.so.0")
        self.engine = ctypes.c_void_p()
        options = json.dumps(options).encode()
        why = ctypes.create_string_buffer(2048)
        rc = self.lib.payroute_engine_open(ctypes.byref(self.engine), config, len(config), options, len(options),
                                           why, len(why))
        if rc != 0:
            raise Error(rc, self.lib.payroute_rc_name(rc).decode(), why.value.decode())

    def close(self):
        self.lib.payroute_engine_close(self.engine)
        self.engine = ctypes.c_void_p()

    def result(self):
        return json.loads(self.lib.payroute_engine_result(self.engine, None))

    def checked(self, rc):
        result = self.result()
        if rc != 0:
            raise Error(rc, self.lib.payroute_rc_name(rc).decode(), result.get("error", {}).get("why"))
        return result

    def create(self, order, budget_ms):
        """Safe to call again: the same order is the same payment."""
        spec = json.dumps(order).encode()
        number = ctypes.c_int64()
        return self.checked(self.lib.payroute_engine_create(self.engine, spec, len(spec), budget_ms,
                                                            ctypes.byref(number)))

    def advance(self, payment_id, budget_ms):
        return self.checked(self.lib.payroute_engine_advance(self.engine, payment_id, budget_ms))

    def notify(self, channel, method, query, headers, body):
        """All bytes. No Error: the result's "ack" is the answer to the provider whatever became of it."""
        self.lib.payroute_engine_notify(self.engine, channel, method, query, len(query), headers, len(headers),
                                        body, len(body))
        return self.result()

    def sweep(self, budget_ms):
        return self.checked(self.lib.payroute_engine_sweep(self.engine, budget_ms))

    def events(self, limit):
        return self.checked(self.lib.payroute_engine_events(self.engine, limit))["events"]

    def ack(self, *event_ids):
        ids = json.dumps(event_ids).encode()
        self.checked(self.lib.payroute_engine_event_ack(self.engine, ids, len(ids)))
