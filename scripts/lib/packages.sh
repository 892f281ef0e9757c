# shellcheck shell=bash
# Installs the programs that Berth needs from the distribution's packages, and checks that they work in this folder.

# PATH separates folders by colons, Ansible expands {{ and $NAME in the path of a playbook, and Vite, which builds the
# dashboard, treats the part after a question mark as a query.
check_path() {
  local unfit='[:?]|\{[{%#]|[[:cntrl:]]|\$[a-zA-Z0-9_{]'
  [[ ! $PWD =~ $unfit ]] || fail "Berth cannot run in $PWD: its path must not contain a colon, ?, {{, {%, {#, \$NAME or control characters." \
    'Move the checkout to another folder and run this again there.'
}

# Asks for the password of sudo now, because sudo cannot ask in the background, where the steps run.
ask_for_root() {
  if ((EUID == 0)) || ! has sudo || sudo -n true 2>/dev/null; then return; fi
  if [[ -n $(missing_packages) ]] || ! engine_version >/dev/null; then sudo -v; fi
}

# Installs mmdebstrap before the other packages, so that the image's base is made while those are installed.
tools() {
  if [[ -z $(missing_packages) ]]; then
    did='all there, skipped'
    return
  fi
  is_debian || refuse
  # A third-party repository may fail here; a package that cannot be installed fails below.
  as_root apt-get update -qq -o Acquire::Languages=none >>"$STEP_LOG" 2>&1 || true
  did='renewed the package lists'
  if ! has mmdebstrap; then
    apt_install tools mmdebstrap
    did+=', installed mmdebstrap'
  fi
}

packages() {
  local -a missing=()
  mapfile -t missing < <(missing_packages | sort -u)
  if [[ ${#missing[@]} -eq 0 ]]; then
    did='all there, skipped'
    return
  fi
  apt_install packages "${missing[@]}"
  verify
  did="installed ${missing[*]}"
}

# apt_install STEP PACKAGE...
apt_install() {
  announce "$1" "about to install with apt-get: ${*:2}"
  quietly as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a \
    apt-get install -qy --no-install-recommends "${@:2}"
}

# Prints one package per line; nothing if none is missing.
missing_packages() {
  has docker || docker_client
  [[ -n $(named_engine) ]] || engine_version >/dev/null || has dockerd || echo docker.io
  if ! has ansible-playbook || ! ansible_has_docker; then printf '%s\n' ansible python3-requests; fi
  has ssh || echo openssh-client
  # Builds the image's base if no registry answers. It uses apt, so it is useless on other systems.
  if is_debian && ! has mmdebstrap; then echo mmdebstrap; fi
}

# Prints the package of Docker's client: newer releases have it in a package of its own.
docker_client() {
  if [[ -n $(apt-cache search --names-only '^docker-cli$' 2>/dev/null) ]]; then echo docker-cli; else echo docker.io; fi
}

# Whether Ansible's Python finds the community.docker collection and its one requirement. Asking ansible-galaxy takes
# seconds.
ansible_has_docker() {
  local python
  python=$(sed -n '1s/^#! *//p' "$(command -v ansible-playbook)")
  # shellcheck disable=SC2086 # "/usr/bin/env python3" is two words
  ${python:-python3} - <<'PYTHON' 2>/dev/null
import importlib.util, os, sys
configured = os.environ.get('ANSIBLE_COLLECTIONS_PATH', '~/.ansible/collections:/usr/share/ansible/collections').split(':')
places = [os.path.join(os.path.expanduser(p), 'ansible_collections/community/docker') for p in configured + sys.path]
sys.exit(not (any(map(os.path.isdir, places)) and importlib.util.find_spec('requests')))
PYTHON
}

# package-lock.json pins the Node that Berth itself runs on; the machine's own only has to run npm.
check_node() {
  if ! has node || ! has npm; then
    fail 'Node.js 20.19 or newer with npm is needed: https://nodejs.org/en/download'
  fi
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js 20.19 or newer is needed, this is $(node --version): https://nodejs.org/en/download"
}

is_debian() { has apt-get && grep -Eq '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release; }

refuse() {
  fail 'Set-up installs packages only on Debian and Ubuntu. On this system, install these, then run it again:' \
    '  Docker Engine 20.10 or newer, running      https://docs.docker.com/engine/install' \
    '  ansible-core with community.docker         pip install ansible-core requests && ansible-galaxy collection install community.docker' \
    '  an SSH client' \
    '  Node.js 20.19 or newer with npm            (there already)' \
    'and let the engine reach a registry, or name an image to build on in BERTH_BASE.'
}

# An Ansible earlier on the PATH than the distribution's does not find what was just installed.
verify() {
  hash -r
  ansible_has_docker || fail "$(command -v ansible-playbook) does not find community.docker; install it for that Ansible:" \
    '  ansible-galaxy collection install community.docker, and requests for its Python'
}
