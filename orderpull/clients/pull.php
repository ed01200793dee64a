<?php
// Prints id, status and total of the orders that changed since a moment, and the moment to ask for next time:
// ORDER_PULL_KEY=... php pull.php 20260322090000
$address = getenv('ORDER_PULL_ADDRESS') ?: 'https://backoffice.example';
$shop = "12345";
$key = getenv('ORDER_PULL_KEY');
$changeTime = $argv[1];

function get(string $url): string
{
    $answer = file_get_contents($url);
    if ($answer === false) {
        fwrite(STDERR, "The call was refused; the call log of the shop says why.\n");
        exit(1);
    }
    return $answer;
}

$document = new DOMDocument();
$document->loadXML(get("$address/RPC/id?shop=$shop"));
$rpcId = $document->documentElement->firstChild->nodeValue;

$pk = sha1($shop . $changeTime . $rpcId . $key);
$query = http_build_query(['shop' => $shop, 'pk' => $pk, 'change_time' => $changeTime, 'rpc_id' => $rpcId]);
$document->loadXML(get("$address/RPC/orders/list?$query"), LIBXML_NONET);

foreach ($document->documentElement->getElementsByTagName('order') as $order) {
    if ($order->getAttribute('deleted') === 'yes') {
        echo $order->getAttribute('id'), " deleted\n";
        continue;
    }
    $status = $order->getElementsByTagName('fulfilment')->item(0)->getAttribute('status');
    $totals = $order->getElementsByTagName('totals')->item(0);
    $total = $totals->getElementsByTagName('incl')->item(0)->nodeValue;
    echo $order->getAttribute('id'), " $status $total ", $totals->getAttribute('currency'), "\n";
}
echo 'next ', $document->documentElement->getAttribute('next_change_time'), "\n";
