# shellcheck shell=bash
# Installs node_modules exactly as package-lock.json says, compiles our own modules, and packs the clients.

modules() {
  install
  quietly scripts/lib/compile
  pack_clients
}

# Packs the clients, which the manager serves at GET /client/NAME, if one of their sources has changed.
pack_clients() {
  local package
  # Packages of earlier versions stay in dist.
  package=dist/berth-client-$(node -p 'require("./package.json").version').tgz
  if [[ -e $package && -z $(find src packages package.json package-lock.json -newer "$package" -print -quit) ]]; then
    return
  fi
  ensure_npm_cache
  quietly node_modules/.bin/node packages/build.ts
}

# npm's cache is below HOME, which may be missing or read-only. npm is not asked where: if HOME cannot be made, some
# versions (11.19) try for ever.
ensure_npm_cache() {
  local cache=${npm_config_cache:-${HOME:+$HOME/.npm}}
  if [[ -z $cache ]] || ! mkdir -p "$cache" 2>/dev/null || [[ ! -w $cache ]]; then export npm_config_cache=$PWD/node_modules/.cache/npm; fi
}

# shellcheck disable=SC2034 # did: read by run_step (parallel.sh)
install() {
  local stamp=node_modules/.berth-lock lock
  lock=$(sha256sum <package-lock.json)
  if [[ -f $stamp && $(<"$stamp") == "$lock" ]]; then
    did='match package-lock.json, skipped'
    return
  fi
  ensure_npm_cache
  # No package runs a script of its own. The flags after it are npm's defaults, which NODE_ENV or an .npmrc may change.
  quietly npm ci --ignore-scripts --include=dev --include=optional --bin-links --no-audit --no-fund --loglevel=error
  # Node itself is one of these packages; without it everything would silently run on the machine's own.
  node_modules/.bin/node --version >/dev/null ||
    fail "package-lock.json has no Node that runs here ($(uname -sm)): Berth needs Linux with glibc on x86_64 or aarch64."
  echo "$lock" >"$stamp" # last, so that an interrupted set-up repeats this step
  did="installed, with Node $(node_modules/.bin/node --version)"
}
