/** Starts and ends login shells of accounts. They match a login over SSH as closely as possible without sshd. */
import { BerthError } from '../../domain/errors.ts'
import { forTerminal } from '../../domain/text/foreign-text.ts'
import type { TerminalSize } from '../../domain/terminal/terminal.ts'
import type { Engine } from '../../ports/engine.ts'
import type { Shell } from '../../ports/shell.ts'

/** A start usually takes 0.2 s, and longer on a busy host. */
const START_TIMEOUT_MS = 10_000
const END_TIMEOUT_MS = 10_000
/** Maximum output before the greeting, such as a message of the engine. */
const MAX_BYTES_BEFORE_GREETING = 4_096

/**
 * Arguments: id of the terminal, name of the account. Prints how the shell was started as its first line: new or
 * attached, persistent or plain.
 *
 * With dtach in the image, the shell runs below a dtach of its own, so that it outlives the connection to the engine,
 * which ends with the manager. `inner` runs as the shell's process: it waits for the size of the terminal, which dtach
 * receives from the first client. Ends clients of earlier managers, which would receive the output as well.
 *
 * The client's terminal belongs to the account as well. It is made read-only: notifications (accounts/notification.ts)
 * are written to the writable ones, so that they appear once.
 *
 * The environment is that of sshd: the engine would pass on the variables of the image.
 */
const START = `
id=$1 user=$2
if ((EUID == 0)); then echo "the account is root"; exit 1; fi
IFS=: read -r _ _ _ _ _ home shell < <(getent passwd "$user")
lang=$( [ -r /etc/default/locale ] && . /etc/default/locale >/dev/null 2>&1; echo "\${LANG:-C.UTF-8}")
login=(env -i "HOME=$home" "USER=$user" "LOGNAME=$user" "SHELL=\${shell:-/bin/bash}" "LANG=$lang"
  TERM=xterm-256color PATH=/usr/local/bin:/usr/bin:/bin:/usr/games "BERTH_TERMINAL=$id")
inner='for ((n = 0; n < 100; n++)); do if [[ $(stty size) != "0 0" ]]; then break; fi; sleep 0.02; done
cd || cd /
if [[ ! -e ~/.hushlogin ]]; then cat /etc/motd; time-left; fi 2>/dev/null
exec -l "$SHELL"'

folder=/tmp/berth-terminals-$EUID
socket=$folder/$id
if command -v dtach >/dev/null && mkdir -pm 700 "$folder" && [[ -O $folder && ! -L $folder ]]; then
  how=attached
  if [[ -S $socket ]] && dtach -p "$socket" </dev/null 2>/dev/null; then
    for process in /proc/[0-9]*; do
      mapfile -d '' -t words <"$process/cmdline" 2>/dev/null || continue
      if [[ \${words[*]:0:3} == "dtach -a $socket" ]]; then kill "\${process#/proc/}"; fi
    done
  else
    how=new
    rm -f "$socket"
    "\${login[@]}" dtach -n "$socket" -Ez /bin/bash -c "$inner"
  fi 2>/dev/null
  chmod u-w "$(tty)"
  echo "berth-terminal $how persistent"
  exec env "BERTH_TERMINAL=$id" dtach -a "$socket" -Ez -r ctrl_l
fi 2>/dev/null
echo 'berth-terminal new plain'
exec "\${login[@]}" /bin/bash -c "$inner"
`

/** Sends SIGHUP to the session leaders of the terminal, and SIGKILL to those that are left after a second. */
const END = `
for signal in HUP 0 0 0 0 0 0 0 0 0 KILL; do
  left=
  for process in /proc/[0-9]*; do
    tr '\\0' '\\n' <"$process/environ" | grep -qx "BERTH_TERMINAL=$id" || continue
    set -- $(sed 's/.*) //' "$process/stat")
    if [ "$4" = "\${process#/proc/}" ] && kill "-$signal" "$4"; then left=1; fi
  done 2>/dev/null
  if [ -z "$left" ]; then exit 0; fi
  sleep 0.1
done
`

export interface Login {
  readonly shell: Shell
  /** Whether it survives a restart of the manager. */
  readonly persistent: boolean
  /** Whether the shell was started now; false: an earlier manager started it. */
  readonly isNew: boolean
  /** Output after the greeting. */
  readonly output: Uint8Array
}

export interface LoginRequest {
  /** The engine's id of the container. */
  readonly container: string
  readonly username: string
  /** Id of the terminal. */
  readonly id: string
  readonly size: TerminalSize
}

/** Starts the login shell of the terminal, or attaches to the one that an earlier manager started. `guest_failed`. */
export async function startLogin(
  engine: Pick<Engine, 'shell'>,
  { container, username, id, size }: LoginRequest,
): Promise<Login> {
  const command = ['/bin/bash', '-c', START, 'berth-terminal', id, username]
  const shell = await engine.shell(container, { user: username, command, size, timeoutMs: START_TIMEOUT_MS })
  try {
    return { shell, ...(await readGreeting(shell)) }
  } catch (error) {
    shell.close()
    throw error
  }
}

/** Ends everything that runs on the terminal. Resolves when no process is left. */
export async function endLogin(
  engine: Pick<Engine, 'exec'>,
  { container, username, id }: Omit<LoginRequest, 'size'>,
): Promise<void> {
  // As the account: the tenant decides which processes bear the id, and root could signal any of them.
  const command = ['su', '-s', '/bin/sh', '-c', `id=${id}; ${END}`, username]
  await engine.exec(container, { command, timeoutMs: END_TIMEOUT_MS })
}

/** Reads up to the line that says how the shell was started. Leaves the stream paused. */
async function readGreeting({ stream, ended }: Shell): Promise<Omit<Login, 'shell'>> {
  const deadline = AbortSignal.timeout(START_TIMEOUT_MS)
  const { promise, resolve, reject } = Promise.withResolvers<Omit<Login, 'shell'>>()
  let text = ''
  const fail = (why: string) => reject(new BerthError('guest_failed', `the shell did not start: ${why}`))
  const read = (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const found = /^berth-terminal (new|attached) (persistent|plain)\r?\n/m.exec(text)
    if (found) {
      stream.pause()
      const output = Buffer.from(text.slice(found.index + found[0].length), 'latin1')
      resolve({ isNew: found[1] === 'new', persistent: found[2] === 'persistent', output })
    } else if (text.length > MAX_BYTES_BEFORE_GREETING) fail('unexpected output')
  }
  stream.on('data', read)
  deadline.addEventListener('abort', () => fail(`no answer within ${START_TIMEOUT_MS / 1_000} s`))
  void ended.then((code) => fail(forTerminal(text.trim().slice(0, 200)) || `exit code ${code}`))
  try {
    return await promise
  } finally {
    stream.removeListener('data', read)
  }
}
