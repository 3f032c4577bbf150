<?php
/* What surrounds the README's PHP: a page whose customer pays at once, and the web server that hands the
   notification in. */
$config = file_get_contents(getenv('CHANNELS'));
$store = getenv('STORE');

function call(string $path, array $http = []): array
{
    return json_decode(file_get_contents(getenv('SANDBOX') . $path, false, stream_context_create(['http' => $http])), true);
}

function page(array $show): void
{
    global $headers, $body;
    call('/_customer', ['method' => 'POST', 'header' => 'Content-Type: application/json',
                        'content' => json_encode(['qr' => $show['text'], 'act' => 'pay'])]);
    $note = call('/_outbox?take=1')[0];
    $headers = 'Content-Type: ' . $note['headers']['Content-Type'] . "\r\n";
    $body = $note['body'];
}

function reply(array $ack): void
{
    echo $ack['body'];
}

function deliver(array $event): void
{
    echo ", then {$event['kind']}, order {$event['order_id']}";
}

require getenv('BLOCK');
