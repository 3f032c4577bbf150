"""Fork in Python: the child's calls on its parent's engine are refused, and it may open its own, over the same texts."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["EXAMPLES"], "python"))
import payroute  # noqa: E402

channels, store, order_id = sys.argv[1:]
with open(channels, "rb") as file:
    config = file.read()
options = {"store": "sqlite:" + store}
order = {"order_id": order_id, "amount_minor": 1250, "currency": "CNY", "method": "alipay", "flow": "qr"}
pay = payroute.Engine(config, options)
number = pay.create(order, 0)["payment_id"]
child = os.fork()
if child == 0:
    try:
        pay.advance(number, 0)
        os._exit(3)
    except payroute.Error as error:
        if error.args[0] != -8:
            os._exit(4)
    own = payroute.Engine(config, options)
    os._exit(0 if own.create(order, 0)["payment_id"] == number else 5)
status = os.waitpid(child, 0)[1]
print("child %d, parent %s" % (os.waitstatus_to_exitcode(status), pay.advance(number, 0)["status"]))
