<?php
/* What surrounds the PHP of docs/integrating.md: a payment that is paid, and a web server that hands its notification in. */
require 'examples/php/Payroute.php';

function call(string $path, array $http = []): array
{
    return json_decode(file_get_contents(getenv('SANDBOX') . $path, false, stream_context_create(['http' => $http])), true);
}

$shop = new Payroute(file_get_contents(getenv('CHANNELS')), ['store' => 'sqlite:' . getenv('STORE')]);
$view = $shop->create(['order_id' => '2001', 'amount_minor' => 1250, 'currency' => 'CNY', 'method' => 'alipay'], 10000);
call('/_customer', ['method' => 'POST', 'header' => 'Content-Type: application/json',
                    'content' => json_encode(['qr' => $view['show']['text'], 'act' => 'pay'])]);
$notes = call('/_outbox?take=1');
$note = end($notes); /* the newest: others may be left from before */
$channel = $note['channel'];
$_SERVER['REQUEST_METHOD'] = $note['method'];

function getallheaders(): array
{
    return $GLOBALS['note']['headers'];
}

require __DIR__ . '/input.php';
ob_start();
$code = substr(file_get_contents(getenv('BLOCK')), strlen('<?php'));
stream_wrapper_unregister('php');
stream_wrapper_register('php', 'Input');
eval($code);
stream_wrapper_restore('php');
$said = http_response_code() . ' ' . ob_get_clean();
$view = $shop->advance($view['payment_id'], 0);
echo $said === '200 success' && $view['status'] === 'paid' ? "fine\n" : "$said {$view['status']}\n";
