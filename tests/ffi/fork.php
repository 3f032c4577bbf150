<?php
/* Fork in PHP: the child's calls on its parent's engine are refused, and it may open its own, over the same texts. */
declare(strict_types=1);
require getenv('EXAMPLES') . '/php/Payroute.php';
[, $channels, $store, $order_id] = $argv;
$config = file_get_contents($channels);
$options = ['store' => "sqlite:$store"];
$order = ['order_id' => $order_id, 'amount_minor' => 1250, 'currency' => 'CNY', 'method' => 'alipay', 'flow' => 'qr'];
$pay = new Payroute($config, $options);
$id = $pay->create($order, 0)['payment_id'];
$child = pcntl_fork();
if ($child === 0) {
    try {
        $pay->advance($id, 0);
        exit(3);
    } catch (RuntimeException $e) {
        if ($e->getCode() !== -8) {
            exit(4);
        }
    }
    $own = new Payroute($config, $options);
    exit($own->advance($id, 0)['payment_id'] === $id && $own->create($order, 0)['payment_id'] === $id ? 0 : 5);
}
pcntl_waitpid($child, $status);
echo 'child ', pcntl_wexitstatus($status), ', parent ', $pay->advance($id, 0)['status'], "\n";
