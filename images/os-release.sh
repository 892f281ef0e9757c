# shellcheck shell=bash
# os FIELD: prints a field of this machine's os-release, e.g. ID: "debian", VERSION_CODENAME: "bookworm".
os() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\).*/\1/p" /etc/os-release; }
