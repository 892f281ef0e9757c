# node_modules, exactly as package-lock.json says, and what Node makes of our own modules.

modules() {
  install
  quietly scripts/lib/compile
}

install() {
  local stamp=node_modules/.berth-lock lock
  lock=$(sha256sum <package-lock.json)
  if [[ -f $stamp && $(<"$stamp") == "$lock" ]]; then
    did='as package-lock.json says, skipped'
    return
  fi
  quietly npm ci --no-audit --no-fund --loglevel=error
  # The Node that everything runs on comes from npm as well; without it all would quietly run on the machine's own.
  quietly node_modules/.bin/node --version
  echo "$lock" >"$stamp" # last, so that a set-up that was cut short starts this step anew
  did="installed, with Node $(node_modules/.bin/node --version)"
}
