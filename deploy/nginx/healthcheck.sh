#!/bin/bash
# Exit code 0 when nginx answers and a node behind it is well. Neither curl nor wget is in every image.
exec 3<>/dev/tcp/127.0.0.1/80 || exit 1
printf 'GET /api/health HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 2 line <&3 && [[ $line == *' 200 '* ]]
