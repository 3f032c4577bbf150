<?php
/* One payment as a shop takes it: create, show the QR code, hand in the notification, deliver once. The same loop is
   in ../loop.c and ../python/loop.py. On the other side stands the sandbox, which plays Alipay and the customer:

       make && export LD_LIBRARY_PATH=build/release
       build/release/payroute-sandbox --dir /tmp/sandbox --port 8900 &
       php examples/php/loop.php /tmp/sandbox/channels.json /tmp/payments.db http://127.0.0.1:8900 1001 */
declare(strict_types=1);
require __DIR__ . '/Payroute.php';

if ($argc !== 5) {
    exit("usage: loop.php CHANNELS.json STORE SANDBOX-URL ORDER\n");
}
[, $channels, $store, $sandbox, $order_id] = $argv;
$pay = new Payroute(file_get_contents($channels), ['store' => "sqlite:$store"]);

/* ---- the shop: checkout ---- */
$view = $pay->create(['order_id' => $order_id, 'amount_minor' => 1250, 'currency' => 'CNY', 'method' => 'alipay',
                      'flow' => 'qr'], 10000);
$qr = $view['show']['text'] ?? exit("nothing to show: {$view['status']}\n"); /* for the customer */
printf("show    %.22s\n", $qr);

/* ---- the world: customer and provider, by the sandbox ---- */
$call = fn(string $path, array $http = []): array =>
    json_decode(file_get_contents($sandbox . $path, false, stream_context_create(['http' => $http])), true);
$call('/_customer', ['method' => 'POST', 'header' => 'Content-Type: application/json',
                     'content' => json_encode(['qr' => $qr, 'act' => 'pay'])]);
$notifications = $call('/_outbox?take=1');

/* ---- the shop: its notify address. The answer goes back to the provider whatever came of it ---- */
foreach ($notifications as $n) {
    $headers = 'Content-Type: ' . $n['headers']['Content-Type'] . "\r\n";
    $ack = $pay->notify($n['channel'], $n['method'], '', $headers, $n['body'])['ack'];
    printf("notify  %s: %s %s\n", $n['channel'], $ack['status'], $ack['body']);
}

/* The customer's page asks; so would cron, for all payments, with sweep. */
$view = $pay->advance($view['payment_id'], 3000);
printf("status  %s %s\n", $view['status'], $view['captured_minor']);

/* Events come again until acknowledged: first the goods, by one conditional update of the shop's own order. */
foreach ($pay->events(100) as $event) {
    printf("event   %s, order %s\n", $event['kind'], $event['order_id']);
    $pay->ack($event['id']);
}
$pay->close();
exit($view['status'] === 'paid' ? 0 : 1);
