<?php
/* One payment as a shop takes it: create, show the QR code, hand in the notification, deliver once. The same loop is
   in ../loop.c and ../python/loop.py. On the other side stands the sandbox, which plays Alipay and the customer:

       make && export LD_LIBRARY_PATH=build/release
       build/release/payroute-sandbox --dir /tmp/sandbox --port 8900 &
       php examples/php/loop.php /tmp/sandbox/channels.json /tmp/payments.db http://127.0.0.1:8900 1001 */
declare(strict_types=1);

if ($argc !== 5) {
    exit("usage: loop.php CHANNELS.json STORE SANDBOX-URL ORDER\n");
}
[, $channels, $store, $sandbox, $order_id] = $argv;

/* Under PHP-FPM the text is loaded once, before the workers are forked (ffi.preload), and this line is
   FFI::scope('payroute-host'). */
$pay = FFI::load((getenv('PAYROUTE_FFI') ?: __DIR__ . '/../../build/release/ffi') . '/payroute-host.php.h');

$config = file_get_contents($channels);
$options = json_encode(['store' => "sqlite:$store"]);
$out = $pay->new('payroute_engine *');
$why = $pay->new('char[512]');
if ($pay->payroute_engine_open(FFI::addr($out), $config, strlen($config), $options, strlen($options), $why, 512)) {
    exit(FFI::string($why) . "\n");
}
$engine = $out;

/* Each call leaves its result behind as JSON. */
$result = fn(): array => json_decode($pay->payroute_engine_result($engine, null), true);
$check = function (int $rc) use ($pay, $result): array {
    if ($rc !== 0) {
        throw new Exception($pay->payroute_rc_name($rc) . ': ' . json_encode($result()));
    }
    return $result();
};

/* ---- the shop: checkout ---- */
$id = $pay->new('int64_t');
$order = json_encode(['order_id' => $order_id, 'amount_minor' => 1250, 'currency' => 'CNY', 'method' => 'alipay',
                      'flow' => 'qr']);
$view = $check($pay->payroute_engine_create($engine, $order, strlen($order), 10000, FFI::addr($id)));
$qr = $view['show']['text']; /* for the customer */
printf("show    %.22s\n", $qr);

/* ---- the world: customer and provider, by the sandbox ---- */
$call = fn(string $path, array $http = []): array =>
    json_decode(file_get_contents($sandbox . $path, false, stream_context_create(['http' => $http])), true);
$call('/_customer', ['method' => 'POST', 'header' => 'Content-Type: application/json',
                     'content' => json_encode(['qr' => $qr, 'act' => 'pay'])]);
$notifications = $call('/_outbox?take=1');

/* ---- the shop: its notify address. The answer goes back to the provider whatever the call returned ---- */
foreach ($notifications as $n) {
    $headers = 'Content-Type: ' . $n['headers']['Content-Type'] . "\r\n";
    $pay->payroute_engine_notify($engine, $n['channel'], $n['method'], '', 0, $headers, strlen($headers),
        $n['body'], strlen($n['body']));
    $ack = $result()['ack'];
    printf("notify  %s: %s %s\n", $n['channel'], $ack['status'], $ack['body']);
}

/* The customer's page asks; so would cron, for all payments, with payroute_engine_sweep. */
$view = $check($pay->payroute_engine_advance($engine, $id->cdata, 3000));
printf("status  %s %s\n", $view['status'], $view['captured_minor']);

/* Events come again until acknowledged: first the goods, by one conditional update of the shop's own order. */
foreach ($check($pay->payroute_engine_events($engine, 100))['events'] as $event) {
    printf("event   %s, order %s\n", $event['kind'], $event['order_id']);
    $ids = json_encode([$event['id']]);
    $check($pay->payroute_engine_event_ack($engine, $ids, strlen($ids)));
}
$pay->payroute_engine_close($engine);
exit($view['status'] === 'paid' ? 0 : 1);
