# dockeraudit's collector: reads one Docker host, writes only to its standard output.
# shellcheck shell=sh
#
# The controller sends this text to `sh` on standard input, after a line `N=<hex>` (the nonce of
# this run) and, in a second round, `X='<paths, one a line>'`. Everything is a function and the
# last line calls main, so a text cut short does nothing. No child reads standard input, no
# here-document is used (bash keeps them in temporary files), nothing is written, and only
# programs of the PATH below are run.
#
# Output: `@NONCE kind argument` opens a frame; the lines below it begin with `|` and are the
# frame's body once they are joined by newlines. So nothing a host's files, processes or labels
# say can look like a header, and a missing last newline survives. In arguments `\n` and `\\`
# stand for newline and backslash.
#
# Secrets stay here: see `secret()` and what uses it, and pem_awk().

LF='
'

# ---- output ------------------------------------------------------------------------------------

# Sets E to $1 with backslash and newline escaped; no fork.
esc() {
	E=$1
	case $E in *\\* | *"$LF"*) ;; *) return 0 ;; esac
	er=$E E=
	while :; do
		case $er in
			*\\* | *"$LF"*) ;;
			*) break ;;
		esac
		ep=${er%%[\\"$LF"]*}
		er=${er#"$ep"}
		case $er in
			\\*) E=$E$ep\\\\ ;;
			*) E=$E$ep\\n ;;
		esac
		er=${er#?}
	done
	E=$E$er
}

# frame KIND [ARGUMENT]
frame() {
	if [ $# -gt 1 ]; then
		esc "$2"
		printf '@%s %s %s\n' "$N" "$1" "$E"
	else
		printf '@%s %s\n' "$N" "$1"
	fi
}

note() { frame note "$1"; }

# body TEXT: each line of it, prefixed; no fork.
body() {
	bi=$IFS
	IFS=$LF
	for bl in $1; do printf '|%s\n' "$bl"; done
	IFS=$bi
}

# A small file, prefixed; no fork, NUL bytes are lost.
small() {
	while IFS= read -r sl || [ -n "$sl" ]; do printf '|%s\n' "$sl"; done <"$1"
}

# unread WHAT CODE PATH
unread() {
	esc "$3"
	printf '@%s unread %s %s %s\n' "$N" "$1" "$2" "$E"
}

have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command for 3 seconds at most, where there is a timeout to do that.
lim() {
	if [ $TIMEOUT = 1 ]; then timeout 3 "$@"; else "$@"; fi
}

# Whether SECONDS of the whole run's time are used up; /proc/uptime costs no fork.
late() {
	read -r lu lx </proc/uptime || return 1
	[ $((${lu%%.*} - BORN)) -ge "$1" ]
}

# ---- awk: what is a secret, and how it is masked -----------------------------------------------

# shellcheck disable=SC2016
MASK='
# Literal: busybox awk compiles a regular expression in a variable anew each time.
function telling(l) {
	return l ~ /token|passw|passphrase|pass$|pwd$|pass[-_=]|pwd=|secret|credential|bearer|cookie|auth|(api|access|private|unlock|signing|encryption)[-_]?key/
}
function secret(n) {
	n = tolower(n)
	return n !~ /^-*authorization-plugins?$/ && telling(n)
}
# ://user:password@ in any spelling, JSON-escaped slashes included. Up to the last @ of the word:
# a password may hold @ or / as well. unix:///a@b stays, as no user name begins with a slash.
function urls(s,   o, m) {
	if (s !~ /@/) return s
	o = ""
	while (match(s, /:\\?\/\\?\/[^\/ \t\r\n"\047\\][^ \t\r\n"\047]*@/)) {
		m = substr(s, RSTART, RLENGTH)
		o = o substr(s, 1, RSTART - 1) (m ~ /^:\\/ ? ":\\/\\/" : "://") "***@"
		s = substr(s, RSTART + RLENGTH)
	}
	return o s
}
# Takes one value off the front of REST, leaves what follows in REST, returns what stands for it.
function value(   q, i, c, o) {
	if (REST ~ /^\\["\047]/) {
		q = substr(REST, 1, 2)
		i = index(substr(REST, 3), q)
		REST = i ? substr(REST, i + 2) : ""
		return q "***"
	}
	q = substr(REST, 1, 1)
	if (q == "\"" || q == "\047") {
		for (i = 2; i <= length(REST); i++) {
			c = substr(REST, i, 1)
			if (c == "\\") i++
			else if (c == q) break
		}
		if (i > length(REST)) pend = 1
		o = REST ~ /\\$/ && i > length(REST) ? "\\" : ""
		REST = substr(REST, i)
		return q "***" o
	}
	match(REST, /^[^ \t"\047`]*/)
	o = "***"
	if (RLENGTH == length(REST) && REST ~ /\\$/) { pend = 1; o = "***\\" }
	REST = substr(REST, RLENGTH + 1)
	return o
}
# match() of a variable expression: of several places mawk 1.3.4 may take a later, longer one.
function first(s, expression,   at, size) {
	at = 0
	while (match(s, expression)) {
		at = RSTART
		size = RLENGTH
		if (at == 1) break
		s = substr(s, 1, at - 1)
	}
	RSTART = at
	RLENGTH = at ? size : -1
	return at
}
# `curl -u user:password`, `docker login -p password`: names of one letter.
function letters(s) {
	gsub(/[ \t](-u[ \t=]*|--user[ \t=]+)["\047]?[^ \t"\047:\/]+:[^ \t"\047]*/, " -u ***", s)
	if (s ~ /[ \t]login[ \t]/) gsub(/[ \t]-p[ \t=]*("[^"]*"|\047[^\047]*\047|[^ \t"\047]+)/, " -p ***", s)
	return s
}
# A line of options: values of secret names become ***. `pend` carries over a line that ends
# between a name and its value. Where LOOSE is set, a blank parts any name from its value.
function opts(s,   o, l, n, k) {
	s = urls(s)
	if (s ~ /[ \t](-[up]|--user[ \t=])/) s = letters(s)
	l = tolower(s)
	if (!pend && !telling(l)) return s
	o = ""
	if (pend) {
		match(s, /^[ \t]*/)
		o = substr(s, 1, RLENGTH)
		REST = substr(s, RLENGTH + 1)
		pend = 0
		o = o value()
		s = REST
		l = tolower(s)
	}
	while (first(l, NAMED)) {
		n = substr(l, RSTART, RLENGTH)
		o = o substr(s, 1, RSTART + RLENGTH - 1)
		s = substr(s, RSTART + RLENGTH)
		if (secret(n)) {
			# A scheme and its credential may stand there as two words.
			if (LOOSE && n ~ /auth|bearer|cookie/ && match(s, /^[ \t]+[^ \t"\047]/)) return o " ***"
			if (match(s, /^\\?["\047]?[ \t]*[=:][ \t]*/) || ((LOOSE || n ~ /^-/) && match(s, /^[ \t]+/) &&
				substr(s, RLENGTH + 1) !~ /^(-|\\?$)/)) {
				o = o substr(s, 1, RLENGTH)
				REST = substr(s, RLENGTH + 1)
				o = o value()
				s = REST
			} else if (n ~ /^-/ && s ~ /^[ \t]*\\?[ \t]*$/) pend = 1
		}
		l = tolower(s)
	}
	return o s
}
BEGIN {
	NAMED = "[-a-z0-9_.]*(token|passw|passphrase|pass|pwd|secret|credential|bearer|cookie|auth|" \
		"(api|access|private|unlock|signing|encryption)[-_]?key)[-a-z0-9_.]*"
	n = split("DOCKER_CERT_PATH DOCKER_CONFIG DOCKER_HOST DOCKER_TLS DOCKER_TLS_VERIFY DOCKER_OPTS " \
		"OPTIONS XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_DATA_HOME HOME LISTEN_FDS LISTEN_PID " \
		"LISTEN_FDNAMES SSL_CERT_FILE SSL_CERT_DIR DOCKER_MIN_API_VERSION INVOCATION_ID " \
		"DOCKERD_DEPRECATED_CORS_HEADER DOCKER_API_VERSION DOCKER_CONTEXT", w, " ")
	for (i = 1; i <= n; i++) KNOWN[w[i]] = 1
	n = split("DOCKERD DOCKERD_BINARY DOCKER_PIDFILE DOCKER_LOGFILE DOCKER_STORAGE_OPTIONS " \
		"DOCKER_NETWORK_OPTIONS ADD_REGISTRY BLOCK_REGISTRY INSECURE_REGISTRY", w, " ")
	for (i = 1; i <= n; i++) OPTION[w[i]] = 1
}
function known(n) { return n in KNOWN || n ~ /^DOCKERD_ROOTLESS/ }
function out(s) { gsub(/\n/, "\n|", s); printf "%s", s }
'

# Reads records (\001 KIND PATH \n CONTENT), writes frames.
# shellcheck disable=SC2016
TEXTS='
# JSON, valid or not: strings are cut at quotes, so that a value is masked wherever it stands.
function unicode(s,   o, h) {
	o = ""
	while (match(s, /\\u00[2-7][0-9A-Fa-f]/)) {
		h = tolower(substr(s, RSTART + 4, 2))
		o = o substr(s, 1, RSTART - 1) \
			sprintf("%c", index("01234567", substr(h, 1, 1)) * 16 - 16 + index("0123456789abcdef", substr(h, 2, 1)) - 1)
		s = substr(s, RSTART + RLENGTH)
	}
	return o s
}
# What stands between strings. In valid JSON that is punctuation, numbers, true, false, null;
# anything else makes the file invalid, and may be a secret in a comment: letters become `?`.
function between(s) {
	if (s ~ /[^] \t\r\n:,{}[0-9.eE+truefalsn-]/ || s ~ /[a-zA-Z][a-zA-Z][a-zA-Z][a-zA-Z][a-zA-Z][a-zA-Z]/) {
		gsub(/[A-Za-z0-9_]/, "?", s)
	} else if (veil && s ~ /[0-9]/) gsub(/[0-9][-+.0-9eE]*/, "0", s)
	return s
}
function depth(s,   up, down, c) {
	c = s; up = gsub(/[[{]/, "", c)
	c = s; down = gsub(/[]}]/, "", c)
	return up - down
}
function json(t, client,   n, a, i, s, k, nest, bad, before, veilone) {
	n = split(t, a, "\"")
	veil = 0; nest = 0; bad = 0; veilone = 0; before = ""
	s = a[1]
	k = ""
	if (substr(s, 1, 3) == "\357\273\277") { k = substr(s, 1, 3); s = substr(s, 4) }
	out(k between(s))
	for (i = 2; i <= n; i++) {
		s = a[i]
		while (i < n && match(s, /\\+$/) && RLENGTH % 2) { i++; s = s "\"" a[i] }
		if (bad || s ~ /\n/ || i == n) {
			# A string that runs over its line or never ends: no JSON from here on.
			bad = 1
			gsub(/[A-Za-z0-9_]/, "?", s)
			out("\"" s)
			if (i < n) { s = a[++i]; gsub(/[A-Za-z0-9_]/, "?", s); out("\"" s) }
			continue
		}
		i++
		k = a[i]
		if (k ~ /^[ \t\r\n]*:/) {
			out("\"" s "\"")
			if (!nest) {
				s = unicode(s)
				veil = client == 2 ? secret(s) && tolower(s) !~ /^authorization$/ : secret(s)
				if (client == 1 && tolower(s) == "httpheaders") veil = 1
				if (veil && k ~ /^[ \t\r\n]*:[ \t\r\n]*[[{]/) nest = 1
				if (nest) level = 0
			}
			before = ""
		} else {
			if (veil || veilone) s = s == "" ? "" : "***"
			else if (s ~ /\\u00(40|2[fF]|3[aA])/ && unicode(s) ~ /:\\?\/\\?\/.*@/) s = "***"
			else { pend = 0; s = opts(s) }
			veilone = pend
			if (a[i] ~ /^[ \t\r\n]*[]}]/) veilone = 0
			pend = 0
			out("\"" s "\"")
			if (!nest) veil = 0
		}
		if (nest) {
			level += depth(k)
			out(between(k))
			if (level <= 0) { nest = 0; veil = 0 }
		} else {
			out(between(k))
			if (k !~ /:[ \t\r\n]*$/) veil = 0
		}
	}
	veil = 0
}
# The names that lines starting a daemon expand: their values are its options.
function refers(s,   n) {
	while (match(s, /\$\{?[A-Za-z_][A-Za-z0-9_]*/)) {
		n = substr(s, RSTART + 1, RLENGTH - 1)
		sub(/^\{/, "", n)
		OPTION[n] = 1
		s = substr(s, RSTART + RLENGTH)
	}
}
function odd(s) { return match(s, /\\+$/) && RLENGTH % 2 }
# Whether a shell word list leaves a quote open.
function open(s,   i, c, q) {
	q = ""
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		if (c == "\\" && q != "\047") i++
		else if (q != "" && c == q) q = ""
		else if (q == "" && (c == "\"" || c == "\047")) q = c
	}
	return q != ""
}
# NAME=value words of an Environment= line; each judged by itself.
function words(s,   o, i, c, q, w) {
	o = ""; w = ""; q = ""
	for (i = 1; i <= length(s) + 1; i++) {
		c = substr(s, i, 1)
		if (c == "" || (q == "" && c ~ /[ \t]/)) {
			o = o word(w) c
			w = ""
			continue
		}
		if (c == "\\") { w = w c substr(s, ++i, 1); continue }
		if (q == "" && (c == "\"" || c == "\047")) q = c
		else if (q != "" && c == q) q = ""
		w = w c
	}
	return o
}
function word(w,   n, q) {
	if (w == "") return ""
	if (!match(w, /^["\047]?[A-Za-z_][A-Za-z0-9_]*=/)) return "***"
	q = substr(w, 1, 1)
	n = substr(w, 1, RLENGTH - 1)
	sub(/^["\047]/, "", n)
	if (known(n) || n in OPTION) { pend = 0; w = opts(w); pend = 0; return w }
	return (q == "\"" || q == "\047" ? q n "=***" q : n "=***")
}
function unit(t,   n, a, i, s, k, j) {
	n = split(t, a, "\n")
	# Which names the start lines expand has to be known before Environment= lines are masked.
	k = 0
	for (i = 1; i <= n; i++) {
		if (k || a[i] ~ /^[ \t]*Exec(Start|Reload|Condition)[A-Za-z]*[ \t]*=/) { refers(a[i]); k = odd(a[i]) }
	}
	k = 0; pend = 0
	for (i = 1; i <= n; i++) {
		s = a[i]
		if (i > 1) out("\n")
		if (s ~ /^[ \t]*[#;]/) { out(substr(s, 1, match(s, /[#;]/))); continue }
		if (!k && s ~ /^[ \t]*(Environment|SetCredential|SetCredentialEncrypted)[ \t]*=/) {
			j = i
			while (i < n && odd(s)) {
				sub(/\\$/, " ", s)
				s = s (a[++i] ~ /^[ \t]*[#;]/ ? "\\" : a[i])
			}
			match(s, /^[^=]*=/)
			k = substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
			out(k (k ~ /Environment/ ? words(s) : s == "" ? "" : "***"))
			for (; j < i; j++) out("\n#")
			k = 0
			continue
		}
		if (!k && s !~ /^[ \t]*(\[|$|[A-Za-z][A-Za-z0-9-]*[ \t]*=)/) { out("***"); continue }
		if (!k) pend = 0
		k = odd(s)
		out(opts(s))
	}
	pend = 0
}
# EnvironmentFile, /etc/default, /etc/sysconfig, conf.d (shell = 0), init scripts (shell = 1).
function env(t, shell,   n, a, i, s, k, name, head, j) {
	n = split(t, a, "\n")
	if (shell) for (i = 1; i <= n; i++)
		if (k || a[i] ~ /dockerd|DOCKERD|command_args/) { refers(a[i]); k = odd(a[i]) }
	pend = 0
	for (i = 1; i <= n; i++) {
		s = a[i]
		if (i > 1) out("\n")
		if (s ~ /^[ \t]*[#;]/) {
			# systemd goes on with a comment that ends in a backslash; so does this.
			out(substr(s, 1, match(s, /[#;]/)) (odd(s) ? "\\" : ""))
			continue
		}
		if (match(s, /^[ \t]*(export[ \t]+|readonly[ \t]+|local[ \t]+)?[A-Za-z_][A-Za-z0-9_]*\+?=/)) {
			head = substr(s, 1, RLENGTH)
			name = head
			sub(/\+?=$/, "", name)
			sub(/^.*[ \t]/, "", name)
			j = i
			s = substr(s, RLENGTH + 1)
			k = s
			while (i < n && (odd(k) || open(k))) k = (odd(k) ? substr(k, 1, length(k) - 1) : k "\n") a[++i]
			if (known(name) || name in OPTION || (shell && name == "command_args")) {
				pend = 0
				out(head opts(s))
				for (j++; j <= i; j++) out("\n" opts(a[j]))
				pend = 0
			} else {
				out(head (s == "" ? "" : "***"))
				for (; j < i; j++) out("\n#")
			}
			continue
		}
		if (shell || s ~ /^[ \t]*(if|then|else|elif|fi|case|esac|for|do|done|while|\.|source|ulimit|umask|unset|\[|\}|\{|$)/)
			out(script(s))
		else out("***")
	}
	pend = 0
}
# A shell command line: assignments inside it are judged as well.
function script(s,   o, n) {
	s = opts(s)
	if (!odd(s)) pend = 0
	o = ""
	while (match(s, /(^|[ \t;&|({])[A-Za-z_][A-Za-z0-9_]*=/)) {
		n = substr(s, RSTART, RLENGTH - 1)
		o = o substr(s, 1, RSTART + RLENGTH - 1)
		s = substr(s, RSTART + RLENGTH)
		sub(/^[ \t;&|({]/, "", n)
		if (known(n) || n in OPTION || s ~ /^([ \t;]|$)/) continue
		REST = s
		o = o value()
		pend = 0
		s = REST
	}
	return o s
}
function toml(t,   n, a, i, s, k, sec, long) {
	n = split(t, a, "\n")
	sec = 0; long = 0
	for (i = 1; i <= n; i++) {
		s = a[i]
		if (i > 1) out("\n")
		if (long) {
			if (s ~ /("""|\047\047\047)/) long = 0
			out("#")
			continue
		}
		if (s ~ /^[ \t]*#/) { out("#"); continue }
		if (s ~ /^[ \t]*\[/) { sec = s ~ /\.auth[].]/ || s ~ /headers?\]/; out(s); continue }
		if (match(s, /^[ \t]*["\047]?[A-Za-z0-9_.-]+["\047]?[ \t]*=[ \t]*/)) {
			k = substr(s, 1, RLENGTH)
			if (sec || secret(k)) {
				s = substr(s, RLENGTH + 1)
				if (s ~ /^("""|\047\047\047)/ && substr(s, 4) !~ /("""|\047\047\047)/) long = 1
				out(k "\"***\"")
				continue
			}
		}
		pend = 0
		out(opts(s))
	}
}
function argv(t,   n, a, i, s, after) {
	if (length(t) > 65536) { t = substr(t, 1, 65536); cut = 1 }
	n = split(t, a, "\n")
	after = 0
	# Each argument ends in a newline: the last piece is nothing, or what a cut left.
	for (i = 1; i <= n - (a[n] == ""); i++) {
		s = a[i]
		if (i > 1) out("\n")
		if (after) { after = 0; out("***"); continue }
		if (s ~ /^-[A-Za-z0-9_.-]*$/ && secret(s)) after = 1
		else if (first(tolower(s), NAMED "[=:]") && secret(substr(s, RSTART, RLENGTH - 1)) &&
			s !~ /authorization-plugins?=/) s = urls(substr(s, 1, RSTART - 1)) substr(s, RSTART, RLENGTH) "***"
		else { pend = 0; s = opts(s); pend = 0 }
		out(s)
	}
}
function environ(t,   n, a, i, p, name) {
	n = split(t, a, "\n")
	for (i = 1; i <= n - (a[n] == "") && i <= 1000; i++) {
		p = index(a[i], "=")
		name = p ? substr(a[i], 1, p - 1) : a[i]
		if (i > 1) out("\n")
		if (!p) { out("***"); continue }
		pend = 0
		out(known(name) ? name "=" opts(substr(a[i], p + 1)) : name)
	}
	pend = 0
}
BEGIN { RS = "\001"; FS = "\001" }
NR > 1 {
	i = index($0, "\n")
	head = substr($0, 1, i - 1)
	t = substr($0, i + 1)
	i = index(head, " ")
	kind = substr(head, 1, i - 1)
	path = substr(head, i + 1)
	cut = 0
	wide = ""
	if (t ~ /^(\377\376|\376\377)/ && t ~ /\002/) {
		# UTF-16: what is all ASCII can be judged like any text, and is widened again later.
		wide = substr(t, 1, 1) == "\377" ? "16le" : "16be"
		t = substr(t, 3)
		i = length(t)
		if (gsub(/\002/, "", t) * 2 != i) {
			print "@" N " unread text utf-16 " path
			next
		}
	}
	if (kind !~ /^(argv|environ|api)$/ && t ~ /PRIVATE KEY/) {
		print "@" N " unread text private-key " path
		next
	}
	print "@" N " " (kind ~ /^(argv|environ|api)$/ ? kind : "text" wide) " " path
	printf "|"
	if (kind == "argv") argv(t)
	else if (kind == "environ") environ(t)
	else if (kind == "api") json(t, 2)
	else if (kind == "client") json(t, 1)
	else if (kind == "json") json(t, 0)
	else if (kind == "unit") unit(t)
	else if (kind == "script") env(t, 1)
	else if (kind == "toml") toml(t)
	else if (kind == "plain") out(urls(t))
	else env(t, 0)
	print ""
	if (cut) print "@" N " note arguments of process " path " cut at 64 KiB"
}
'

# Lines of a configuration that name an engine (P), with their numbers.
# shellcheck disable=SC2016
LINES='
function escaped(p) { gsub(/\\/, "&&", p); return p }
FNR == 1 { shown = 0; file = 0 }
/^[ \t]*[#;]/ { next }
$0 ~ P && shown < 20 {
	if (!file++) print "@" N " " K " " escaped(FILENAME)
	shown++
	pend = 0
	s = opts(substr($0, 1, 1000))
	print "|" FNR ":" s
}
'

# PEM files: labels and certificates. A block is printed only once it is complete and begins like
# a certificate (SEQUENCE of a long SEQUENCE; a key begins SEQUENCE, INTEGER): a key under a wrong
# label stays here.
# shellcheck disable=SC2016
PEMS='
function flush() { inside = 0; text = ""; bytes = "" }
function escaped(p) { gsub(/\\/, "&&", p); return p }
FNR == 1 { flush(); print "@" N " pem " escaped(FILENAME) }
{ sub(/[ \t\r]+$/, "") }
/-----BEGIN [A-Za-z0-9 ]+-----$/ {
	flush()
	label = $0
	sub(/^.*-----BEGIN /, "", label)
	sub(/-----$/, "", label)
	if (length(label) > 64 || ++labels[FILENAME] > 1000) next
	print "|l " label
	inside = 1
	next
}
/^-----END / {
	if (inside && label == "CERTIFICATE" && $0 == "-----END CERTIFICATE-----" &&
		(bytes ~ /^MI[I-L]..[DTjz]C[BC]/ || bytes ~ /^MI[GH].MI[E-H]/))
		printf "|c -----BEGIN CERTIFICATE-----\n%s|c -----END CERTIFICATE-----\n", text
	flush()
	next
}
inside && /^Proc-Type:.*ENCRYPTED/ { print "|e"; next }
inside && label == "CERTIFICATE" && /^[A-Za-z0-9+\/=]+$/ && length(text) < 200000 {
	text = text "|c " $0 "\n"
	if (length(bytes) < 16) bytes = bytes $0
}
'

# Paths that configuration names: `kind path` lines. Crude on purpose; what it misses is asked
# for in the second round.
# shellcheck disable=SC2016
NAMES='
function say(k, p) {
	if (p == "" || p ~ /[\001-\037]/ || length(p) > 1024) return
	if (k == "env") sub(/^-/, "", p)
	if (k == "cwd") { if (p ~ /^\//) cwd = p; return }
	if (p !~ /^\//) {
		if (k !~ /^(pem|sock|conf|certdir)$/) return
		p = cwd "/" p
	}
	gsub(/\/\/+/, "/", p)
	sub(/\/$/, "", p)
	if (!((k, p) in seen)) { seen[k, p] = 1; print k " " p }
}
BEGIN {
	n = split("tlscacert pem tlscert pem tlskey pem config-file conf data-root root graph root " \
		"exec-root exec EnvironmentFile env DOCKER_CERT_PATH certdir DOCKER_CONFIG certdir " \
		"HOME home XDG_RUNTIME_DIR run XDG_CONFIG_HOME xdg WorkingDirectory cwd containerd file " \
		"userland-proxy-path file init-path file path file seccomp-profile file", w, " ")
	for (i = 1; i < n; i += 2) WANT[w[i]] = w[i + 1]
	cwd = "/"
}
/^[ \t]*[#;]/ && !args { next }
FNR == 1 { want = "" }
{
	line = $0
	gsub(/\\\//, "/", line)
	if (args) {
		n = split(line, t, "=")
		if (n > 2) { t[2] = substr(line, length(t[1]) + 2); n = 2 }
	} else n = split(line, t, /[] \t\r"\047,={}[]+/)
	for (i = 1; i <= n; i++) {
		s = t[i]
		if (s == "" || s == ":" || s == "\\") continue
		if (want != "") {
			k = want
			want = ""
			if (s !~ /^-/ || k == "env") { say(k, s); if (k != "sock") continue }
		}
		if (j = index(s, "unix://")) {
			say("sock", substr(s, j + 7))
			# DOCKER_OPTS as one argument, or a wrapper: take the words apart.
			continue
		}
		b = s
		if (s == "-g") b = "graph"
		else sub(/^--?/, "", b)
		if (b in WANT) { want = WANT[b]; continue }
		if (s ~ /^\/.*\.(pem|crt|key|cert|cer)$/) say("pem", s)
		else if (s ~ /^\/.*\.sock$/) say("sock", s)
		else if (s ~ /^[-@!+:]*\/.*\/(dockerd|containerd|runc|crun|docker-proxy|docker-init)$/) {
			sub(/^[-@!+:]+/, "", s)
			say("file", s)
		}
	}
}
'

# ---- what is remembered between the steps ------------------------------------------------------

# FILES: paths to look at, one a line. TEXT: `kind path` of texts to send. PEM: PEM candidates.
FILES='' TEXT='' PEM=''

# file PATH…
file() {
	for fp; do
		case $fp in
			*"$LF"*) note "a path with a newline in its name was left out: $fp" ;;
			/*) FILES=$FILES$fp$LF ;;
		esac
	done
}

# text KIND PATH
text() {
	case $2 in *"$LF"*) file "$2" && return 0 ;; esac
	case $LF$TEXT in *" $2$LF"*) return 0 ;; esac
	TEXT=$TEXT$1\ $2$LF
	file "$2"
}

pem() {
	case $1 in *"$LF"*) file "$1" && return 0 ;; esac
	case $LF$PEM in *"$LF$1$LF"*) return 0 ;; esac
	PEM=$PEM$1$LF
	file "$1"
}

# Paths that a pattern names, if it names any. shellcheck would have it quoted: it must not be.
# shellcheck disable=SC2086
glob() {
	G=
	set +f
	for gp in $1; do
		if [ -e "$gp" ] || [ -L "$gp" ]; then G=$G$gp$LF; fi
	done
	set -f
}

# ---- machine, accounts -------------------------------------------------------------------------

# Sets mx to the first line of a file. dash reads byte by byte, and /proc/sys answers only once:
# then there is a value and no newline.
first() {
	mx=''
	[ -r "$1" ] || return 1
	read -r mx <"$1" || [ -n "$mx" ]
}

machine() {
	frame machine
	read -r mu mx </proc/uptime && BORN=${mu%%.*}
	printf '|uname %s\n|clock %s\n|id %s\n' "$(uname -snrm)" "$(date +%s)" "$ID"
	if [ -n "${SUDO_UID-}" ]; then printf '|sudo %s\n' "$SUDO_UID"; fi
	if first /etc/machine-id; then printf '|machine-id %s\n' "$mx"; fi
	if first /proc/sys/net/ipv6/bindv6only; then printf '|bindv6only %s\n' "$mx"; fi
	if first /proc/1/comm; then printf '|comm %s\n' "$mx"; fi
	mx=$(readlink /proc/1/exe) && printf '|init %s\n' "${mx%%"$LF"*}"
	if [ -d /run/systemd/system ]; then echo '|systemd'; fi
	if [ -d /run/openrc ]; then echo '|openrc'; fi
	if [ -f /etc/inittab ]; then echo '|inittab'; fi
	if first /run/systemd/container; then
		printf '|container %s\n' "$mx"
	elif [ -e /.dockerenv ]; then
		echo '|container docker'
	elif [ -e /run/.containerenv ]; then
		echo '|container podman'
	fi
	while read -r mx my; do
		case $mx in btime) printf '|btime %s\n' "$my" && break ;; esac
	done </proc/stat
	mx=$(getconf CLK_TCK) && printf '|ticks %s\n' "$mx"
	for mx in /etc/os-release /usr/lib/os-release; do
		[ -r "$mx" ] || continue
		frame os
		small "$mx"
		break
	done
	frame tools
	for mx in curl docker dockerd getent getfacl ip nc openssl rc-update ss stat sudo systemctl timeout \
		wget; do
		if have "$mx"; then echo "|$mx"; else echo "|-$mx"; fi
	done
}

network() {
	if have ip; then
		frame ip
		ip -o addr | sed 's/^/|/'
	fi
	for nf in fib_trie if_inet6; do
		if ! have ip && [ -r /proc/net/$nf ]; then
			frame $nf
			small /proc/net/$nf
		fi
	done
	if [ -r /etc/hosts ]; then
		frame hosts
		sed -e 's/#.*//' -e '/^[[:space:]]*$/d' -e 's/^/|/' -e 2000q /etc/hosts
	fi
}

# The user database without passwords and comments; sets HOMES to `uid:home:name` lines.
# shellcheck disable=SC2086
accounts() {
	if have getent; then
		ap=$(lim getent passwd)
		ag=$(lim getent group)
		# A directory service may not be listed but asked: then for the one group that matters.
		while read -r ax ay; do
			case $ax:$ay in
				group:*sss* | group:*ldap* | group:*winbind* | group:*nis*)
					ag=$ag$LF$(lim getent group docker)
					;;
			esac
		done </etc/nsswitch.conf
	else
		ap=$(cat /etc/passwd)
		ag=$(cat /etc/group)
	fi
	frame passwd
	printf '%s\n' "$ap" | awk -F: 'NF > 5 && NR <= 5000 { print "|" $1 ":" $3 ":" $4 ":" $6 ":" $7 }'
	frame group
	printf '%s\n' "$ag" | awk -F: 'NF > 3 && NR <= 5000 { print "|" $1 ":" $3 ":" $4 }'
	HOMES=
	an=0
	ai=$IFS
	IFS=$LF
	for al in $ap; do
		IFS=:
		set -- $al
		IFS=$LF
		[ $# -gt 5 ] || continue
		# The comment field may be empty, but never shifts: `:` always splits it.
		ax=$6
		case $ax in /?*) ;; *) continue ;; esac
		case $LF$HOMES in *":$ax:"*) continue ;; esac
		[ -d "$ax" ] || continue
		an=$((an + 1))
		[ $an -le 256 ] || continue
		HOMES=$HOMES$3:$ax:$1$LF
	done
	IFS=$ai
	if [ $an -gt 256 ]; then note "$an home folders; only 256 were looked at"; fi
}

# ---- processes and sockets ---------------------------------------------------------------------

# `pid role` of the processes that matter, by executable; by argv[0] where that can't be seen.
# A name with a newline may forge a line of ls here: each link is read by itself later.
# shellcheck disable=SC2016
ROLES='
{
	if (!match($0, /\/proc\/[0-9]+\/exe/)) next
	pid = substr($0, RSTART + 6, RLENGTH - 10)
	if (!(i = index($0, " -> "))) next
	t = substr($0, i + 4)
	sub(/ \(deleted\)$/, "", t)
	n = split(t, p, "/")
	b = p[n]
	if (b ~ /^dockerd(-current|-ce|-dev)?$/) r = "dockerd"
	else if (b ~ /^(docker-)?containerd(-current)?$/) r = "containerd"
	else if (b ~ /^docker-proxy(-current)?$/) r = "docker-proxy"
	else if (b ~ /^rootlesskit$/) r = "rootlesskit"
	else if (t ~ /\/datadog-agent\// || b ~ /^(fluent-bit|td-agent-bit|filebeat|journalbeat|elastic-agent|promtail|alloy|grafana-agent.*|vector|rsyslogd|syslog-ng|systemd-journal-upload|otelcol.*|splunkd|nxlog|amazon-cloudwatch-agent|newrelic-infra)$/) r = "log-shipper"
	else next
	if (count[r]++ < 200) print pid " " r
	else if (count[r] == 201) print "cut " r
}'

# Who holds a listening socket. Input: roles, `==`, the listening sockets, `==`, `ls -ln` of all
# fd folders. A file name may forge a line here: what is printed is checked with stat.
# shellcheck disable=SC2016
HOLDERS='
$0 == "==" { part++; next }
part == 0 { role[$1] = $2; next }
part == 1 {
	if ($1 == "unix") {
		unix[$8] = 1
		if ($0 ~ /docker|containerd/) engine[$8] = 1
	} else tcp[$11] = 1
	next
}
/^\/proc\/[0-9]+\/fd:$/ { pid = substr($0, 7, length($0) - 10); next }
/-> socket:\[[0-9]+\]$/ {
	i = index($0, " -> socket:[")
	inode = substr($0, i + 12, length($0) - i - 12)
	h = role[pid]
	if (!(inode in tcp) && !(inode in engine) && !(inode in unix && h ~ /dockerd|containerd/)) next
	fd = substr($0, 1, i - 1)
	sub(/^.* /, "", fd)
	if (total++ < 2000) print "/proc/" pid "/fd/" fd
}'

# All listening sockets of a network namespace.
# shellcheck disable=SC2016
LISTENING='
FNR == 1 { kind = FILENAME; sub(/^.*\//, "", kind); next }
kind == "unix" { if ($4 == "00010000") print "unix " $0; next }
$4 == "0A" && total[kind]++ < 4000 { print kind " " $0 }'

# shellcheck disable=SC2012,SC2086
processes() {
	set +f
	CAND=$(ls -ln /proc/[0-9]*/exe | awk "$ROLES")
	# Log shippers in Ruby or Java show in their arguments only.
	pn=$(grep -l -e 'docker\.sock' -e 'containerd\.sock' -e '/docker[^ ]*\.sock' -e fluentd \
		-e td-agent -e logstash /proc/[0-9]*/cmdline)
	pz=
	# Root without CAP_SYS_PTRACE can't look into others either.
	readlink /proc/1/exe >/dev/null || pz=$(grep -l -e dockerd -e rootlesskit /proc/[0-9]*/cmdline)
	set -f
	case $CAND in *"cut "*) note "more than 200 processes of one kind; the rest was left out" ;; esac
	for pp in $pz; do
		pp=${pp%/cmdline}
		pp=${pp#/proc/}
		case $LF$CAND in *"$LF$pp "*) continue ;; esac
		readlink "/proc/$pp/exe" >/dev/null && continue
		px=$(tr '\000\n' '\n\003' <"/proc/$pp/cmdline")
		px=${px%%"$LF"*}
		case ${px##*/} in
			dockerd) CAND="$CAND$LF$pp dockerd" ;;
			rootlesskit) CAND="$CAND$LF$pp rootlesskit" ;;
		esac
	done
	CAND=${CAND#"$LF"}
	# A /proc that hides others' processes has no daemon in it, which says nothing.
	case $ROOT$LF$CAND$LF in
		0*" dockerd$LF"*) ;;
		0*) if grep -q ' /proc .*hidepid=[12i]' /proc/self/mountinfo; then frame unread "processes hidden /proc"; fi ;;
	esac
	sockets
	po=0
	NAMING=" $(printf '%s ' $pn)"
	for pp in $pn $OTHERS; do
		pp=${pp%/cmdline}
		pp=${pp#/proc/}
		case $pp in *[!0-9]* | '') continue ;; esac
		case $LF$CAND in *"$LF$pp "*) continue ;; esac
		[ "$pp" != $$ ] || continue
		po=$((po + 1))
		[ $po -le 200 ] || continue
		CAND="$CAND${CAND:+$LF}$pp other"
	done
	if [ $po -gt 200 ]; then note "$po other processes; only 200 were looked at"; fi
}

# Frames of the sockets, then OTHERS: pids that hold a listening TCP socket and are no engine's.
# shellcheck disable=SC2086
sockets() {
	OTHERS=
	LISTEN=
	pl=
	for pp in tcp tcp6 unix; do
		if [ -r /proc/net/$pp ]; then pl="$pl /proc/net/$pp"; fi
	done
	if [ -z "$pl" ]; then
		frame unread "sockets denied /proc/net"
		return 0
	fi
	LISTEN=$(awk "$LISTENING" $pl)
	spaces
	frame sockets 0
	body "$LISTEN"
	set +f
	HELD=$({
		printf '%s\n==\n%s\n==\n' "$CAND" "$LISTEN$MORE"
		ls -ln /proc/[0-9]*/fd
	} | awk "$HOLDERS")
	set -f
	if [ -n "$HELD" ]; then HELD=$(stat -L -c '%i %n' $HELD); fi
	frame holders
	body "$HELD"
	TCP=
	pi=$IFS
	IFS=$LF
	for pp in $LISTEN $MORE; do
		case $pp in
			tcp*)
				IFS=' '
				set -- $pp
				IFS=$LF
				TCP="$TCP ${11} "
				;;
		esac
	done
	for pp in $HELD; do
		px=${pp#* /proc/}
		case $TCP in *" ${pp%% *} "*) OTHERS="$OTHERS ${px%%/*}" ;; esac
	done
	IFS=$pi
}

# The pid and network namespaces of the engine's processes, and the sockets of those namespaces
# that are not the scanner's own (rootless); a container's daemon is left alone.
# shellcheck disable=SC2086
spaces() {
	MORE='' INSIDE=''
	pl='/proc/self/ns/pid /proc/self/ns/net'
	pi=$IFS
	IFS=$LF
	for pp in $CAND; do
		case $pp in
			*' dockerd' | *' containerd' | *' rootlesskit')
				pp=${pp%% *}
				pl="$pl /proc/$pp/ns/pid /proc/$pp/ns/net"
				;;
		esac
	done
	IFS=$pi
	NS=$(stat -L -c '%i %n' $pl)
	frame namespaces
	body "$NS"
	pself='' nself='' pd=''
	pi=$IFS
	IFS=$LF
	for pp in $NS; do
		case $pp in
			*/self/ns/pid) pself=${pp%% *} ;;
			*/self/ns/net) nself=${pp%% *} ;;
			*/ns/pid)
				if [ "${pp%% *}" = "$pself" ]; then
					px=${pp#* /proc/}
					INSIDE="$INSIDE ${px%%/*} "
				fi
				;;
			*/ns/net)
				px=${pp#* /proc/}
				px=${px%%/*}
				case $INSIDE in *" $px "*) ;; *) continue ;; esac
				[ "${pp%% *}" != "$nself" ] || continue
				case $LF$CAND$LF in *"$LF$px dockerd$LF"*) ;; *) continue ;; esac
				case $pd in *" ${pp%% *} "*) continue ;; esac
				pd="$pd ${pp%% *} "
				pm=$(awk "$LISTENING" "/proc/$px/net/tcp" "/proc/$px/net/tcp6" "/proc/$px/net/unix")
				MORE=$MORE$LF$pm
				frame sockets "$px"
				body "$pm"
				;;
		esac
	done
	IFS=$pi
}

# Connections to engine sockets and who made them.
# shellcheck disable=SC2016
PEERS='
$5 ~ /(docker|containerd)[^\/]*\.sock/ { path[$8] = $5; next }
{ line[++n] = $0; key[n] = $6; who[n] = $9 }
END {
	for (i = 1; i <= n && sent < 200; i++)
		if (key[i] in path && match(line[i], /users:\(\(.*$/)) { sent++; print "|" path[key[i]] " " substr(line[i], RSTART) }
}'

peers() {
	if ! have ss; then
		frame unread "peers missing ss"
		return 0
	fi
	frame peers
	lim ss -xp | awk "$PEERS"
}

# The processes' own frames; the masking of arguments and environments is TEXTS' work, so these
# are written to standard output as its records.
# shellcheck disable=SC2086
process_frames() {
	pi=$IFS
	IFS=$LF
	set --
	for pc in $CAND; do
		case $pc in
			*' other' | *' docker-proxy' | *' log-shipper') set -- "$@" "/proc/${pc%% *}/ns/pid" ;;
		esac
	done
	if [ $# -gt 0 ]; then
		frame namespaces
		body "$(stat -L -c '%i %n' "$@")"
	fi
	for pc in $CAND; do
		pp=${pc%% *}
		pr=${pc#* }
		case $pp in *[!0-9]* | '') continue ;; esac
		[ -d "/proc/$pp" ] || continue
		frame proc "$pp $pr"
		if IFS= read -r px <"/proc/$pp/stat"; then printf '|stat %s\n' "$px"; fi
		while IFS= read -r px; do
			case $px in Uid:*) printf '|%s\n' "$px" && break ;; esac
		done <"/proc/$pp/status"
		if px=$(readlink "/proc/$pp/exe"); then
			esc "$px"
			printf '|exe %s\n' "$E"
		elif [ -e "/proc/$pp/stat" ]; then
			echo '|-exe'
		fi
		while IFS= read -r px; do
			case $px in *:name=systemd:* | 0::*) printf '|cgroup %s\n' "$px" ;; esac
		done <"/proc/$pp/cgroup"
		case $pr in docker-proxy | log-shipper | other) continue ;; esac
		for pl in cwd root; do
			if px=$(readlink "/proc/$pp/$pl"); then
				esc "$px"
				printf '|%s %s\n' $pl "$E"
			else
				echo "|-$pl"
			fi
		done
		[ -r "/proc/$pp/environ" ] || echo '|-environ'
	done
	IFS=$pi
}

# shellcheck disable=SC2086
process_records() {
	pi=$IFS
	IFS=$LF
	for pc in $CAND; do
		pp=${pc%% *}
		case $pp in *[!0-9]* | '') continue ;; esac
		[ -r "/proc/$pp/cmdline" ] || continue
		printf '\001argv %s\n' "$pp"
		case $pc in
			*other)
				# Of a process that names no engine socket the program is enough.
				case $NAMING in
					*"/proc/$pp/cmdline "*) tr '\000\001\003\n' '\n\002\002\003' <"/proc/$pp/cmdline" ;;
					*) tr '\000\001\003\n' '\n\002\002\003' <"/proc/$pp/cmdline" | sed 1q ;;
				esac
				continue
				;;
		esac
		tr '\000\001\003\n' '\n\002\002\003' <"/proc/$pp/cmdline"
		case $pc in *docker-proxy | *log-shipper) continue ;; esac
		# Of a container's process not even the names.
		case $INSIDE in *" $pp "*) ;; *) continue ;; esac
		[ -r "/proc/$pp/environ" ] || continue
		printf '\001environ %s\n' "$pp"
		tr '\000\001\003\n' '\n\002\002\003' <"/proc/$pp/environ"
	done
	IFS=$pi
}

# Daemons that ended meanwhile: of those there may be nothing to read, which nobody was denied.
gone() {
	ci=$IFS
	IFS=$LF
	for cx in $CAND; do
		case $cx in *' dockerd') [ -d "/proc/${cx%% *}" ] || frame gone "${cx%% *}" ;; esac
	done
	IFS=$ci
}

# ---- units and other ways to start -------------------------------------------------------------

# unit NAME USER FOLDER…: its fragment and drop-ins, first folder first.
unit() {
	un=$1 uu=$2
	shift 2
	uf='' ud='' uw=''
	for ux; do
		[ -d "$ux" ] || continue
		if [ -z "$uf" ] && { [ -e "$ux/$un" ] || [ -L "$ux/$un" ]; }; then uf=$ux/$un; fi
		for uy in "$un" "${un##*.}"; do
			if [ -d "$ux/$uy.d" ]; then
				file "$ux/$uy.d"
				glob "$ux/$uy.d/*.conf"
				ud=$ud$G
			fi
		done
		glob "$ux/*.wants/$un"
		uw=$uw$G
		glob "$ux/*.requires/$un"
		uw=$uw$G
	done
	[ -n "$uf$ud$uw" ] || return 0
	frame unit "$un $uu"
	if [ -n "$uf" ]; then
		esc "$uf"
		printf '|f %s\n' "$E"
		text unit "$uf"
		file "${uf%/*}"
	fi
	ui=$IFS
	IFS=$LF
	for ux in $ud; do
		printf '|d %s\n' "$ux"
		text unit "$ux"
	done
	for ux in $uw; do
		printf '|w %s\n' "$ux"
		file "$ux"
	done
	IFS=$ui
}

SYSTEM='/etc/systemd/system.control /run/systemd/system.control /run/systemd/transient
/run/systemd/generator.early /etc/systemd/system /etc/systemd/system.attached /run/systemd/system
/run/systemd/system.attached /run/systemd/generator /usr/local/lib/systemd/system
/usr/lib/systemd/system'

SHOWN=Id,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,DropInPaths,MainPID
SHOWN=$SHOWN,NeedDaemonReload,Result,NRestarts,Restart,ExecMainStartTimestamp
SHOWN=$SHOWN,ActiveEnterTimestamp,Listen,User,WorkingDirectory,EnvironmentFiles,TriggeredBy
SHOWN=$SHOWN,Triggers,SocketGroup,SocketMode

# shellcheck disable=SC2086
units() {
	# Where /lib is a link to /usr/lib its units are the same ones.
	if [ -L /lib ]; then uls=; else uls=/lib/systemd/system; fi
	UNITS='docker.service docker.socket containerd.service snap.docker.dockerd.service'
	# The unit that a daemon's cgroup names.
	ui=$IFS
	IFS=$LF
	for ux in $CAND; do
		case $ux in *' dockerd') ;; *) continue ;; esac
		case $INSIDE in *" ${ux%% *} "*) ;; *) [ "$ROOT" = 0 ] || continue ;; esac
		while IFS= read -r uy; do
			case $uy in */user.slice/*) continue ;; esac
			uy=${uy##*/}
			case $uy in
				*[!A-Za-z0-9@._:-]* | .* | -*) ;;
				*.service)
					case " $UNITS " in *" $uy "*) ;; *) UNITS="$UNITS $uy" ;; esac
					;;
			esac
		done <"/proc/${ux%% *}/cgroup"
	done
	IFS=$ui
	for ux in $UNITS; do
		unit "$ux" '' $SYSTEM $uls /run/systemd/generator.late
	done
	SHOW=
	if ! have systemctl; then
		frame unread "show missing systemctl"
	elif [ ! -d /run/systemd/system ]; then
		frame unread "show off systemd"
	else
		SHOW=$(TZ=UTC0 lim systemctl show --no-pager -p "$SHOWN" -- $UNITS)
		frame show
		# Blank lines part the units, so the variable can't be split at newlines.
		printf '%s\n' "$SHOW" | sed 's/^/|/'
	fi
}

boot() {
	frame boot
	glob '/etc/rc[S0-6].d/S[0-9][0-9]docker'
	bg=$G
	glob '/etc/rc.d/rc[S0-6].d/S[0-9][0-9]docker'
	bg=$bg$G
	glob '/etc/runlevels/*/docker'
	bg=$bg$G
	for bx in /etc/service /var/service /service /etc/runit/runsvdir/default \
		/etc/runit/runsvdir/current /run/service; do
		glob "$bx/docker*"
		bg=$bg$G
	done
	bi=$IFS
	IFS=$LF
	for bx in $bg; do
		printf '|link %s\n' "$bx"
		file "$bx"
	done
	for bx in /etc/init.d/docker /etc/rc.d/init.d/docker /etc/rc.d/rc.docker /etc/sv/docker/run \
		/etc/sv/dockerd/run /etc/service/docker/run /etc/service/dockerd/run; do
		[ -e "$bx" ] || continue
		printf '|script %s\n' "$bx"
		text script "$bx"
	done
	glob '/var/lib/systemd/linger/*'
	for bx in $G; do printf '|linger %s\n' "${bx##*/}"; done
	IFS=$bi
}

# Lines of other start-up files that start a daemon.
# shellcheck disable=SC2086
boot_lines() {
	glob '/etc/cron.d/*'
	bc=$G
	glob '/var/spool/cron/crontabs/*'
	bc=$bc$G
	glob '/var/spool/cron/*'
	bc=$bc$G
	glob '/etc/local.d/*.start'
	bc=$bc$G
	bi=$IFS
	IFS=$LF
	set --
	for bx in /etc/inittab /etc/rc.local /etc/rc.d/rc.local /etc/init.d/rcS /etc/crontab $bc; do
		if [ -f "$bx" ] && [ -r "$bx" ] && [ -s "$bx" ]; then set -- "$@" "$bx"; fi
	done
	IFS=$bi
	[ $# -gt 0 ] || return 0
	awk "$MASK$LINES" N="$N" K=bootlines LOOSE=1 \
		P='(^|[^A-Za-z0-9_-])dockerd([^A-Za-z0-9_.-]|$)|(service|rc-service|systemctl|init[.]d).*docker' "$@"
}

# ---- files -------------------------------------------------------------------------------------

# What configuration files and processes name: NAMED is `kind path` lines.
# shellcheck disable=SC2086
named() {
	ni=$IFS
	IFS=$LF
	for nx in $1; do
		nk=${nx%% *}
		np=${nx#* }
		case $nk in
			conf) text json "$np" ;;
			env)
				case $np in
					*[*?[]*)
						glob "$np"
						for ny in $G; do text env "$ny"; done
						;;
					*) text env "$np" ;;
				esac
				;;
			pem) pem "$np" ;;
			certdir) for ny in ca cert key; do pem "$np/$ny.pem"; done ;;
			home) for ny in ca cert key; do pem "$np/.docker/$ny.pem"; done ;;
			xdg) text json "$np/docker/daemon.json" ;;
			run) file "$np" "$np/docker.sock" ;;
			root) ROOTS=$ROOTS$np$LF ;;
			exec | sock | file) file "$np" ;;
		esac
	done
	IFS=$ni
}

# Readable, non-empty regular files of the arguments, into the list R.
readable() {
	R=
	for rx; do
		if [ -f "$rx" ] && [ -r "$rx" ] && [ -s "$rx" ]; then R=$R$rx$LF; fi
	done
}

# Paths of the TEXT entries whose kind is in $1.
of_kind() {
	O=
	oi=$IFS
	IFS=$LF
	for ox in $TEXT; do
		case " $1 " in *" ${ox%% *} "*) O=$O${ox#* }$LF ;; esac
	done
	IFS=$oi
}

# shellcheck disable=SC2086
gather_names() {
	ROOTS=/var/lib/docker$LF
	text json /etc/docker/daemon.json
	text json /var/snap/docker/current/config/daemon.json
	text env /etc/default/docker
	for gx in docker docker-network docker-storage docker-storage-setup; do
		if [ -e /etc/sysconfig/$gx ] || [ $gx = docker ]; then text env /etc/sysconfig/$gx; fi
	done
	if [ -e /etc/conf.d/docker ]; then text env /etc/conf.d/docker; fi
	text toml /etc/containerd/config.toml
	homes
	gi=$IFS
	IFS=$LF
	of_kind 'unit env script'
	readable $O
	set -- $R
	GOT=
	if [ $# -gt 0 ]; then GOT=$(awk "$NAMES" "$@"); fi
	for gx in $CAND; do
		gp=${gx%% *}
		case $gx in *' dockerd' | *' containerd' | *' rootlesskit') ;; *) continue ;; esac
		case $INSIDE in *" $gp "*) ;; *) [ "$ROOT" = 0 ] || continue ;; esac
		gc=$(readlink "/proc/$gp/cwd") || gc=/
		GOT=$GOT$LF$({
			tr '\000\n' '\n\003' <"/proc/$gp/cmdline"
			tr '\000\n' '\n\003' <"/proc/$gp/environ" |
				grep -e '^DOCKER_C' -e '^HOME=' -e '^XDG_' -e '^DOCKERD_'
		} | awk "$NAMES" args=1 cwd="$gc" -)
		gx=$(readlink "/proc/$gp/exe") && file "${gx% (deleted)}"
	done
	was=$TEXT
	named "$GOT"
	# EnvironmentFiles and configuration files that were new may name further ones.
	new=${TEXT#"$was"}
	of_kind json
	set --
	for gx in $new; do set -- "$@" "${gx#* }"; done
	readable $O "$@"
	set -- $R
	if [ $# -gt 0 ]; then named "$(awk "$NAMES" "$@")"; fi
	IFS=$gi
}

# The folders of cliPluginsExtraDirs in a configuration of the docker command.
extra_plugins() {
	[ -r "$1" ] && grep -q cliPluginsExtraDirs "$1" || return 0
	tr -d '\n\t' <"$1" | sed -n 's/.*"cliPluginsExtraDirs" *: *\[\([^]]*\)\].*/\1/p' | tr , '\n' |
		sed -n 's/^ *"\(\/[^"\\]*\)" *$/\1/p' | head -n 20
}

# What a user's service manager says of docker.service: asked as that user, without a session.
user_units() {
	if [ "$ROOT" = 0 ] || [ ! -S "/run/user/$1/systemd/private" ] || ! have setpriv; then return 0; fi
	hg=$(id -g -- "$2") || return 0
	frame usershow "$2"
	XDG_RUNTIME_DIR=/run/user/$1 TZ=UTC0 lim setpriv --reuid="$1" --regid="$hg" --clear-groups \
		systemctl --user show --no-pager -p "$SHOWN" -- docker.service | sed 's/^/|/'
}

# Each account's docker files.
# shellcheck disable=SC2086
homes() {
	hi=$IFS
	IFS=$LF
	for hx in $HOMES; do
		hu=${hx%%:*}
		hh=${hx#*:}
		hn=${hh##*:}
		hh=${hh%:*}
		if [ ! -x "$hh" ]; then
			file "$hh/.docker" "$hh/.docker/config.json"
			continue
		fi
		if [ -e "$hh/.dockercfg" ]; then text client "$hh/.dockercfg"; fi
		if [ -d "$hh/.docker" ]; then
			file "$hh/.docker" "$hh/.docker/cli-plugins"
			list "$hh/.docker/cli-plugins" 1
			for hy in $(extra_plugins "$hh/.docker/config.json"); do
				file "$hy"
				list "$hy" 1
			done
			text client "$hh/.docker/config.json"
			glob "$hh/.docker/*.pem"
			for hy in $G; do pem "$hy"; done
			glob "$hh/.docker/contexts/meta/*/meta.json"
			for hy in $G; do text client "$hy"; done
			glob "$hh/.docker/contexts/tls/*/*.pem"
			for hy in $G; do pem "$hy"; done
			glob "$hh/.docker/contexts/tls/*/*/*.pem"
			for hy in $G; do pem "$hy"; done
		fi
		# A rootless engine's own places.
		if [ -d "$hh/.local/share/docker" ]; then
			ROOTS=$ROOTS$hh/.local/share/docker$LF
			file "$hh/.config/docker/certs.d"
			list "$hh/.config/docker/certs.d" 3
		fi
		if [ -d "$hh/.config/docker" ]; then
			file "$hh/.config/docker"
			text json "$hh/.config/docker/daemon.json"
		fi
		if [ -d "$hh/.config/systemd/user" ]; then
			unit docker.service "$hn" "$hh/.config/systemd/user"
			user_units "$hu" "$hn"
		fi
		if [ -S "/run/user/$hu/docker.sock" ]; then file "/run/user/$hu/docker.sock"; fi
	done
	IFS=$hi
	for hx in ca cert key; do pem /root/.docker/$hx.pem; done
}

KEY='-----BEGIN ((RSA|EC|DSA|ENCRYPTED) )?PRIVATE KEY'

# Private keys that lie about: paths only.
# keys DEPTH FOLDER…
keys() {
	kd=$1
	shift
	find -H "$@" -maxdepth "$kd" -xdev -type f -size +0 -size -129 ! -path '*/.ssh/*' \
		! -path "*$LF*" -exec grep -lE -e "$KEY" {} + | head -n 64
}

# shellcheck disable=SC2086
key_search() {
	ki=$IFS
	IFS=$LF
	set --
	for kx in /etc/docker /etc/ssl/private /etc/pki /root; do
		if [ -d $kx ]; then set -- "$@" $kx; fi
	done
	for kx in $HOMES; do
		kx=${kx#*:}
		kx=${kx%:*}/.docker
		case $kx in /root/*) continue ;; esac
		if [ -d "$kx" ]; then set -- "$@" "$kx"; fi
	done
	if [ $# -gt 0 ]; then for kx in $(keys 3 "$@"); do pem "$kx"; done; fi
	kn=
	for kx in $PEM; do
		kx=${kx%/*}
		case $kx/ in /etc/docker/* | /root/* | */.docker/* | /etc/ssl/private/* | /etc/pki/*) continue ;; esac
		case $LF$kn in *"$LF$kx$LF"*) continue ;; esac
		if [ -d "$kx" ]; then kn=$kn$kx$LF; fi
	done
	set -- $kn
	if [ $# -gt 0 ]; then for kx in $(keys 1 "$@"); do pem "$kx"; done; fi
	IFS=$ki
}

# list FOLDER DEPTH: a folder's tree as a listing; the paths are looked at, too.
# shellcheck disable=SC2086
list() {
	[ -d "$1" ] || return 0
	if [ ! -r "$1" ]; then
		unread list denied "$1"
		return 0
	fi
	frame list "$1"
	ll=$(find -H "$1" -maxdepth "$2" -xdev ! -path "$1" -print0 | tr '\000\n' '\n\001' | head -n 500)
	body "$ll"
	li=$IFS
	IFS=$LF
	for lx in $ll; do
		case $lx in
			*[[:cntrl:]]*) note "a name with control characters in $1 was left out" ;;
			*.crt | *.cert | *.key | *.pem) pem "$lx" ;;
			*) file "$lx" ;;
		esac
	done
	IFS=$li
}

# shellcheck disable=SC2086
gather_files() {
	list /etc/docker/certs.d 3
	file /etc/docker /etc/docker/certs.d /run/docker.sock /var/run/docker.sock /run/docker \
		/etc/containerd /var/lib/containerd /run/containerd/containerd.sock \
		/run/containerd/containerd.sock.ttrpc /run/docker/containerd/containerd.sock \
		/run/docker/containerd/containerd.sock.ttrpc
	if [ -e /run/docker/containerd/docker-containerd.sock ]; then
		file /run/docker/containerd/docker-containerd.sock
	fi
	for fx in /usr/bin /usr/sbin /usr/local/bin /usr/local/sbin; do
		for fy in dockerd docker containerd containerd-shim containerd-shim-runc-v1 \
			containerd-shim-runc-v2 runc docker-proxy docker-init rootlesskit; do
			if [ -e $fx/$fy ] || [ -L $fx/$fy ]; then file $fx/$fy; fi
		done
	done
	for fx in /usr/lib /usr/lib64 /usr/libexec /usr/local/lib /usr/local/libexec; do
		if [ -d $fx/docker/cli-plugins ]; then list $fx/docker/cli-plugins 1; fi
		if [ -e $fx/docker/docker-proxy ]; then file $fx/docker/docker-proxy; fi
	done
	for fx in /etc/docker/plugins /usr/lib/docker/plugins /run/docker/plugins; do list $fx 2; done
	fi_=$IFS
	IFS=$LF
	for fx in $ROOTS; do
		file "$fx"
		if [ "$ROOT" = 0 ] && [ ! -x "$fx" ]; then
			[ ! -e "$fx" ] || file "$fx/swarm"
			continue
		fi
		file "$fx/swarm" "$fx/swarm/certificates"
		[ -d "$fx/swarm" ] || continue
		glob "$fx/swarm/certificates/*.crt"
		for fy in $G; do pem "$fy"; done
		glob "$fx/swarm/certificates/*.key"
		for fy in $G; do pem "$fy"; done
		glob "$fx/swarm/*.key"
		for fy in $G; do file "$fy"; done
	done
	# Sockets as the daemons bound them.
	for fx in $LISTEN $MORE; do
		case $fx in
			unix*' /'*docker* | unix*' /'*containerd*) file "/${fx#*[0-9] /}" ;;
		esac
	done
	IFS=$fi_
}

# Every path with its parents, each once.
# shellcheck disable=SC2016
PARENTS='
{
	p = $0
	gsub(/\/\/+/, "/", p)
	while (p != "" && !(p in seen)) { seen[p] = 1; print p; sub(/\/[^\/]*$/, "", p) }
}
END { if (!("/" in seen)) print "/" }'

# stat, links and ACLs of FILES.
# shellcheck disable=SC2012,SC2086
stat_files() {
	si=$IFS
	IFS=$LF
	frame wanted
	for sx in $TEXT; do printf '|text %s\n' "${sx#* }"; done
	for sx in $PEM; do printf '|pem %s\n' "$sx"; done
	sa=$(printf '%s' "$FILES" | awk "$PARENTS")
	sl=
	frame links
	for sx in $sa; do
		[ -L "$sx" ] || continue
		sy=$(readlink -f "$sx")
		if [ -z "$sy" ]; then
			# The target's folder is missing as well: the link's own words have to do.
			sy=$(readlink "$sx")
			case $sy in /*) ;; *) sy=${sx%/*}/$sy ;; esac
		fi
		esc "$sy"
		printf '|%s\n|%s\n' "$sx" "$E"
		case $sy in *"$LF"*) ;; *) sl=$sl$sy$LF ;; esac
	done
	if [ -n "$sl" ]; then sa=$(printf '%s\n%s' "$sa" "$sl" | awk "$PARENTS"); fi
	if ! have stat; then
		frame unread "stat missing stat"
	else
		frame stat
		stat -c '|%f %u %g %s %Y %Z %d %i %n' -- $sa
	fi
	frame asked
	for sx in $sa; do
		if [ -d "$sx" ]; then
			# busybox looks at the mode alone, though root may search every folder
			[ "$ROOT" = 1 ] || [ -x "$sx" ] || printf '|x%s\n' "$sx"
		elif [ ! -e "$sx" ] && [ ! -L "$sx" ]; then
			printf '|-%s\n' "$sx"
		fi
	done
	if have getfacl; then
		frame acl
		getfacl -snpP -- $sa | sed 's/^/|/'
	else
		# GNU ls marks them with `+`; the others would not, so there it stays unknown.
		case $(ls --version) in
			*coreutils*)
				frame aclmarks
				ls -ldn -- $sa | awk 'substr($1, 11, 1) == "+" && (i = index($0, " /")) { print "|" substr($0, i + 1) }'
				;;
			*) frame unread "acl missing getfacl" ;;
		esac
	fi
	IFS=$si
}

# Sizes of files, so that none too big is read: SIZES has `size path` lines.
# shellcheck disable=SC2086
sizes() {
	SIZES=
	[ $# -eq 0 ] || SIZES=$(stat -L -c '%s %n' -- "$@")
}

# Sizes of the texts, into SIZES.
text_sizes() {
	ti=$IFS
	IFS=$LF
	set --
	for tx in $TEXT; do
		ty=${tx#* }
		if [ -f "$ty" ] && [ -r "$ty" ]; then set -- "$@" "$ty"; fi
	done
	sizes "$@"
	IFS=$ti
}

# Sets SIZE to the size of $1, or to nothing; BIG if a text of kind $2 may not be that large.
size_of() {
	SIZE='' BIG=0
	case $LF$SIZES$LF in *" $1$LF"*) ;; *) return 0 ;; esac
	zx=$SIZES$LF
	zx=${zx%%" $1$LF"*}
	SIZE=${zx##*"$LF"}
	zm=262144
	if [ "$2" = json ]; then zm=4194304; fi
	if [ "$SIZE" -gt $zm ]; then BIG=1; fi
}

# The texts as records for TEXTS, units first: they say which names others may show.
text_records() {
	ti=$IFS
	IFS=$LF
	for tk in unit script toml env json client plain; do
		for tx in $TEXT; do
			[ "${tx%% *}" = $tk ] || continue
			ty=${tx#* }
			size_of "$ty" $tk
			if [ -z "$SIZE" ] || [ $BIG = 1 ]; then continue; fi
			esc "$ty"
			printf '\001%s %s\n' $tk "$E"
			# An empty file, or one of /proc that may never end.
			if [ "$SIZE" -gt 0 ]; then tr '\000\001' '\002\002' <"$ty"; fi
		done
	done
	IFS=$ti
}

# What of the texts can't be sent, and why; nothing for those that don't exist. dash, bash and
# busybox all know -ef.
# shellcheck disable=SC3013
text_unread() {
	ti=$IFS
	IFS=$LF
	for tx in $TEXT; do
		tk=${tx%% *}
		ty=${tx#* }
		if [ -d "$ty" ]; then
			unread text directory "$ty"
		elif [ -e "$ty" ] && [ ! -r "$ty" ]; then
			unread text denied "$ty"
		elif [ -f "$ty" ]; then
			size_of "$ty" "$tk"
			if [ $BIG = 1 ]; then unread text "size-$tk" "$ty"; fi
		elif [ /dev/null -ef "$ty" ]; then
			frame text "$ty"
		elif [ -e "$ty" ]; then
			unread text special "$ty"
		fi
	done
	IFS=$ti
}

# shellcheck disable=SC2013,SC2086
pem_files() {
	mi=$IFS
	IFS=$LF
	set --
	mc=0
	for mx in $PEM; do
		if [ -e "$mx" ] && [ ! -r "$mx" ]; then
			unread pem denied "$mx"
		elif [ -d "$mx" ]; then
			unread pem directory "$mx"
		elif [ -f "$mx" ]; then
			mc=$((mc + 1))
			if [ $mc -gt 200 ]; then unread pem count "$mx"; else set -- "$@" "$mx"; fi
		elif [ -e "$mx" ]; then
			unread pem special "$mx"
		fi
	done
	sizes "$@"
	set --
	for mx in $SIZES; do
		ms=${mx%% *}
		mx=${mx#* }
		if [ "$ms" -gt 262144 ]; then
			unread pem size "$mx"
		elif [ "$ms" = 0 ]; then
			frame pem "$mx"
		else
			set -- "$@" "$mx"
		fi
	done
	if [ $# -gt 0 ]; then
		awk "$PEMS" N="$N" "$@"
		mk=0
		for mx in $(grep -lE -e "$KEY" -- "$@"); do
			mk=$((mk + 1))
			if ! have openssl; then
				unread public missing "$mx"
			elif [ $mk -gt 64 ]; then
				unread public count "$mx"
			else
				# The first key's public half; the private one goes nowhere.
				my=$(lim openssl pkey -in "$mx" -passin pass: -pubout)
				# A swarm's key has headers of its own, at which openssl stops.
				[ -n "$my" ] || my=$(sed '/^[A-Za-z-]*: /d' "$mx" | lim openssl pkey -passin pass: -pubout)
				case $my in
					'-----BEGIN PUBLIC KEY-----'*)
						frame public "$mx"
						body "$my"
						;;
					*) unread public failed "$mx" ;;
				esac
			fi
		done
	fi
	IFS=$mi
}

# ---- what the daemon says ----------------------------------------------------------------------

# Sets HOLDS if one of the pids that hold inode $1 is a dockerd of this host.
# shellcheck disable=SC2086
held_by_dockerd() {
	qi=$IFS
	IFS=$LF
	for qx in $HELD; do
		[ "${qx%% *}" = "$1" ] || continue
		qx=${qx#* /proc/}
		qx=${qx%%/*}
		case $LF$CAND$LF in
			*"$LF$qx dockerd$LF"*) case $INSIDE in *" $qx "*) IFS=$qi && return 0 ;; esac ;;
		esac
	done
	IFS=$qi
	return 1
}

# The API sockets of this host's daemons: API is a list of paths. A socket that only systemd holds
# is never connected to: that would start the daemon.
# shellcheck disable=SC2086
api_sockets() {
	API='' NOAPI=''
	ci=$IFS
	for cl in "$LISTEN" "$MORE"; do
		IFS=$LF
		for cy in $cl; do
			case $cy in unix*) ;; *) continue ;; esac
			cp=${cy#unix *: * * * * * }
			cn=${cp%% *}
			cp=${cp#* }
			case $cp in
				*/libnetwork/* | */metrics.sock | */swarm/control.sock | */containerd/* | */plugins/*) continue ;;
				/*) ;;
				*) continue ;;
			esac
			if [ "$ROOT" = 1 ]; then
				held_by_dockerd "$cn" || continue
			else
				case $cp in */docker.sock) ;; *) continue ;; esac
				case $LF$CAND$LF in *" dockerd$LF"*) ;; *) continue ;; esac
				case $SHOW in *SubState=listening*) continue ;; esac
			fi
			case $LF$API$NOAPI in *"$LF$cp$LF"*) continue ;; esac
			if [ -w "$cp" ]; then
				API=$API$cp$LF
			elif [ -S "$cp" ]; then
				NOAPI=$NOAPI$LF$cp$LF
				unread api denied "$cp"
			fi
		done
	done
	IFS=$ci
}

# The sockets' answers as records for TEXTS.
# shellcheck disable=SC2086
api_records() {
	ci=$IFS
	IFS=$LF
	cn=0
	for cx in $API; do
		IFS=$ci
		cn=$((cn + 1))
		[ $cn -le 8 ] || break
		if have curl; then
			cy=$(curl -q -s --noproxy '*' --max-time 3 --unix-socket "$cx" -w '\n"%{http_code}"\n' \
				http://d/version http://d/info | head -c 4194304 | tr '\000\001' '\002\002')
			printf '\001api curl %s\n%s' "$cx" "$cy"
		elif have docker; then
			cy=$(HOME=/nonexistent DOCKER_CONFIG=/nonexistent lim docker -H "unix://$cx" version \
				--format '{{json .Server}}' | head -c 4194304 | tr '\000\001' '\002\002')
			printf '\001api version %s\n%s' "$cx" "$cy"
			cy=$(HOME=/nonexistent DOCKER_CONFIG=/nonexistent lim docker -H "unix://$cx" info \
				--format '{{json .}}' | head -c 4194304 | tr '\000\001' '\002\002')
			printf '\001api info %s\n%s' "$cx" "$cy"
		fi
		IFS=$LF
	done
	IFS=$ci
}

engine() {
	ci=$IFS
	IFS=$LF
	if ! have curl && ! have docker; then
		for cx in $API; do unread api missing "$cx"; done
	fi
	IFS=$ci
	case $ANSWERS in *'"200"'* | *'"ApiVersion"'*) return 0 ;; esac
	have dockerd || return 0
	frame engine
	body "$(lim dockerd --version)"
}

# Sets A to what to connect to for the kernel's hex address $1; the wildcard is this host itself.
address() {
	case ${#1} in
		8)
			A=$1
			quad
			[ "$A" != 0.0.0.0 ] || A=127.0.0.1
			;;
		32)
			case $1 in
				00000000000000000000000000000000) A=127.0.0.1 ;;
				0000000000000000FFFF0000*)
					A=${1#????????????????????????}
					quad
					;;
				80FE*) A= ;;
				*)
					ax=$1 A=''
					while [ -n "$ax" ]; do
						a4=${ax%"${ax#????????}"}
						ax=${ax#????????}
						a3=${a4%??}
						a2=${a3%??}
						A=$A:${a4#??????}${a3#????}:${a2#??}${a4%??????}
					done
					A="[${A#:}]"
					;;
			esac
			;;
		*) A= ;;
	esac
}
quad() {
	a3=${A%??}
	a2=${a3%??}
	A=$((0x${A#??????})).$((0x${a3#????})).$((0x${a2#??})).$((0x${A%??????}))
}

# The TLS session's own secrets are left out of what s_client says.
# shellcheck disable=SC2016
SAYS='
/^-----BEGIN CERTIFICATE-----$/ { on = 1 }
on { if (NR < 2000) print "|" $0; if ($0 == "-----END CERTIFICATE-----") on = 0; next }
/^Acceptable client certificate CA names/ { ca = 1; print "|" $0; next }
/^No client certificate CA names sent/ { print "|" $0; next }
ca && /^[A-Za-z0-9]+ ?=/ && length($0) < 1000 { if (ca++ < 200) print "|ca " $0; next }
{ ca = 0 }
/^ *Protocol *:|^New, |^HTTP\/|^[Aa]pi-[Vv]ersion:|alert|CONNECTED|connect:|error:|errno/ { print "|" substr($0, 1, 300) }'

# Each TCP address that a dockerd holds, from here.
# shellcheck disable=SC2086
wires() {
	case $(uname -m) in s390* | ppc | ppc64 | mips | sparc*) return 0 ;; esac
	wi=$IFS
	IFS=$LF
	wn=0
	for wx in $LISTEN; do
		case $wx in tcp*) ;; *) continue ;; esac
		IFS=' '
		set -- $wx
		IFS=$LF
		held_by_dockerd "${11}" || continue
		wa=${3%:*}
		wp=$((0x${3#*:}))
		wn=$((wn + 1))
		IFS=$wi
		if [ $wn -gt 16 ] || late 30; then
			unread wire time "$1 $3"
		else
			address "$wa"
			if [ -z "$A" ]; then
				unread wire scope "$1 $3"
			elif have curl; then
				wire_plain "$1" "$3"
			elif have nc; then
				wire_netcat "$1" "$3"
			else
				unread wire missing "$1 $3"
				wire_tls "$1" "$3"
			fi
		fi
		IFS=$LF
	done
	IFS=$wi
}

wire_plain() {
	wy=$(curl -q -s -i --noproxy '*' --max-time 2 "http://$A:$wp/_ping" | head -c 2048 |
		tr -d '\000\r')
	# The pipe hides curl's status, so an empty answer is asked for its reason.
	wc=0
	if [ -z "$wy" ]; then
		curl -q -s -o /dev/null --noproxy '*' --max-time 2 "http://$A:$wp/_ping"
		wc=$?
		# A wildcard for IPv6 only refuses 127.0.0.1.
		if [ $wc = 7 ] && [ "$A" = 127.0.0.1 ] && [ "${2%:*}" = 00000000000000000000000000000000 ]; then
			A='[::1]'
			wy=$(curl -q -s -i --noproxy '*' --max-time 2 "http://$A:$wp/_ping" | head -c 2048 |
				tr -d '\000\r')
			[ -z "$wy" ] || wc=0
		fi
	fi
	frame plain "$1 $2 $wc"
	body "$wy"
	case $wy in *'HTTPS server'*) wire_tls "$1" "$2" ;; esac
}

# Where there is no curl: every kind of nc knows -w, and answers are short.
wire_netcat() {
	wa=${A#"["}
	wc=0
	wy=$(printf 'GET /_ping HTTP/1.0\r\nHost: d\r\n\r\n' | lim nc -w 2 "${wa%"]"}" "$wp" |
		head -c 2048 | tr -d '\000\r')
	frame plain "$1 $2 $wc"
	body "$wy"
	case $wy in *'HTTPS server'*) wire_tls "$1" "$2" ;; esac
}

wire_tls() {
	if ! have openssl; then
		unread tls missing "$1 $2"
		return 0
	fi
	frame tls "$1 $2"
	# Nothing is verified here, so the system's authorities need not be loaded: 50 ms.
	printf 'GET /_ping HTTP/1.0\r\n\r\n' |
		SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/nonexistent lim openssl s_client -connect "$A:$wp" -cipher DEFAULT@SECLEVEL=0 -showcerts -ign_eof 2>&1 |
		head -c 65536 | tr -d '\000\r' | awk "$SAYS"
}

relays() {
	ri=$IFS
	set --
	for rx in /etc/nginx /etc/haproxy /etc/caddy /etc/traefik; do
		if [ -d $rx ]; then set -- "$@" $rx; fi
	done
	[ $# -gt 0 ] || return 0
	IFS=$LF
	# shellcheck disable=SC2046
	set -- $(find -H "$@" -maxdepth 4 -xdev ! -path "*$LF*" \( -type f -o -type l \) -size -2049 \
		-exec grep -lE -e '(docker|containerd)[^/ ]*[.]sock' {} + | head -n 50)
	IFS=$ri
	[ $# -gt 0 ] || return 0
	awk "$MASK$LINES" N="$N" K=relay LOOSE=1 P='(docker|containerd)[^/ ]*[.]sock' "$@"
}

# ---- the kernel's side, packages, clients -----------------------------------------------------------

# What is mounted: path, root, options, type, source, escaped as the kernel does it. Containers'
# own mounts are left out: an engine with many containers has thousands.
# shellcheck disable=SC2016
MOUNTS='
$5 ~ /^\/proc\// || $5 ~ /\/(netns|overlay2\/[^\/]*\/merged|containers\/[^\/]*\/mounts\/.*)(\/|$)/ { next }
$5 ~ /\/(io\.containerd\.runtime\.v2\.task|rootfs\/overlayfs)\// { next }
i = index($0, " - ") {
	t = substr($0, i + 3)
	type = substr(t, 1, index(t, " ") - 1)
	t = substr(t, length(type) + 2)
	sub(/ .*/, "", t)
	t = $5 " " $4 " " $6 " " type " " t
	if (!(t in seen) && n++ < 2000) print "|" t
	seen[t] = 1
}'

mounts() {
	if [ -r /proc/self/mountinfo ]; then
		frame mounts
		awk "$MOUNTS" /proc/self/mountinfo
	else
		unread mounts denied /proc/self/mountinfo
	fi
}

parameters() {
	frame parameters
	for yx in net/ipv4/ip_forward net/ipv4/conf/all/forwarding net/ipv6/conf/all/forwarding \
		net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables \
		kernel/randomize_va_space kernel/kptr_restrict kernel/dmesg_restrict \
		kernel/unprivileged_bpf_disabled kernel/yama/ptrace_scope kernel/unprivileged_userns_clone \
		user/max_user_namespaces fs/protected_hardlinks fs/protected_symlinks; do
		if first /proc/sys/$yx; then printf '|%s %s\n' "$yx" "$mx"; fi
	done
	if first /sys/kernel/security/lsm; then printf '|lsm %s\n' "$mx"; fi
	if first /sys/module/apparmor/parameters/enabled; then printf '|apparmor %s\n' "$mx"; fi
	if first /sys/fs/selinux/enforce; then printf '|selinux %s\n' "$mx"; fi
}

# The filter and nat tables of iptables-save without counters; other lines are its complaints.
# A table that never ends was cut by the time limit.
# shellcheck disable=SC2016
TABLES='
/^#/ || /^$/ { next }
/^\*/ { open = on = 1; if ($0 != "*filter" && $0 != "*nat") on = 0; seen = 1 }
!/^([*:-]|COMMIT$)/ { if (!open && why == "") why = $0; next }
on && n++ < 20000 {
	if (/^:/) sub(/ \[[0-9]+:[0-9]+\]$/, "")
	body = body "|" $0 "\n"
}
/^COMMIT$/ { open = 0 }
END {
	if (open) print "@" N " unread " K " time"
	else if (n > 20000) print "@" N " unread " K " lines"
	else if (why != "" && !seen) print "@" N " unread " K " failed " substr(why, 1, 200)
	else printf "@%s %s\n%s", N, K, body
}'

# tables NAME: no table is named, as that would load its module. Where the rules are nftables' the
# older kind may hold others.
# shellcheck disable=SC3013
tables() {
	if [ "$ROOT" = 0 ]; then
		unread "$1" denied "$1-save"
	elif ! have "$1-save"; then
		unread "$1" missing "$1-save"
	else
		{
			lim "$1-save" 2>&1
			ys=$(command -v "$1-legacy-save") && ! [ "$ys" -ef "$(command -v "$1-save")" ] &&
				first "/proc/net/${1%tables}_tables_names" && lim "$ys" 2>&1
		} | awk "$TABLES" N="$N" K="$1"
	fi
}

# `nft list ruleset` without counters, and without tables that iptables made (FOUR, SIX: they are
# known from iptables-save): their chains have names in capitals.
# shellcheck disable=SC2016
RULESET='
/^(Error|netlink|internal):/ || /peration not permitted/ { if (why == "") why = $0; next }
/^#/ { next }
/^table / { held = ""; part = 0; theirs = 0; mine = ($2 == "ip" && FOUR || $2 == "ip6" && SIX) && $3 ~ /^(filter|nat|mangle|raw|security)$/ }
/^table /, /^}/ {
	gsub(/counter packets [0-9]+ bytes [0-9]+/, "counter")
	if ($0 ~ /^[ \t]+chain [A-Z]/) theirs = 1
	held = held "|" substr($0, 1, 1000) "\n"
	part++
	open = 1
}
/^}/ { open = 0; if (!(mine && theirs)) { body = body held; n += part } held = "" }
END {
	if (open) print "@" N " unread nftables time"
	else if (n > 20000) print "@" N " unread nftables lines"
	else if (why != "" && body == "") print "@" N " unread nftables failed " substr(why, 1, 200)
	else printf "@%s nftables\n%s", N, body
}'

filters() {
	yf=$(tables iptables)
	printf '%s\n' "$yf"
	ysix=$(tables ip6tables)
	printf '%s\n' "$ysix"
	if [ "$ROOT" = 0 ]; then
		unread nftables denied nft
	elif ! have nft; then
		unread nftables missing nft
	else
		case $yf in "@$N unread"*) y4=0 ;; *) y4=1 ;; esac
		case $ysix in "@$N unread"*) y6=0 ;; *) y6=1 ;; esac
		lim nft list ruleset 2>&1 | awk "$RULESET" N="$N" FOUR=$y4 SIX=$y6
	fi
	frame firewalls
	if [ -r /etc/ufw/ufw.conf ]; then
		case $yf in
			*'|:ufw'*)
				while read -r yx; do
					case $yx in ENABLED=[Yy][Ee][Ss]*) echo '|ufw' ;; esac
				done </etc/ufw/ufw.conf
				;;
		esac
	fi
	if have firewalld; then
		set +f
		yx=$(grep -lx firewalld /proc/[0-9]*/comm)
		set -f
		if [ -n "$yx" ]; then echo '|firewalld'; fi
	fi
}

audit() {
	frame auditfiles
	yi=$IFS
	IFS=$LF
	for yx in $RULES; do printf '|%s\n' "$yx"; done
	IFS=$yi
	if [ "$ROOT" = 0 ] && { { [ -d /etc/audit ] && ! [ -x /etc/audit ]; } ||
		{ [ -d /etc/audit/rules.d ] && ! [ -r /etc/audit/rules.d ]; }; }; then
		unread auditfiles denied /etc/audit
	fi
	if ! have auditctl; then
		for yx in /sbin/auditctl /usr/sbin/auditctl; do
			if [ -e $yx ]; then unread audit denied $yx && return 0; fi
		done
		unread audit missing auditctl
	elif [ "$ROOT" = 0 ]; then
		unread audit denied auditctl
	else
		frame auditstatus
		lim auditctl -s 2>&1 | sed -e 's/^/|/' -e 20q
		frame auditrules
		lim auditctl -l 2>&1 | sed -e 's/^/|/' -e 5000q
	fi
}

SETS='(DOCKER_(HOST|TLS|TLS_VERIFY|CERT_PATH|CONTEXT|CONFIG|CONTENT_TRUST|CONTENT_TRUST_SERVER))'

# Lines that set these variables. What else such a line assigns is masked, whatever its name.
# shellcheck disable=SC2016
CLIENTS='
function escaped(p) { gsub(/\\/, "&&", p); return p }
function others(s,   o, n) {
	o = ""
	while (match(s, /[A-Za-z_][A-Za-z0-9_]*=/)) {
		n = substr(s, RSTART, RLENGTH - 1)
		o = o substr(s, 1, RSTART + RLENGTH - 1)
		s = substr(s, RSTART + RLENGTH)
		if (n ~ /^DOCKER_(HOST|TLS|CERT|CONTEXT|CONFIG$|CONTENT)/ || s ~ /^([ \t;]|$)/) continue
		if (n ~ /^(DEFAULT|OVERRIDE)$/ && o ~ /DOCKER_[A-Z_]+[ \t]+[A-Z]+=$/) continue
		REST = s
		o = o value()
		pend = 0
		s = REST
	}
	return o s
}
function say(number, s) {
	pend = 0
	s = opts(substr(s, 1, 1000))
	pend = 0
	print "|" number ":" s
}
FILENAME == "" || FILENAME == "-" {
	if (/^\001/) head = substr($0, 2)
	else {
		if (head != "") print "@" N " client " head
		head = ""
		say(0, $0)
	}
	next
}
FNR == 1 { shown = 0 }
/^[ \t]*#/ { next }
($0 ~ ("(^|[^A-Za-z0-9_])" P "([ \t]+(DEFAULT|OVERRIDE))?[+]?=") ||
	$0 ~ ("(^|[ \t;])(set|setenv)[ \t]+([^;]*[ \t])?" P "[ \t]+[^ \t;]")) && shown < 20 {
	if (!shown++) print "@" N " client " escaped(FILENAME)
	say(FNR, others($0))
}'

# Files that set clients up: logins, cron.
# shellcheck disable=SC2046,SC2086
client_files() {
	glob '/etc/profile.d/*.sh'
	yg=$G
	glob '/etc/environment.d/*.conf'
	yg=$yg$G
	glob '/etc/cron.d/*'
	yg=$yg$G
	glob '/var/spool/cron/crontabs/*'
	yg=$yg$G
	glob '/var/spool/cron/*'
	yg=$yg$G
	yi=$IFS
	IFS=$LF
	for yx in $HOMES; do
		yx=${yx#*:}
		yx=${yx%:*}
		[ -x "$yx" ] || continue
		for yy in .profile .bashrc .bash_profile .bash_login .zshrc .zshenv .pam_environment \
			.config/fish/config.fish; do
			yg=$yg$yx/$yy$LF
		done
		if [ -d "$yx/.config/environment.d" ]; then
			glob "$yx/.config/environment.d/*.conf"
			yg=$yg$G
		fi
	done
	set --
	for yx in /etc/environment /etc/profile /etc/bash.bashrc /etc/bashrc /etc/zsh/zshenv /etc/zshenv \
		/etc/crontab $yg; do
		if [ -f "$yx" ] && [ -r "$yx" ] && [ -s "$yx" ]; then set -- "$@" "$yx"; fi
	done
	if [ $# -gt 0 ]; then
		set -- $(grep -lE -e "$SETS" -- "$@")
		[ $# -eq 0 ] || awk "$MASK$CLIENTS" N="$N" P="$SETS" "$@"
	fi
	IFS=$yi
}

# Processes of this host that were given these variables; the engines' own are no clients.
# shellcheck disable=SC2046,SC2086
client_processes() {
	set +f
	yn=$(grep -lE -e "$SETS=" /proc/[0-9]*/environ)
	set -f
	[ -n "$yn" ] || return 0
	yp='' yc=0
	for yx in $yn; do
		yx=${yx%/environ}
		case $LF$CAND$LF in
			*"$LF${yx#/proc/} dockerd$LF"* | *"$LF${yx#/proc/} containerd$LF"* | \
				*"$LF${yx#/proc/} docker-proxy$LF"* | *"$LF${yx#/proc/} rootlesskit$LF"*) continue ;;
		esac
		[ "$yx" != /proc/$$ ] || continue
		yc=$((yc + 1))
		[ $yc -gt 50 ] || yp="$yp $yx/ns/pid"
	done
	if [ $yc -gt 50 ]; then note "$yc processes with DOCKER_… variables; only 50 were looked at"; fi
	[ -n "$yp" ] || return 0
	set -- $(stat -L -c '%i %n' /proc/self/ns/pid $yp)
	yc=$1
	while [ $# -gt 3 ]; do
		shift 2
		[ "$1" = "$yc" ] || continue
		yx=${2%/ns/pid}/environ
		printf '\001%s\n' "$yx"
		tr '\000\001\003\n' '\n\002\002\003' <"$yx" | grep -E -e "^$SETS="
	done | awk "$MASK$CLIENTS" N="$N" -
}

# CVE ids in changelogs; a line that begins with \001 names the package.
# shellcheck disable=SC2016
FIXED='
/^\001/ { n = 0; package = substr($0, 2); said = 0; next }
/^[ \t]*$/ || /^\(none\)$/ { next }
{
	if (!said++) print "@" N " fixed " package
	while (match($0, /CVE-[0-9]+-[0-9]+/)) {
		cve = substr($0, RSTART, RLENGTH)
		$0 = substr($0, RSTART + RLENGTH)
		if (!((package, cve) in seen) && n < 1000 && length(cve) < 24) { seen[package, cve] = 1; n++; print "|" cve }
	}
}'

PACKAGES='docker.io docker-ce docker-engine moby-engine docker containerd containerd.io runc crun'

# Lines `name version` of those that are installed; for Alpine from its database itself.
# shellcheck disable=SC2016,SC2086
packages() {
	if [ -f /var/lib/dpkg/status ] && have dpkg-query; then
		yk=$(lim dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' $PACKAGES |
			sed -n 's/^installed //p')
	elif have rpm && { [ -d /var/lib/rpm ] || [ -d /usr/lib/sysimage/rpm ]; }; then
		yk=$(lim rpm -q --qf '%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE}\n' $PACKAGES |
			sed -n -e 's/ (none):/ /' -e '/^[^ ]* [^ ]*$/p')
	else
		for yx in /lib/apk/db/installed /usr/lib/apk/db/installed; do
			[ -r $yx ] || continue
			frame packages
			awk -v p=" $PACKAGES " '
				/^P:/ { n = substr($0, 3) }
				/^V:/ && index(p, " " n " ") { print "|" n " " substr($0, 3) }' $yx
			return 0
		done
		unread packages missing 'dpkg, rpm or apk'
		return 0
	fi
	frame packages
	body "$yk"
	[ -n "$yk" ] || return 0
	yi=$IFS
	IFS=$LF
	for yx in $yk; do
		yx=${yx%% *}
		yd=/usr/share/doc/$yx/changelog
		if [ -f /var/lib/dpkg/status ]; then
			for yy in .Debian .Debian.gz .gz ''; do
				[ -r "$yd$yy" ] || continue
				printf '\001%s\n' "$yx"
				case $yy in *.gz) gzip -dc "$yd$yy" ;; *) cat "$yd$yy" ;; esac
				echo
				break
			done
		else
			printf '\001%s\n' "$yx"
			lim rpm -q --changelog "$yx"
		fi
	done | awk "$FIXED" N="$N"
	IFS=$yi
}

# Lines `program first-line`. A snap's program writes into the home folder, so it isn't asked.
programs() {
	case $(command -v docker) in
		'' | /snap/*) ;;
		*)
			yy=$(HOME=/nonexistent lim docker --version)
			printf 'docker %s\n' "${yy%%"$LF"*}"
			;;
	esac
}

# Texts of this section, and the rule files of auditd into RULES.
# shellcheck disable=SC2086
kernel_texts() {
	glob '/etc/audit/rules.d/*.rules'
	RULES=$G
	if [ -e /etc/audit/audit.rules ]; then RULES=$RULES/etc/audit/audit.rules$LF; fi
	yi=$IFS
	IFS=$LF
	for yx in $RULES; do text plain "$yx"; done
	for yx in /etc/subuid /etc/subgid; do text plain $yx; done
	glob '/etc/containerd/certs.d/*/hosts.toml'
	for yx in $G; do text toml "$yx"; done
	glob '/etc/containerd/conf.d/*.toml'
	for yx in $G; do text toml "$yx"; done
	if [ -e /etc/buildkit/buildkitd.toml ]; then text toml /etc/buildkit/buildkitd.toml; fi
	for yx in $HOMES; do
		yx=${yx#*:}
		yx=${yx%:*}
		for yy in .config/buildkit/buildkitd.toml .docker/buildx/buildkitd.default.toml; do
			if [ -e "$yx/$yy" ]; then text toml "$yx/$yy"; fi
		done
		[ -d "$yx/.docker/buildx/instances" ] || continue
		glob "$yx/.docker/buildx/instances/*"
		for yy in $G; do text client "$yy"; done
	done
	IFS=$yi
	# Audit rules may name programs by way of these links.
	file /run/containerd /etc/audit /etc/audit/rules.d /bin /sbin /lib
}

# Frames only: the program answers while the rest is read.
kernel() {
	programs | {
		{
			mounts
			parameters
			filters
			audit
			client_files
			client_processes
			packages
		} </dev/null
		frame programs
		sed 's/^/|/'
	}
}

# ---- what the engine keeps ---------------------------------------------------------------------

# Of the API's answers only the paths of KEEPS cross; what is masked among them has a handler after
# a colon. Input: an answer, \001, `STATUS URL` and a newline, the next answer … Output: lines of
# the frame `inventory`; after a `=` paths that are mounted into containers; in the listing round
# (PLAN=1) also what to ask for next, after a `+`.
# shellcheck disable=SC2016
INVENTORY='
BEGIN {
	RS = "\001"
	config = "Image User Env[ .:env ] Cmd[ .:word ] Entrypoint[ .:word ] ExposedPorts{ *{ } } " \
		"Healthcheck{ Test[ .:health ] } Labels{ *:label } "
	ports = "{ *[ .{ HostIp HostPort } ] } "
	KEEPS["containers"] = ".[1000 .{ Id Names[ . ] } ]"
	KEEPS["images"] = ".[500 .{ Id RepoTags[ . ] } ]"
	KEEPS["container"] = ".{ Id Name Created Image State{ Status Running Pid StartedAt FinishedAt " \
		"Health{ Status } } RestartCount AppArmorProfile ProcessLabel ExecIDs[ . ] " \
		"HostConfig{ Privileged CapAdd[ . ] CapDrop[ . ] SecurityOpt[ .:secopt ] NetworkMode " \
		"PidMode IpcMode UTSMode UsernsMode CgroupnsMode CgroupParent Memory NanoCpus CpuShares " \
		"CpuQuota CpusetCpus PidsLimit ReadonlyRootfs RestartPolicy{ Name MaximumRetryCount } " \
		"PortBindings" ports "PublishAllPorts Devices[ .{ PathOnHost CgroupPermissions } ] " \
		"DeviceCgroupRules[ . ] DeviceRequests[ .{ Driver Count } ] " \
		"Ulimits[ .{ Name Soft Hard } ] MaskedPaths[ . ] ReadonlyPaths[ . ] LogConfig{ Type } " \
		"Runtime } Config{ " config "} Mounts[ .{ Type Name Source Destination Driver RW " \
		"Propagation } ] NetworkSettings{ Ports" ports "Networks{ *{ NetworkID } } } }"
	KEEPS["image"] = ".{ Id RepoTags[ . ] RepoDigests[ . ] Created Size Config{ " config "} }"
	KEEPS["history"] = ".[500 .{ Created CreatedAt CreatedBy:step Size Comment:comment } ]"
	KEEPS["networks"] = ".[500 .{ Id Name Driver Scope Internal Attachable Ingress EnableIPv6 " \
		"Options{ *:option } IPAM{ Config[ .{ Subnet Gateway } ] } } ]"
	KEEPS["volumes"] = ".{ Volumes[1000 .{ Name Driver Mountpoint Options{ *:volume } } ] }"
	KEEPS["plugins"] = ".[200 .{ Name Enabled } ]"
	KEEPS["swarm"] = ".{ ID CreatedAt Spec{ EncryptionConfig{ AutoLockManagers } CAConfig{ " \
		"NodeCertExpiry } } TLSInfo{ TrustRoot } RootRotationInProgress DataPathPort }"
	KEEPS["services"] = ".[500 .{ ID Spec{ Name TaskTemplate{ ContainerSpec{ Image User " \
		"Env[ .:env ] Secrets[ .{ SecretName } ] } } EndpointSpec{ Ports[ .{ Protocol " \
		"TargetPort PublishedPort PublishMode } ] } } } ]"
	KEEPS["secrets"] = ".[0 .{ } ]"
	nodes = 1
	for (k in KEEPS) ROOT[k] = grow(KEEPS[k])
	set(NAMING, "com.docker.swarm.service.name com.docker.swarm.task.name " \
		"com.docker.swarm.node.id com.docker.stack.namespace com.docker.compose.project " \
		"com.docker.compose.service")
	set(PROGRAM, "sh bash dash ash sshd dropbear socat ncat nc nginx haproxy traefik envoy dockerd " \
		"containerd docker tini dumb-init supervisord busybox")
	set(FLAG, "ro rw nosuid nodev noexec soft hard bind rbind nolock noatime relatime sync async " \
		"suid dev exec tcp udp")
	set(VALUED, "addr clientaddr vers nfsvers proto port mountport username user domain workgroup " \
		"sec uid gid file_mode dir_mode mode size nr_inodes rsize wsize timeo retrans lowerdir " \
		"upperdir workdir")
	set(SOCKETED, "fork reuseaddr reuseport keepalive nodelay")
	set(VOCABULARY, "apt apt-get aptitude apk yum dnf dnf5 microdnf tdnf zypper opkg pacman pip " \
		"pip3 npm update upgrade dist-upgrade full-upgrade install add makecache refresh ref in " \
		"up dup check-update remove purge clean autoremove del erase && || ; | & ( ) # buildkit " \
		"/bin/sh -c")
	set(OTHER, "CMD ENTRYPOINT LABEL EXPOSE VOLUME USER WORKDIR ONBUILD STOPSIGNAL HEALTHCHECK " \
		"SHELL MAINTAINER FROM")
}
function set(a, words,   n, w) {
	n = split(words, w, " ")
	while (n > 0) a[w[n--]] = 1
}
# A tree of what is kept: KIDS[node, key], TYPE ("{", "[" or nothing for a value), MODE (who masks
# it), MOST (how many elements). Returns its root.
function grow(words,   n, w, i, s, d, at, k, root) {
	n = split(words, w, " ")
	d = 0
	for (i = 1; i <= n; i++) {
		s = w[i]
		if (s == "}" || s == "]") { d--; continue }
		nodes++
		if (match(s, /[[{:]/)) {
			k = substr(s, 1, RSTART - 1)
			if (substr(s, RSTART, 1) == ":") MODE[nodes] = substr(s, RSTART + 1)
			else TYPE[nodes] = substr(s, RSTART, 1)
			if (TYPE[nodes] == "[" && RSTART < length(s)) MOST[nodes] = substr(s, RSTART + 1)
		} else k = s
		if (d) KIDS[at[d], k] = nodes
		else root = nodes
		if (TYPE[nodes] != "") at[++d] = nodes
	}
	return root
}
# ---- JSON: what is kept of it is in PIECE[1…pieces] and REST ----
function say(s) {
	BUFFER = BUFFER s
	if (length(BUFFER) > 2000) flush()
}
function flush() { PIECE[++pieces] = BUFFER; BUFFER = "" }
# What stands before a value that is printed: a comma, its name.
function lead(   s) {
	if (!depth) return ""
	s = empty[depth] ? "" : ","
	empty[depth] = 0
	return type[depth] == "{" ? s "\"" key "\":" : s
}
function kid(k) {
	if (!node[depth]) return 0
	if ((node[depth], k) in KIDS) return KIDS[node[depth], k]
	if (type[depth] == "{" && (node[depth], "*") in KIDS) return KIDS[node[depth], "*"]
	return 0
}
function element(   n) {
	n = node[depth]
	at = (n && !(n in MOST && MOST[n] + 0 && count[depth] >= MOST[n] + 0)) ? kid(".") : 0
}
function done() { want = depth ? "," : "e" }
# What stands between two strings: punctuation, numbers, true, false, null.
function structure(p,   n, i, c, s) {
	if (p == ":" && want == ":") { want = "v"; return }
	if (p == "," && want == ",") { comma(); return }
	n = length(p)
	for (i = 1; i <= n && !bad; i++) {
		c = substr(p, i, 1)
		if (c == " " || c == "\n" || c == "\t" || c == "\r") continue
		if (c == ",") comma()
		else if (c == ":") { if (want == ":") want = "v"; else bad = 1 }
		else if (c == "{" || c == "[") {
			if ((want != "v" && want != "V") || depth > 60) { bad = 1; return }
			if (at && TYPE[at] == c) say(lead() c)
			else at = 0
			depth++
			node[depth] = at
			type[depth] = c
			name[depth] = key
			empty[depth] = 1
			count[depth] = 0
			if (c == "{") want = "K"
			else { want = "V"; element() }
		} else if (c == "}" || c == "]") {
			if (!depth || type[depth] != (c == "}" ? "{" : "[") || (want != "," && want != (c == "}" ? "K" : "V"))) {
				bad = 1
				return
			}
			if (type[depth] == "[" && node[depth] in MOST) total = count[depth] + (want == ",")
			if (node[depth]) say(c)
			depth--
			done()
		} else {
			if (want != "v" && want != "V") { bad = 1; return }
			s = substr(p, i)
			match(s, /^[-+.0-9A-Za-z]+/)
			if (RLENGTH < 1) { bad = 1; return }
			s = substr(s, 1, RLENGTH)
			if (s !~ /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?)$/) { bad = 1; return }
			if (at && TYPE[at] == "" && MODE[at] == "") {
				say(lead() s)
				if (depth == 2 && key == "Pid") PID = s
			}
			i += RLENGTH - 1
			done()
		}
	}
}
function comma() {
	if (want != "," || !depth) { bad = 1; return }
	count[depth]++
	if (type[depth] == "{") want = "k"
	else { want = "v"; element() }
}
function string(s,   m) {
	if (want == "k" || want == "K") {
		at = kid(s)
		if (at && s ~ /[\001-\037]/) bad = 1
		key = index(s, "@") ? urls(s) : s
		want = ":"
		return
	}
	if (want != "v" && want != "V") { bad = 1; return }
	if (at && TYPE[at] == "") {
		if (s ~ /[\001-\037]/) { bad = 1; return }
		dropped = 0
		m = MODE[at]
		if (m == "") {
			if (depth == 1 && key == "Id") ID = s
			else if (key == "Source") bound(s)
			s = plain(s)
		} else if (m == "env") s = variable(s)
		else if (m == "word") s = command(s)
		else if (m == "label") s = (key in NAMING) ? plain(s) : "***"
		else if (m == "health") { if (count[depth] || s !~ /^(CMD|CMD-SHELL|NONE)$/) dropped = 1 }
		else if (m == "secopt") s = s ~ /^seccomp[=:][ \t]*\{/ ? "seccomp={***}" : plain(s)
		else if (m == "option") s = secret(key) ? "***" : options(s)
		else if (m == "volume") {
			# That of a network share may hold a password.
			if (key == "device" && s !~ /^\/\/|@/) bound(s)
			s = storage(key, s)
		}
		else if (m == "step") s = step(s)
		else if (m == "comment") { if (s !~ /^(buildkit[-.a-z0-9]*)?$/) s = "***" }
		else s = "***"
		if (!dropped) say(lead() "\"" s "\"")
	}
	done()
}
# A path of the host in a container: where its links lead has to be looked at.
function bound(s) {
	if (s ~ /^\/[^\\]*$/ && s !~ /[\001-\037]/ && !(s in BOUND) && bounds < 500) BOUND[s] = ++bounds
}
function project(t, root,   n, a, i, s) {
	split("", PIECE)
	pieces = 0; BUFFER = ""; depth = 0; bad = 0; want = "v"; at = root; key = ""
	total = 0; ID = ""; PID = 0; slot = 0; entered = 0
	n = split(t, a, "\"")
	structure(a[1])
	for (i = 2; i <= n && !bad; i += 2) {
		s = a[i]
		while (substr(s, length(s)) == "\\" && i < n && match(s, /\\+$/) && RLENGTH % 2) s = s "\"" a[++i]
		if (i >= n) { bad = 1; break }
		string(s)
		structure(a[i + 1])
	}
	if (want != "e") bad = 1
	flush()
	return !bad
}
# ---- values ----
function plain(s) {
	if (length(s) > 65536 || index(s, "PRIVATE KEY")) return "***"
	if (index(s, "@")) s = urls(s)
	if (index(s, "\\u00") && s ~ /\\u00(40|2[fF]|3[aA])/ && decoded(s) ~ /:\/\/.*@/) return "***"
	return s
}
function options(s) {
	s = plain(s)
	pend = 0
	s = opts(s)
	pend = 0
	return s
}
# A JSON string as the text it is; what is no ASCII stays or becomes `?`.
function decoded(s,   o, i, c, k, h) {
	o = ""
	while (i = index(s, "\\")) {
		o = o substr(s, 1, i - 1)
		c = substr(s, i + 1, 1)
		if (c != "u") {
			o = o (c ~ /[nrtbf]/ ? "\n" : c)
			s = substr(s, i + 2)
			continue
		}
		h = 0
		for (k = 2; k < 6; k++) h = h * 16 + index("0123456789abcdef", tolower(substr(s, i + k, 1))) - 1
		o = o (h >= 32 && h < 127 ? sprintf("%c", h) : h > 0 && h < 32 ? "\n" : "?")
		s = substr(s, i + 6)
	}
	return o s
}
# What a value is, by its form; no part of it.
function form(v) {
	if (v == "") return "empty"
	if (v ~ /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/) return "private-key"
	if (v ~ /(^|[^A-Za-z0-9])A[KS]IA[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]([^A-Za-z0-9]|$)/)
		return "aws-key"
	if (v ~ /(^|[^A-Za-z0-9])(gh[oprsu]_[A-Za-z0-9][A-Za-z0-9]|github_pat_[A-Za-z0-9]|glpat-[A-Za-z0-9]|xox[abeoprs]-[A-Za-z0-9]|eyJ[-A-Za-z0-9_]+\.[-A-Za-z0-9_]+\.|sk-[-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_][-A-Za-z0-9_])/)
		return "token"
	if (v ~ /:\/\/[^\/ \t\n@:]*:[^\/ \t\n@$][^\/ \t\n@]*@/) return "url-credentials"
	if (v ~ /^\.?\.?\/[-A-Za-z0-9_.\/@+~:]*$/) return "path"
	if (v ~ /^\$([A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})$/) return "reference"
	return "set"
}
function variable(s,   i, n) {
	i = index(s, "=")
	if (!i) return "***"
	n = substr(s, 1, i - 1)
	if (n !~ /^[-A-Za-z0-9_.:\/]+$/ || length(n) > 256) n = "***"
	return n "=" form(decoded(substr(s, i + 1, 32768)))
}
# A word of Cmd or Entrypoint; one with blanks in it, such as a script, is taken apart.
function command(s,   d, n, w, i, x, o, main) {
	if (s == "") return s
	# With an entrypoint the first word of Cmd is but an argument; which of the two comes first
	# in the document is not said.
	main = !count[depth]
	if (main && name[depth] == "Entrypoint") {
		entered = 1
		if (slot && !slotfine) PIECE[slot] = "\"***\""
	}
	d = decoded(substr(s, 1, 16384))
	if (d !~ /[ \t\n]/) {
		if (!main || d !~ /^[A-Za-z\/.][-A-Za-z0-9_.\/+]*$/ || length(d) > 256 || form(d) !~ /^(set|path)$/) return oneword(d)
		slotfine = d ~ /^\// || d in PROGRAM
		if (name[depth] == "Cmd") {
			if (entered) return slotfine ? d : "***"
			say(lead())
			flush()
			PIECE[slot = ++pieces] = "\"" d "\""
			dropped = 1
		}
		return d
	}
	n = split(d, w, /[ \t\n;&|(){}"\047`]+/)
	o = ""; x = ""
	for (i = 1; i <= n; i++) {
		if (w[i] == "" || (oneword(w[i]) == "***" && x == "***")) continue
		x = oneword(w[i])
		o = o (o == "" ? "" : " ") x
	}
	return o
}
function oneword(w,   n, v, i) {
	if (w ~ /["\\\001-\037\177-\377]/ || length(w) > 1024) return "***"
	v = address(w)
	if (v != "") return v
	if (w ~ /^--?[A-Za-z][-A-Za-z0-9_.]*(=|$)/) {
		i = index(w, "=")
		n = i ? substr(w, 1, i - 1) : w
		if (n ~ /^--/ ? length(n) > 64 : length(n) > 4) n = n ~ /^--/ ? "***" : substr(n, 1, 2) "***"
		if (!i) return n
		v = address(substr(w, i + 1))
		return n "=" (v != "" ? v : "***")
	}
	# No name has letters of both sizes, but what is coded in base64 mostly has.
	if (w ~ /^([A-Z_][A-Z0-9_]*|[a-z_][a-z0-9_]*)=[^=]/) {
		n = substr(w, 1, index(w, "="))
		if (length(n) <= 64) return n "***"
	}
	return "***"
}
# An address that something listens on or connects to, or nothing.
function address(w,   n, p, i, o, k) {
	if (w ~ /:\/\//) w = urls(w)
	if (w ~ /^(unix|fd):\/\/[-A-Za-z0-9_.\/@]*$/ || w ~ /^tcp:\/\/[][A-Za-z0-9_.:*@-]*$/) return w
	if (w ~ /^\/[-A-Za-z0-9_.\/]*\.sock$/) return w
	if (w ~ /^([0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|\[[0-9a-fA-F:.]*\]):[0-9][0-9]*$/) return w
	if (toupper(w) !~ /^(TCP|UDP|UNIX|ABSTRACT|OPENSSL|SSL|VSOCK)[46]?(-(LISTEN|L|CONNECT|CLIENT))?:/) return ""
	n = split(w, p, ",")
	o = p[1] ~ /^[][A-Za-z0-9:.\/_-]*$/ ? p[1] : substr(p[1], 1, index(p[1], ":")) "***"
	for (i = 2; i <= n && i < 30; i++) {
		k = p[i] ~ /=/ ? substr(p[i], 1, index(p[i], "=") - 1) : p[i]
		if (p[i] in SOCKETED || p[i] ~ /^bind=[][0-9a-fA-F:.]*$/) o = o "," p[i]
		else o = o "," (p[i] ~ /=/ && k ~ /^[a-z]+$/ ? k "=***" : "***")
	}
	return o
}
function storage(k, s) {
	if (k == "o") return mounting(s)
	if (k != "device" && k != "type") return "***"
	sub(/^\/\/.*@/, "//***@", s)
	return options(s)
}
# Options that a file system is mounted with; a password may hold commas.
function mounting(s,   n, p, i, k, o, after) {
	n = split(s, p, ",")
	o = ""; after = 0
	for (i = 1; i <= n && i < 100; i++) {
		k = index(p[i], "=") ? substr(p[i], 1, index(p[i], "=") - 1) : ""
		if (p[i] in FLAG) k = p[i]
		else if (k in VALUED && p[i] !~ /["\\]/) {
			if (k ~ /^user/) sub(/%.*/, "%***", p[i])
			k = plain(p[i])
		} else {
			k = !after && k ~ /^[a-z_.]+$/ ? k "=***" : "***"
			after = 1
		}
		o = o (i > 1 ? "," : "") k
	}
	return o
}
# A line of a history. Of the values that ENV and ARG had, nothing; of a script the words that
# every script has.
function step(s,   d, n, w, i, x, o, mode, last) {
	d = decoded(substr(s, 1, 16384))
	n = split(d, w, /[ \t\n]+/)
	o = ""; mode = "start"; last = ""
	for (i = 1; i <= n; i++) {
		x = w[i]
		if (x == "") continue
		if (x ~ /["\\\001-\037\177-\377]/ && mode != "run" && mode != "values") x = "***"
		if (x == "#(nop)" && i <= 4) mode = "start"
		else if (mode == "start") {
			if (x ~ /^\|[0-9]+$/) mode = "values"
			else if (x == "RUN") mode = "start"
			else if (x == "ADD" || x == "COPY") mode = "copy"
			else if (x == "ENV" || x == "ARG") mode = "env"
			else if (x in OTHER) mode = "other"
			else { mode = "run"; x = script(x) }
		} else if (mode == "values") {
			if (x ~ /^\/[a-z\/]*sh$/) mode = "run"
			else x = telltale(x)
		} else if (mode == "run") x = script(x)
		else if (x == "#" || x == "buildkit") x = x ""
		else if (mode == "copy") x = source(x)
		else if (mode == "env") x = telltale(x)
		else x = "***"
		if (x == "***" && last == "***") continue
		last = x
		o = o (o == "" ? "" : " ") x
	}
	return o
}
function telltale(x,   n) {
	if (match(x, /^[A-Za-z_][-A-Za-z0-9_.]*=/) && RLENGTH <= 128) {
		n = substr(x, 1, RLENGTH)
		if (secret(n)) return n "***"
	}
	return "***"
}
function script(x,   n, v, i, o, b) {
	gsub(/&&|\|\||[;&|()]/, " & ", x)
	n = split(x, v, " ")
	o = ""
	for (i = 1; i <= n; i++) {
		b = v[i]
		if (b ~ /^\/[a-z\/]+\/[a-z0-9-]+$/) sub(/^.*\//, "", b)
		if (v[i] in VOCABULARY || b in VOCABULARY) b = v[i]
		else if (v[i] ~ /^-[A-Za-z]/) b = v[i] ~ /^-[A-Za-z]?[A-Za-z]?[A-Za-z]?$/ ? v[i] : substr(v[i], 1, 2) "***"
		else if (v[i] ~ /^--[a-z][-a-z0-9]*(=|$)/) {
			b = v[i]
			sub(/=.*/, "=***", b)
			if (length(b) > 64) b = "***"
		} else b = telltale(v[i])
		o = o (o == "" ? "" : " ") b
	}
	return o
}
# What ADD and COPY name.
function source(x) {
	if (length(x) > 1024) return "***"
	if (x ~ /^--[a-z]+=/) return substr(x, 1, index(x, "=")) "***"
	if (x ~ /:\/\//) {
		x = urls(x)
		sub(/[?#].*/, "?***", x)
		return x ~ /^[-A-Za-z0-9_.\/:@+*~%?]+$/ ? x : "***"
	}
	return x ~ /^[-A-Za-z0-9_.\/:@+*~]+$/ ? x : "***"
}
# ---- documents ----
function tell(head,   i) {
	printf "|%s ", head
	for (i = 1; i <= pieces; i++) printf "%s", PIECE[i]
	print ""
}
function kindof(u) {
	WHO = ""
	sub(/^http:\/\/d\//, "", u)
	sub(/\?.*/, "", u)
	if (u ~ /^(containers|images)\/json$/) { sub(/\/json$/, "", u); return u }
	if (u ~ /^(networks|volumes|plugins|swarm|services|secrets)$/) return u
	if (u !~ /^(containers|images)\/((sha256:)?[0-9a-f]+|-)\/(json|history)$/) return ""
	WHO = u
	sub(/\/[a-z]*$/, "", WHO)
	sub(/^[a-z]*\//, "", WHO)
	if (u ~ /history$/) return "history"
	return u ~ /^c/ ? "container" : "image"
}
{
	# The first line is the status of the answer before; what follows is the next answer.
	i = NR > 1 ? index($0, "\n") : 0
	if (i) {
		head = substr($0, 1, i - 1)
		answer(TEXT, substr(head, 1, 3), substr(head, 5))
	}
	TEXT = substr($0, i + 1)
}
function answer(t, code, url,   kind) {
	kind = kindof(url)
	if (kind == "" || code !~ /^[0-9][0-9][0-9]$/) return
	if (code != 200) {
		if (t ~ /not a swarm manager|not part of a swarm/ && t !~ /being prepared|trouble/) code = "none"
	} else if (!project(t, ROOT[kind])) code = "bad"
	if (code != 200) pieces = 0
	if (WHO == "-") { if (code != 200 || ID !~ /^(sha256:)?[0-9a-f]+$/) return; WHO = ID }
	tell(kind " " (WHO != "" ? WHO : total + 0) " " code)
	if (code == 200 && kind == "container" && PID > 1) first_process(WHO, PID + 0)
	if (PLAN && code == 200 && kind ~ /^(containers|images)$/) plan(kind)
}
# What to ask for next.
function plan(kind,   i, s, n, a, x) {
	s = ""
	for (i = 1; i <= pieces; i++) s = s PIECE[i]
	n = split(s, a, "\"Id\":\"")
	for (i = 2; i <= n; i++) {
		x = substr(a[i], 1, index(a[i], "\"") - 1)
		if (x !~ /^(sha256:)?[0-9a-f]+$/ || length(x) > 80) continue
		PLANNED[++planned] = "http://d/" kind "/" x "/json"
		if (kind == "images") PLANNED[++planned] = "http://d/images/" x "/history"
	}
}
function whole(file,   s) {
	s = ""
	if ((getline s < file) < 0) s = ""
	close(file)
	return s
}
# The process as the kernel sees it; it may be gone by now.
function first_process(id, pid,   n, l, f, i, uid, cap, nnp, sec) {
	RUNNING[pid] = id
	KNOWN_ID[id] = pid
	n = split(whole("/proc/" pid "/status"), l, "\n")
	uid = cap = nnp = sec = "-"
	for (i = 1; i <= n; i++) {
		split(l[i], f, /[ \t]+/)
		if (f[1] == "Uid:") uid = f[3]
		else if (f[1] == "CapEff:") cap = f[2]
		else if (f[1] == "NoNewPrivs:") nnp = f[2]
		else if (f[1] == "Seccomp:") sec = f[2]
	}
	print "|task " id " " uid " " cap " " nnp " " sec
}
# SSH servers by executable, and the container that each is in by its cgroup; where that does not
# tell, by its pid namespace.
function ssh_servers(   s, n, l, i, p, t, b, c, k, found, seen, lost, many) {
	s = ""
	"ls -ln /proc/[0-9]*/exe" | getline s
	close("ls -ln /proc/[0-9]*/exe")
	n = split(s, l, "\n")
	for (i = 1; i <= n; i++) {
		if (!match(l[i], /\/proc\/[0-9]+\/exe -> /)) continue
		p = substr(l[i], RSTART + 6, RLENGTH - 14)
		seen[p] = 1
		if (l[i] !~ /\/(sshd|sshd-session|dropbear)( \(deleted\))?$/ || ++many > 100) continue
		# A name may forge a line of ls.
		t = ""
		c = "readlink /proc/" p "/exe"
		c | getline t
		close(c)
		sub(/\n$/, "", t)
		sub(/ \(deleted\)$/, "", t)
		b = t
		sub(/^.*\//, "", b)
		if (b !~ /^(sshd|sshd-session|dropbear)$/ || t ~ /[\001-\037]/) continue
		k = split(whole("/proc/" p "/cgroup"), found, /[^0-9a-f]+/)
		while (k > 0 && !(found[k] in KNOWN_ID)) k--
		if (k > 0) print "|ssh " found[k] " " t
		else lost[p] = t
	}
	for (p in RUNNING) if (!(p in seen)) print "|unseen " RUNNING[p]
	for (p in lost) { same_namespace(lost); break }
}
function same_namespace(lost,   c, p, s, n, l, i, f, space) {
	c = "stat -L -c \"%i %n\" /proc/self/ns/pid"
	for (p in lost) c = c " /proc/" p "/ns/pid"
	for (p in RUNNING) c = c " /proc/" p "/ns/pid"
	s = ""
	c | getline s
	close(c)
	n = split(s, l, "\n")
	for (i = 1; i <= n; i++) {
		split(l[i], f, " ")
		split(f[2], f, "/")
		space[f[3]] = l[i] + 0
	}
	for (p in lost) {
		if (!space[p] || space[p] == space["self"]) continue
		for (i in RUNNING) if (space[i] == space[p]) print "|ssh " RUNNING[i] " " lost[p]
	}
}
END {
	for (i in RUNNING) { ssh_servers(); break }
	for (i = 1; i <= planned; i++) print "+" PLANNED[i]
	for (i in BOUND) print "=" i
}'


# Asks $1 (seconds in all) of the socket $2 for the URLs that follow.
ask() {
	va=$1 vb=$2
	shift 2
	# Where no timeout is, each answer has its share.
	vc=$((va * 1000 / ($# + 1) + 1))
	if [ $TIMEOUT = 1 ]; then vd="timeout $va" vc=2000; else vd=; fi
	vc=$((vc / 1000)).$(((vc % 1000) / 100))$(((vc % 100) / 10))$((vc % 10))
	# shellcheck disable=SC2086
	IFS=' ' && $vd curl -q -g -s --noproxy '*' --max-time $vc --unix-socket "$vb" \
		-w "$SOH"'%{http_code} %{url_effective}\n' "$@" | head -c 16777216 | tr '\000' '\002'
}

# Sets LEFT to what is left of the seconds that began at $1; fails when nothing is.
left() {
	read -r va vb </proc/uptime
	LEFT=$((8 - (${va%%.*} - $1)))
	[ $LEFT -gt 0 ]
}

# The frames of what each engine keeps: lists first, then each container and image.
# shellcheck disable=SC2046
inventories() {
	SOH=$(printf '\001')
	vi=$IFS
	vn=0
	IFS=$LF
	for vx in $API; do
		vn=$((vn + 1))
		[ $vn -le 8 ] || break
		frame inventory "$vx"
		read -r vy va </proc/uptime
		vy=${vy%%.*}
		if have curl; then
			vl=$(ask 5 "$vx" 'http://d/containers/json?all=1' http://d/images/json http://d/networks \
				http://d/volumes http://d/plugins http://d/swarm http://d/services http://d/secrets |
				awk "$MASK$INVENTORY" PLAN=1)
			printf '%s\n' "$vl" | grep '^[|=]'
			set -- $(printf '%s\n' "$vl" | sed -n 's/^+//p')
			if [ $# -gt 0 ] && left "$vy"; then
				ask "$LEFT" "$vx" "$@" | awk "$MASK$INVENTORY"
			fi
		elif have docker; then
			inventory_docker "$vx" | head -c 16777216 | tr '\000' '\002' | awk "$MASK$INVENTORY"
		fi
		IFS=$LF
	done
	IFS=$vi
}

# Prints the frames of the inventories; the paths in them are looked at.
kept() {
	[ -n "$1" ] || return 0
	printf '%s\n' "$1" | grep -v '^='
	ki=$IFS
	IFS=$LF
	for vk in $(printf '%s\n' "$1" | sed -n 's/^=//p'); do file "$vk"; done
	IFS=$ki
}

# What the docker command says, as the API says it.
client() {
	left "$vy" || return 1
	if [ $TIMEOUT = 1 ]; then set -- timeout $LEFT docker -H "unix://$vs" "$@"; else set -- docker -H "unix://$vs" "$@"; fi
	HOME=/nonexistent DOCKER_CONFIG=/nonexistent "$@"
}
answered() { printf '%s200 http://d/%s\n' "$SOH" "$1"; }
# listed URL OBJECTS: one a line.
# shellcheck disable=SC2086
listed() {
	vo=
	for vp in $2; do vo=$vo${vo:+,}$vp; done
	printf '[%s]' "$vo"
	answered "$1"
}
# documents URL COMMAND…: an answer for each line.
documents() {
	vu=$1
	shift
	client "$@" --format '{{json .}}' | sed "s|\$|${SOH}200 http://d/$vu|"
}
# inspected KIND NAMES
# shellcheck disable=SC2086
inspected() { [ -z "$2" ] || client $1 inspect "$vj" $2; }
# shellcheck disable=SC2046
inventory_docker() {
	vs=$1
	IFS=$LF
	vj='--format={{json .}}'
	if vl=$(client ps -a --no-trunc --format '{"Id":"{{.ID}}","Names":["/{{.Names}}"]}'); then
		listed containers/json "$vl"
		set -- $(printf '%s\n' "$vl" | sed -n 's/^{"Id":"\([0-9a-f]*\)".*/\1/p' | head -n 1000)
		if [ $# -gt 0 ]; then documents containers/-/json container inspect "$@"; fi
	fi
	if vl=$(client images -q --no-trunc); then
		vl=$(printf '%s\n' "$vl" | awk '/^sha256:[0-9a-f]+$/ && !seen[$0]++ { print "{\"Id\":\"" $0 "\"}" }')
		listed images/json "$vl"
		set -- $(printf '%s\n' "$vl" | sed -n 's/.*\(sha256:[0-9a-f]*\).*/\1/p' | head -n 500)
		if [ $# -gt 0 ]; then documents images/-/json image inspect "$@"; fi
		vh=0
		for vl; do
			vh=$((vh + 1))
			[ $vh -le 60 ] || break
			vo=$(client history --no-trunc --human=false "$vj" "$vl") && listed "images/$vl/history" "$vo"
		done
	fi
	if vl=$(client network ls -q --no-trunc) && vl=$(inspected network "$vl"); then
		listed networks "$vl"
	fi
	if vl=$(client volume ls -q) && vl=$(inspected volume "$vl"); then
		printf '{"Volumes":'
		listed volumes "$vl" | sed "s/$SOH/}$SOH/"
	fi
	if vl=$(client plugin ls --format '{"Name":"{{.Name}}","Enabled":{{.Enabled}}}'); then
		listed plugins "$vl"
	fi
	vl=$(client info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}
{{json .Swarm.Cluster}}') || return 0
	case $vl in
		'active true'*)
			printf '%s' "${vl#*"$LF"}"
			answered swarm
			if vl=$(client service ls -q) && vl=$(inspected service "$vl"); then
				listed services "$vl"
			fi
			if vl=$(client secret ls --format '{}'); then listed secrets "$vl"; fi
			;;
		'active false'* | inactive*)
			for vl in swarm services secrets; do
				printf 'not a swarm manager%s503 http://d/%s\n' "$SOH" $vl
			done
			;;
	esac
}

# ---- the two rounds ----------------------------------------------------------------------------

# Files that the first round named: only these.
# shellcheck disable=SC2086
again() {
	xi=$IFS
	IFS=$LF
	for xx in $X; do
		# `=PATH`: nothing of what is in it.
		case $xx in
			=*)
				file "${xx#=}"
				continue
				;;
		esac
		pem "$xx"
		if [ -f "$xx" ] && [ -r "$xx" ] && [ -s "$xx" ]; then
			# What is it? Content decides; a PEM's text is never sent.
			xk=$(head -c 4096 "$xx" | tr -d '\000' | awk '
				/-----BEGIN / { k = "pem"; exit }
				k == "" && /^[ \t\r]*[{"]/ { k = "json" }
				k == "" && /^[ \t]*\[(Unit|Service|Socket|Install)\]/ { k = "unit" }
				END { print k == "" ? "env" : k }')
			case $xk:$xx in
				pem:*) ;;
				*:*.toml) text toml "$xx" ;;
				*:*.json) text json "$xx" ;;
				*) text $xk "$xx" ;;
			esac
		fi
	done
	IFS=$xi
}

# Texts, what processes and daemons say, certificates and keys.
contents() {
	ANSWERS=$(api_records)
	{
		process_records
		text_records
		printf '%s' "$ANSWERS"
	} | awk "$MASK$TEXTS" N="$N"
	pem_files
}

main() {
	PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/snap/bin
	LC_ALL=C
	RANDFILE=/dev/null
	export PATH LC_ALL RANDFILE
	umask 077
	set -f
	unset IFS LANG LANGUAGE CDPATH ENV BASH_ENV GREP_OPTIONS GREP_COLOR GREP_COLORS POSIXLY_CORRECT \
		TIME_STYLE LS_COLORS LS_BLOCK_SIZE BLOCK_SIZE BLOCKSIZE QUOTING_STYLE AWKPATH AWKLIBPATH \
		GAWK_READ_TIMEOUT POSIX_ALLOW CURL_HOME CURL_CA_BUNDLE SSLKEYLOGFILE OPENSSL_CONF \
		OPENSSL_MODULES OPENSSL_ENGINES DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_TLS \
		DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_API_VERSION DOCKER_DEFAULT_PLATFORM \
		DOCKER_CUSTOM_HEADERS DOCKER_CLI_HINTS http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy \
		ALL_PROXY no_proxy NO_PROXY SYSTEMD_PAGER SYSTEMD_COLORS SYSTEMD_LOG_LEVEL SYSTEMCTL_ARGS \
		LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT COLUMNS
	IFS=' 	
'
	lack=''
	for each in awk cat find grep head id ls readlink sed stat tr; do
		have $each || lack="$lack $each"
	done
	if [ -n "$lack" ]; then
		printf '\n@%s begin 1\n@%s lacking%s\n@%s end\n' "$N" "$N" "$lack" "$N"
		return 0
	fi
	BORN=0 CAND='' HELD='' LISTEN='' MORE='' INSIDE='' SHOW='' HOMES='' API='' A='' RULES=''
	# A greeting may end without a newline.
	echo
	frame begin 1
	ID=$(id)
	case $ID in 'uid=0('* | 'uid=0 '*) ROOT=1 ;; *) ROOT=0 ;; esac
	# An old busybox has another syntax for it.
	if timeout 3 true; then TIMEOUT=1; else TIMEOUT=0; fi
	if [ -n "${X-}" ]; then
		again
		text_sizes
		text_unread
		contents
		stat_files
	else
		machine
		accounts
		processes
		kernel_texts
		# What the rest does not wait for is gathered beside it; it waits in the pipe.
		{
			network
			peers
			process_frames
			kernel
		} | {
			exec 4<&0 </dev/null
			units
			boot
			boot_lines
			gather_names
			gather_files
			key_search
			relays
			api_sockets
			text_sizes
			text_unread
			# So is what the engine keeps.
			inventories | {
				exec 3<&0 </dev/null
				contents
				engine
				wires
				kept "$(cat <&3)"
				stat_files
			}
			gone
			cat <&4
		}
	fi
	frame end
}

{ main </dev/null 2>/dev/null; exit 0; }
