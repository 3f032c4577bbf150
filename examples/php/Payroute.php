<?php
/* The engine of libpayroute-host for PHP: what of its interface a shop needs daily, over the generated declarations.

   Command line: PAYROUTE_FFI in the environment names the folder of the declarations. PHP-FPM: PHP's default
   (ffi.enable=preload) lets preloaded code alone use FFI, so php.ini names this file and the declarations, which
   are then read once, before the workers are forked:
       ffi.preload=/usr/share/payroute/ffi/payroute-host.php.h
       opcache.preload=/srv/shop/Payroute.php
       opcache.preload_user=www-data
   An object a request is cheap: the worker keeps the engine open and finds it again by the same two texts, also
   after a request that died. */
declare(strict_types=1);

final class Payroute
{
    private static ?FFI $ffi = null;
    private FFI\CData $engine;

    /** Every problem of the configuration, with path and value, is in the exception. */
    public function __construct(string $config, array $options)
    {
        $options = json_encode($options);
        self::$ffi ??= PHP_SAPI === 'cli' ? FFI::load(self::declarations()) : FFI::scope('payroute-host');
        $engine = self::$ffi->new('payroute_engine *');
        $why = self::$ffi->new('char[2048]');
        $rc = self::$ffi->payroute_engine_open(FFI::addr($engine), $config, strlen($config), $options,
            strlen($options), $why, 2048);
        if ($rc !== 0) {
            throw new RuntimeException(FFI::string($why) ?: self::$ffi->payroute_rc_text($rc), $rc);
        }
        $this->engine = $engine;
    }

    private static function declarations(): string
    {
        return (getenv('PAYROUTE_FFI') ?: __DIR__ . '/../../build/release/ffi') . '/payroute-host.php.h';
    }

    /** Not at the end of a web request: the next one would pay a millisecond and more for opening it anew. */
    public function close(): void
    {
        self::$ffi->payroute_engine_close($this->engine);
        unset($this->engine);
    }

    private function result(): array
    {
        return json_decode(self::$ffi->payroute_engine_result($this->engine, null), true);
    }

    private function checked(int $rc): array
    {
        $result = $this->result();
        if ($rc !== 0) {
            throw new RuntimeException(self::$ffi->payroute_rc_name($rc) . ': ' . ($result['error']['why'] ?? ''), $rc);
        }
        return $result;
    }

    /** Safe to call again: the same order is the same payment. */
    public function create(array $order, int $budget_ms): array
    {
        $id = self::$ffi->new('int64_t');
        $spec = json_encode($order);
        return $this->checked(
            self::$ffi->payroute_engine_create($this->engine, $spec, strlen($spec), $budget_ms, FFI::addr($id)));
    }

    public function advance(int $payment_id, int $budget_ms): array
    {
        return $this->checked(self::$ffi->payroute_engine_advance($this->engine, $payment_id, $budget_ms));
    }

    /** No exception: the result's "ack" is the answer to the provider whatever became of it. */
    public function notify(string $channel, string $method, string $query, string $headers, string $body): array
    {
        self::$ffi->payroute_engine_notify($this->engine, $channel, $method, $query, strlen($query), $headers,
            strlen($headers), $body, strlen($body));
        return $this->result();
    }

    public function sweep(int $budget_ms): array
    {
        return $this->checked(self::$ffi->payroute_engine_sweep($this->engine, $budget_ms));
    }

    public function events(int $limit): array
    {
        return $this->checked(self::$ffi->payroute_engine_events($this->engine, $limit))['events'];
    }

    public function ack(string ...$event_ids): void
    {
        $ids = json_encode($event_ids);
        $this->checked(self::$ffi->payroute_engine_event_ack($this->engine, $ids, strlen($ids)));
    }
}
