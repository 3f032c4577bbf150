-- The loop of examples/loop.c in LuaJIT, raw: the declarations as they stand. The runner is the world: it reads the
-- code that is shown and writes the notification as one line, channel TAB headers TAB body.
local ffi = require("ffi")
ffi.cdef(assert(io.open(os.getenv("PAYROUTE_FFI") .. "/payroute-host.cdef.h")):read("*a"))
local pay = ffi.load("libpayroute-host.so.0")
local channels, store, order_id = arg[1], arg[2], arg[3]
local config = assert(io.open(channels, "rb")):read("*a")
local options = ('{"store":"sqlite:%s"}'):format(store)
local out, why = ffi.new("payroute_engine *[1]"), ffi.new("char[512]")
if pay.payroute_engine_open(out, config, #config, options, #options, why, 512) ~= pay.PAYROUTE_OK then
    error(ffi.string(why))
end
local engine = ffi.gc(out[0], pay.payroute_engine_close)

local function result(rc)
    if rc ~= pay.PAYROUTE_OK then error(ffi.string(pay.payroute_rc_name(rc))) end
    return ffi.string(pay.payroute_engine_result(engine, nil))
end
-- A shop takes a JSON library; for four members a pattern will do.
local function member(json, name) return json:match('"' .. name .. '":"?([^",}]*)') end

local payment = ffi.new("int64_t[1]")
local order = ('{"order_id":"%s","amount_minor":1250,"currency":"CNY","method":"alipay","flow":"qr"}'):format(order_id)
local show = result(pay.payroute_engine_create(engine, order, #order, 10000, payment)):match('"show":(%b{})')
local qr = member(show, "text")
print("qr " .. qr)
io.stdout:flush()
print(("show    %.22s"):format(qr))
local channel, headers, body = io.read("*l"):match("^(.-)\t(.-)\t(.*)$")
headers = headers .. "\r\n"
local ack = result(pay.payroute_engine_notify(engine, channel, "POST", nil, 0, headers, #headers, body, #body))
ack = ack:match('"ack":(%b{})')
print(("notify  %s: %s %s"):format(channel, member(ack, "status"), member(ack, "body")))
local view = result(pay.payroute_engine_advance(engine, payment[0], 3000))
print(("status  %s %s"):format(member(view, "status"), member(view, "captured_minor")))
for event in result(pay.payroute_engine_events(engine, 100)):gmatch('{"id".-}') do
    print(("event   %s, order %s"):format(member(event, "kind"), member(event, "order_id")))
    local ids = ('["%s"]'):format(member(event, "id"))
    result(pay.payroute_engine_event_ack(engine, ids, #ids))
end
