<?php
/* What surrounds the PHP of docs/zh-CN.md: pages that note what they show, a customer who pays, a web server that hands the
   notification in. */
require 'examples/php/Payroute.php';

$_SERVER['REMOTE_ADDR'] = '203.0.113.7';
$_SERVER['REQUEST_METHOD'] = 'POST';
$delivered = [];

function call(string $path, array $http = []): array
{
    return json_decode(file_get_contents(getenv('SANDBOX') . $path, false, stream_context_create(['http' => $http])), true);
}

function show_qr(string $text): void
{
    call('/_customer', ['method' => 'POST', 'header' => 'Content-Type: application/json',
                        'content' => json_encode(['qr' => $text, 'act' => 'pay'])]);
    $notes = call('/_outbox?take=1&account=ali-main');
    $GLOBALS['note'] = end($notes);
    stream_wrapper_unregister('php');
    stream_wrapper_register('php', 'Input');
}

function show_text(string $text): void
{
    exit("nothing to show: $text\n");
}

function deliver_once(string $order_id): void
{
    $GLOBALS['delivered'][] = $order_id;
}

function getallheaders(): array
{
    return $GLOBALS['note']['headers'];
}

require __DIR__ . '/input.php';
ob_start();
eval(substr(file_get_contents(getenv('BLOCK')), strlen('<?php')));
stream_wrapper_restore('php');
$said = http_response_code() . ' ' . ob_get_clean() . ' ' . implode(' ', $delivered);
echo $said === '200 success 1001' ? "fine\n" : "$said\n";
