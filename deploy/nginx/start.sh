#!/bin/sh
# Starts nginx in its container: switches HTTPS on when a certificate was given.
set -eu
mkdir -p /tmp/chatroom-tls
rm -f /tmp/chatroom-tls/*.conf
if [ -s /etc/nginx/tls/cert.pem ] && [ -s /etc/nginx/tls/key.pem ]; then
    cp /etc/nginx/chatroom/tls-server.conf /tmp/chatroom-tls/server.conf
    cp /etc/nginx/chatroom/redirect.conf /tmp/chatroom-tls/redirect.conf
    echo "HTTPS is on" >&2
else
    echo "HTTPS is off: put cert.pem and key.pem into deploy/tls, or run make cert to try" >&2
fi
exec nginx -g 'daemon off;'
