/**
 * Where the record of lent containers is, and how it is written. It is a Docker volume that is mounted in the firewall:
 * it survives reboots, a replaced firewall and `docker system prune --volumes`, and no tenant reaches it. Each entry is
 * a file that is named after the container's engine id and holds the id of the reservation. It is created once and
 * never rewritten, so several managers need no lock.
 */
import type { LiveManager } from '../../../domain/database-mark.ts'
import type { Presence } from '../../../ports/engine.ts'
import { unexpectedResponse } from '../api/errors.ts'

/** Where it is mounted in the firewall. */
export const LEDGER_PATH = '/ledger'

/** Name of the volume. */
export function ledgerVolume(instance: string): string {
  return `berth-ledger-${instance}`
}

/** Begins the argument that identifies a manager's shell among the firewall's processes. */
const MARK = 'berth-manager:'

/**
 * Answers requests of one line each: "<id> <verb> <word>…". `lend` uses only shell built-ins, because a fork costs more
 * than all the rest. With -C, a redirect creates a file or fails, so the first to write an entry wins.
 */
const SCRIPT = `
set -C
cd ${LEDGER_PATH}
lend() {
  for pair; do
    id=\${pair%%:*} reservation=\${pair#*:} lent=
    { printf '%s\\n' "$reservation" >"lent/$id"; } 2>/dev/null && continue
    read -r lent <"lent/$id"
    [ "$lent" = "$reservation" ] || printf 'taken %s %s\\n' "$id" "\${lent:-unknown}"
    [ -e "lent/$id" ] || return 1
  done
}
forget() {
  for id; do set -- "$@" "lent/$id"; shift; done
  rm -f "$@"
}
# $1: identity of the database whose manager asks; it exists, so it is not abandoned.
list() {
  mkdir -p lent abandoned
  if [ ! -s id ]; then
    read -r new </proc/sys/kernel/random/uuid
    printf '%s\\n' "$new" >"id.$new" && sync "id.$new" && { ln "id.$new" id 2>/dev/null || :; }
    rm -f "id.$new"
  fi
  if [ -e "abandoned/$1" ]; then rm -f "abandoned/$1"; fi
  read -r id <id && printf 'ledger %s\\n' "$id" || return 1
  for file in abandoned/*; do if [ -e "$file" ]; then printf 'abandoned %s\\n' "\${file##*/}"; fi; done
  grep -aohE '${MARK}[0-9A-Za-z:._-]+' /proc/[0-9]*/cmdline 2>/dev/null
  for file in lent/*; do
    [ -e "$file" ] || continue
    lent=
    read -r lent <"$file"
    printf '%s %s\\n' "\${file##*/}" "\${lent:-unknown}"
  done
  return 0
}
while read -r request verb words; do
  "$verb" $words
  printf 'berth-done %s %s\\n' "$request" $?
done`

/** Returns the command of a manager's shell. Its mark shows other managers that this one is alive. */
export function ledgerShell({ database, file, since }: LiveManager): string[] {
  return ['/bin/sh', '-c', SCRIPT, `${MARK}${database}:${since}:${file}`]
}

/** The answer of `list`. */
export interface Entries extends Presence {
  /** Reservations by container id. */
  readonly lent: ReadonlyMap<string, string>
}

export function parseEntries(text: string): Entries {
  const lines = text.split('\n').filter((line) => line !== '')
  const [first = '', ...rest] = lines
  const ledger = /^ledger ([\w-]+)$/.exec(first)?.[1]
  if (ledger === undefined) throw unexpectedResponse()
  const lent = new Map<string, string>()
  const abandoned = new Set<string>()
  const managers: LiveManager[] = []
  for (const line of rest) {
    const [key = '', value = ''] = line.split(' ')
    if (key === 'abandoned') abandoned.add(value)
    else if (key.startsWith(MARK)) managers.push(parseMark(key.slice(MARK.length)))
    else lent.set(key, value)
  }
  return { ledger, abandoned, managers, lent }
}

function parseMark(text: string): LiveManager {
  const [database = '', since = '', ...file] = text.split(':')
  return { database, since: Number(since), file: file.join(':') }
}
