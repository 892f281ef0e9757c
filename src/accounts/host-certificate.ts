/** Writes a host certificate into a container, and makes its sshd use it. */
import { BerthError } from '../domain/errors.ts'
import { forShell } from '../domain/text/foreign-text.ts'
import type { Target } from '../ports/accounts.ts'
import { failureOf, type Shell } from './shell.ts'

/** It usually takes a tenth of a second, and more if the host is busy. */
const TIMEOUT_MS = 20_000

/**
 * sshd reads its configuration only when it starts. Before OpenSSH 9.8 it reads the certificate for each connection;
 * since then (sshd-session) only when it starts. Restarted by SIGHUP, it removes its pid file, keeps the sessions that
 * are open, and writes the file again when it listens.
 */
const WRITE = `
set -euo pipefail
certificate_file=/etc/ssh/ssh_host_ed25519_key-cert.pub
settings=/etc/ssh/sshd_config.d/host-certificate.conf
nl=$'\\n'

replace_file "$certificate_file" "$certificate$nl"
reload=
if compgen -G '/usr/lib*/*ssh*/sshd-session' >/dev/null; then reload=yes; fi
if [[ ! -f $settings ]]; then
  mkdir -p /etc/ssh/sshd_config.d
  replace_file "$settings" "HostCertificate $certificate_file$nl"
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
echo 'sshd did not listen again within 10 s of SIGHUP' >&2
exit 1
`

/** Writes the certificate into one container and makes sshd use it, with one exec. */
export async function writeHostCertificate(shell: Shell, { id, name }: Target, certificate: string): Promise<void> {
  const program = `certificate=${forShell(certificate)}\n${WRITE}`
  const result = await shell.run(id, { program, timeoutMs: TIMEOUT_MS })
  if (result.code !== 0)
    throw new BerthError('guest_failed', `${name}: cannot write the host certificate: ${failureOf(result)}`)
}
