/** Gives sshd inside a container its host certificate. */
import { BerthError } from '../domain/errors.ts'
import { forShell } from '../domain/text/foreign-text.ts'
import type { Target } from '../ports/accounts.ts'
import { failureOf, type Shell } from './shell.ts'

/** Usually a tenth of a second; more if the host is busy. */
const TIMEOUT_MS = 20_000

/**
 * A tenant may be root and may have put links where root writes, so a whole new file takes the place of an old one.
 * sshd reads its configuration only when it starts. Until OpenSSH 9.8 it reads the certificate itself for each
 * connection; since then (sshd-session) only when it starts. Restarted by SIGHUP, it removes its pid file, keeps the
 * sessions that are open, and writes the file again when it listens.
 */
const WRITE = `
set -euo pipefail
certificate_file=/etc/ssh/ssh_host_ed25519_key-cert.pub
settings=/etc/ssh/sshd_config.d/host-certificate.conf

# FILE TEXT
replace() {
  local new
  new=$(mktemp "$1.XXXXXX")
  printf '%s\\n' "$2" >"$new"
  chmod 644 "$new"
  mv -f -- "$new" "$1"
}

replace "$certificate_file" "$certificate"
reload=
if compgen -G '/usr/lib*/*ssh*/sshd-session' >/dev/null; then reload=yes; fi
if [[ ! -f $settings ]]; then
  mkdir -p /etc/ssh/sshd_config.d
  replace "$settings" "HostCertificate $certificate_file"
  reload=yes
fi
[[ $reload ]] || exit 0
read -r pid </run/sshd.pid
rm -f /run/sshd.pid
kill -HUP "$pid"
for ((i = 0; i < 500; i++)); do
  if [[ -s /run/sshd.pid ]]; then exit 0; fi
  sleep 0.02
done
echo 'sshd did not come back after SIGHUP' >&2
exit 1
`

/** Writes the certificate in one container and has sshd use it, with one exec. */
export async function writeHostCertificate(shell: Shell, { id, name }: Target, certificate: string): Promise<void> {
  const program = `certificate=${forShell(certificate)}\n${WRITE}`
  const result = await shell.run(id, { program, timeoutMs: TIMEOUT_MS })
  if (result.code !== 0) throw new BerthError('guest_failed', `${name}: no host certificate: ${failureOf(result)}`)
}
