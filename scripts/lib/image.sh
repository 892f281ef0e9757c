# shellcheck shell=bash
# Berth's own images: the shipped one, and those that berth.yml names.

# Makes the archive of this machine's release while Docker is being installed, if it will probably be needed.
base() {
  # shellcheck disable=SC2154 # set by run_steps (parallel.sh)
  local archive=$work/base.tar
  if [[ $(images/build --check) == current ]]; then
    did='not needed, skipped'
  elif ! images/base --archive "$archive" 2>>"$STEP_LOG"; then
    did='could not be made in advance'
  elif [[ -s $archive ]]; then
    did="made from this machine's packages"
  else
    did='not needed: the base is here or in a registry, skipped'
  fi
}

# Builds the images that are missing or outdated.
image() {
  local name base outcome images results=()
  images=$(node_modules/.bin/node src/own-images.ts)
  while read -r name base; do
    outcome=$(BASE_ARCHIVE=${work:+$work/base.tar} images/build ${base:+--base "$base"} "$name" </dev/null)
    case $outcome in
      built) results+=("built $name from $(base_of "$name")") ;;
      current) results+=("$name is up to date, skipped") ;;
    esac
  done <<<"$images"
  did=$(printf '; %s' "${results[@]}")
  did=${did#; }
}

base_of() { docker image inspect --format '{{index .Config.Labels "berth.base"}}' "$1"; }
