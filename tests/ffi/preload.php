<?php
/* opcache.preload of the runner's PHP-FPM: loads declarations and class before the workers are forked. With
   CARELESS it does what nobody should: opens an engine in the master, which every worker then inherits. */
if (ini_get('ffi.preload') === '') {
    $ffi = FFI::load(getenv('PAYROUTE_FFI') . '/payroute-host.php.h');
    if (getenv('CARELESS')) {
        $config = file_get_contents(getenv('CHANNELS'));
        $options = json_encode(['store' => 'sqlite:' . getenv('STORE')]);
        $engine = $ffi->new('payroute_engine *');
        $why = $ffi->new('char[512]');
        $rc = $ffi->payroute_engine_open(FFI::addr($engine), $config, strlen($config), $options, strlen($options),
            $why, 512);
        file_put_contents(getenv('CARELESS'), $rc . ' ' . $ffi->payroute_engine_advance($engine, 1, 0) . ' ' . getmypid());
    }
}
require getenv('EXAMPLES') . '/php/Payroute.php';
