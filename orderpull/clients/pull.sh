#!/bin/sh
# Prints the orders that changed since a moment: ORDER_PULL_KEY=... sh pull.sh 20260322090000
set -eu
address="${ORDER_PULL_ADDRESS:-https://backoffice.example}"
shop="12345"
change_time="$1"

rpc_id=$(curl -fsS "$address/RPC/id?shop=$shop" | sed -n 's:.*<rpc_id>\([0-9]*\)</rpc_id>.*:\1:p')
pk=$(printf '%s' "$shop$change_time$rpc_id$ORDER_PULL_KEY" | sha1sum | cut -d ' ' -f 1)
curl -fsS --compressed "$address/RPC/orders/list?shop=$shop&pk=$pk&change_time=$change_time&rpc_id=$rpc_id"
