#!/bin/sh
# Starts nginx in its container: finds nodes in the way that this nginx can, and switches HTTPS on
# when a certificate was given. HTTPS_PORT is the port under which others reach 443.
set -eu
own=/etc/nginx/chatroom
made=/tmp/chatroom-made
mkdir -p "$made"
rm -f "$made"/*.conf

version=$(nginx -v 2>&1 | sed 's|.*nginx/\([0-9.]*\).*|\1|')
oldest=$(printf '%s\n' 1.27.3 "$version" | sort -V | head -n 1)
if [ "$oldest" = 1.27.3 ]; then
    cp "$own/nodes-groups.conf" "$made/nodes.conf"
else
    cp "$own/nodes-names.conf" "$made/nodes.conf"
fi

if [ -s /etc/nginx/tls/cert.pem ] && [ -s /etc/nginx/tls/key.pem ]; then
    port=:${HTTPS_PORT:-443}
    cp "$own/tls.conf" "$made/tls.conf"
    sed "s/:443/${port%:443}/" "$own/redirect.conf" >"$made/redirect.conf"
    echo "HTTPS is on" >&2
else
    echo "HTTPS is off: put cert.pem and key.pem into deploy/tls, or run make cert to try" >&2
fi
exec nginx -g 'daemon off;' "$@"
