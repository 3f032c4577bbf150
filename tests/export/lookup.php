<?php
/* JSON lines of questions in, JSON lines of answers out, by the exported catalogue. Usage: lookup.php CATALOG.php
   A question {"text": reason, "audience": ..., "locale": ...} asks for words. */
error_reporting(E_ALL);
set_error_handler(static function (int $level, string $text, string $file, int $line): bool {
    fwrite(STDERR, "$file:$line: $text\n");
    exit(1);
});
$data = require $argv[1];
$catalog = new PayrouteCatalog($data);
$out = '';
while (($line = fgets(STDIN)) !== false) {
    $q = json_decode($line, true, 32, JSON_THROW_ON_ERROR);
    $a = isset($q['text']) ? $catalog->text($q['text'], $q['audience'], $q['locale']) : $catalog->lookup($q);
    $out .= json_encode($a, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR) . "\n";
}
echo $out;
