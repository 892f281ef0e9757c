/** Certificates as Docker wants them in a folder: ca.pem, cert.pem and key.pem. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes an authority in `folder`, and below it the folders `server`, for `address`, and `client`. */
export function makeCertificates(folder: string, address: string): { server: string; client: string } {
  mkdirSync(folder)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const request = [
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-keyout',
  ]
  openssl(...request, 'ca-key.pem', '-x509', '-subj', '/CN=ca', '-out', 'ca.pem')
  const make = (name: string, extensions: string) => {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'extensions'), extensions)
    openssl(...request, `${name}/key.pem`, '-subj', `/CN=${name}`, '-out', `${name}/request.pem`)
    const signed = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2']
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}/request.pem`,
      ...signed,
      '-extfile',
      `${name}/extensions`,
      '-out',
      `${name}/cert.pem`,
    )
    openssl('x509', '-in', 'ca.pem', '-out', `${name}/ca.pem`)
    return join(folder, name)
  }
  return {
    server: make('server', `subjectAltName=IP:${address}\nextendedKeyUsage=serverAuth`),
    client: make('client', 'extendedKeyUsage=clientAuth'),
  }
}
