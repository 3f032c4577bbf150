# What the shell blocks of the pages are played before (<!-- test: … -->): customer and provider, by the sandbox.

shown() { # order: what its customer has before him
    payroute show --order "$1" --json | sed -n 's/.*"show":{"kind":"[a-z_]*","text":"\([^"]*\)".*/\1/p'
}

# The customer pays; body and headers.txt are what the provider sends then.
customer_pays() { # order, account
    world post /_customer "{\"qr\":\"$(shown "$1")\",\"act\":\"pay\"}"
    world note "$2"
}
