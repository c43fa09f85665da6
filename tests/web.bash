# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# web.bash - a web server, and nbdkit to read from it.

PATH=$PATH:/usr/sbin

web_can() {
	command -v nbdkit >/dev/null && command -v nginx >/dev/null
}

# web_start DIR: as $url, of the files in DIR/www, which $url/slow has at a byte a second;
# DIR/access.log says what was read of them
web_start() {
	local dir=$1 port
	port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	mkdir "$dir/www"
	cat >"$dir/nginx.conf" <<-END
		daemon on;
		user root;
		pid $dir/nginx.pid;
		error_log $dir/error.log;
		events { }
		http {
			log_format bytes '\$request_method \$status \$body_bytes_sent';
			access_log $dir/access.log bytes;
			server {
				listen 127.0.0.1:$port;
				root $dir/www;
				location /slow/ {
					alias $dir/www/;
					limit_rate 1;
					limit_rate_after 1k;
				}
			}
		}
	END
	[ "$(id -u)" -eq 0 ] || sed -i /user/d "$dir/nginx.conf"
	nginx -e "$dir/error.log" -c "$dir/nginx.conf"
	export url=http://127.0.0.1:$port
}

web_stop() { # DIR
	[ ! -e "$1/nginx.pid" ] || kill "$(cat "$1/nginx.pid")"
}
