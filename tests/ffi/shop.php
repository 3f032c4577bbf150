<?php
/* A shop's pages under PHP-FPM, each request on its own: what it did is told as JSON, with what the library cost. */
declare(strict_types=1);
parse_str($_SERVER['QUERY_STRING'], $ask);
if ($ask['page'] === 'empty') {
    exit('{}');
}
if ($ask['page'] === 'bare') { /* code that was not preloaded may not load anything */
    try {
        FFI::load(getenv('PAYROUTE_FFI') . '/payroute-host.php.h');
        exit('{"refused":false}');
    } catch (FFI\Exception $e) {
        exit('{"refused":true}');
    }
}
$begun = hrtime(true);
$pay = new Payroute(file_get_contents(getenv('CHANNELS')), ['store' => 'sqlite:' . getenv('STORE')]);
$opened = hrtime(true);
$answer = [];
switch ($ask['page']) {
    case 'checkout':
        $answer = $pay->create(['order_id' => $ask['order'], 'amount_minor' => 1250, 'currency' => 'CNY',
                                'method' => 'alipay', 'flow' => 'qr'], 10000);
        break;
    case 'notify':
        $answer = $pay->notify($ask['channel'], $_SERVER['REQUEST_METHOD'], '',
            'Content-Type: ' . $_SERVER['CONTENT_TYPE'] . "\r\n", file_get_contents('php://input'));
        break;
    case 'status':
        $answer = $pay->advance((int)$ask['payment'], (int)($ask['budget'] ?? 0));
        break;
    case 'deliver':
        $answer['events'] = $pay->events(100);
        foreach ($answer['events'] as $event) {
            $pay->ack($event['id']);
        }
        break;
    case 'die':
        ini_set('memory_limit', '4M');
        $answer['x'] = str_repeat('x', 64 << 20);
}
$answer['pid'] = getmypid();
$answer['files'] = count(scandir('/proc/self/fd'));
$answer['open_us'] = ($opened - $begun) / 1000;
$answer['page_us'] = (hrtime(true) - $begun) / 1000;
echo json_encode($answer);
